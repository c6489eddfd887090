package bluegreen_test

import (
	"context"
	"testing"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// The SDK repeats calls for a minute and more before it says that they fail. People are told before that.
func TestRollbackSaysThatRoute53DoesNotAnswer(t *testing.T) {
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		app, _ := w.process("cutover", nil)
		rollout, err := app.Config.Rollout.Shifts()
		if err != nil {
			t.Fatal(err)
		}
		plan, err := app.PlanCutover(ctx, bluegreen.CutoverOptions{To: traffic.Green, Rollout: rollout})
		if err != nil {
			t.Fatal(err)
		}
		if err := app.Cutover(ctx, plan); err != nil {
			t.Fatal(err)
		}
		w.sb.Front.Faults.Add(wire.Fault{Service: "route53", Action: wire.ActionError, Code: "ServiceUnavailable", Status: 503})
		go func() {
			time.Sleep(10 * time.Minute)
			w.sb.Front.Faults.Clear()
		}()
		other, ev := w.process("rollback", nil)
		begun := time.Now()
		if err := other.Rollback(ctx); err != nil {
			t.Fatal(err)
		}
		told, ok := ev.find(bluegreen.Waiting, "waiting for Route 53 to take the weights back: no answer for 3s, trying on")
		if !ok || told.Time.Sub(begun) > 5*time.Second {
			ev.log(t)
			t.Errorf("it was told of after %s", told.Time.Sub(begun))
		}
	})
}
