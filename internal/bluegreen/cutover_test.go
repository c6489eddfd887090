package bluegreen_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// steps are those that a process carried out, in order; undone ones with a minus.
func (e *events) steps() []string {
	var names []string
	for _, ev := range e.all() {
		if ev.Event == bluegreen.StepEnded {
			name := ev.Step
			if ev.Undo {
				name = "-" + name
			}
			names = append(names, name)
		}
	}
	return names
}

// TestCutoverAndBack is a whole deployment as configured by default, with a launch hook, an hour of hold and clients all the
// time, and its rollback: no request fails.
func TestCutoverAndBack(t *testing.T) {
	inWorld(t, stack.Spec{HookSeconds: 30}, func(ctx context.Context, w *world) {
		t := w.t
		found, g := w.snapshot(), w.watch()
		clients := w.browse(ctx, w.made.Spec.Names[0], time.Second)
		begun := time.Now()
		ev := w.must(ctx, "cutover", cutoverTo(traffic.Green))
		if took := time.Since(begun); took < time.Hour+10*time.Minute {
			t.Errorf("it took %s, with an hour of hold", took)
		}
		want := []string{
			"fence", "settle", "pin-blue", "size-green", "ready", "probe", "shift-1", "verify-1", "watch-1", "shift-2", "verify-2", "watch-2",
			"shift-3", "verify-3", "hold", "release", "unpin", "end",
		}
		if diff := cmp.Diff(want, ev.steps()); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
		done := w.snapshot()
		if blue := done.Groups[traffic.Blue]; !cmp.Equal(blue, found.Groups[traffic.Blue]) {
			t.Errorf("blue was left as %+v, and found as %+v", blue, found.Groups[traffic.Blue])
		}
		if green := done.Groups[traffic.Green]; green.Min != 2 || green.Max != 6 || green.Desired != 2 || green.Healthy != 2 {
			t.Errorf("green serves with %+v, and blue had %+v", green, found.Groups[traffic.Blue])
		}

		ev = w.must(ctx, "rollback", rollback)
		if diff := cmp.Diff([]string{"-shift-1", "-size-green", "-pin-blue", "-fence"}, ev.steps()); diff != "" {
			t.Errorf("steps of the rollback (-want +got):\n%s", diff)
		}
		time.Sleep(rest)
		w.judge(g, ends{found: found}, true)
		g.check()
		if n, failed := clients.counts(); failed > 0 || n < 3600 {
			t.Errorf("%d of %d requests failed", failed, n)
		}
		if t.Failed() {
			ev.log(t)
		}
	})
}

// TestThereAndBackAgain cuts over, retires, and cuts over to the colour that was retired.
func TestThereAndBackAgain(t *testing.T) {
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		g := w.watch()
		for i, do := range []deed{cutoverTo(traffic.Green), retire, cutoverTo(traffic.Blue), retire, cutoverTo(traffic.Green), rollback, retire} {
			ev := w.must(ctx, "me", do, quick)
			time.Sleep(rest)
			s := w.snapshot()
			if len(s.Open) > 0 || s.Lease != "" {
				ev.log(w.t)
				w.t.Errorf("deed %d: open %v, lease %q", i, s.Open, s.Lease)
			}
			for color, view := range s.Groups {
				serving := slices.ContainsFunc(s.Records, func(r string) bool { return serves(r, color) })
				if serving && (view.Healthy < 2 || view.Min < 2) {
					w.t.Errorf("deed %d: %s serves with %+v", i, color, view)
				}
			}
		}
		g.check()
	})
}

// TestRollbackIsFast brings the weights back with one read and one write while the old colour is held.
func TestRollbackIsFast(t *testing.T) {
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		first := w.plug(0, false)
		app, ev := w.program("first", through(first))
		w.at(ev, "watch-2", time.Minute, first.Pull)
		w.left.Go(func() { _ = cutoverTo(traffic.Green)(ctx, app) })
		<-first.Pulled()
		synctest.Wait() // until the call that was under way has ended
		before := w.sb.Front.Calls.Count()
		ev = w.must(ctx, "second", rollback)
		var calls []string
		for _, c := range w.sb.Front.Calls.Since(before)[:2] {
			calls = append(calls, c.Operation)
		}
		if diff := cmp.Diff([]string{"ListResourceRecordSets", "ChangeResourceRecordSets"}, calls); diff != "" {
			w.t.Errorf("-want +got:\n%s", diff)
		}
		if diff := cmp.Diff([]string{"blue:100"}, ev.shifts()); diff != "" {
			w.t.Errorf("-want +got:\n%s", diff)
		}
	})
}
