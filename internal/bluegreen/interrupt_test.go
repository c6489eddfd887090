package bluegreen_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// TestInterrupt presses Ctrl-C in each step of each command. It stops soon and where it is safe, and says so; nobody holds
// the lease, so that another machine can go on at once; and resume ends it as if nothing had happened.
func TestInterrupt(t *testing.T) {
	for _, sc := range crashScenarios() {
		t.Run(sc.name, func(t *testing.T) {
			e := uninterrupted(t, sc)
			for _, name := range stepsOf(t, sc) {
				t.Run(name, func(t *testing.T) { interrupt(t, sc, e, name) })
			}
		})
	}
}

// stepsOf runs a command to learn its steps.
func stepsOf(t *testing.T, sc scenario) (names []string) {
	t.Helper()
	inWorld(t, sc.spec, func(ctx context.Context, w *world) {
		w.prepare(ctx, sc)
		for _, e := range w.must(ctx, "steps", sc.do, canary).all() {
			if e.Event == bluegreen.StepBegan {
				names = append(names, e.Step)
			}
		}
	})
	return names
}

// soon is how long a command may take to stop: what it has to write down may be throttled.
const soon = 30 * time.Second

func interrupt(t *testing.T, sc scenario, e ends, name string) {
	t.Helper()
	inWorld(t, sc.spec, func(ctx context.Context, w *world) {
		t := w.t
		w.prepare(ctx, sc)
		g := w.watch()
		app, ev := w.process("first", nil, canary)
		ctrl, cancel := context.WithCancelCause(ctx)
		var pressed time.Time
		ev.on(func(e bluegreen.Event) {
			if e.Event == bluegreen.StepBegan && e.Step == name {
				pressed = time.Now()
				cancel(exit.ErrInterrupted)
			}
		})
		err := sc.do(ctrl, app)
		if pressed.IsZero() {
			t.Fatal("the step did not come")
		}
		if code := exit.CodeOf(err); code != exit.Interrupted {
			t.Errorf("exit code %d: %v", code, err)
		}
		if took := time.Since(pressed); took > soon {
			t.Errorf("it took %s to stop", took)
		}
		if s := w.snapshot(); s.Lease != "" || len(s.Open) != 1 && name != "fence" {
			t.Errorf("lease %q, open %v", s.Lease, s.Open)
		}
		begun := time.Now()
		then := w.must(ctx, "second", w.forward(sc, e), canary)
		if first := then.all()[0]; first.Time.Sub(begun) > 5*time.Second {
			t.Errorf("resume waited for %s before it began", first.Time.Sub(begun))
		}
		time.Sleep(rest)
		g.check()
		if diff := cmp.Diff(e.done, w.snapshot()); diff != "" {
			t.Errorf("not as if nothing had happened (-want +got):\n%s", diff)
		}
		if t.Failed() {
			ev.log(t)
			then.log(t)
		}
	})
}

// TestInterruptBeforeItBegins leaves nothing behind.
func TestInterruptBeforeItBegins(t *testing.T) {
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		before := w.snapshot()
		app, _ := w.process("me", nil)
		ctrl, cancel := context.WithCancelCause(ctx)
		cancel(exit.ErrInterrupted)
		err := cutoverTo(traffic.Green)(ctrl, app)
		if code := exit.CodeOf(err); code != exit.Interrupted {
			w.t.Errorf("exit code %d: %v", code, err)
		}
		if diff := cmp.Diff(before, w.snapshot()); diff != "" {
			w.t.Error(diff)
		}
	})
}
