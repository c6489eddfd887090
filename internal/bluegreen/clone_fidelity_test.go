package bluegreen_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// cloneOf makes green from blue with an image.
func cloneOf(image string, accepted ...string) deed {
	return func(ctx context.Context, app *bluegreen.App) error {
		plan, err := app.PlanClone(ctx, bluegreen.CloneOptions{To: traffic.Green, Image: image, Accepted: accepted})
		if err != nil {
			return err
		}
		return app.Clone(ctx, plan)
	}
}

// The target groups of a lush stack.
var (
	blueTargets  = []string{"shop-blue-tg", "shop-blue-api", "checkout"}
	greenTargets = []string{"shop-green-tg", "shop-green-api", "checkout-green"}
)

// sameStacks compares a lush blue with its clone, line by line of all that the SDK describes.
func (h *hands) sameStacks() {
	h.t.Helper()
	h.sameStacksOf(blueTargets, greenTargets)
}

func (h *hands) sameStacksOf(blueTargets, greenTargets []string) {
	h.t.Helper()
	blue, green := h.stackText(traffic.Blue, blueTargets...), h.stackText(traffic.Green, greenTargets...)
	if diff := cmp.Diff(strings.Split(blue, "\n"), strings.Split(green, "\n")); diff != "" {
		h.t.Errorf("green is not as blue (-blue +green):\n%s", diff)
	}
}

func TestCloneLosesNothing(t *testing.T) {
	inWorld(t, stack.Spec{HookSeconds: 30, BlueOnly: true}, func(ctx context.Context, w *world) {
		t := w.t
		h := w.hands()
		h.lush()
		ev := w.must(ctx, "me", cloneOf(w.made.Images["v2"]))
		h.sameStacks()
		if _, compared := ev.find(bluegreen.Note, "nothing was lost"); !compared {
			t.Error("it was not compared")
		}
		green := w.eye.group(t, traffic.Green)
		got := map[string]any{
			"sizes": []int32{*green.MinSize, *green.DesiredCapacity, *green.MaxSize}, "instances": len(green.Instances),
			"template": *green.LaunchTemplate.LaunchTemplateId, "version": *green.LaunchTemplate.Version, "image": h.launches(traffic.Green),
		}
		want := map[string]any{
			"sizes": []int32{0, 0, 9}, "instances": 0,
			"template": *w.eye.group(t, traffic.Blue).LaunchTemplate.LaunchTemplateId, "version": "3", "image": w.made.Images["v2"],
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("green's group (-want +got):\n%s", diff)
		}
	})
}

func TestCloneTags(t *testing.T) {
	inWorld(t, stack.Spec{HookSeconds: 30, BlueOnly: true}, func(ctx context.Context, w *world) {
		t := w.t
		h := w.hands()
		h.lush()
		w.must(ctx, "me", cloneOf(w.made.Images["v2"]))
		lb, tg := h.balancerThing(h.balancer(traffic.Green)), h.tags(h.targetGroup("shop-green-tg"))
		group := h.groupThing(w.eye.group(t, traffic.Green))
		deployment := lb.Tags["bluegreen:deployment"]
		if deployment == "" {
			t.Fatal("the load balancer does not say which deployment made it")
		}
		tags := func(own map[string]string) map[string]string {
			all := map[string]string{
				"bluegreen:app": "shop", "bluegreen:color": "green", "bluegreen:deployment": deployment, "ManagedBy": "bluegreen",
			}
			maps.Copy(all, own)
			return all
		}
		team := map[string]string{"Environment": "production", "Owner": "team-shop", "Cost-Center": "4711"}
		with := func(more map[string]string) map[string]string {
			all := tags(team)
			maps.Copy(all, more)
			return all
		}
		secure := lb.Parts["listener 8444"]
		got := map[string]map[string]string{
			"load balancer": lb.Tags, "target group": tg, "checkout": h.tags(h.targetGroup("checkout-green")), "listener": secure.Tags,
			"rule": secure.Parts["rule 10"].Tags, "plain rule": secure.Parts["rule 20"].Tags, "group": group.Tags,
		}
		want := map[string]map[string]string{
			"load balancer": with(map[string]string{"Name": "shop-green-alb", "scales": "shop-green-asg,checkout-green", "not-a-name": "my-shop-blue-alb"}),
			"target group": with(map[string]string{
				"Name": "shop-green-tg", "served-by": "shop-green-asg behind shop-green-alb", "empty": "", "arn": h.targetGroup("shop-blue-tg"),
			}),
			"checkout":   tags(nil),
			"listener":   tags(map[string]string{"Name": "api of shop-green-alb"}),
			"rule":       tags(map[string]string{"Name": "checkout-green", "for": "shop-green-asg"}),
			"plain rule": tags(nil),
			"group":      with(map[string]string{"Name": "shop-green", "balancer": "shop-green-alb", "empty": "", "team": "blue"}),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
		propagated := slices.Sorted(maps.Keys(group.Tags))
		propagated = slices.DeleteFunc(propagated, func(k string) bool { return k == "Cost-Center" || k == "balancer" })
		if diff := cmp.Diff(propagated, group.Propagated); diff != "" {
			t.Errorf("tags that instances get (-want +got):\n%s", diff)
		}
	})
}

func TestCloneIsBornWithoutInstancesAndWithHooks(t *testing.T) {
	inWorld(t, stack.Spec{HookSeconds: 30, BlueOnly: true}, func(ctx context.Context, w *world) {
		t := w.t
		h := w.hands()
		h.lush()
		from := w.sb.Front.Calls.Count()
		w.must(ctx, "me", cloneOf(w.made.Images["v2"]))
		var created *autoscaling.CreateAutoScalingGroupInput
		var after []string
		for _, c := range w.sb.Front.Calls.Since(from) {
			if in, is := c.Input.(*autoscaling.CreateAutoScalingGroupInput); is {
				created = in
			} else if created != nil && c.Service == "autoscaling" && mutates(c) {
				after = append(after, c.Operation)
			}
		}
		slices.Sort(after)
		var hooks []string
		for _, l := range created.LifecycleHookSpecificationList {
			hooks = append(hooks, *l.LifecycleHookName)
		}
		slices.Sort(hooks)
		got := []any{*created.MinSize, *created.DesiredCapacity, hooks, slices.Compact(after)}
		want := []any{int32(0), int32(0), []string{"drain", "warm-up"}, []string{"EnableMetricsCollection", "PutScalingPolicy", "SuspendProcesses"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("min, desired, hooks, later calls (-want +got):\n%s", diff)
		}
	})
}

// mutates says whether a call changes anything.
func mutates(c wire.Call) bool {
	for _, verb := range []string{"Describe", "Get", "List"} {
		if strings.HasPrefix(c.Operation, verb) {
			return false
		}
	}
	return true
}

// TestCloneServes cuts over to a clone, retires blue and cuts back to blue in place.
func TestCloneServes(t *testing.T) {
	inWorld(t, stack.Spec{HookSeconds: 30, BlueOnly: true}, func(ctx context.Context, w *world) {
		t := w.t
		w.must(ctx, "clone", cloneOf(w.made.Images["v2"]))
		w.must(ctx, "to green", cutoverTo(traffic.Green), quick)
		w.must(ctx, "retire blue", retire, quick)
		w.must(ctx, "to blue", cutoverWith(traffic.Blue, w.made.Images["v3"]), quick)
		found := w.snapshot()
		if found.Fence != "op=done to=blue was=blue:0,green:100 old=free" {
			t.Errorf("the fence says %s", found.Fence)
		}
		if v := found.Groups[traffic.Blue]; v.Template != "3" || v.InService != 2 {
			t.Errorf("blue launches version %s and has %d in service", v.Template, v.InService)
		}
	})
}

// cutoverWith moves the traffic to a colour that gets another image first.
func cutoverWith(to traffic.Color, image string) deed {
	return func(ctx context.Context, app *bluegreen.App) error {
		rollout, err := app.Config.Rollout.Shifts()
		if err != nil {
			return err
		}
		plan, err := app.PlanCutover(ctx, bluegreen.CutoverOptions{To: to, Rollout: rollout, Image: image})
		if err != nil {
			return err
		}
		return app.Cutover(ctx, plan)
	}
}

// TestCloneOfABadVersionGoes checks that a clone whose version is bad gets no traffic, and is deleted: one that does not get
// healthy, and one that answers its health check and nothing else.
func TestCloneOfABadVersionGoes(t *testing.T) {
	for _, behavior := range []string{"unhealthy", "errors=1"} {
		t.Run(behavior, func(t *testing.T) {
			t.Parallel()
			spec := stack.Spec{HookSeconds: 30, BlueOnly: true, Behaviors: map[string]string{"v2": behavior}}
			inWorld(t, spec, func(ctx context.Context, w *world) {
				t := w.t
				h := w.hands()
				h.lush()
				ok(h.asg.SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: h.group(traffic.Blue), ScalingProcesses: []string{"Terminate"}}))(t)
				found := h.account()
				app, ev := w.process("me", nil, quick, func(c *bluegreen.Config) { c.Probe.Path = "/" })
				err := cutoverWith(traffic.Green, w.made.Images["v2"])(ctx, app)
				if exit.CodeOf(err) != exit.Failed {
					ev.log(t)
					t.Errorf("it ends with %v, code %d", err, exit.CodeOf(err))
				}
				if moved := ev.shifts(); len(moved) > 0 {
					t.Errorf("it got traffic: %v", moved)
				}
				time.Sleep(rest)
				if diff := cmp.Diff(found, h.account()); diff != "" {
					t.Errorf("the account is not as found (-found +left):\n%s", diff)
				}
			})
		})
	}
}

// TestCloneNames checks names that cannot be, before anything is made.
func TestCloneNames(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prepare func(h *hands)
		want    string
	}{
		{"too long", func(h *hands) { h.extraTargets("a-target-group-of-28-letters") }, "would be called a-target-group-of-28-letters-green, which is longer than 32 characters"},
		{"shared by target groups", func(h *hands) { h.extraTargets("pay", "pay-blue") }, "the copies of the target groups pay and pay-blue would both be called pay-green"},
		{"shared by policies", func(h *hands) { h.cpuPolicy("cpu-blue"); h.cpuPolicy("cpu-green") }, "the copies of the scaling policies cpu-blue and cpu-green would both be called cpu-green"},
		{"taken by a target group", func(h *hands) { h.looseTargets("shop-green-tg") }, "target group shop-green-tg stands already, and no load balancer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.Spec{BlueOnly: true}, func(ctx context.Context, w *world) {
				t := w.t
				h := w.hands()
				tc.prepare(h)
				found := h.account()
				app, _ := w.process("me", nil)
				err := cloneOf(w.made.Images["v2"])(ctx, app)
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("it says %v, not %q", err, tc.want)
				}
				if diff := cmp.Diff(found, h.account()); diff != "" {
					t.Errorf("the account changed:\n%s", diff)
				}
			})
		})
	}
}

// TestCloneOfUnpinned checks that a live group that follows its template does not launch the clone's image.
func TestCloneOfUnpinned(t *testing.T) {
	for _, version := range []string{"$Latest", "$Default"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.Spec{BlueOnly: true}, func(ctx context.Context, w *world) {
				t := w.t
				h := w.hands()
				h.launch(traffic.Blue, version)
				found := h.account()

				app, ev := w.process("one that fails", nil)
				ev.on(func(e bluegreen.Event) {
					if e.Event == bluegreen.StepBegan && e.Step == "compare" {
						h.balancerAttributes(traffic.Green, "idle_timeout.timeout_seconds", "99")
					}
				})
				if err := cloneOf(w.made.Images["v2"])(ctx, app); err == nil {
					t.Error("the comparison did not see a change by hand")
				}
				if diff := cmp.Diff(found, h.account()); diff != "" {
					t.Errorf("the account is not as found (-found +left):\n%s", diff)
				}

				w.must(ctx, "me", cloneOf(w.made.Images["v2"]))
				got := []string{*w.eye.group(t, traffic.Blue).LaunchTemplate.Version, *w.eye.group(t, traffic.Green).LaunchTemplate.Version}
				if diff := cmp.Diff([]string{"1", "3"}, got); diff != "" {
					t.Errorf("versions of blue and green (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestCloneLeavesSomebodyElsesPin checks that an undo does not take back a choice that was made meanwhile.
func TestCloneLeavesSomebodyElsesPin(t *testing.T) {
	inWorld(t, stack.Spec{BlueOnly: true}, func(ctx context.Context, w *world) {
		t := w.t
		h := w.hands()
		h.launch(traffic.Blue, "$Latest")
		app, ev := w.process("one that fails", nil)
		ev.on(func(e bluegreen.Event) {
			if e.Event == bluegreen.StepBegan && e.Step == "compare" {
				h.launch(traffic.Blue, "$Default")
				h.balancerAttributes(traffic.Green, "idle_timeout.timeout_seconds", "99")
			}
		})
		if err := cloneOf(w.made.Images["v2"])(ctx, app); err == nil {
			t.Error("the comparison did not see a change by hand")
		}
		if got := aws.ToString(w.eye.group(t, traffic.Blue).LaunchTemplate.Version); got != "$Default" {
			t.Errorf("blue launches version %s", got)
		}
	})
}
