package owner_test

import (
	"context"
	"testing"
	"time"

	"bluegreen/internal/agent/owner"
)

// A container may take an hour to stop, and load balancers theirs to look away. Whoever waits for that is alive.
func TestAliveWhileTheAppStops(t *testing.T) {
	in(t, func(w *world) {
		a := w.agent(0, false, func(o *owner.Options) {
			o.QuiesceFor = 40 * time.Minute
			o.Quiesce = func(context.Context) { time.Sleep(o.QuiesceFor) }
		})
		d := want("v1", "good")
		d.StopTimeout = time.Hour
		a.Set(d)
		settle(time.Minute)
		w.engine.stops = 59 * time.Minute
		a.Set(want("v2", "good"))
		for range 105 {
			settle(time.Minute)
			if !a.Alive() {
				t.Fatalf("it does not count as alive: %s", a.Status().Reason)
			}
		}
		w.expect(running("v2", "good"))
	})
}

// A call of Docker that never ends is found out all the same.
func TestNotAliveWhenACallNeverEnds(t *testing.T) {
	in(t, func(w *world) {
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		w.engine.stops = 24 * time.Hour
		a.Set(want("v2", "good"))
		settle(20 * time.Minute)
		if a.Alive() {
			t.Error("it counts as alive although a stop of 30 s has taken 20 minutes")
		}
		w.engine.kill()
	})
}

// An agent that comes while the app ends, as the one before it has told it to, does not tell it again.
func TestStopThatIsUnderWay(t *testing.T) {
	for _, c := range []struct {
		name    string
		takes   time.Duration
		signals int
	}{{"it ends", 20 * time.Minute, 1}, {"nobody has it ended", 10 * time.Hour, 2}} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(w *world) {
				first := w.agent(0, false)
				d := want("v1", "good")
				d.StopTimeout = 30 * time.Minute
				first.Set(d)
				settle(time.Minute)
				w.engine.mu.Lock()
				w.engine.stops = c.takes
				w.engine.mu.Unlock()
				first.Set(want("v2", "good"))
				settle(time.Minute)
				first.plug.pull()
				second := w.agent(0, false)
				second.Set(want("v2", "good"))
				settle(10 * time.Minute)
				w.expectStatus(second, owner.Replacing, "waiting for shop-1 to end")
				b := w.named("shop-1")
				signals := func() int {
					w.engine.mu.Lock()
					defer w.engine.mu.Unlock()
					return b.signals
				}
				settle(9*time.Minute + 30*time.Second)
				if c.signals == 1 {
					settle(time.Minute)
					w.expect(running("v2", "good"))
				} else {
					settle(5 * time.Minute)
					if n := signals(); n != 1 {
						t.Errorf("%d signals before its time was over", n)
					}
					settle(10 * time.Minute)
				}
				if n := signals(); n != c.signals {
					t.Errorf("%d signals, want %d", n, c.signals)
				}
				w.engine.kill()
			})
		})
	}
}
