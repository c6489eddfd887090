package metrics

import (
	"fmt"
	"strconv"
	"strings"
)

// Stat is a statistic of the datapoints in a period.
type Stat struct {
	name       string
	percentile float64
}

// The statistics that have names.
var (
	Sum         = Stat{name: "Sum"}
	Average     = Stat{name: "Average"}
	Minimum     = Stat{name: "Minimum"}
	Maximum     = Stat{name: "Maximum"}
	SampleCount = Stat{name: "SampleCount"}
)

// Percentile is the value that p percent of the values do not exceed, p in [0, 100].
func Percentile(p float64) Stat {
	return Stat{name: "p" + strconv.FormatFloat(p, 'f', -1, 64), percentile: p}
}

// String is the name of a statistic as CloudWatch writes it, e.g. "Sum" or "p99.9".
func (s Stat) String() string { return s.name }

// ParseStat reads "Sum", "Average", "Minimum", "Maximum", "SampleCount" or a percentile from "p0" to "p100".
func ParseStat(name string) (Stat, error) {
	for _, s := range []Stat{Sum, Average, Minimum, Maximum, SampleCount} {
		if s.name == name {
			return s, nil
		}
	}
	if digits, ok := strings.CutPrefix(name, "p"); ok && strings.Trim(digits, "0123456789.") == "" {
		p, err := strconv.ParseFloat(digits, 64)
		if err == nil && p >= 0 && p <= 100 {
			return Percentile(p), nil
		}
	}
	return Stat{}, fmt.Errorf("statistic %q is not one of Sum, Average, Minimum, Maximum, SampleCount and p0 to p100", name)
}

func (s Stat) of(b *bin) (float64, bool) {
	switch s.name {
	case Sum.name:
		return b.sum, true
	case Average.name:
		return b.sum / b.count, true
	case Minimum.name:
		return b.lowest, true
	case Maximum.name:
		return b.highest, true
	case SampleCount.name:
		return b.count, true
	}
	return b.percentile(s.percentile)
}

// IsPercentile says whether a statistic is one of p0 to p100.
func (s Stat) IsPercentile() bool { return strings.HasPrefix(s.name, "p") }
