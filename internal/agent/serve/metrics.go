package serve

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Metrics is what Prometheus can read at /metrics: what happened, counted here, and how things stand, read off the status.
type Metrics struct {
	status func() Status

	mu       sync.Mutex
	probes   histogram
	failures float64
	restarts map[string]float64 // by cause
	pulls    map[string]float64 // by result
	bytes    float64
	dropped  float64
}

const namespace = "bluegreen_agent"

// NewMetrics makes metrics of which the gauges come from a status, which is taken once for each scrape.
func NewMetrics(status func() Status) *Metrics {
	return &Metrics{
		status: status, restarts: map[string]float64{}, pulls: map[string]float64{},
		probes: newHistogram(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5),
	}
}

func (m *Metrics) count(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

// Probe counts a probe.
func (m *Metrics) Probe(took time.Duration, err error) {
	m.count(func() {
		m.probes.observe(took.Seconds())
		if err != nil {
			m.failures++
		}
	})
}

// Restart counts a restart of the container. Causes are a few fixed words: "crash", "unhealthy", "replaced" …
func (m *Metrics) Restart(cause string) { m.count(func() { m.restarts[cause]++ }) }

// Pull counts a pull. Results are a few fixed words: "pulled", "cached", "denied" …
func (m *Metrics) Pull(result string) { m.count(func() { m.pulls[result]++ }) }

// PullBytes counts bytes that have been pulled since the last call.
func (m *Metrics) PullBytes(n int64) { m.count(func() { m.bytes += float64(max(n, 0)) }) }

// Dropped counts values that CloudWatch did not take.
func (m *Metrics) Dropped(n int) { m.count(func() { m.dropped += float64(n) }) }

// contentType is that of Prometheus' text format.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// Handler answers to scrapes.
func (m *Metrics) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s := m.status()
		text := exposition(slices.Concat(m.counters(), gaugesOf(&s), processMetrics()))
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(text)) // whoever hung up does not want it
	})
}

// counters are what happened.
func (m *Metrics) counters() []family {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := func(name, help string, value float64) family {
		return family{namespace + "_" + name, help, "counter", []series{{value: value}}}
	}
	by := func(name, help, key string, values map[string]float64) family {
		f := family{namespace + "_" + name, help, "counter", nil}
		for _, word := range slices.Sorted(maps.Keys(values)) {
			f.series = append(f.series, series{labels: []label{{key, word}}, value: values[word]})
		}
		return f
	}
	return []family{
		{namespace + "_probe_duration_seconds", "How long probes of the app took, good or not.", "histogram", m.probes.series()},
		one("probe_failures_total", "Probes of the app that failed.", m.failures),
		by("restarts_total", "Restarts of the app's container, by cause.", "cause", m.restarts),
		by("pulls_total", "Pulls of images, by what came of them.", "result", m.pulls),
		one("pull_bytes_total", "Bytes pulled.", m.bytes),
		one("cloudwatch_dropped_total", "Values that CloudWatch did not take.", m.dropped),
	}
}
