package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBoard(Status{App: "app"}, func() Health { return Health{Status: "starting"} })
		start := time.Now()
		time.Sleep(time.Second)
		b.Phase(Pulling, "app:v2")
		b.Update(func(s *Status) { s.Pull = &Pull{Layers: 3} })
		time.Sleep(time.Second)
		b.Phase(Pulling, "app:v2, again")
		got := b.Status()
		want := Status{
			Now: start.Add(2 * time.Second), App: "app", Phase: Pulling, Why: "app:v2, again", Since: start.Add(time.Second),
			Health: Health{Status: "starting"}, Pull: &Pull{Layers: 3}, Errors: []Trouble{},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		b.Phase(Creating, "")
		if got := b.Status(); got.Pull != nil || got.Phase != Creating || got.Since != got.Now {
			t.Errorf("got %+v", got)
		}
	})
}

func TestErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBoard(Status{}, func() Health { return Health{} })
		start := time.Now()
		b.Failed("ask IMDS", errors.New("refused"))
		time.Sleep(time.Second)
		b.Failed("pull", errors.New("no such image"))
		before := b.Status()
		time.Sleep(time.Second)
		b.Failed("ask IMDS", errors.New("refused"))
		want := []Trouble{
			{start.Add(2 * time.Second), "ask IMDS", "refused", 2},
			{start.Add(time.Second), "pull", "no such image", 1},
		}
		if diff := cmp.Diff(want, b.Status().Errors); diff != "" {
			t.Error(diff)
		}
		if len(before.Errors) != 2 || before.Errors[0].What != "pull" {
			t.Errorf("a status that was read has changed: %+v", before.Errors)
		}
		for i := range 100 {
			b.Failed("pull", fmt.Errorf("error %d", i))
		}
		got := b.Status().Errors
		if len(got) != maxErrors || got[0].Error != "error 99" || got[maxErrors-1].Error != "error 80" {
			t.Errorf("got %+v", got)
		}
	})
}

// What others answer has credentials in it at times. None of it is shown.
func TestNothingSecretIsShown(t *testing.T) {
	for given, want := range map[string]string{
		"fetch https://prod-layers.s3.amazonaws.com/ab/cd?X-Amz-Signature=hunter2&X-Amz-Date=1: EOF": "fetch https://prod-layers.s3.amazonaws.com/ab/cd?… EOF",
		`Get "https://r.example.com/v2/?token=hunter2": denied`:                                      `Get "https://r.example.com/v2/?…": denied`,
		"proxy http://bob:hunter2@proxy:3128 refused":                                                "proxy http://…@proxy:3128 refused",
		"two\nlines\x1b[31m  and\ta tab":                                                             "two lines [31m and a tab",
		"":                                                                                           "",
		strings.Repeat("ä", 1000):                                                                    strings.Repeat("ä", maxText-1) + "…",
	} {
		b := NewBoard(Status{}, func() Health { return Health{} })
		b.Failed("x", errors.New(given))
		b.Phase(Failed, given)
		if s := b.Status(); s.Errors[0].Error != want || s.Why != want {
			t.Errorf("got  %q\nand  %q\nwant %q", s.Errors[0].Error, s.Why, want)
		}
	}
}

// The form of /status is what scripts read.
func TestStatusAsJSON(t *testing.T) {
	text, err := json.Marshal(full())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"now":"2026-01-01T14:01:00Z","app":"flask-app","color":"green","instance":"i-0abc","version":"v2","phase":"serving",` +
		`"why":"healthy","since":"2026-01-01T12:01:00Z","health":{"ready":true,"status":"healthy","age_ms":1200,"failures":0},` +
		`"image":{"configured":"flask-app:v2","digest":"sha256:4f2c","created":"2025-12-29T12:00:00Z"},"config":"9f3ae1",` +
		`"container":{"id":"0123456789abcdef","name":"flask-app-3","generation":3,"state":"running","started":"2026-01-01T12:00:30Z","restarts":2,` +
		`"usage":{"measured":"2026-01-01T14:00:30Z","memory_bytes":120000000,"memory_limit_bytes":512000000,"cpu_seconds":12.5,"pids":14}},` +
		`"pull":{"layers":9,"layers_done":3,"bytes":120400000,"total_bytes":1400000000,"status":"Downloading"},"lifecycle":"InService",` +
		`"errors":[{"time":"2026-01-01T14:00:00Z","what":"pull flask-app:v3","error":"no such image","count":3},` +
		`{"time":"2026-01-01T12:00:10Z","what":"ask IMDS","error":"refused","count":1}],` +
		`"agent":{"version":"1.2.0","started":"2026-01-01T12:00:00Z","pid":812}}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
	var back Status
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full(), back); diff != "" {
		t.Error(diff)
	}
}

func TestStatusForPeople(t *testing.T) {
	small := Status{Now: at(5), Phase: Starting, Since: at(0), App: "flask-app", Agent: Agent{Version: "1.2.0", Started: at(0), PID: 812},
		Health: Health{Status: "starting", Reason: "connection refused", AgeMS: 40, Failures: 2}}
	stopped := small
	stopped.Health = Health{Status: "stopped", Reason: "the container is stopped"}
	stopped.Container = &Container{ID: "0123456789abcdef", Name: "flask-app-3", State: "exited", Started: at(1)}
	for _, c := range []struct {
		name   string
		status Status
		want   string
	}{
		{"all of it", full(), `phase       serving for 2h0m: healthy
health      healthy
last probe  1.2s ago
app         flask-app, green, on i-0abc
version     v2
image       flask-app:v2
digest      sha256:4f2c
built       3d2h ago
pull        3 of 9 layers, 120.4 MB of 1.4 GB, Downloading
container   flask-app-3 (0123456789ab), running for 2h0m, restarted 2×
uses        120 MB of memory (23% of 512 MB), 14 PIDs, measured 30s ago
config      9f3ae1
lifecycle   InService
agent       1.2.0, pid 812, up 2h1m
errors      1m0s ago, pull flask-app:v3: no such image (3 times)
            2h0m ago, ask IMDS: refused
`},
		{"next to nothing", small, `phase       starting for 5.0s
health      starting: connection refused
last probe  0.0s ago, 2 failed in a row
app         flask-app
agent       1.2.0, pid 812, up 5.0s
`},
		{"stopped", stopped, `phase       starting for 5.0s
health      stopped: the container is stopped
app         flask-app
container   flask-app-3 (0123456789ab), exited
agent       1.2.0, pid 812, up 5.0s
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.status.Text()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLine(t *testing.T) {
	pulling := full()
	pulling.Phase = Pulling
	serving := full()
	serving.Pull, serving.Why = nil, ""
	waiting := serving
	waiting.Phase, waiting.Why, waiting.Version = Waiting, "connection refused", ""
	for want, s := range map[string]Status{
		"pulling 3 of 9 layers, 120.4 MB of 1.4 GB, v2": pulling,
		"serving flask-app-3, v2":                       serving,
		"waiting: connection refused":                   waiting,
		"starting":                                      {Phase: Starting},
	} {
		if got := s.Line(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestUnits(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 1_234_567: "1.235 MB", 5e12: "5 TB", 5e15: "5000 TB"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		-time.Second: "0.0s", 9900 * time.Millisecond: "9.9s", 59 * time.Second: "59s", 61 * time.Second: "1m1s",
		47*time.Hour + 59*time.Minute: "47h59m", 50 * time.Hour: "2d2h",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
