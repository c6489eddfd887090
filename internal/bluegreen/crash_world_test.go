package bluegreen_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	"bluegreen/internal/traffic"
)

// rest is how long an account is left alone before it is looked at: what was told to go has gone by then.
const rest = 3 * time.Minute

// ends are the accounts that a run leaves which nothing interrupts.
type ends struct {
	calls int      // that the command makes
	found snapshot // before everything
	done  snapshot // after the command
}

// uninterrupted runs a scenario without a crash.
func uninterrupted(t *testing.T, sc scenario) (e ends) {
	t.Helper()
	inWorld(t, sc.spec, func(ctx context.Context, w *world) {
		t := w.t
		g := w.watch()
		e.found = w.snapshot()
		w.prepare(ctx, sc)
		p := w.plug(0, false)
		ev, _, err := w.mortal(ctx, "uninterrupted", p, sc.do, canary)
		if err != nil {
			ev.log(t)
			t.Fatalf("%s, not even interrupted: %v", sc.name, err)
		}
		time.Sleep(rest)
		e.calls, e.done = p.Total(), w.snapshot()
		g.check()
	})
	return e
}

// prepare brings the account to where the scenario's command begins.
func (w *world) prepare(ctx context.Context, sc scenario) {
	w.t.Helper()
	for i, do := range sc.before {
		w.must(ctx, fmt.Sprintf("before %d", i), do, quick)
	}
	if len(sc.before) > 0 {
		time.Sleep(rest)
	}
}

// dieAndRecover runs a scenario in which one process after the other dies, and a last one brings it to an end: forward, or
// back. It returns how many calls the last one made.
func dieAndRecover(t *testing.T, sc scenario, e ends, back bool, deaths ...point) (calls int) {
	t.Helper()
	inWorld(t, sc.spec, func(ctx context.Context, w *world) {
		t := w.t
		g := w.watch()
		w.prepare(ctx, sc)
		recover := w.forward(sc, e)
		if back {
			recover = backward
		}
		var reports []*events
		do := sc.do
		for i, p := range deaths {
			ev, died, err := w.mortal(ctx, fmt.Sprintf("process %d", i+1), w.plug(p.call, p.after), do, canary)
			reports = append(reports, ev)
			if !died && err != nil {
				t.Errorf("process %d failed before it died: %v", i+1, err)
			}
			do = recover
		}
		last := w.plug(0, false)
		ev, _, err := w.mortal(ctx, "the last process", last, recover, canary)
		reports = append(reports, ev)
		if err != nil {
			t.Errorf("the last process failed: %v", err)
		}
		calls = last.Total()
		time.Sleep(rest)
		g.check()
		w.judge(g, e, back)
		if t.Failed() {
			for i, ev := range reports {
				t.Logf("process %d:", i+1)
				ev.log(t)
			}
			t.Fatalf("%s, killed %v, then %s", sc.name, deaths, recovery(back))
		}
	})
	return calls
}

// isNothing says that a command found nothing to do.
func isNothing(err error) bool {
	var problem *exit.Problem
	return errors.As(err, &problem) && problem.Code == exit.Failed && strings.Contains(err.Error(), "there is nothing to ")
}

// forward brings to its end what a dead process has begun. One that died before it took the fence has not begun: resume
// says so, and the command can simply be given again.
func (w *world) forward(sc scenario, e ends) deed {
	return func(ctx context.Context, app *bluegreen.App) error {
		err := app.Resume(ctx)
		if !isNothing(err) {
			return err
		}
		if now := w.snapshot(); now.Fence == e.done.Fence && slices.Equal(now.Records, e.done.Records) {
			return nil // it had come to its end
		}
		return sc.do(ctx, app)
	}
}

// backward takes back what a dead process has begun.
func backward(ctx context.Context, app *bluegreen.App) error {
	err := app.Rollback(ctx)
	if isNothing(err) {
		return nil
	}
	return err
}

// judge compares the account with what it has to be.
func (w *world) judge(g *guardian, e ends, back bool) {
	w.t.Helper()
	want, got := e.done, w.snapshot()
	if back {
		want = e.asFound(g, got)
	}
	if len(got.Open) == 0 {
		got.Lease = "" // of a run that ended and died before it could let go: nobody waits for it
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("the account is not as it should be (-want +got):\n%s", diff)
	}
}

// asFound is what a rollback has to leave, told from what was found before everything. What the design wants otherwise: the
// colour that is left has no record any more, since it has not proven itself or has failed; and if clients may have been on
// it, it keeps its instances until it is retired.
func (e ends) asFound(g *guardian, got snapshot) snapshot {
	want := e.found
	if !g.fenced {
		return want
	}
	want.Groups, want.Records = maps.Clone(want.Groups), nil
	for _, r := range e.found.Records {
		if strings.Contains(r, " blue ") {
			want.Records = append(want.Records, r)
		}
	}
	want.Fence = "op=failed to=green was=blue:100,green:0 old=free"
	if g.moved(traffic.Green) || strings.Contains(got.Fence, "op=rolled-back") {
		want.Fence = "op=rolled-back to=green was=blue:100,green:0 old=free"
		green, now := want.Groups[traffic.Green], got.Groups[traffic.Green]
		green.Desired, green.InService, green.Healthy = 2, 2, 2
		if now.Min == 2 { // a rollout that had ended hands the old colour's limits on to the new one
			green.Min, green.Max = 2, 6
		}
		want.Groups[traffic.Green] = green
	}
	return want
}
