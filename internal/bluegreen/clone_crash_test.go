package bluegreen_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

var crashSpec = stack.Spec{HookSeconds: 30, BlueOnly: true}

// TestCloneCrashAtEveryCall kills a clone before and after each of its calls. Another process resumes it, and the clone is as
// one that was not interrupted; or rolls it back, and the account is as found. Calls go side by side: those that are under way
// when the process dies have their effect.
func TestCloneCrashAtEveryCall(t *testing.T) {
	calls := 0
	inWorld(t, crashSpec, func(ctx context.Context, w *world) {
		p := w.plug(0, false)
		if _, _, err := w.mortal(ctx, "uninterrupted", p, cloneOf(w.made.Images["v2"]), brisk); err != nil {
			w.t.Fatal(err)
		}
		calls = p.Total()
	})
	all, tried := points(calls), 0
	for _, back := range []bool{false, true} {
		for i := 0; i < len(all); i += stride {
			tried++
			t.Run(fmt.Sprintf("%s, %s", all[i], recovery(back)), func(t *testing.T) {
				t.Parallel()
				dieInClone(t, all[i], back)
			})
		}
	}
	t.Logf("%d crash points in a clone of %d calls, %d deaths tried", len(all), calls, tried)
}

func dieInClone(t *testing.T, at point, back bool) {
	inWorld(t, crashSpec, func(ctx context.Context, w *world) {
		t := w.t
		h := w.hands()
		if !w.dies(ctx, h, cloneOf(w.made.Images["v2"]), at, back) {
			return
		}
		h.sameStacksOf([]string{"shop-blue-tg"}, []string{"shop-green-tg"})
		if left := h.account(); strings.Count(left, `"TargetGroupName"`) != 2 || strings.Count(left, `"VersionNumber"`) != 2 {
			t.Error("something was made twice")
		}
		if got := h.launches(traffic.Green); got != w.made.Images["v2"] {
			t.Errorf("green launches %s", got)
		}
	})
}

// dies has a process die while it makes green, and another one resume that or roll it back. It says whether green is made in the
// end. If it is not, the account has to be as found; what was not begun is begun anew rather than resumed.
func (w *world) dies(ctx context.Context, h *hands, do deed, at point, back bool) (made bool) {
	t := w.t
	found := h.account()
	ev, died, err := w.mortal(ctx, "the first process", w.plug(at.call, at.after), do, brisk)
	if !died && err != nil {
		ev.log(t)
		t.Fatalf("it ended before it died: %v", err)
	}
	deed := resume
	if back {
		deed = rollback
	}
	ev, _, err = w.mortal(ctx, "the second process", w.plug(0, false), deed, brisk)
	if err != nil && !isNothing(err) {
		ev.log(t)
		t.Fatal(err)
	}
	made = strings.HasPrefix(w.fenceOp(), "op=cloned")
	if !back && !made {
		w.must(ctx, "the third process", do, brisk)
		made = true
	}
	time.Sleep(rest)
	if made {
		return true
	}
	if diff := cmp.Diff(found, h.account()); diff != "" {
		ev.log(t)
		t.Errorf("the account is not as found (-found +left):\n%s", diff)
	}
	return false
}

// fenceOp is what the fence says of the newest deployment.
func (w *world) fenceOp() string {
	for _, r := range w.eye.records(w.t) {
		if strings.HasPrefix(*r.Name, "_bluegreen") {
			_, op, _ := strings.Cut(*r.ResourceRecords[0].Value, " op=")
			return "op=" + op
		}
	}
	return ""
}
