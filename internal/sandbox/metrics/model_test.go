package metrics

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sample is one value as the model keeps it: as it came.
type sample struct {
	second int
	value  float64
}

// model answers a query from all values ever recorded, in the most obvious way.
func model(samples []sample, resolution, start, end, period int, stat Stat) []Point {
	periods := map[int][]float64{}
	from := start - start%min(period, 60)
	for _, s := range samples {
		stored := s.second - s.second%resolution
		if stored >= from && stored < end {
			k := (stored - from) / period
			periods[k] = append(periods[k], s.value)
		}
	}
	var points []Point
	for k := range 1 + (end-from)/period {
		if values := periods[k]; len(values) > 0 {
			slices.Sort(values)
			points = append(points, Point{at(from + k*period), exact(values, stat)})
		}
	}
	return points
}

func exact(sorted []float64, stat Stat) float64 {
	n := len(sorted)
	sum := 0.0
	for _, v := range sorted {
		sum += v
	}
	switch stat {
	case Sum:
		return sum
	case Average:
		return sum / float64(n)
	case Minimum:
		return sorted[0]
	case Maximum:
		return sorted[n-1]
	case SampleCount:
		return float64(n)
	}
	rank := int(math.Ceil(float64(n)*stat.percentile/100 - 1e-9))
	return sorted[max(rank, 1)-1]
}

func TestStoreAgreesWithModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		resolution := rapid.SampledFrom([]int{1, 5, 60}).Draw(t, "resolution")
		store, _ := newStore(Options{Resolution: time.Duration(resolution) * time.Second})
		samples := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sample {
			return sample{
				second: rapid.IntRange(0, 400).Draw(t, "second"),
				value:  float64(rapid.IntRange(0, 5000).Draw(t, "ms")) / 1000,
			}
		}), 0, 60).Draw(t, "samples")
		for _, s := range samples {
			record(store, s.second, s.value)
		}
		for range 5 {
			start := rapid.IntRange(0, 300).Draw(t, "start")
			end := start + rapid.IntRange(1, 300).Draw(t, "length")
			period := rapid.SampledFrom([]int{1, 5, 10, 20, 30, 60, 120, 300}).Draw(t, "period")
			stat := rapid.SampledFrom([]Stat{
				Sum, Average, Minimum, Maximum, SampleCount,
				Percentile(50), Percentile(90), Percentile(95), Percentile(99), Percentile(99.9),
			}).Draw(t, "stat")
			got := query(store, start, end, time.Duration(period)*time.Second, stat)
			want := model(samples, resolution, start, end, period, stat)
			bound := 1e-9
			if stat.percentile > 0 {
				bound = PercentileError
			}
			if diff := cmp.Diff(want, got, nearly(bound)); diff != "" {
				t.Fatalf("%v of [%d, %d) each %d s: %s", stat, start, end, period, diff)
			}
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	s := New(Options{Resolution: time.Second})
	for i := range b.N {
		s.Record("AWS/ApplicationELB", "TargetResponseTime", balancer, at(i/1000), float64(i%1000)/1000)
	}
}
