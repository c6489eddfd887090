package owner_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/docker"
)

func (w *world) expect(want ...sight) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.see()); diff != "" {
		w.t.Error(diff)
	}
}

func (w *world) expectPhases(want ...owner.Phase) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if diff := cmp.Diff(want, w.phases); diff != "" {
		w.t.Error(diff)
	}
	w.phases = nil
}

func (w *world) expectStatus(a *agent, phase owner.Phase, reason string) {
	w.t.Helper()
	if s := a.Status(); s.Phase != phase || !strings.Contains(s.Reason, reason) {
		w.t.Errorf("%s: %s, want %s: … %s …", s.Phase, s.Reason, phase, reason)
	}
}

func TestBoot(t *testing.T) {
	in(t, func(w *world) {
		a := w.agent(0, false)
		settle(time.Second)
		w.expectStatus(a, owner.Starting, "waiting for the configuration")
		a.Set(want("v1", "good"))
		settle(time.Minute)
		w.expect(running("v1", "good"))
		w.expectPhases(owner.Resolving, owner.Pulling, owner.Creating, owner.Starting, owner.Waiting, owner.Serving)

		b := w.named("shop-1")
		if diff := cmp.Diff(docker.Spec{
			Name: "shop-1", Image: "shop@sha256:v1", Env: map[string]string{"APP": "good"},
			Ports: []docker.Port{{Host: 80, Container: 8080}}, StopTimeout: 30 * time.Second,
			Restart: docker.Restart{Policy: "on-failure", Max: 5},
			Labels: map[string]string{
				"team": "web", "bluegreen.app": "shop", "bluegreen.color": "green", "bluegreen.instance": "i-1",
				"bluegreen.image": "shop:v1", "bluegreen.digest": "sha256:v1", "bluegreen.config": "v1-good",
				"bluegreen.generation": "1", "bluegreen.stop-timeout": "30s", "bluegreen.agent": "1.0.0",
			},
		}, b.spec); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(owner.Container{
			ID: b.ID, Name: "shop-1", Generation: 1, Image: "shop:v1", ImageID: b.ImageID, Digest: "sha256:v1", Config: "v1-good", State: "running",
			Started: b.StartedAt,
		}, a.Status().Container); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAdoption(t *testing.T) {
	in(t, func(w *world) {
		had(w, want("v1", "good"))
		before := w.look("shop-1")
		w.publish("shop:v1", "v1.1") // the tag moves on
		w.asked, w.phases = nil, nil

		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Hour)
		if diff := cmp.Diff(before, w.look("shop-1")); diff != "" {
			t.Errorf("it was touched: %s", diff)
		}
		w.expectPhases(owner.Serving)
		if len(w.asked) > 0 {
			t.Errorf("images were asked for: %v", w.asked)
		}
		for _, call := range a.plug.made() {
			if call != "list" && call != "events" {
				t.Errorf("it made a call to %s", call)
			}
		}

		a.Reload()
		settle(time.Minute)
		if d := a.Status().Container.Digest; d != "sha256:v1.1" {
			t.Errorf("after a reload %s runs", d)
		}
		if p := w.named("shop-2").Labels[owner.LabelPrevious]; p != "sha256:v1" {
			t.Errorf("the previous good image is said to be %q", p)
		}
	})
}

func TestReplacement(t *testing.T) {
	in(t, func(w *world) {
		quiet := 0
		a := w.agent(0, false, func(o *owner.Options) {
			o.Quiesce = func(context.Context) { quiet++ }
		})
		a.Set(want("v1", "good"))
		settle(time.Minute)
		w.slow, w.phases = 10*time.Second, nil
		a.Set(want("v2", "good"))
		settle(5 * time.Second)
		w.expectStatus(a, owner.Replacing, "sha256:v2")
		w.expect(running("v1", "good"))
		settle(time.Minute)
		w.expect(running("v2", "good"))
		w.expectPhases(owner.Replacing, owner.Serving)
		if quiet != 1 {
			t.Errorf("the old one was made quiet %d times", quiet)
		}

		d := want("v2", "good")
		d.Config = "other"
		a.Set(d)
		settle(time.Minute)
		if l := w.named("shop-3").Labels; l[owner.LabelPrevious] != "sha256:v1" || l[owner.LabelDigest] != "sha256:v2" {
			t.Errorf("labels %v", l)
		}
	})
}

func TestPutBack(t *testing.T) {
	in(t, func(w *world) {
		had(w, want("v1", "good"))
		a := w.agent(0, false)
		a.Set(want("v2", "bad"))
		settle(2 * time.Minute)
		failed := sight{true, docker.Exited, "sha256:v2", "v2-bad"}
		w.expect(running("v1", "good"), failed)
		w.expectStatus(a, owner.Serving, "shop-2-failed was not healthy in time")
		if r := a.Status().Refused; r == nil || r.Name != "shop-2-failed" {
			t.Errorf("refused: %v", r)
		}

		a.quit() // and the next process knows, too
		a = w.agent(0, false)
		a.Set(want("v2", "bad"))
		settle(50 * time.Minute)
		if n := w.count(a.plug.made(), "stop"); n != 0 {
			t.Errorf("it was tried again %d times", n)
		}
		w.expect(running("v1", "good"), failed)
		settle(13 * time.Minute)
		if n := w.count(a.plug.made(), "create"); n != 1 {
			t.Errorf("it was tried again %d times, want once", n)
		}
		w.expect(running("v1", "good"), failed)

		a.Reload()
		settle(3 * time.Minute)
		if n := w.count(a.plug.made(), "create"); n != 2 {
			t.Errorf("after a reload it was tried %d times, want twice", n)
		}
		w.expect(running("v1", "good"), failed)

		a.Set(want("v3", "good"))
		settle(time.Minute)
		w.expect(running("v3", "good"))
	})
}

// A configuration that is broken is replaced, although there is no way to have it run first.
func TestReplacementOfOneThatCannotRun(t *testing.T) {
	in(t, func(w *world) {
		a := w.agent(0, false)
		a.Set(want("v1", "crash"))
		settle(10 * time.Minute)
		a.Set(want("v2", "good"))
		settle(time.Minute)
		w.expect(running("v2", "good"))
		w.expectStatus(a, owner.Serving, "")
	})
}

func TestInherited(t *testing.T) {
	in(t, func(w *world) {
		had(w, want("v1", "good"))
		w.named("shop-1").Labels[owner.LabelInstance] = "i-0"
		spec := docker.Spec{Name: "shop-2", Image: "shop@sha256:v1", Env: map[string]string{"APP": "good"}}
		if _, err := w.engine.Create(w.t.Context(), spec); err != nil { // somebody's, without labels
			t.Fatal(err)
		}
		spec.Name, spec.Labels = "cart-1", map[string]string{owner.LabelApp: "cart", owner.LabelInstance: instance}
		if _, err := w.engine.Create(w.t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		w.expect(sight{State: docker.Created}, sight{State: docker.Created}, running("v1", "good"))
		if c := a.Status().Container; c.Name != "shop-3" && c.Name != "shop-1" {
			t.Errorf("it is called %s", c.Name)
		}
	})
}

func TestTakenName(t *testing.T) {
	in(t, func(w *world) {
		w.engine.images["x"] = true
		for _, name := range []string{"shop-1", "shop-2"} {
			if _, err := w.engine.Create(w.t.Context(), docker.Spec{Name: name, Image: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		if c := a.Status().Container; c.Name != "shop-3" || c.State != docker.Running {
			t.Errorf("%s is %s", c.Name, c.State)
		}
	})
}

func TestImageNotToBeHad(t *testing.T) {
	in(t, func(w *world) {
		w.refused["shop:v1"] = errors.New("denied")
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		w.expectStatus(a, owner.Failed, "denied")
		settle(10 * time.Minute)
		if n := len(w.asked); n != 3 {
			t.Errorf("asked %d times in eleven minutes", n)
		}
		a.Set(want("v2", "good")) // another one is asked for at once
		settle(time.Minute)
		w.expect(running("v2", "good"))

		a.Set(want("v1", "good"))
		settle(time.Minute)
		w.expect(running("v2", "good"))
		w.expectStatus(a, owner.Serving, "denied")
		delete(w.refused, "shop:v1")
		a.Reload()
		settle(time.Minute)
		w.expect(running("v1", "good"))
	})
}

func TestChangeDuringPull(t *testing.T) {
	in(t, func(w *world) {
		w.slow = time.Hour
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		w.expectStatus(a, owner.Pulling, "sha256:v1")
		w.slow = 0
		a.Set(want("v2", "good"))
		settle(time.Minute)
		w.expect(running("v2", "good"))
		settle(2 * time.Hour)
		w.expect(running("v2", "good"))
	})
}

func TestImageDeletedBehindItsBack(t *testing.T) {
	in(t, func(w *world) {
		a := w.agent(0, false)
		a.Set(want("v1", "good"))
		settle(time.Minute)
		w.others("shop-1", func(b *box) {
			delete(w.engine.images, "shop@sha256:v1")
			w.engine.delete(b)
		})
		settle(time.Minute)
		w.expect(running("v1", "good"))
		if diff := cmp.Diff([]string{"shop:v1", "shop:v1"}, w.asked); diff != "" {
			t.Error(diff)
		}
	})
}
