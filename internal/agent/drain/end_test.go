package drain_test

import (
	"testing"
	"time"

	"bluegreen/internal/agent/drain"
	"bluegreen/internal/sandbox/wire"
)

func TestSpot(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.create(up(), down())
		m := w.serving()
		m.set(func(m *machine) { m.spot = true })
		begun := time.Now()
		w.await("the drain", 6*time.Second, func() bool { return m.current().refuses() })
		w.await("the stop", 2*time.Minute, func() bool { return m.outcome().Stops > 0 })
		if took := time.Since(begun); took < 70*time.Second || took > 2*time.Minute-30*time.Second {
			t.Errorf("stopped after %v, want as late as two minutes and the container's own timeout allow", took)
		}
	})
}

// TestSpotWithTheGroup has the group take the instance out at once, as with capacity rebalancing: then no time is wasted.
func TestSpotWithTheGroup(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.router.delay = 15 * time.Second
		w.create(up(), down())
		m := w.serving()
		m.set(func(m *machine) { m.spot, m.rebalance = true, true })
		begun := time.Now()
		w.shrink()
		w.ended(m, 2*time.Minute)
		if took := time.Since(begun); took > 70*time.Second {
			t.Errorf("ended after %v", took)
		}
		w.expect(m, drained())
	})
}

// TestSpotNoticeTimeIsNotBelieved has a machine whose clock is wrong, by as much as can be.
func TestSpotNoticeTimeIsNotBelieved(t *testing.T) {
	inWorld(t, func(m *machine) { m.spotTime = time.Unix(0, 0) }, func(w *world) {
		w.create()
		m := w.serving()
		m.set(func(m *machine) { m.spot = true })
		w.wait(time.Minute)
		if m.outcome().Stops > 0 {
			t.Error("the container was stopped by a clock")
		}
		w.await("the stop", time.Minute, func() bool { return m.outcome().Stops > 0 })
	})
}

// TestHibernation leaves no time to drain, and the app is still there afterwards.
func TestHibernation(t *testing.T) {
	inWorld(t, func(m *machine) { m.spotAction = "hibernate" }, func(w *world) {
		w.create(up(), down())
		m := w.serving()
		m.set(func(m *machine) { m.spot = true })
		w.wait(10 * time.Minute)
		if m.current().refuses() {
			t.Error("it drains")
		}
		if n := w.log.count("level=WARN", "EC2 hibernates"); n != 1 {
			t.Errorf("reported %d times", n)
		}
		w.expect(m, outcome{App: "up", Completed: map[string]int{"up": 1}})
	})
}

func TestRebalance(t *testing.T) {
	for name, drains := range map[string]bool{"is only reported": false, "drains when configured": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(m *machine) {
				m.options = func(o *drain.Options) { o.Rebalance = drains }
			}, func(w *world) {
				w.create(up(), down())
				m := w.serving()
				m.set(func(m *machine) { m.rebalance = true })
				w.wait(30 * time.Minute)
				if m.current().refuses() != drains {
					t.Errorf("draining: %v, want %v", !drains, drains)
				}
				if n := w.log.count("level=WARN", "EC2 may take"); n != 1 || !m.current().Status().Rebalance {
					t.Errorf("reported %d times", n)
				}
				w.expect(m, outcome{App: "up", Completed: map[string]int{"up": 1}}) // nothing forces the stop
				w.shrink()
				w.ended(m, 10*time.Minute)
				w.expect(m, drained())
			})
		})
	}
}

func TestRestartOfTheAgent(t *testing.T) {
	t.Run("while it serves", func(t *testing.T) {
		inWorld(t, nil, func(w *world) {
			w.create(up(), down())
			m := w.serving()
			begun := time.Now()
			if m.current().terminate() {
				t.Error("a restart was taken for the end of the machine")
			}
			if took := time.Since(begun); took != 0 {
				t.Errorf("it took %v", took)
			}
			m.restart()
			w.wait(time.Minute)
			if _, draining := m.current().Draining(); draining {
				t.Error("the new agent drains")
			}
			w.expect(m, outcome{App: "up", Completed: map[string]int{"up": 1}})
			w.shrink()
			w.ended(m, 10*time.Minute)
			w.expect(m, drained())
		})
	})
	t.Run("in the middle of a drain, with the metadata gone", func(t *testing.T) {
		inWorld(t, func(m *machine) {
			m.options = func(o *drain.Options) { o.Delay = 10 * time.Minute }
		}, func(w *world) {
			w.create(up(), down())
			m := w.serving()
			w.shrink()
			w.await("the drain", time.Minute, func() bool { return m.current().refuses() })
			begun := time.Now()
			w.wait(4 * time.Minute)
			m.restart()
			if _, draining := m.current().Draining(); !draining {
				t.Error("the new agent does not drain")
			}
			w.wait(time.Second)
			if !m.current().refuses() {
				t.Error("the new agent is ready for traffic")
			}
			w.await("the stop", 20*time.Minute, func() bool { return m.outcome().Stops > 0 })
			if took := time.Since(begun); took < 10*time.Minute || took > 10*time.Minute+15*time.Second {
				t.Errorf("stopped after %v, want the delay from the drain's beginning", took)
			}
			w.ended(m, 10*time.Minute)
			w.expect(m, drained())
		})
	})
}

func TestShutdownOfAServingMachine(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.create(up(), down())
		m := w.serving()
		a := m.current()
		m.set(func(m *machine) { m.down = true })
		begun := time.Now()
		if !a.terminate() {
			t.Error("the end of the machine was taken for a restart")
		}
		if took := time.Since(begun); took < 70*time.Second || took > 80*time.Second {
			t.Errorf("it took %v", took)
		}
		w.expect(m, outcome{App: "stopped", Stops: 1, Completed: map[string]int{"up": 1}})
		if a.extends < 7 {
			t.Errorf("asked %d times for more time", a.extends)
		}
	})
}

// TestShutdownIsBounded has a machine go down whose app will not let go.
func TestShutdownIsBounded(t *testing.T) {
	inWorld(t, func(m *machine) {
		m.stopFor = time.Hour
		m.options = func(o *drain.Options) { o.Delay = time.Hour }
	}, func(w *world) {
		w.create()
		m := w.serving()
		m.set(func(m *machine) { m.down = true })
		begun := time.Now()
		m.current().terminate()
		if took := time.Since(begun); took > 4*time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

// TestShutdownWithoutAuthority has a machine go down whose group cannot be asked: that delays nobody for long.
func TestShutdownWithoutAuthority(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault wire.Fault
		most  time.Duration
	}{
		{"not allowed", wire.Fault{Action: wire.ActionError, Code: "AccessDenied", Status: 403}, 80 * time.Second},
		{"no answer", wire.Fault{Action: wire.ActionThrottle}, 110 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.create(up(), down())
				m := w.serving()
				w.front.Faults.Add(c.fault)
				m.set(func(m *machine) { m.down = true })
				begun := time.Now()
				m.current().terminate()
				if took := time.Since(begun); took > c.most {
					t.Errorf("it took %v, want at most %v", took, c.most)
				}
				w.expect(m, outcome{App: "stopped", Stops: 1, Completed: map[string]int{"up": 1}})
			})
		})
	}
}

// TestShutdownWhileTheHookIsUnknown waits a little for the group's hooks, which cannot be listed at first.
func TestShutdownWhileTheHookIsUnknown(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.create(up(), down())
		m := w.serving()
		w.front.Faults.Add(wire.Fault{Operation: "DescribeLifecycleHooks", Action: wire.ActionThrottle, Times: 2})
		w.shrink()
		w.await("the hold", 10*time.Minute, func() bool { return w.state(m.id) == "Terminating:Wait" })
		m.set(func(m *machine) { m.down = true })
		m.current().terminate()
		w.expect(m, outcome{App: "stopped", Stops: 1, Completed: map[string]int{"up": 1, "down": 1}})
	})
}

// TestShutdownWhileHeld is a machine that somebody powers off while our hook holds it.
func TestShutdownWhileHeld(t *testing.T) {
	inWorld(t, func(m *machine) {
		m.options = func(o *drain.Options) { o.Delay = time.Hour }
	}, func(w *world) {
		w.create(up(), down())
		m := w.serving()
		w.shrink()
		w.await("the hold", 10*time.Minute, func() bool { return w.state(m.id) == "Terminating:Wait" })
		w.wait(30 * time.Second)
		m.set(func(m *machine) { m.down = true })
		m.current().terminate()
		w.expect(m, outcome{App: "stopped", Stops: 1, Completed: map[string]int{"up": 1, "down": 1}})
	})
}

// TestShutdownIsForgotten runs an agent again in the boot that was said to end: it did not.
func TestShutdownIsForgotten(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.create()
		m := w.serving()
		m.set(func(m *machine) { m.down = true })
		m.current().terminate()
		m.kill()
		m.set(func(m *machine) { m.down = false })
		m.start()
		if _, draining := m.current().Draining(); draining {
			t.Error("the agent drains for a shutdown that is over")
		}
	})
}
