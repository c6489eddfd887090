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
