package publish

import (
	"time"

	"bluegreen/internal/aws/metrics"
)

// series is a metric.
type series struct {
	name string
	unit metrics.Unit
}

// The metrics. The names are those of the ECS agent where it has them.
var (
	memory      = series{"MemoryUsed", metrics.Bytes}
	memoryShare = series{"MemoryUtilization", metrics.Percent}
	cpu         = series{"CPUUtilization", metrics.Percent}
	pids        = series{"PIDs", metrics.Count}
	healthy     = series{"Healthy", metrics.Count}  // the average over a fleet is the share that is
	restarts    = series{"Restarts", metrics.Count} // the sum is how many there were
)

var all = []series{memory, memoryShare, cpu, pids, healthy, restarts}

// window is what was measured since the last write.
type window struct {
	begin time.Time
	sets  map[series]metrics.Set
}

func newWindow() window {
	return window{begin: time.Now(), sets: map[series]metrics.Set{}}
}

func (w *window) add(s series, value float64) {
	set, ok := w.sets[s]
	if !ok {
		set.Min, set.Max = value, value
	}
	set.Count++
	set.Sum += value
	set.Min, set.Max = min(set.Min, value), max(set.Max, value)
	w.sets[s] = set
}

// data is one datum for each series that has a value and each set of dimensions, at the begin of the window, as CloudWatch
// counts periods.
func (w *window) data(dimensions []map[string]string) []metrics.Datum {
	var data []metrics.Datum
	for _, s := range all {
		set, ok := w.sets[s]
		if !ok {
			continue
		}
		for _, d := range dimensions {
			data = append(data, metrics.Datum{Name: s.name, Dimensions: d, Time: w.begin, Set: &set, Unit: s.unit})
		}
	}
	return data
}
