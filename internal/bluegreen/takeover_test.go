package bluegreen_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/config"
	"bluegreen/internal/exit"
	"bluegreen/internal/journal"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// A process that is taken over may learn of it from the lease before it looks at the records again. It is the same news.
func TestTakeoverSeenInTheLease(t *testing.T) {
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		seldom := func(c *bluegreen.Config) { c.Gate.Interval = config.Duration(10 * time.Minute) }
		app, ev := w.process("cutover", nil, seldom)
		other, _ := w.process("rollback", nil)
		rolledBack := make(chan error, 1)
		ev.on(func(e bluegreen.Event) {
			if e.Event == bluegreen.StepBegan && e.Step == "watch-1" {
				go func() {
					time.Sleep(time.Minute) // the first look of the watch is over
					rolledBack <- other.Rollback(ctx)
				}()
			}
		})
		rollout, err := app.Config.Rollout.Shifts()
		if err != nil {
			t.Fatal(err)
		}
		plan, err := app.PlanCutover(ctx, bluegreen.CutoverOptions{To: traffic.Green, Rollout: rollout})
		if err != nil {
			t.Fatal(err)
		}
		err = app.Cutover(ctx, plan)
		var lost *journal.LeaseLostError
		if !errors.As(err, &lost) {
			t.Fatalf("the cutover ended with %v, want a lost lease", err)
		}
		if code := exit.CodeOf(err); code != exit.RolledBack {
			t.Errorf("exit code %d, want %d as for every other way to learn of a takeover: %v", code, exit.RolledBack, err)
		}
		if err := <-rolledBack; err != nil {
			t.Errorf("rollback: %v", err)
		}
	})
}
