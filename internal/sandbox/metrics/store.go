// Package metrics stores the sandbox's CloudWatch datapoints: what the data plane measures and what clients put.
//
// A metric is a namespace, a name and an exact set of dimensions. Its datapoints are kept in bins of count, sum, extremes
// and a compact histogram, so that a load test costs no more memory than an idle account: bins shorter than a minute
// become minutes after three hours, and everything goes after fifteen days, as on CloudWatch.
package metrics

import (
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

const (
	// fineRetention is how long bins shorter than a minute are kept as they are.
	fineRetention = 3 * time.Hour
	// retention is how long anything is kept.
	retention = 15 * 24 * time.Hour
	// maxBins bounds one metric: 3 hours of seconds and 15 days of minutes.
	maxBins = 33_000
	// compactEvery is how many new bins of a metric it takes until its old ones are looked at.
	compactEvery = 600
)

// Options says how a Store behaves. The zero value behaves like CloudWatch for load balancer metrics, without its lag.
type Options struct {
	// Resolution is the finest time at which datapoints are told apart, in whole seconds; a minute when zero.
	Resolution time.Duration
	// Delay is the lag of CloudWatch: a bin becomes visible, whole, this long after it ended. With zero a bin can be seen
	// while it still fills.
	Delay time.Duration
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Store holds datapoints. All methods may be called from any goroutine, with or without the account locked.
type Store struct {
	resolution time.Duration
	delay      time.Duration
	now        func() time.Time

	mu     sync.Mutex
	series map[string]*series
}

// New makes an empty store.
func New(o Options) *Store {
	if o.Resolution < time.Second {
		if o.Resolution > 0 {
			o.Resolution = time.Second
		} else {
			o.Resolution = time.Minute
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Store{
		resolution: o.Resolution.Truncate(time.Second), delay: o.Delay, now: o.Now,
		series: map[string]*series{},
	}
}

// Datum is one or more values of a metric at one time.
type Datum struct {
	At     time.Time
	Unit   string    // as CloudWatch names it, e.g. "Seconds"; "None" when empty
	Values []float64 // the values …
	Counts []float64 // … and how often each of them occurred; once when nil
	Set    *Set      // or, in place of values, their summary

	// Resolution at which this datum is stored when it is finer than the store's; the store's when zero.
	Resolution time.Duration
}

// Set summarises values that are not known one by one.
type Set struct{ Count, Sum, Min, Max float64 }

// Record adds one value of a metric. It is what the data plane calls, once a request or a sample.
func (s *Store) Record(namespace, name string, dims map[string]string, at time.Time, value float64) {
	one := [1]float64{value}
	s.RecordDatum(namespace, name, dims, Datum{At: at, Unit: usualUnit(namespace, name), Values: one[:]})
}

// usualUnit is the unit of AWS's own metrics, by the way they are named.
func usualUnit(namespace, name string) string {
	switch {
	case !strings.HasPrefix(namespace, "AWS/"):
		return "None"
	case strings.HasSuffix(name, "Time"):
		return "Seconds"
	case strings.HasSuffix(name, "Bytes"):
		return "Bytes"
	case strings.HasSuffix(name, "Utilization"):
		return "Percent"
	}
	return "Count"
}

// RecordDatum adds values or a statistic set to a metric.
func (s *Store) RecordDatum(namespace, name string, dims map[string]string, d Datum) {
	width := s.resolution
	if d.Resolution > 0 && d.Resolution < width {
		width = d.Resolution
	}
	add := bin{width: int64(width / time.Second)}
	add.at = floor(d.At.Unix(), add.width)
	if d.Set != nil {
		add.addSet(*d.Set)
	}
	for i, v := range d.Values {
		count := 1.0
		if d.Counts != nil {
			count = d.Counts[i]
		}
		add.addValue(v, count)
	}
	if add.count == 0 {
		return
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	key := seriesKey(namespace, name, dims)
	m, known := s.series[key]
	if !known {
		m = &series{metric: Metric{Namespace: namespace, Name: name, Dimensions: maps.Clone(dims)}}
		s.series[key] = m
	}
	m.put(add, d.Unit)
	if m.fresh >= compactEvery {
		m.compact(s.now())
	}
}

// Metric names a metric and says when a datapoint came last.
type Metric struct {
	Namespace  string
	Name       string
	Dimensions map[string]string
	Last       time.Time // start of its newest bin
}

// Key sorts and tells metrics apart.
func (m Metric) Key() string { return seriesKey(m.Namespace, m.Name, m.Dimensions) }

// List is every metric of which a datapoint is kept, in the order of namespace, name and dimensions.
func (s *Store) List() []Metric {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Metric
	oldest := s.now().Add(-retention)
	for _, key := range slices.Sorted(maps.Keys(s.series)) {
		m := s.series[key]
		if last := time.Unix(m.last(), 0).UTC(); last.After(oldest) {
			metric := m.metric
			metric.Dimensions = maps.Clone(metric.Dimensions)
			metric.Last = last
			all = append(all, metric)
		}
	}
	return all
}

// seriesKey joins what tells metrics apart by bytes that none of it may contain.
func seriesKey(namespace, name string, dims map[string]string) string {
	names := make([]string, 0, len(dims))
	size := len(namespace) + len(name) + 1
	for k, v := range dims {
		names = append(names, k)
		size += len(k) + len(v) + 2
	}
	sort.Strings(names)
	var b strings.Builder
	b.Grow(size)
	b.WriteString(namespace)
	b.WriteByte(0)
	b.WriteString(name)
	for _, k := range names {
		b.WriteByte(0)
		b.WriteString(k)
		b.WriteByte(0)
		b.WriteString(dims[k])
	}
	return b.String()
}

// floor rounds t down to a multiple of width, also before 1970.
func floor(t, width int64) int64 {
	r := t % width
	if r < 0 {
		r += width
	}
	return t - r
}
