package bluegreen_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// nth is one of the calls of an operation, counted from 1.
type nth struct {
	service, operation string
	n                  int
}

func (c nth) String() string { return fmt.Sprintf("%s %s %d", c.service, c.operation, c.n) }

// changes are all calls by which a clone of a lush stack changes something. Those of one operation may come in any order.
func changes(t *testing.T) []nth {
	t.Helper()
	var all []nth
	inWorld(t, stack.Spec{BlueOnly: true}, func(ctx context.Context, w *world) {
		h := w.hands()
		h.lush()
		from := w.sb.Front.Calls.Count()
		w.must(ctx, "me", cloneOf(w.made.Images["v2"]))
		counts := map[nth]int{}
		for _, c := range w.sb.Front.Calls.Since(from) {
			if mutates(c) {
				op := nth{service: c.Service, operation: c.Operation}
				counts[op]++
				op.n = counts[op]
				all = append(all, op)
			}
		}
	})
	return all
}

// struck clones a lush stack while one call goes wrong.
func struck(t *testing.T, fault wire.Fault, check func(h *hands, found string, ev *events, err error)) {
	t.Helper()
	inWorld(t, stack.Spec{BlueOnly: true}, func(ctx context.Context, w *world) {
		h := w.hands()
		h.lush()
		found := h.account()
		app, ev := w.process("me", nil)
		plan, err := app.PlanClone(ctx, bluegreen.CloneOptions{To: traffic.Green, Image: w.made.Images["v2"]})
		if err != nil {
			w.t.Fatal(err)
		}
		w.sb.Front.Faults.Add(fault)
		var hits atomic.Int32
		stop := w.sb.Front.Calls.Observe(func(c wire.Call) {
			if c.Fault != "" {
				hits.Add(1)
			}
		})
		err = app.Clone(ctx, plan)
		stop()
		w.sb.Front.Faults.Clear()
		if hits.Load() == 0 {
			w.t.Error("no call went wrong")
		}
		check(h, found, ev, err)
		if w.t.Failed() {
			ev.log(w.t)
		}
	})
}

// TestCloneIsIdempotent lets each call go wrong once: its reply gets lost, it is throttled, it is answered with an error of
// AWS's. The clone ends as if nothing had been.
func TestCloneIsIdempotent(t *testing.T) {
	calls := changes(t)
	faults := []wire.Fault{
		{Action: wire.ActionLostReply},
		{Action: wire.ActionThrottle, Times: 3},
		{Action: wire.ActionError, Code: "InternalFailure", Message: "try again", Status: 500},
	}
	for i, fault := range faults {
		for n := i % stride; n < len(calls); n += stride {
			one := fault
			one.Service, one.Operation, one.Nth = calls[n].service, calls[n].operation, calls[n].n
			t.Run(fmt.Sprintf("%s at %s", one.Action, calls[n]), func(t *testing.T) {
				t.Parallel()
				struck(t, one, func(h *hands, found string, _ *events, err error) {
					t := h.t
					if err != nil {
						t.Fatal(err)
					}
					h.sameStacks()
					if left := h.account(); strings.Count(left, `"TargetGroupName"`) != 2*strings.Count(found, `"TargetGroupName"`) ||
						strings.Count(left, `"LoadBalancerName"`) != 2 || strings.Count(left, `"VersionNumber"`) != 1+strings.Count(found, `"VersionNumber"`) {
						t.Error("something was made twice")
					}
				})
			})
		}
	}
	t.Logf("%d calls that change something, %d kinds of fault each", len(calls), len(faults))
}

// TestCloneRefusedIsUndone has AWS refuse each call for good: what was made until then goes, and nothing else.
func TestCloneRefusedIsUndone(t *testing.T) {
	for i, call := range changes(t) {
		if i%stride > 2 { // a few more than of others: each is another way to be undone
			continue
		}
		if call.service == "route53" || call.service == "ssm" {
			continue // without these two nothing can be undone either; they are refused in other tests
		}
		t.Run(call.String(), func(t *testing.T) {
			t.Parallel()
			struck(t, wire.Fault{
				Service: call.service, Operation: call.operation, Nth: call.n, Times: -1,
				Action: wire.ActionError, Code: "AccessDenied", Message: "not for you", Status: 403,
			}, func(h *hands, found string, _ *events, err error) {
				t := h.t
				if exit.CodeOf(err) != exit.Failed || !strings.Contains(err.Error(), "not for you") {
					t.Errorf("it ends with %v, code %d", err, exit.CodeOf(err))
				}
				time.Sleep(rest)
				if diff := cmp.Diff(found, h.account()); diff != "" {
					t.Errorf("the account is not as found (-found +left):\n%s", diff)
				}
			})
		})
	}
}

// TestWhatWasJustMadeIsNotSeenYet has Auto Scaling know a new launch template version a while after it was made.
func TestWhatWasJustMadeIsNotSeenYet(t *testing.T) {
	unknown := wire.Fault{
		Service: "autoscaling", Operation: "CreateAutoScalingGroup", Action: wire.ActionError, Code: "ValidationError",
		Message: "You must use a valid fully-formed launch template. The specified version is not found.",
	}
	for name, c := range map[string]struct {
		fault wire.Fault
		times int
		ends  exit.Code
	}{
		"for a while": {unknown, 5, exit.Done},
		"never":       {unknown, -1, exit.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			c.fault.Nth, c.fault.Times = 1, c.times
			struck(t, c.fault, func(h *hands, found string, ev *events, err error) {
				if code := exit.CodeOf(err); code != c.ends {
					h.t.Errorf("exit code %d: %v", code, err)
				}
				if left := h.account(); c.ends == exit.Failed && left != found {
					h.t.Errorf("the account is not as found (-found +left):\n%s", cmp.Diff(found, left))
				}
			})
		})
	}
}

// TestComparedWhileItIsNotSeenYet has EC2 know a new version for Auto Scaling, and for who describes it a while later.
func TestComparedWhileItIsNotSeenYet(t *testing.T) {
	inWorld(t, stack.Spec{BlueOnly: true}, func(ctx context.Context, w *world) {
		app, ev := w.process("me", nil)
		ev.on(func(e bluegreen.Event) {
			if e.Event == bluegreen.StepBegan && e.Step == "compare" {
				w.sb.Front.Faults.Add(wire.Fault{
					Service: "ec2", Operation: "DescribeLaunchTemplateVersions", Nth: 1, Times: 4,
					Action: wire.ActionError, Code: "InvalidLaunchTemplateId.VersionNotFound",
				})
			}
		})
		if err := cloneOf(w.made.Images["v2"])(ctx, app); err != nil {
			ev.log(w.t)
			w.t.Error(err)
		}
	})
}
