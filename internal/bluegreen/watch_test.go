package bluegreen_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/config"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// allAtOnce is a rollout of one shift, whose probe asks a path that sick versions fail on, and whose hold lasts an hour.
func allAtOnce(c *bluegreen.Config) {
	c.Rollout.Strategy, c.Probe.Path = "all-at-once", "/"
}

// TestTimeWithoutAWatchDoesNotCount kills a process early in its hold, after which the version gets sick. Who goes on hours later
// watches for what is left of the hold, and so finds out.
func TestTimeWithoutAWatchDoesNotCount(t *testing.T) {
	inWorld(t, stack.Spec{Behaviors: map[string]string{"v2": "errors=1 errors-after=1h"}}, func(ctx context.Context, w *world) {
		t := w.t
		found, g := w.snapshot(), w.watch()
		first := w.plug(0, false)
		app, ev := w.program("first", through(first), allAtOnce)
		w.at(ev, "hold", 20*time.Minute, first.Pull)
		w.left.Go(func() { _ = cutoverTo(traffic.Green)(ctx, app) })
		<-first.Pulled()
		time.Sleep(5 * time.Hour)
		second, ev := w.process("second", nil, allAtOnce)
		err := second.Resume(ctx)
		if code := exit.CodeOf(err); code != exit.RolledBack {
			t.Errorf("exit code %d: %v", code, err)
		}
		time.Sleep(rest)
		w.judge(g, ends{found: found}, true)
		g.check()
		if t.Failed() {
			ev.log(t)
		}
	})
}

// TestWatchedTimeCounts kills a process late in its hold: who goes on watches what is left of it, and not all of it again.
func TestWatchedTimeCounts(t *testing.T) {
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		t := w.t
		g := w.watch()
		first := w.plug(0, false)
		app, ev := w.program("first", through(first), allAtOnce)
		w.at(ev, "hold", 50*time.Minute, first.Pull)
		w.left.Go(func() { _ = cutoverTo(traffic.Green)(ctx, app) })
		<-first.Pulled()
		time.Sleep(5 * time.Hour)
		second, ev := w.process("second", nil, allAtOnce)
		begun := time.Now()
		if err := second.Resume(ctx); err != nil {
			t.Errorf("resume: %v", err)
		}
		if took := time.Since(begun); took < 10*time.Minute || took > 20*time.Minute {
			t.Errorf("it took %s, with 10 minutes left", took)
		}
		g.check()
		if t.Failed() {
			ev.log(t)
		}
	})
}

// TestWatchDoesNotEndInDoubt has a version get sick before the only look of a watch: what that has found is looked at again.
func TestWatchDoesNotEndInDoubt(t *testing.T) {
	inWorld(t, stack.Spec{Behaviors: map[string]string{"v2": "errors=1 errors-after=1m"}}, func(ctx context.Context, w *world) {
		t := w.t
		found, g := w.snapshot(), w.watch()
		app, ev := w.process("me", nil, func(c *bluegreen.Config) {
			allAtOnce(c)
			c.Rollout.Hold = 0
			c.Gate.Interval = config.Duration(8 * time.Minute) // so that nobody looks before the hold
		})
		err := cutoverTo(traffic.Green)(ctx, app)
		if code := exit.CodeOf(err); code != exit.RolledBack || !strings.Contains(err.Error(), "hold: ") {
			t.Errorf("exit code %d: %v", code, err)
		}
		time.Sleep(rest)
		w.judge(g, ends{found: found}, true)
		g.check()
		if t.Failed() {
			ev.log(t)
		}
	})
}

// TestVerifyLooksAtTheVersion gives all traffic to a version that gets sick while name servers take their time to learn of it.
func TestVerifyLooksAtTheVersion(t *testing.T) {
	inWorld(t, stack.Spec{Behaviors: map[string]string{"v2": "errors=1 errors-after=30s"}}, func(ctx context.Context, w *world) {
		t := w.t
		found, g := w.snapshot(), w.watch()
		app, ev := w.process("me", nil, allAtOnce)
		err := cutoverTo(traffic.Green)(ctx, app)
		if code := exit.CodeOf(err); code != exit.RolledBack || !strings.Contains(err.Error(), "verify-1: ") {
			t.Errorf("exit code %d: %v", code, err)
		}
		if diff := cmp.Diff([]string{"blue:0,green:100", "blue:100"}, ev.shifts()); diff != "" {
			t.Errorf("shifts (-want +got):\n%s", diff)
		}
		time.Sleep(rest)
		w.judge(g, ends{found: found}, true)
		g.check()
		if t.Failed() {
			ev.log(t)
		}
	})
}

// TestOldColorKeepsUp scales the new colour out during the hold: the old one, which is to take all traffic back at once, has as many
// instances soon, and its own limits afterwards.
func TestOldColorKeepsUp(t *testing.T) {
	for name, c := range map[string]struct{ grows, want int32 }{
		"within its maximum":    {5, 5},
		"and not beyond it":     {6, 6},
		"as far as it may":      {8, 6},
		"not where it has less": {2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
				t := w.t
				g := w.watch()
				app, ev := w.process("me", nil, func(c *bluegreen.Config) { allAtOnce(c); c.Rollout.Hold = config.Duration(time.Hour) })
				seen := int32(0)
				w.at(ev, "hold", time.Minute, func() {
					w.resize(g, traffic.Green, size{DesiredCapacity: aws.Int32(c.grows), MaxSize: aws.Int32(10)})
					time.Sleep(30 * time.Minute)
					seen = int32(w.eye.healthy(t, traffic.Blue))
				})
				if err := cutoverTo(traffic.Green)(ctx, app); err != nil {
					t.Errorf("cutover: %v", err)
				}
				if seen != c.want {
					t.Errorf("blue has %d healthy targets in the hold, want %d", seen, c.want)
				}
				time.Sleep(rest)
				if blue := w.snapshot().Groups[traffic.Blue]; blue.Min != 2 || blue.Max != 6 {
					t.Errorf("blue was left as %+v", blue)
				}
				g.check()
				if t.Failed() {
					ev.log(t)
				}
			})
		})
	}
}
