package owner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/docker"
)

func TestUnhealthyIsRestarted(t *testing.T) {
	in(t, func(w *world) {
		w.deaf = 1
		a := w.agent(0, false)
		a.Set(want("v1", "sick")) // 33 s after each start
		settle(62 * time.Second)
		if n := w.count(a.plug.made(), "restart"); n != 0 {
			t.Errorf("%d restarts before its time", n)
		}
		settle(5 * time.Second)
		if n := w.count(a.plug.made(), "restart"); n != 1 {
			t.Errorf("%d restarts, want 1", n)
		}
		w.expectStatus(a, owner.Serving, "")
		settle(80 * time.Second) // sick again, but within the cool-down
		w.expectStatus(a, owner.Sick, "no restart for")
		if n := w.count(a.plug.made(), "restart"); n != 1 {
			t.Errorf("%d restarts within the cool-down, want 1", n)
		}
		settle(20 * time.Minute)
		if n := w.count(a.plug.made(), "restart"); n != 4 {
			t.Errorf("%d restarts, want the budget of 4", n)
		}
		if e := w.escalations(); len(e) != 2 || !strings.Contains(e[1], "shop-1: 4 restarts in an hour did not help: 503") {
			t.Errorf("escalations, the first of which was not heard: %q", e)
		}
		settle(40 * time.Minute) // the budget has something again
		if n := w.count(a.plug.made(), "restart"); n <= 4 {
			t.Errorf("%d restarts in more than an hour", n)
		}
		if e := w.escalations(); len(e) != 2 {
			t.Errorf("escalated again: %q", e)
		}
		if s := a.Status(); s.Escalated == "" || s.Restarts != 4 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestDockerRestartsCrashes(t *testing.T) {
	in(t, func(w *world) {
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		w.crash("shop-1", 137, true)
		settle(time.Minute)
		w.expect(running("v1", "good"))
		w.expectStatus(a, owner.Serving, "")
		calls := a.plug.made()
		if w.count(calls, "start") != 1 || w.count(calls, "restart") != 0 {
			t.Errorf("it was started by the owner: %v", calls)
		}
		s := a.Status()
		if diff := cmp.Diff([]owner.Exit{{
			Container: "shop-1", At: w.look("shop-1").FinishedAt, Code: 137, OOM: true,
			Log: []string{"hello", "the password is ***", strings.Repeat("x", 100), "last words of shop-1"},
		}}, s.Exits); diff != "" {
			t.Error(diff)
		}
		if s.Container.Crashes != 1 || s.Restarts != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestCrashLoop(t *testing.T) {
	in(t, func(w *world) {
		a := w.agent(0, false)
		a.Set(want("v1", "crash"))
		settle(30 * time.Second) // Docker has given up, and started it five times
		settle(30 * time.Minute)
		if n := w.count(a.plug.made(), "start"); n != 5 {
			t.Errorf("started %d times by the owner, want once and the budget of 4", n)
		}
		if n := len(w.escalations()); n != 1 {
			t.Errorf("%d escalations", n)
		}
		w.expectStatus(a, owner.Failed, "shop-1 exited with 1: last words of shop-1; no restart for")
	})
}

func TestStoppedAndDeletedBehindItsBack(t *testing.T) {
	in(t, func(w *world) {
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		w.others("shop-1", w.engine.halt)
		settle(time.Minute)
		w.expect(running("v1", "good"))
		w.others("shop-1", w.engine.delete)
		settle(time.Minute)
		w.expect(running("v1", "good"))
		if s := a.Status(); s.Phase != owner.Serving || s.Container.Name != "shop-2" || s.Restarts != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestDaemonComesLate(t *testing.T) {
	in(t, func(w *world) {
		w.engine.kill()
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		w.expectStatus(a, owner.Starting, "waiting for Docker")
		if s := a.Status(); s.Docker == "" {
			t.Error("it does not say that Docker is down")
		}
		w.engine.start()
		settle(time.Minute)
		w.expect(running("v1", "good"))
		if s := a.Status(); s.Docker != "" || s.Phase != owner.Serving {
			t.Errorf("%+v", s)
		}
		if !a.Alive() {
			t.Error("it is not alive")
		}
	})
}

// Restarts of the daemon are not the app's fault.
func TestDaemonRestarts(t *testing.T) {
	in(t, func(w *world) {
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		for range 10 {
			w.engine.kill()
			settle(30 * time.Second)
			if s := a.Status(); s.Phase != owner.Serving || s.Docker == "" { // the probes know better than Docker
				t.Errorf("while the daemon is down: %+v", s)
			}
			w.engine.start()
			settle(30 * time.Second)
			w.expect(running("v1", "good"))
		}
		if s := a.Status(); s.Restarts != 0 || len(w.escalations()) != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// A container that outlives the daemon can be out of reach without it. It has to be found unhealthy while the daemon is there.
func TestUnhealthyWhileDaemonIsAway(t *testing.T) {
	for _, c := range []struct {
		name     string
		well     time.Duration // after the daemon has come back; never when zero
		restarts int
	}{{"it was out of reach", 10 * time.Second, 0}, {"it is sick", 0, 1}} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(w *world) {
				w.engine.live = true
				a := w.agent(0, false)
				a.Set(want("v1", "good"))
				settle(time.Minute)
				w.engine.kill()
				w.reach("shop-1", false)
				settle(5 * time.Minute)
				w.engine.start()
				if c.well > 0 {
					settle(c.well)
					w.reach("shop-1", true)
				}
				settle(time.Minute)
				if n := w.count(a.plug.made(), "restart"); n != c.restarts {
					t.Errorf("%d restarts, want %d", n, c.restarts)
				}
				w.expectStatus(a, owner.Serving, "")
			})
		})
	}
}

// reach has probes reach a container, or not.
func (w *world) reach(name string, does bool) {
	w.others(name, func(b *box) {
		b.healthy = does
		w.engine.emit(b, "health")
	})
}

func TestStartFails(t *testing.T) {
	in(t, func(w *world) {
		w.engine.images["x"] = true
		id, err := w.engine.Create(w.t.Context(), docker.Spec{Name: "proxy", Image: "x", Ports: []docker.Port{{Host: 80}}})
		if err == nil {
			err = w.engine.Start(w.t.Context(), id)
		}
		if err != nil {
			t.Fatal(err)
		}
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(5 * time.Minute)
		w.expectStatus(a, owner.Failed, "port is already allocated")
		if n := w.count(a.plug.made(), "start"); n < 6 || n > 12 {
			t.Errorf("%d attempts in five minutes", n)
		}
		w.others("proxy", w.engine.halt)
		settle(2 * time.Minute)
		w.expectStatus(a, owner.Serving, "")
	})
}
