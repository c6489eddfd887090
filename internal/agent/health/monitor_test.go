package health

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	ms = time.Millisecond
	s  = time.Second
)

// seen is the part of a verdict that a load balancer would care for.
type seen struct {
	Status string
	Ready  bool
	Reason string
}

func see(m *Monitor) seen {
	v := m.Verdict()
	return seen{v.Status(), v.Ready, v.Reason}
}

func expect(t *testing.T, when string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", when, diff)
	}
}

func TestFromStartToHealthy(t *testing.T) {
	watch(t, Options{StartPeriod: time.Minute}, func(t *testing.T, m *Monitor) {
		expect(t, "at first", see(m), seen{"starting", false, "there is no container yet"})
		a := &app{err: errRefused}
		m.Replace(Target{Name: "app-1", Prober: a})
		synctest.Wait()
		expect(t, "asked once", see(m), seen{"starting", false, "connection refused"})
		after(200 * ms)
		a.answers(nil)
		after(50 * ms)
		expect(t, "50 ms after it is up", see(m), seen{"healthy", true, ""})
	})
}

// An app that takes long is found ready within about a tenth of that time, without having been asked all the while.
func TestSlowStart(t *testing.T) {
	watch(t, Options{StartPeriod: time.Minute}, func(t *testing.T, m *Monitor) {
		a := &app{err: errRefused}
		generation := m.Replace(Target{Prober: a})
		after(30 * s)
		if n := a.count(); n < 20 || n > 80 {
			t.Errorf("asked %d times in 30 s", n)
		}
		a.answers(nil)
		start := time.Now()
		if err := m.Await(t.Context(), generation); err != nil || time.Since(start) > 3*s+50*ms {
			t.Errorf("%v, %v after it was up", err, time.Since(start))
		}
	})
}

func TestStartPeriod(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
		age     time.Duration
		want    time.Duration // until unhealthy
	}{
		// The last probes within the period are at most Interval apart, three more follow it.
		{"long", Options{StartPeriod: time.Minute}, 0, 75 * s},
		{"short", Options{StartPeriod: 10 * s}, 0, 25 * s},
		{"none", Options{}, 0, 10 * s},
		{"over when the container was adopted", Options{StartPeriod: time.Minute}, time.Hour, 10 * s},
		{"clock that says it will start tomorrow", Options{StartPeriod: time.Minute}, -24 * time.Hour, 75 * s},
	} {
		t.Run(c.name, func(t *testing.T) {
			watch(t, c.options, func(t *testing.T, m *Monitor) {
				start := time.Now()
				generation := m.Replace(Target{Name: "app-1", Prober: &app{err: errRefused}, Age: c.age})
				err := m.Await(t.Context(), generation)
				if took := time.Since(start); !errors.Is(err, ErrUnhealthy) || took > c.want || took < c.want-5*s {
					t.Errorf("after %v: %v", took, err)
				}
				if want := "wait for app-1 to be healthy: not healthy (last probe: connection refused)"; err.Error() != want {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestThresholds(t *testing.T) {
	watch(t, Options{}, func(t *testing.T, m *Monitor) {
		a, _ := healthy(t, m)
		a.answers(errRefused)
		after(10 * s)
		v := m.Verdict()
		expect(t, "two failures", [3]any{v.Ready, v.Failures, v.FailingFor}, [3]any{true, 2, 5 * s})
		after(5 * s)
		expect(t, "three failures", see(m), seen{"unhealthy", false, "connection refused"})
		after(60 * s)
		v = m.Verdict()
		expect(t, "for a minute", v, Verdict{
			State: Unhealthy, Reason: "connection refused", For: 60 * s, Generation: 1, Target: "app-1", EverHealthy: true,
			Failures: 15, FailingFor: 70 * s, UnhealthyFor: 60 * s, LastError: "connection refused",
		})
		a.answers(nil)
		after(5 * s)
		expect(t, "one success", see(m), seen{"unhealthy", false, "connection refused"})
		after(5 * s)
		expect(t, "two successes", see(m), seen{"healthy", true, ""})
		v = m.Verdict()
		expect(t, "well again", v, Verdict{
			State: Healthy, Ready: true, Generation: 1, Target: "app-1", EverHealthy: true, Successes: 2,
			LastError: "connection refused", LastErrorAge: 10 * s,
		})
	})
}

// One failure among successes is no news to anybody but the counters.
func TestSuccessEndsAStreak(t *testing.T) {
	watch(t, Options{}, func(t *testing.T, m *Monitor) {
		a, _ := healthy(t, m)
		for range 10 {
			a.answers(errRefused)
			after(10 * s)
			a.answers(nil)
			after(5 * s)
			if v := m.Verdict(); !v.Ready || v.Failures != 0 {
				t.Fatalf("got %+v", v)
			}
		}
	})
}

func TestStaleVerdictIsNotReady(t *testing.T) {
	watch(t, Options{Timeout: time.Hour, MaxAge: 17 * s}, func(t *testing.T, m *Monitor) {
		a, _ := healthy(t, m)
		a.mu.Lock()
		a.hangs = true
		a.mu.Unlock()
		after(17 * s)
		expect(t, "at the limit", see(m), seen{"healthy", true, ""})
		after(1 * ms)
		expect(t, "past it", see(m), seen{"stale", false, "the last probe was 17s ago, more than 17s"})
		if v := m.Verdict(); v.State != Healthy || !v.Stale {
			t.Errorf("got %+v", v)
		}
	})
}

func TestDefaultMaxAge(t *testing.T) {
	for want, o := range map[time.Duration]Options{
		17 * s: {}, 34 * s: {Interval: 10 * s, Timeout: 4 * s}, s: {MaxAge: s},
	} {
		if got := o.withDefaults().MaxAge; got != want {
			t.Errorf("%+v: %v, want %v", o, got, want)
		}
	}
}

// A prober that finds nothing out says nothing about the app, only about itself: in the end nothing is known.
func TestUnknownCountsNeitherWay(t *testing.T) {
	watch(t, Options{}, func(t *testing.T, m *Monitor) {
		a, _ := healthy(t, m)
		a.answers(ErrUnknown)
		after(15 * s)
		v := m.Verdict()
		expect(t, "within the age", [3]any{v.Ready, v.Failures, v.Age}, [3]any{true, 0, 15 * s})
		after(5 * s)
		expect(t, "past it", see(m), seen{"stale", false, "the last probe was 20s ago, more than 17s"})
		a.answers(nil)
		after(5 * s)
		expect(t, "known again", see(m), seen{"healthy", true, ""})
	})
}

func TestNotYet(t *testing.T) {
	watch(t, Options{}, func(t *testing.T, m *Monitor) {
		a := &app{err: ErrNotYet}
		m.Replace(Target{Prober: a})
		after(10 * time.Minute)
		expect(t, "long after the start period", see(m), seen{"starting", false, "still starting"})
		a.answers(nil)
		after(10 * s)
		a.answers(ErrNotYet)
		after(15 * s)
		expect(t, "once it was healthy", see(m), seen{"unhealthy", false, "still starting"})
	})
}

func TestFinalNeedsNoStreak(t *testing.T) {
	watch(t, Options{}, func(t *testing.T, m *Monitor) {
		a, _ := healthy(t, m)
		a.answers(ErrFinal)
		after(5 * s)
		expect(t, "at the first", see(m), seen{"unhealthy", false, "unhealthy"})
	})
}

func TestDraining(t *testing.T) {
	watch(t, Options{}, func(t *testing.T, m *Monitor) {
		a, _ := healthy(t, m)
		m.Drain("the instance is to be terminated")
		draining := seen{"draining", false, "the instance is to be terminated"}
		expect(t, "at once", see(m), draining)
		after(time.Minute)
		expect(t, "though probes go well", see(m), draining)
		if v := m.Verdict(); v.Age > 5*s || v.Successes < 10 || v.For != time.Minute {
			t.Errorf("the probes ended: %+v", v)
		}
		a.answers(errRefused)
		after(time.Minute)
		expect(t, "though probes fail", see(m), draining)
		if v := m.Verdict(); v.UnhealthyFor < 40*s {
			t.Errorf("got %+v", v)
		}
		m.Replace(Target{Name: "app-2", Prober: &app{}})
		after(time.Minute)
		expect(t, "with another container", see(m), draining)
		m.Quiesce("another container takes its place")
		expect(t, "for the reason that lasts", see(m), draining)
		m.Resume()
		expect(t, "for good", see(m), draining)
		m.Stop()
		expect(t, "without a container", see(m), seen{"stopped", false, "the container is stopped"})
		asked := a.count()
		after(time.Hour)
		if a.count() != asked {
			t.Error("a container that was stopped is probed")
		}
	})
}

func TestQuiesce(t *testing.T) {
	watch(t, Options{}, func(t *testing.T, m *Monitor) {
		healthy(t, m)
		m.Quiesce("another container takes its place")
		quiet := seen{"draining", false, "another container takes its place"}
		expect(t, "at once", see(m), quiet)
		m.Replace(Target{Name: "app-2", Prober: &app{}})
		after(time.Minute)
		expect(t, "with another container", see(m), quiet)
		m.Resume()
		expect(t, "no more", see(m), seen{"healthy", true, ""})
	})
}

// The probe of the old container answers after the new one is set: well or not, it is not about the new one.
func TestLateProbeOfTheOldDoesNotCount(t *testing.T) {
	for _, answer := range []error{nil, errRefused, ErrFinal, ErrUnknown} {
		var counted atomic.Int32
		watch(t, Options{HealthyThreshold: 1, Observe: func(time.Duration, error) { counted.Add(1) }}, func(t *testing.T, m *Monitor) {
			old := &app{hangs: true, err: answer}
			m.Replace(Target{Name: "app-1", Prober: old})
			synctest.Wait()
			if old.count() != 1 {
				t.Fatal("the old one was not asked")
			}
			m.Replace(Target{Name: "app-2", Prober: &app{hangs: true}})
			synctest.Wait() // the old one's probe ends now, before its timeout
			want := seen{"starting", false, "0 of 1 probes went well so far"}
			expect(t, "after the old one's answer", see(m), want)
			if counted.Load() != 0 {
				t.Errorf("%v counted", answer)
			}
			after(2 * s)
			expect(t, "after the new one's", see(m), seen{"healthy", true, ""})
			if n := counted.Load(); n != 1 {
				t.Errorf("%d probes counted", n)
			}
		})
	}
}

func TestReplaceIsProbedAtOnce(t *testing.T) {
	watch(t, Options{Interval: time.Hour}, func(t *testing.T, m *Monitor) {
		_, first := healthy(t, m)
		start := time.Now()
		second := m.Replace(Target{Name: "app-2", Prober: &app{}})
		if got := see(m); got.Status != "starting" || got.Ready {
			t.Errorf("replaced: %+v", got)
		}
		if err := m.Await(t.Context(), second); err != nil || time.Since(start) > 25*ms {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if err := m.Await(t.Context(), first); !errors.Is(err, ErrReplaced) || second == first {
			t.Errorf("generations %d, %d: %v", first, second, err)
		}
	})
}

// Docker says that the container has died long before three probes could.
func TestDown(t *testing.T) {
	watch(t, Options{StartPeriod: time.Minute}, func(t *testing.T, m *Monitor) {
		a, generation := healthy(t, m)
		a.answers(errRefused)
		m.Down(generation-1, "another one's death")
		expect(t, "a generation that is over", see(m), seen{"healthy", true, ""})
		m.Down(generation, "exited with code 137")
		if got := see(m); got.Status != "starting" || got.Ready || got.Reason == "" { // a probe may have failed meanwhile
			t.Errorf("at once: %+v", got)
		}
		after(100 * ms)
		expect(t, "probed", see(m), seen{"starting", false, "connection refused"})
		a.answers(nil) // Docker has restarted it
		after(200 * ms)
		expect(t, "up again", see(m), seen{"healthy", true, ""})
		if v := m.Verdict(); v.Generation != generation || !v.EverHealthy {
			t.Errorf("got %+v", v)
		}
		a.answers(errRefused)
		m.Down(generation, "exited with code 1")
		after(80 * s)
		expect(t, "for good", see(m), seen{"unhealthy", false, "connection refused"})
		m.Stop()
		m.Down(generation, "stopped")
		expect(t, "what was stopped cannot die", see(m), seen{"stopped", false, "the container is stopped"})
	})
}

// A clock that is set leaves alone whatever is compared by the monotonic clock: no time is kept without. (The clock of a
// bubble has none, so this test runs outside.)
func TestTimesAreMonotonic(t *testing.T) {
	m := New(Options{Interval: ms})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); m.Run(ctx) }()
	check := func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		for name, at := range map[string]time.Time{
			"state": m.since, "target's state": m.target.since, "start": m.target.begun, "probe": m.target.probed,
			"failures": m.target.failing, "last error": m.target.lastErrorAt,
		} {
			if !strings.Contains(at.String(), " m=") {
				t.Errorf("%s: %v has lost its monotonic time", name, at)
			}
		}
	}
	generation := m.Replace(Target{Prober: &app{err: errRefused}, Age: time.Hour})
	if err := m.Await(ctx, generation); !errors.Is(err, ErrUnhealthy) {
		t.Fatal(err)
	}
	check()
	m.Drain("x")
	m.Down(generation, "x")
	check()
	cancel()
	<-done
}

// A log that blocks, as one into a full pipe does, must not block /health.
func TestVerdictDoesNotWaitForTheLog(t *testing.T) {
	release := make(chan struct{})
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) { <-release; return text.Write(p) }), nil))
	m := New(Options{Log: log})
	done := make(chan struct{})
	go func() { defer close(done); m.Drain("the instance stops") }()
	for m.Verdict().State != Draining {
		<-time.After(ms)
	}
	close(release)
	<-done
	if got := text.String(); !strings.Contains(got, `msg="Health changed" from=starting to=draining`) || !strings.Contains(got, `reason="the instance stops"`) {
		t.Errorf("logged %q", got)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestReasonsAreShortLines(t *testing.T) {
	if got := text(errors.New("two\nlines\x1b[31m")); got != "two lines [31m" {
		t.Errorf("got %q", got)
	}
	if got := text(errors.New(strings.Repeat("ä", 1000))); len([]rune(got)) != maxText || !strings.HasSuffix(got, "ä…") {
		t.Errorf("got %q", got)
	}
}
