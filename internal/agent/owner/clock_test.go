package owner_test

import (
	"fmt"
	"testing"
	"time"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/docker"
)

// TestClockIsSet has the machine's clock jump, and with it all that Docker dates: nothing is tried more often for it, or
// never again, and no restart is counted.
func TestClockIsSet(t *testing.T) {
	for _, skew := range []time.Duration{-30 * 24 * time.Hour, -26 * time.Hour, -time.Minute, time.Minute, 26 * time.Hour, 30 * 24 * time.Hour} {
		t.Run(fmt.Sprint(skew), func(t *testing.T) {
			in(t, func(w *world) {
				a := w.agent(0, false)
				a.Set(want("v1", "good"))
				settle(time.Minute)
				a.Set(want("v2", "bad"))
				settle(30 * time.Second) // in the middle of the trial
				w.jump(skew)
				settle(4 * time.Minute)
				refused := []sight{running("v1", "good"), {true, docker.Exited, "sha256:v2", "v2-bad"}}
				w.expect(refused...)
				settle(5*time.Hour + 30*time.Minute)
				w.expect(refused...)
				if n := w.count(a.plug.made(), "create"); n < 6 || n > 8 {
					t.Errorf("%d containers were made: want v1, and v2 each hour", n)
				}
				w.jump(-skew)
				a.Set(want("v3", "good"))
				settle(2 * time.Minute)
				w.expect(running("v3", "good"))
				if s := a.Status(); s.Phase != owner.Serving || s.Restarts != 0 || len(w.escalations()) != 0 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// jump sets Docker's clock. Seen from it, all that it has dated before has been another time.
func (w *world) jump(by time.Duration) {
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	w.engine.skew += by
}
