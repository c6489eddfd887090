package drain_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/drain"
	"bluegreen/internal/aws/imds"
)

// outcome is what became of a machine and its container.
type outcome struct {
	App       string
	Stops     int            // of the container that had an effect
	Completed map[string]int // hooks
}

func (m *machine) outcome() outcome {
	m.mu.Lock()
	defer m.mu.Unlock()
	return outcome{m.app, m.stops, m.completed}
}

func (w *world) expect(m *machine, want outcome) {
	w.t.Helper()
	if diff := cmp.Diff(want, m.outcome()); diff != "" {
		w.t.Errorf("(-want +got):\n%s", diff)
	}
}

// drained is the outcome of a life as it should be, with our two hooks.
func drained() outcome {
	return outcome{App: "lost", Stops: 1, Completed: map[string]int{"up": 1, "down": 1}}
}

func TestLifeOfAnInstance(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.create(up(), down())
		m := w.serving()
		w.wait(10 * time.Minute)
		if calls := w.log.count("DescribeAutoScalingInstances"); calls > 3 {
			t.Errorf("%d questions to the group while there is nothing to do", calls)
		}
		w.shrink()
		w.ended(m, 10*time.Minute)
		w.expect(m, drained())
	})
}

func TestTerminationIsSeenFiveHundredTimesAndDrainsOnce(t *testing.T) {
	inWorld(t, func(m *machine) {
		m.options = func(o *drain.Options) { o.Delay = 45 * time.Minute }
	}, func(w *world) {
		w.create(up(), down())
		m := w.serving()
		w.shrink()
		w.await("500 polls", time.Hour, func() bool { m.mu.Lock(); defer m.mu.Unlock(); return m.asked > 520 })
		w.ended(m, time.Hour)
		w.expect(m, drained())
		if n := w.log.count("/health says 503"); n != 1 {
			t.Errorf("%d drains", n)
		}
		if n := w.log.count("msg=draining"); n != 1 {
			t.Errorf("%d drains in the log", n)
		}
		if n := w.log.count("one more cause"); n != 1 { // the machine's end
			t.Errorf("%d more causes", n)
		}
	})
}

// TestMetadataFlaps has the metadata service take back what it said, and say nothing.
func TestMetadataFlaps(t *testing.T) {
	for name, flap := range map[string]func(n int, truth imds.Target) (imds.Target, error){
		"goes away":      func(n int, truth imds.Target) (imds.Target, error) { return "", errNoAnswer },
		"forgets":        func(n int, truth imds.Target) (imds.Target, error) { return imds.NeverSet, nil },
		"takes it back":  func(n int, truth imds.Target) (imds.Target, error) { return imds.InService, nil },
		"comes and goes": func(n int, truth imds.Target) (imds.Target, error) { return truth, []error{errNoAnswer, nil}[n%2] },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.create(up(), down())
				m := w.serving()
				w.shrink()
				w.await("the drain", time.Minute, func() bool { return m.current().refuses() })
				n := 0
				m.set(func(m *machine) {
					m.imds = func(truth imds.Target) (imds.Target, error) { n++; return flap(n, truth) }
				})
				w.ended(m, 10*time.Minute)
				w.expect(m, drained())
			})
		})
	}
}

// TestMetadataUnreachable has the service away when the group begins: what it said last holds, and it is said so.
func TestMetadataUnreachable(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.create(up(), hook("down", "autoscaling:EC2_INSTANCE_TERMINATING", 20*time.Minute))
		m := w.serving()
		m.set(func(m *machine) { m.imds = func(imds.Target) (imds.Target, error) { return "", errNoAnswer } })
		w.wait(time.Minute)
		w.shrink()
		w.wait(5 * time.Minute)
		if m.current().refuses() {
			t.Error("a drain without a reason")
		}
		if n := w.log.count("level=WARN", "target lifecycle state", "what it said last holds", "no answer"); n != 1 {
			t.Errorf("said %d times that the metadata service does not answer", n)
		}
		if got := m.current().Status().Troubles; len(got) != 1 {
			t.Errorf("troubles %v", got)
		}
		m.set(func(m *machine) { m.imds = nil })
		w.ended(m, 10*time.Minute)
		w.expect(m, drained())
	})
}

func TestGroupWithoutHooks(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.create()
		m := w.serving()
		w.shrink()
		w.await("the drain", time.Minute, func() bool { return m.current().refuses() })
		w.ended(m, 10*time.Minute)
		w.expect(m, outcome{App: "lost", Stops: 1, Completed: map[string]int{}})
		if n := w.log.count("LifecycleAction"); n != 0 {
			t.Errorf("%d calls about hooks that are not there", n)
		}
		if n := w.log.count("goes down"); n != 1 || w.log.before("the container has stopped", "goes down") {
			t.Error("the container was stopped before the machine went down")
		}
	})
}

// TestHooksThatAreNotOurs checks that nobody is deprived of a hook, and that ours is found among others.
func TestHooksThatAreNotOurs(t *testing.T) {
	const ending = "autoscaling:EC2_INSTANCE_TERMINATING"
	t.Run("nobody can tell", func(t *testing.T) {
		inWorld(t, nil, func(w *world) {
			w.create(hook("logs", ending, 5*time.Minute), hook("audit", ending, 5*time.Minute))
			m := w.serving()
			w.shrink()
			w.ended(m, 20*time.Minute)
			w.expect(m, outcome{App: "lost", Stops: 1, Completed: map[string]int{}})
			if n := w.log.count("level=WARN", "the hooks logs, audit", "name ours"); n != 1 {
				t.Errorf("explained %d times", n)
			}
			if n := w.log.count("LifecycleAction"); n != 0 {
				t.Errorf("%d calls about the hooks of others", n)
			}
		})
	})
	t.Run("ours by its configured name", func(t *testing.T) {
		inWorld(t, func(m *machine) {
			m.options = func(o *drain.Options) { o.TerminationHook = "down" }
		}, func(w *world) {
			w.create(up(), hook("logs", ending, 5*time.Minute), down())
			m := w.serving()
			w.shrink()
			w.await("ours to be done", 5*time.Minute, func() bool { return m.current().Status().Completed })
			w.wait(time.Minute)
			if state := w.state(m.id); state != "Terminating:Wait" {
				t.Errorf("the other hook does not hold the instance any more: %q", state)
			}
			w.ended(m, 20*time.Minute)
			w.expect(m, drained())
		})
	})
	t.Run("a launch hook is none", func(t *testing.T) {
		inWorld(t, func(m *machine) {
			m.options = func(o *drain.Options) { o.TerminationHook = "up" }
		}, func(w *world) {
			w.create(up(), down())
			m := w.serving()
			w.shrink()
			w.ended(m, 20*time.Minute)
			w.expect(m, outcome{App: "lost", Stops: 1, Completed: map[string]int{"up": 1}})
		})
	})
}

// TestDelayIsWaitedFor lets the app run on for as long as is configured, up to what the hook can hold.
func TestDelayIsWaitedFor(t *testing.T) {
	for _, c := range []struct {
		name        string
		delay       time.Duration
		least, most time.Duration // from the drain to the stop
	}{
		{"in full", 6 * time.Minute, 6 * time.Minute, 6*time.Minute + 10*time.Second},
		{"up to the hook's own limit", 3 * time.Hour, 98 * time.Minute, 101*time.Minute - 33*time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			var took time.Duration
			inWorld(t, func(m *machine) {
				m.options = func(o *drain.Options) { o.Delay = c.delay }
			}, func(w *world) {
				w.create(up(), hook("down", "autoscaling:EC2_INSTANCE_TERMINATING", time.Minute))
				m := w.serving()
				w.shrink()
				w.await("the drain", time.Minute, func() bool { return m.current().refuses() })
				begun := time.Now()
				w.await("the stop", 4*time.Hour, func() bool { return m.outcome().Stops > 0 })
				took = time.Since(begun)
				w.ended(m, 10*time.Minute)
				w.expect(m, drained())
			})
			if took < c.least || took > c.most {
				t.Errorf("stopped after %v, want %v to %v", took, c.least, c.most)
			}
		})
	}
}

// TestContainerThatDoesNotStop keeps the hook waiting while there is hope, and completes it for no lesser reason.
func TestContainerThatDoesNotStop(t *testing.T) {
	for _, c := range []struct {
		name string
		fail time.Duration
		want outcome
	}{
		{"for a while", 2 * time.Minute, drained()},
		{"ever", time.Hour, outcome{App: "lost", Stops: 0, Completed: map[string]int{"up": 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(m *machine) {
				m.options = func(o *drain.Options) {
					stop := o.Stop
					first := time.Time{}
					o.Stop = func(ctx context.Context) error {
						if first.IsZero() {
							first = time.Now()
						}
						if time.Since(first) < c.fail {
							return fmt.Errorf("dockerd hangs")
						}
						return stop(ctx)
					}
				}
			}, func(w *world) {
				w.create(up(), down())
				m := w.serving()
				w.shrink()
				w.ended(m, 20*time.Minute)
				w.expect(m, c.want)
				if n := w.log.count("level=WARN", "stop the container", "dockerd hangs"); n != 1 {
					t.Errorf("said %d times that the container does not stop", n)
				}
			})
		})
	}
}

// TestSlowStopOutlivesTheHeartbeat needs heartbeats while the container stops.
func TestSlowStopOutlivesTheHeartbeat(t *testing.T) {
	inWorld(t, func(m *machine) {
		m.stopFor = 4 * time.Minute
		m.options = func(o *drain.Options) { o.StopTimeout = 5 * time.Minute }
	}, func(w *world) {
		w.create(up(), hook("down", "autoscaling:EC2_INSTANCE_TERMINATING", 30*time.Second))
		m := w.serving()
		w.shrink()
		w.ended(m, 20*time.Minute)
		w.expect(m, drained())
	})
}
