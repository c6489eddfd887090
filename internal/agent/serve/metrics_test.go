package serve

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape is what Prometheus reads of our own metrics, without comments.
func scrape(t *testing.T, m *Metrics) []string {
	t.Helper()
	got, _ := get(m.Handler(), "GET", "/metrics")
	if got.Status != 200 || !strings.HasPrefix(got.Type, "text/plain") {
		t.Fatalf("got %+v", got)
	}
	var lines []string
	for line := range strings.Lines(got.Body) {
		name := strings.TrimSpace(line)
		if strings.HasPrefix(name, "#") || strings.HasPrefix(name, namespace+"_process_") {
			continue
		}
		lines = append(lines, name)
	}
	return lines
}

func TestMetrics(t *testing.T) {
	s := full()
	s.Version = "v2\xff" // a label of an image can be anything
	m := NewMetrics(func() Status { return s })
	m.Probe(3*time.Millisecond, nil)
	m.Probe(2*time.Second, errors.New("timed out"))
	m.Restart("crash")
	m.Restart("crash")
	m.Pull("pulled")
	m.PullBytes(1000)
	m.PullBytes(-5) // a layer that was found not to be needed
	m.Dropped(6)
	want := strings.Split(`bluegreen_agent_app_info{app="flask-app",color="green",config="9f3ae1",digest="sha256:4f2c",instance="i-0abc",version="v2�"} 1
bluegreen_agent_build_info{version="1.2.0"} 1
bluegreen_agent_cloudwatch_dropped_total 6
bluegreen_agent_container_cpu_seconds_total 12.5
bluegreen_agent_container_memory_bytes 1.2e+08
bluegreen_agent_container_memory_limit_bytes 5.12e+08
bluegreen_agent_container_pids 14
bluegreen_agent_draining 0
bluegreen_agent_healthy 1
bluegreen_agent_image_age_seconds 266460
bluegreen_agent_last_error_time_seconds 1.767276e+09
bluegreen_agent_phase{phase="creating"} 0
bluegreen_agent_phase{phase="draining"} 0
bluegreen_agent_phase{phase="failed"} 0
bluegreen_agent_phase{phase="pulling"} 0
bluegreen_agent_phase{phase="replacing"} 0
bluegreen_agent_phase{phase="resolving"} 0
bluegreen_agent_phase{phase="serving"} 1
bluegreen_agent_phase{phase="starting"} 0
bluegreen_agent_phase{phase="stopped"} 0
bluegreen_agent_phase{phase="unhealthy"} 0
bluegreen_agent_phase{phase="waiting"} 0
bluegreen_agent_probe_duration_seconds_bucket{le="0.001"} 0
bluegreen_agent_probe_duration_seconds_bucket{le="0.0025"} 0
bluegreen_agent_probe_duration_seconds_bucket{le="0.005"} 1
bluegreen_agent_probe_duration_seconds_bucket{le="0.01"} 1
bluegreen_agent_probe_duration_seconds_bucket{le="0.025"} 1
bluegreen_agent_probe_duration_seconds_bucket{le="0.05"} 1
bluegreen_agent_probe_duration_seconds_bucket{le="0.1"} 1
bluegreen_agent_probe_duration_seconds_bucket{le="0.25"} 1
bluegreen_agent_probe_duration_seconds_bucket{le="0.5"} 1
bluegreen_agent_probe_duration_seconds_bucket{le="1"} 1
bluegreen_agent_probe_duration_seconds_bucket{le="2.5"} 2
bluegreen_agent_probe_duration_seconds_bucket{le="5"} 2
bluegreen_agent_probe_duration_seconds_bucket{le="+Inf"} 2
bluegreen_agent_probe_duration_seconds_sum 2.003
bluegreen_agent_probe_duration_seconds_count 2
bluegreen_agent_probe_failures_total 1
bluegreen_agent_pull_bytes_total 1000
bluegreen_agent_pulls_total{result="pulled"} 1
bluegreen_agent_restarts_total{cause="crash"} 2
bluegreen_agent_start_time_seconds 1.7672688e+09
bluegreen_agent_up 1
bluegreen_agent_verdict_age_seconds 1.2`, "\n")
	if diff := cmp.Diff(want, scrape(t, m)); diff != "" {
		t.Error(diff)
	}
}

// What is not known has no value: an image age of 50 years would be an alarm.
func TestMetricsOfWhatIsNotKnown(t *testing.T) {
	m := NewMetrics(func() Status {
		return Status{Phase: Draining, Health: Health{Status: "draining"}, Container: &Container{}}
	})
	lines := scrape(t, m)
	for _, name := range []string{"image_age_seconds", "last_error_time_seconds", "start_time_seconds", "container_memory_bytes"} {
		for _, line := range lines {
			if strings.HasPrefix(line, namespace+"_"+name) {
				t.Errorf("got %s", line)
			}
		}
	}
	got := strings.Join(lines, "\n")
	for _, want := range []string{"bluegreen_agent_draining 1", "bluegreen_agent_healthy 0", `bluegreen_agent_phase{phase="draining"} 1`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
}

// The text is what Prometheus' own parser reads, names and values alike.
func TestMetricsCanBeParsed(t *testing.T) {
	s := full()
	s.Version = "a\"b\\c\nd"
	m := NewMetrics(func() Status { return s })
	m.Probe(time.Millisecond, nil)
	m.Restart("crash")
	got, _ := get(m.Handler(), "GET", "/metrics")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(got.Body + "\n"))
	if err != nil {
		t.Fatalf("%v in\n%s", err, got.Body)
	}
	labels := map[string]string{}
	for _, l := range families[namespace+"_app_info"].GetMetric()[0].GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	if labels["version"] != s.Version {
		t.Errorf("the version is %q, want %q", labels["version"], s.Version)
	}
	if h := families[namespace+"_probe_duration_seconds"].GetMetric()[0].GetHistogram(); h.GetSampleCount() != 1 || len(h.GetBucket()) != 13 {
		t.Errorf("the histogram is %v", h)
	}
	for _, name := range []string{"cpu_seconds_total", "resident_memory_bytes", "open_fds"} {
		if f := families[namespace+"_process_"+name]; f == nil || !(f.GetMetric()[0].GetGauge().GetValue()+f.GetMetric()[0].GetCounter().GetValue() > 0) {
			t.Errorf("%s is %v", name, f)
		}
	}
}
