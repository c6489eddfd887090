package bluegreen_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// TestSlowRollbackWithoutParameterStore rolls back to a colour that was retired, by a process that may not use Parameter Store:
// neither capacity nor weights wait for a lease.
func TestSlowRollbackWithoutParameterStore(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"down":   {Action: wire.ActionError, Code: "InternalServerError", Status: 500},
		"denied": {Action: wire.ActionError, Code: "AccessDeniedException", Status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
				t := w.t
				g := w.watch()
				w.must(ctx, "cutover", cutoverTo(traffic.Green), quick)
				w.must(ctx, "retire", retire, quick)
				fault.Service = "ssm"
				w.sb.Front.Faults.Add(fault)
				app, ev := w.process("rollback", nil, quick)
				begun := time.Now()
				if err := app.Rollback(ctx); err != nil {
					t.Errorf("rollback: %v", err)
				}
				if took := time.Since(begun); took > 10*time.Minute {
					t.Errorf("it took %s", took)
				}
				w.sb.Front.Faults.Clear()
				time.Sleep(rest)
				blue := w.snapshot().Groups[traffic.Blue]
				if blue.Healthy < 2 || blue.Min != 2 || !g.moved(traffic.Blue) {
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

// TestRollbackWithoutCapacity rolls back when EC2 has no instances left to give. It says what else there is to do, and that does it.
func TestRollbackWithoutCapacity(t *testing.T) {
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		t := w.t
		g := w.watch()
		w.must(ctx, "cutover", cutoverTo(traffic.Green), quick)
		w.resize(g, traffic.Green, size{DesiredCapacity: aws.Int32(6)})
		time.Sleep(rest)
		w.sb.Account.Lock()
		w.sb.EC2.SetCapacity(0)
		w.sb.Account.Unlock()

		app, _ := w.process("waits", nil, quick)
		err := app.Rollback(ctx)
		if exit.CodeOf(err) != exit.Dirty || !strings.Contains(err.Error(), "sufficient t3.small capacity") {
			t.Errorf("exit code %d: %v", exit.CodeOf(err), err)
		}
		if try := advice(err); !strings.Contains(try, "switcher rollback --now") {
			t.Errorf("it advises: %s", try)
		}
		before := time.Now()
		g.hurried = true
		ev := w.must(ctx, "does not wait", func(ctx context.Context, app *bluegreen.App) error { return app.RollbackNow(ctx) }, quick)
		shifted := time.Time{}
		for _, e := range ev.all() {
			if e.Event == bluegreen.Shifted && e.Weights == "blue:100" {
				shifted = e.Time
			}
		}
		if shifted.IsZero() || shifted.Sub(before) > 10*time.Second {
			t.Errorf("weights are back %s after the command", shifted.Sub(before))
		}
		g.check()
		if t.Failed() {
			ev.log(t)
		}
	})
}

// TestRollbackNowWantsSomebodyThere refuses to give all traffic to a colour of which nothing is left.
func TestRollbackNowWantsSomebodyThere(t *testing.T) {
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		g := w.watch()
		w.must(ctx, "cutover", cutoverTo(traffic.Green), quick)
		w.must(ctx, "retire", retire, quick)
		app, _ := w.process("rollback", nil, quick)
		err := app.RollbackNow(ctx)
		if exit.CodeOf(err) != exit.Dirty || !strings.Contains(err.Error(), "no target of blue is healthy") {
			w.t.Errorf("exit code %d: %v", exit.CodeOf(err), err)
		}
		w.must(ctx, "again", rollback, quick)
		if !g.moved(traffic.Blue) {
			w.t.Error("blue has no traffic")
		}
		g.check()
	})
}

// advice is what an error says to type next.
func advice(err error) string {
	var problem *exit.Problem
	if errors.As(err, &problem) {
		return problem.Try
	}
	return ""
}
