package bluegreen_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// size is what somebody sets on a group by hand.
type size = autoscaling.UpdateAutoScalingGroupInput

// resize changes a group by hand. What somebody has lowered by hand is no broken promise of ours.
func (w *world) resize(g *guardian, color traffic.Color, set size) {
	if set.MinSize != nil {
		g.mu.Lock()
		g.floor[color] = min(g.floor[color], *set.MinSize)
		g.mu.Unlock()
	}
	w.eye.resize(w.t, color, set)
}

// TestPinsAreTakenBackOnlyIfTheyAreOurs changes groups by hand during a rollout: what somebody has set stays, whether the
// deployment ends well or is rolled back.
func TestPinsAreTakenBackOnlyIfTheyAreOurs(t *testing.T) {
	for name, c := range map[string]struct {
		color traffic.Color
		set   size
		want  func(view groupView) bool
	}{
		"minimum of blue raised":  {traffic.Blue, size{MinSize: aws.Int32(3), DesiredCapacity: aws.Int32(3)}, func(v groupView) bool { return v.Min == 3 && v.Desired == 3 && v.Max == 6 }},
		"minimum of blue lowered": {traffic.Blue, size{MinSize: aws.Int32(1)}, func(v groupView) bool { return v.Min == 1 && v.Max == 6 }},
		"maximum of blue changed": {traffic.Blue, size{MaxSize: aws.Int32(9)}, func(v groupView) bool { return v.Min == 2 && v.Max == 9 }},
		"minimum of green raised": {traffic.Green, size{MinSize: aws.Int32(3), DesiredCapacity: aws.Int32(3)}, func(v groupView) bool { return v.Min == 3 && v.Desired == 3 }},
		"maximum of green raised": {traffic.Green, size{MaxSize: aws.Int32(8)}, func(v groupView) bool { return v.Max == 8 }},
	} {
		for _, back := range []bool{false, true} {
			t.Run(name+", "+map[bool]string{false: "then done", true: "then rolled back"}[back], func(t *testing.T) {
				inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
					t := w.t
					g := w.watch()
					p := w.plug(0, false)
					app, ev := w.program("first", through(p), canary)
					w.at(ev, "watch-1", time.Second, func() {
						w.resize(g, c.color, c.set)
						if back {
							p.Pull()
						}
					})
					over := make(chan error, 1)
					w.left.Go(func() { over <- cutoverTo(traffic.Green)(ctx, app) })
					if back {
						<-p.Pulled()
						w.must(ctx, "second", rollback, canary)
					} else if err := <-over; err != nil {
						t.Errorf("cutover: %v", err)
					}
					time.Sleep(rest)
					view := w.snapshot().Groups[c.color]
					if !c.want(view) {
						t.Errorf("%s was left as %+v", c.color, view)
					}
					for _, tag := range view.Tags {
						if strings.HasPrefix(tag, "bluegreen:pin=") {
							t.Errorf("still pinned: %s", tag)
						}
					}
					g.check()
					if t.Failed() {
						ev.log(t)
					}
				})
			})
		}
	}
}

// TestCapacityFollows scales the colour that serves out while a rollout is under way: the new one gets as many before it gets
// more traffic.
func TestCapacityFollows(t *testing.T) {
	for _, during := range []string{"settle", "ready", "watch-1"} {
		t.Run(during, func(t *testing.T) {
			inWorld(t, stack.Spec{Behaviors: map[string]string{"v2": "boot=30s"}}, func(ctx context.Context, w *world) {
				t := w.t
				g := w.watch()
				app, ev := w.process("me", nil, canary)
				healthy := map[string]int{}
				w.at(ev, during, time.Second, func() { w.resize(g, traffic.Blue, size{DesiredCapacity: aws.Int32(4)}) })
				listen := ev.hear
				ev.on(func(e bluegreen.Event) {
					listen(e)
					if e.Event == bluegreen.Shifted {
						healthy[e.Weights] = w.eye.healthy(t, traffic.Green)
					}
				})
				if err := cutoverTo(traffic.Green)(ctx, app); err != nil {
					t.Errorf("cutover: %v", err)
				}
				want := map[string]int{"blue:90,green:10": 4, "blue:50,green:50": 4, "blue:0,green:100": 4}
				if during == "watch-1" {
					want["blue:90,green:10"] = 2
				}
				if diff := cmp.Diff(want, healthy); diff != "" {
					t.Errorf("healthy targets of green at each shift (-want +got):\n%s", diff)
				}
				g.check()
				if t.Failed() {
					ev.log(t)
				}
			})
		})
	}
}

// TestRollbackBringsCapacityFirst rolls back when the colour that serves has grown, and the one before has shrunk.
func TestRollbackBringsCapacityFirst(t *testing.T) {
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		t := w.t
		g := w.watch()
		w.must(ctx, "cutover", cutoverTo(traffic.Green), quick)
		w.resize(g, traffic.Green, size{DesiredCapacity: aws.Int32(5)})
		w.resize(g, traffic.Blue, size{MinSize: aws.Int32(1), DesiredCapacity: aws.Int32(1)})
		time.Sleep(rest)
		app, ev := w.process("rollback", nil, quick)
		served := 0
		ev.on(func(e bluegreen.Event) {
			if e.Event == bluegreen.Shifted {
				served = w.eye.healthy(t, traffic.Blue)
			}
		})
		if err := app.Rollback(ctx); err != nil {
			t.Errorf("rollback: %v", err)
		}
		if served < 5 {
			t.Errorf("blue had %d healthy targets when it got the traffic of 5", served)
		}
		if blue := w.snapshot().Groups[traffic.Blue]; blue.Desired < 5 || blue.Min != 1 {
			t.Errorf("blue was left as %+v", blue)
		}
		g.check()
		if t.Failed() {
			ev.log(t)
		}
	})
}

// TestRollbackOfUnevenWeights rolls back after somebody has given one name other weights.
func TestRollbackOfUnevenWeights(t *testing.T) {
	uneven := func(ctx context.Context, w *world) {
		h := w.hand(w.sb.Transport())
		r := h.list(ctx)[0]
		if err := h.weigh(ctx, r, 7, true); err != nil {
			w.t.Error(err)
		}
	}
	t.Run("while the old color is held", func(t *testing.T) {
		inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
			found, g := w.snapshot(), w.watch()
			app, ev := w.process("first", nil, canary)
			w.at(ev, "verify-2", time.Second, func() { uneven(ctx, w) })
			if code := exit.CodeOf(cutoverTo(traffic.Green)(ctx, app)); code != exit.Dirty {
				w.t.Errorf("exit code %d", code)
			}
			w.must(ctx, "second", rollback, canary)
			time.Sleep(rest)
			w.judge(g, ends{found: found}, true)
			g.check()
		})
	})
	t.Run("after the end", func(t *testing.T) {
		inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
			found, g := w.snapshot(), w.watch()
			w.must(ctx, "cutover", cutoverTo(traffic.Green), quick)
			uneven(ctx, w)
			app, _ := w.process("rollback", nil, quick)
			err := app.Rollback(ctx)
			if exit.CodeOf(err) != exit.Dirty || !strings.Contains(err.Error(), "the weights differ") {
				w.t.Errorf("exit code %d: %v", exit.CodeOf(err), err)
			}
			if err := w.hand(w.sb.Transport()).equalize(ctx); err != nil {
				w.t.Error(err)
			}
			w.must(ctx, "again", rollback, quick)
			time.Sleep(rest)
			w.judge(g, ends{found: found}, true)
			g.check()
		})
	})
}
