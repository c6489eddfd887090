package owner_test

import (
	"context"
	"testing"
	"time"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/docker"
)

func TestDrain(t *testing.T) {
	in(t, func(w *world) {
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		a.Drain()
		a.Set(want("v2", "good"))
		settle(time.Minute)
		w.expect(running("v1", "good"))
		w.others("shop-1", w.engine.halt)
		settle(10 * time.Minute)
		w.expect(sight{false, docker.Exited, "sha256:v1", "v1-good"})
		w.expectStatus(a, owner.Draining, "no more traffic")
	})
}

func TestStop(t *testing.T) {
	in(t, func(w *world) {
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		for range 2 {
			if err := a.Stop(w.t.Context()); err != nil {
				t.Fatal(err)
			}
			w.expect(sight{false, docker.Exited, "sha256:v1", "v1-good"})
			w.expectPolicies()
		}
		w.expectStatus(a, owner.Stopped, "")
		a.quit()
		w.engine.kill()
		w.engine.start() // as at the boot after this one: nothing runs before the agent says so
		settle(time.Minute)
		w.expect(sight{false, docker.Exited, "sha256:v1", "v1-good"})
		w.agent(0, false).Set(want("v1", "good"))
		settle(time.Minute)
		w.expect(running("v1", "good"))
		w.expectPolicies()
	})
}

func TestStopWithoutDaemon(t *testing.T) {
	in(t, func(w *world) {
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		w.engine.kill()
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
		defer cancel()
		if err := a.Stop(ctx); err == nil {
			t.Error("stopped without a daemon")
		}
		w.engine.start()
		if err := a.Stop(w.t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A replacement that has stopped the old container is brought to where something runs: by a drain as by the agent's end.
func TestEndInTheMiddleOfAReplacement(t *testing.T) {
	for name, end := range map[string]func(*agent){
		"drain": func(a *agent) { a.Drain() },
		"end":   func(a *agent) { a.quit() },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				had(w, want("v1", "good"))
				a := w.agent(0, false)
				a.Set(want("v2", "good"))
				settle(stopTakes / 2) // of the old one
				end(a)
				settle(time.Minute)
				w.expect(sight{false, docker.Exited, "sha256:v1", "v1-good"}, running("v2", "good"))
			})
		})
	}
}
