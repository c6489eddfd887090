package serve

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// family is a metric with all its series, as Prometheus' text format has it: docs/decisions/0009-metrics-without-a-library.md.
type family struct {
	name, help, kind string // kind is "gauge", "counter" or "histogram"
	series           []series
}

// series is one line: a value, under the family's name with a suffix, if need be, and labels in their order.
type series struct {
	suffix string
	labels []label
	value  float64
}

type label struct{ name, value string }

var (
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	escapeLabel = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

// exposition writes families that have any series, in the order of their names.
func exposition(families []family) string {
	families = slices.Clone(families)
	slices.SortFunc(families, func(a, b family) int { return strings.Compare(a.name, b.name) })
	var b strings.Builder
	for _, f := range families {
		if len(f.series) == 0 {
			continue
		}
		b.WriteString("# HELP " + f.name + " " + escapeHelp.Replace(f.help) + "\n# TYPE " + f.name + " " + f.kind + "\n")
		for _, s := range f.series {
			b.WriteString(f.name + s.suffix)
			for i, l := range s.labels {
				open := ","
				if i == 0 {
					open = "{"
				}
				b.WriteString(open + l.name + `="` + escapeLabel.Replace(strings.ToValidUTF8(l.value, "�")) + `"`)
			}
			if len(s.labels) > 0 {
				b.WriteString("}")
			}
			b.WriteString(" " + number(s.value) + "\n")
		}
	}
	return b.String()
}

func number(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// histogram counts values by upper bounds.
type histogram struct {
	bounds []float64 // ascending
	counts []uint64  // of the values up to each bound, and above the one before it
	sum    float64
	count  uint64
}

func newHistogram(bounds ...float64) histogram {
	return histogram{bounds: bounds, counts: make([]uint64, len(bounds))}
}

func (h *histogram) observe(v float64) {
	h.sum += v
	h.count++
	if i, _ := slices.BinarySearch(h.bounds, v); i < len(h.counts) {
		h.counts[i]++
	}
}

func (h *histogram) series() (all []series) {
	sum := uint64(0)
	for i, bound := range h.bounds {
		sum += h.counts[i]
		all = append(all, series{"_bucket", []label{{"le", number(bound)}}, float64(sum)})
	}
	return append(all,
		series{"_bucket", []label{{"le", "+Inf"}}, float64(h.count)},
		series{"_sum", nil, h.sum}, series{"_count", nil, float64(h.count)})
}
