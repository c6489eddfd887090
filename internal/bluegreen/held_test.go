package bluegreen_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// A group that would not do what a deployment waits for is refused before anything is changed, with the command that mends it.
func TestHeldGroups(t *testing.T) {
	suspend := func(ctx context.Context, w *world, color traffic.Color, process string) error {
		_, err := w.eye.groups.SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{
			AutoScalingGroupName: aws.String(w.eye.name(color, "asg")), ScalingProcesses: []string{process},
		})
		return err
	}
	for what, c := range map[string]struct {
		hold     func(ctx context.Context, w *world) error
		do       deed
		err, try string
	}{
		"no launch": {
			func(ctx context.Context, w *world) error { return suspend(ctx, w, traffic.Green, "Launch") }, cutoverTo(traffic.Green),
			"process Launch of Auto Scaling group shop-green-asg is suspended: no instance would come into service",
			"aws autoscaling resume-processes --auto-scaling-group-name shop-green-asg --scaling-processes Launch",
		},
		"no registration": {
			func(ctx context.Context, w *world) error { return suspend(ctx, w, traffic.Green, "AddToLoadBalancer") }, cutoverTo(traffic.Green),
			"process AddToLoadBalancer of Auto Scaling group shop-green-asg is suspended: no instance would come into service",
			"aws autoscaling resume-processes --auto-scaling-group-name shop-green-asg --scaling-processes AddToLoadBalancer",
		},
		"no termination": {
			func(ctx context.Context, w *world) error {
				w.must(ctx, "earlier", cutoverTo(traffic.Green), canary, brisk)
				return suspend(ctx, w, traffic.Blue, "Terminate")
			}, retire,
			"process Terminate of Auto Scaling group shop-blue-asg is suspended: no instance would go",
			"aws autoscaling resume-processes --auto-scaling-group-name shop-blue-asg --scaling-processes Terminate",
		},
		"protection": {
			func(ctx context.Context, w *world) error {
				w.must(ctx, "earlier", cutoverTo(traffic.Green), canary, brisk)
				g := w.eye.group(w.t, traffic.Blue)
				_, err := w.eye.groups.SetInstanceProtection(ctx, &autoscaling.SetInstanceProtectionInput{
					AutoScalingGroupName: g.AutoScalingGroupName, InstanceIds: []string{*g.Instances[0].InstanceId}, ProtectedFromScaleIn: aws.Bool(true),
				})
				return err
			}, retire,
			"1 instances of Auto Scaling group shop-blue-asg are protected from scaling in, and would stay: ID",
			"aws autoscaling set-instance-protection --no-protected-from-scale-in --auto-scaling-group-name shop-blue-asg --instance-ids ID",
		},
	} {
		t.Run(what, func(t *testing.T) {
			inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
				if err := c.hold(ctx, w); err != nil {
					w.t.Fatal(err)
				}
				time.Sleep(rest)
				before := w.snapshot()
				app, _ := w.process("me", nil, canary)
				err := c.do(ctx, app)
				var problem *exit.Problem
				if !errors.As(err, &problem) || problem.Code != exit.Failed {
					w.t.Fatalf("got %v", err)
				}
				id := *w.eye.group(w.t, traffic.Blue).Instances[0].InstanceId
				if got := strings.ReplaceAll(err.Error(), id, "ID"); got != c.err {
					w.t.Errorf("got  %s\nwant %s", got, c.err)
				}
				if got := strings.ReplaceAll(problem.Try, id, "ID"); got != c.try {
					w.t.Errorf("got  %s\nwant %s", got, c.try)
				}
				if diff := cmp.Diff(before, w.snapshot()); diff != "" {
					w.t.Errorf("it changed something (-before +after):\n%s", diff)
				}
			})
		})
	}
}

// The instances of a cutover that failed need a while to go. Another image need not wait for them.
func TestAnotherImageWhileInstancesLeave(t *testing.T) {
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		w.must(ctx, "earlier", cutoverTo(traffic.Green), brisk, canary)
		zero := autoscaling.UpdateAutoScalingGroupInput{MinSize: aws.Int32(0), DesiredCapacity: aws.Int32(0)}
		w.eye.resize(w.t, traffic.Blue, zero)
		leaving := func(i types.Instance) bool { return strings.HasPrefix(string(i.LifecycleState), "Terminating") }
		for range 60 {
			if slices.ContainsFunc(w.eye.group(w.t, traffic.Blue).Instances, leaving) {
				break
			}
			time.Sleep(time.Second)
		}
		if !slices.ContainsFunc(w.eye.group(w.t, traffic.Blue).Instances, leaving) {
			w.t.Fatal("no instance of blue is on its way out")
		}
		app, ev := w.process("me", nil, brisk, canary)
		rollout, err := app.Config.Rollout.Shifts()
		if err != nil {
			w.t.Fatal(err)
		}
		plan, err := app.PlanCutover(ctx, bluegreen.CutoverOptions{To: traffic.Blue, Rollout: rollout, Image: w.made.Images["v3"]})
		if err == nil {
			err = app.Cutover(ctx, plan)
		}
		if err != nil {
			ev.log(w.t)
			w.t.Fatal(err)
		}
	})
}
