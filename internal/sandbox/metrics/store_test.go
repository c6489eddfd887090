package metrics

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// clock is a Now that tests move.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newStore(o Options) (*Store, *clock) {
	c := &clock{noon.Add(time.Hour)}
	o.Now = c.Now
	return New(o), c
}

var balancer = map[string]string{"LoadBalancer": "app/blue/1"}

func record(s *Store, second int, values ...float64) {
	for _, v := range values {
		s.Record("AWS/ApplicationELB", "TargetResponseTime", balancer, at(second), v)
	}
}

func query(s *Store, start, end int, period time.Duration, stat Stat) []Point {
	return s.Query("AWS/ApplicationELB", "TargetResponseTime", balancer, at(start), at(end), period, stat)
}

func TestStatistics(t *testing.T) {
	s, _ := newStore(Options{})
	record(s, 5, 0.2, 0.4)
	record(s, 59, 0.9)
	record(s, 125, 4)
	for _, c := range []struct {
		stat Stat
		want []Point
	}{
		{Sum, []Point{{at(0), 1.5}, {at(120), 4}}},
		{Average, []Point{{at(0), 0.5}, {at(120), 4}}},
		{Minimum, []Point{{at(0), 0.2}, {at(120), 4}}},
		{Maximum, []Point{{at(0), 0.9}, {at(120), 4}}},
		{SampleCount, []Point{{at(0), 3}, {at(120), 1}}},
		{Percentile(50), []Point{{at(0), 0.4}, {at(120), 4}}},
		{Percentile(99.9), []Point{{at(0), 0.9}, {at(120), 4}}},
		{Percentile(0), []Point{{at(0), 0.2}, {at(120), 4}}},
		{Percentile(100), []Point{{at(0), 0.9}, {at(120), 4}}},
	} {
		t.Run(c.stat.String(), func(t *testing.T) {
			if diff := cmp.Diff(c.want, query(s, 0, 180, time.Minute, c.stat), nearly(PercentileError)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// nearly compares numbers by their relative difference.
func nearly(bound float64) cmp.Option {
	return cmp.Comparer(func(a, b float64) bool {
		return math.Abs(a-b) <= 1.0001*bound*max(math.Abs(a), math.Abs(b))+1e-9
	})
}

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		name       string
		resolution time.Duration
		start, end int
		period     time.Duration
		want       []Point
	}{
		{"one second at a resolution of a minute", 0, 0, 180, time.Second, []Point{{at(0), 2}, {at(60), 1}, {at(120), 1}}},
		{"one second at a resolution of one", time.Second, 0, 180, time.Second, []Point{{at(1), 1}, {at(2), 1}, {at(61), 1}, {at(179), 1}}},
		{"five seconds at a resolution of one", time.Second, 0, 180, 5 * time.Second, []Point{{at(0), 2}, {at(60), 1}, {at(175), 1}}},
		{"end is exclusive", 0, 0, 120, time.Minute, []Point{{at(0), 2}, {at(60), 1}}},
		{"start is rounded down to a minute", 0, 59, 120, time.Minute, []Point{{at(0), 2}, {at(60), 1}}},
		{"start is rounded down to a short period", time.Second, 62, 180, 10 * time.Second, []Point{{at(60), 1}, {at(170), 1}}},
		{"periods count from the start", 0, 60, 600, 5 * time.Minute, []Point{{at(60), 2}}},
		{"nothing recorded there", 0, 180, 600, time.Minute, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := newStore(Options{Resolution: c.resolution})
			for _, second := range []int{179, 61, 1, 2} {
				record(s, second, 1)
			}
			if diff := cmp.Diff(c.want, query(s, c.start, c.end, c.period, Sum)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDimensionsMustMatchExactly(t *testing.T) {
	s, _ := newStore(Options{})
	both := map[string]string{"LoadBalancer": "app/blue/1", "TargetGroup": "tg/1"}
	s.Record("AWS/ApplicationELB", "RequestCount", both, at(0), 1)
	for _, c := range []struct {
		name string
		ns   string
		dims map[string]string
		want []Point
	}{
		{"same", "AWS/ApplicationELB", map[string]string{"TargetGroup": "tg/1", "LoadBalancer": "app/blue/1"}, []Point{{at(0), 1}}},
		{"one of two", "AWS/ApplicationELB", balancer, nil},
		{"none", "AWS/ApplicationELB", nil, nil},
		{"other value", "AWS/ApplicationELB", map[string]string{"LoadBalancer": "app/blue/1", "TargetGroup": "tg/2"}, nil},
		{"other namespace", "AWS/NetworkELB", both, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.Query(c.ns, "RequestCount", c.dims, at(0), at(60), time.Minute, Sum)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDelayHidesUnfinishedBins(t *testing.T) {
	s, clock := newStore(Options{Delay: 2 * time.Minute})
	record(s, 10, 1)
	for _, c := range []struct {
		now  int
		want []Point
	}{
		{10, nil},
		{179, nil},
		{180, []Point{{at(0), 1}}},
	} {
		clock.now = at(c.now)
		if diff := cmp.Diff(c.want, query(s, 0, 600, time.Minute, Sum)); diff != "" {
			t.Errorf("at %v: %s", clock.now, diff)
		}
	}
}

func TestAging(t *testing.T) {
	for _, c := range []struct {
		name string
		age  time.Duration
		want []Point
	}{
		{"seconds for three hours", 3 * time.Hour, []Point{{at(1), 1}, {at(2), 1}}},
		{"then minutes", 3*time.Hour + time.Minute, []Point{{at(0), 2}}},
		{"for fifteen days", 15 * 24 * time.Hour, []Point{{at(0), 2}}},
		{"then nothing", 15*24*time.Hour + time.Minute, nil},
	} {
		for _, compacted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/compacted=%v", c.name, compacted), func(t *testing.T) {
				s, clock := newStore(Options{Resolution: time.Second})
				record(s, 1, 1)
				record(s, 2, 1)
				clock.now = noon.Add(c.age)
				if compacted {
					for i := range compactEvery {
						s.Record("AWS/ApplicationELB", "TargetResponseTime", balancer, clock.now.Add(time.Duration(i)*time.Second), 1)
					}
				}
				if diff := cmp.Diff(c.want, query(s, 0, 60, time.Second, Sum)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s, clock := newStore(Options{})
	for i := range maxBins + 2*compactEvery {
		clock.now = at(60 * i)
		record(s, 60*i, 1)
	}
	for _, m := range s.series {
		if n := len(m.units[0].bins); n > maxBins+compactEvery {
			t.Errorf("%d bins, want at most %d", n, maxBins+compactEvery)
		}
	}
}

func TestValuesCountsAndSets(t *testing.T) {
	put := func(s *Store, d Datum) {
		d.At = at(0)
		s.RecordDatum("app", "latency", nil, d)
	}
	for _, c := range []struct {
		name string
		data []Datum
		want map[string]float64 // by statistic; a statistic that has no value is not in it
	}{
		{"values and counts", []Datum{{Values: []float64{1, 10}, Counts: []float64{9, 1}}},
			map[string]float64{"Sum": 19, "SampleCount": 10, "Minimum": 1, "Maximum": 10, "p90": 1, "p91": 10}},
		{"a count of zero is no value", []Datum{{Values: []float64{1, 10}, Counts: []float64{1, 0}}},
			map[string]float64{"Sum": 1, "SampleCount": 1, "Minimum": 1, "Maximum": 1, "p90": 1, "p91": 1}},
		{"a set has no percentiles", []Datum{{Set: &Set{Count: 4, Sum: 10, Min: 1, Max: 5}}},
			map[string]float64{"Sum": 10, "SampleCount": 4, "Minimum": 1, "Maximum": 5}},
		{"a set of equal values has", []Datum{{Set: &Set{Count: 4, Sum: 8, Min: 2, Max: 2}}},
			map[string]float64{"Sum": 8, "SampleCount": 4, "Minimum": 2, "Maximum": 2, "p90": 2, "p91": 2}},
		{"a set hides the percentiles of its period", []Datum{{Values: []float64{1}}, {Set: &Set{Count: 2, Sum: 3, Min: 1, Max: 2}}},
			map[string]float64{"Sum": 4, "SampleCount": 3, "Minimum": 1, "Maximum": 2}},
		{"negative values have no percentiles", []Datum{{Values: []float64{-1, 1}}},
			map[string]float64{"Sum": 0, "SampleCount": 2, "Minimum": -1, "Maximum": 1}},
		{"zeroes", []Datum{{Values: []float64{0, 0, 3}}},
			map[string]float64{"Sum": 3, "SampleCount": 3, "Minimum": 0, "Maximum": 3, "p90": 3, "p91": 3}},
		{"an empty set", []Datum{{Set: &Set{}}}, map[string]float64{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := newStore(Options{})
			for _, d := range c.data {
				put(s, d)
			}
			got := map[string]float64{}
			for _, stat := range []Stat{Sum, SampleCount, Minimum, Maximum, Percentile(90), Percentile(91)} {
				for _, p := range s.Query("app", "latency", nil, at(0), at(60), time.Minute, stat) {
					got[stat.String()] = p.Value
				}
			}
			if diff := cmp.Diff(c.want, got, nearly(PercentileError)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnits(t *testing.T) {
	s, _ := newStore(Options{})
	for name, value := range map[string]float64{"RequestCount": 1, "TargetResponseTime": 2, "ProcessedBytes": 3} {
		s.Record("AWS/ApplicationELB", name, nil, at(0), value)
	}
	s.RecordDatum("app", "mixed", nil, Datum{At: at(0), Unit: "Seconds", Values: []float64{1}})
	s.RecordDatum("app", "mixed", nil, Datum{At: at(0), Unit: "Bytes", Values: []float64{2}})
	type result struct {
		Unit string
		Sum  float64
	}
	for _, c := range []struct {
		ns, name, unit string
		want           []result
	}{
		{"AWS/ApplicationELB", "RequestCount", "", []result{{"Count", 1}}},
		{"AWS/ApplicationELB", "RequestCount", "Seconds", nil},
		{"AWS/ApplicationELB", "TargetResponseTime", "Seconds", []result{{"Seconds", 2}}},
		{"AWS/ApplicationELB", "ProcessedBytes", "", []result{{"Bytes", 3}}},
		{"app", "mixed", "Bytes", []result{{"Bytes", 2}}},
		{"app", "mixed", "", []result{{"Seconds", 3}}},
	} {
		t.Run(c.name+" "+c.unit, func(t *testing.T) {
			var got []result
			for _, row := range s.Rows(c.ns, c.name, nil, at(0), at(60), time.Minute, c.unit) {
				sum, _ := row.Value(Sum)
				got = append(got, result{row.Unit, sum})
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFineDatumInACoarseStore(t *testing.T) {
	s, _ := newStore(Options{})
	s.RecordDatum("app", "fine", nil, Datum{At: at(7), Values: []float64{1}, Resolution: time.Second})
	s.RecordDatum("app", "fine", nil, Datum{At: at(8), Values: []float64{1}, Resolution: time.Hour})
	want := []Point{{at(0), 1}, {at(7), 1}}
	if diff := cmp.Diff(want, s.Query("app", "fine", nil, at(0), at(60), time.Second, Sum)); diff != "" {
		t.Error(diff)
	}
}

func TestList(t *testing.T) {
	s, clock := newStore(Options{})
	s.Record("b", "m", nil, at(0), 1)
	s.Record("a", "n", balancer, at(61), 1)
	s.Record("a", "m", nil, at(0), 1)
	want := []Metric{
		{Namespace: "a", Name: "m", Last: at(0)},
		{Namespace: "a", Name: "n", Dimensions: balancer, Last: at(60)},
		{Namespace: "b", Name: "m", Last: at(0)},
	}
	if diff := cmp.Diff(want, s.List()); diff != "" {
		t.Error(diff)
	}
	clock.now = at(61).Add(retention)
	if got := s.List(); len(got) != 0 {
		t.Errorf("after 15 days: %v", got)
	}
}

func TestParseStat(t *testing.T) {
	for _, c := range []struct {
		name string
		want string // "" for an error
	}{
		{"Sum", "Sum"}, {"SampleCount", "SampleCount"},
		{"p50", "p50"}, {"p99.9", "p99.9"}, {"p0.0", "p0"}, {"p100", "p100"}, {"p99.90", "p99.9"},
		{"sum", ""}, {"p", ""}, {"p101", ""}, {"p-1", ""}, {"pNaN", ""}, {"p1e1", ""}, {"p9.9.9", ""}, {"tm99", ""}, {"", ""},
	} {
		got, err := ParseStat(c.name)
		if got.String() != c.want || (err != nil) != (c.want == "") {
			t.Errorf("ParseStat(%q) = %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}
