package bluegreen_test

import (
	"context"
	"testing"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

func TestCutoverSmoke(t *testing.T) {
	inWorld(t, stack.Spec{HookSeconds: 30}, func(ctx context.Context, w *world) {
		app, ev := w.process("me", nil)
		begun := time.Now()
		rollout, err := app.Config.Rollout.Shifts()
		if err != nil {
			t.Fatal(err)
		}
		plan, err := app.PlanCutover(ctx, bluegreen.CutoverOptions{To: traffic.Green, Rollout: rollout})
		if err != nil {
			t.Fatal(err)
		}
		if err := app.Cutover(ctx, plan); err != nil {
			ev.log(t)
			t.Fatal(err)
		}
		ev.log(t)
		t.Log("took", time.Since(begun))
		if err := app.Rollback(ctx); err != nil {
			ev.log(t)
			t.Fatal(err)
		}
		ev.log(t)
	})
}
