package bluegreen_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// TestMakingZombie freezes a process that makes green at each of its calls, until another one has rolled that back. What wakes up
// then makes nothing any more: nobody would know of it.
func TestMakingZombie(t *testing.T) {
	for name, c := range map[string]struct {
		spec   stack.Spec
		before []deed // on the way to a green that stands without instances
		do     func(w *world) deed
	}{
		"clone": {spec: crashSpec, do: func(w *world) deed { return cloneOf(w.made.Images["v2"]) }},
		"another image": {
			before: []deed{cutoverTo(traffic.Green), rollback, retire},
			do:     func(w *world) deed { return cutoverWith(traffic.Green, w.made.Images["v2"]) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			inWorld(t, c.spec, func(ctx context.Context, w *world) {
				w.prepare(ctx, scenario{before: c.before})
				p := w.plug(0, false)
				app, ev := w.program("uninterrupted", through(p), canary)
				made := 0 // calls until green is made
				ev.on(func(e bluegreen.Event) {
					if e.Event == bluegreen.StepEnded && e.Step == "compare" {
						made = p.Total()
					}
				})
				if err := c.do(w)(ctx, app); err != nil {
					w.t.Error(err)
				}
				calls = made
			})
			for n := 1; n <= calls; n += stride {
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					inWorld(t, c.spec, func(ctx context.Context, w *world) {
						w.prepare(ctx, scenario{before: c.before})
						freezeWhileMaking(ctx, w, n, c.do(w))
					})
				})
			}
		})
	}
}

func freezeWhileMaking(ctx context.Context, w *world, n int, do deed) {
	t := w.t
	h := w.hands()
	ended := w.fenceOp() // of whatever came before
	f := w.freezer(n, w.sb.Transport())
	app, ev := w.program("zombie", f.link(), canary)
	zombie := make(chan error, 1)
	w.left.Go(func() { zombie <- do(ctx, app) })
	select {
	case <-f.frozen:
	case <-zombie: // it made a call less than the one that was counted
		return
	}
	begun := w.fenceOp() != ended
	other, otherEvents := w.process("other", nil, canary)
	if err := other.Rollback(ctx); err != nil && !isNothing(err) {
		t.Errorf("the other process: %v", err)
	}
	time.Sleep(app.Config.Lease.Span())
	before := h.account()
	close(f.thawed)
	err := <-zombie
	time.Sleep(rest)
	if diff := cmp.Diff(before, h.account()); diff != "" && begun {
		t.Errorf("the zombie changed the account (-before +after):\n%s", diff)
	}
	if code := exit.CodeOf(err); begun && code != exit.Locked && code != exit.RolledBack {
		t.Errorf("the zombie ended with exit code %d: %v", code, err)
	}
	if t.Failed() {
		ev.log(t)
		t.Log("other:")
		otherEvents.log(t)
		t.Fatalf("frozen before call %d", n)
	}
}
