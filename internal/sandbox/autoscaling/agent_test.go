package autoscaling_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// What follows is what an agent on an instance lives by: where its instance is going, and the calls by which it takes part.

func (w *world) heading(id string) string {
	state := "never set"
	w.locked(func() {
		if target, ok := w.groups.TargetState(id); ok {
			state = target
		}
	})
	return state
}

// TestTargetState follows instances to every steady state: the target is set when the group decides.
func TestTargetState(t *testing.T) {
	for name, c := range map[string]struct {
		before    string // the lifecycle state in which it happens
		do        func(w *world, id string)
		now, then string // the target at once, and when all has settled
	}{
		"held at its launch":    {"Pending:Wait", func(*world, string) {}, "InService", "InService"},
		"abandoned":             {"Pending:Wait", func(w *world, id string) { w.mustComplete("up", id, "ABANDON") }, "Terminated", "never set"},
		"in service":            {"InService", func(*world, string) {}, "InService", "InService"},
		"scaled in":             {"InService", func(w *world, _ string) { w.setDesired(0); w.wait(2 * time.Second) }, "Terminated", "Terminated"}, // held
		"found unhealthy":       {"InService", func(w *world, id string) { w.setHealth(id, nil); w.wait(2 * time.Second) }, "Terminated", "Terminated"},
		"terminated by request": {"InService", (*world).terminate, "Terminated", "Terminated"},
		"put in standby": {"InService", func(w *world, id string) {
			must(w.EnterStandby(w.ctx, &sdk.EnterStandbyInput{
				AutoScalingGroupName: aws.String("blue"), InstanceIds: []string{id}, ShouldDecrementDesiredCapacity: aws.Bool(true),
			}))(w.t)
		}, "Standby", "Standby"},
		"taken out of standby": {"InService", func(w *world, id string) {
			must(w.EnterStandby(w.ctx, &sdk.EnterStandbyInput{
				AutoScalingGroupName: aws.String("blue"), InstanceIds: []string{id}, ShouldDecrementDesiredCapacity: aws.Bool(true),
			}))(w.t)
			must(w.ExitStandby(w.ctx, &sdk.ExitStandbyInput{AutoScalingGroupName: aws.String("blue"), InstanceIds: []string{id}}))(w.t)
		}, "InService", "InService"},
		"detached": {"InService", func(w *world, id string) {
			must(w.DetachInstances(w.ctx, &sdk.DetachInstancesInput{
				AutoScalingGroupName: aws.String("blue"), InstanceIds: []string{id}, ShouldDecrementDesiredCapacity: aws.Bool(true),
			}))(w.t)
		}, "Detached", "Detached"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.hooked("ABANDON")
				id := w.ids("Pending:Wait")[0]
				if c.before == "InService" {
					w.mustComplete("up", id, "CONTINUE")
					w.wait(2 * time.Second)
				}
				c.do(w, id)
				now := w.heading(id)
				w.wait(50 * time.Second) // less than the hook's time-out
				if d := cmp.Diff([]string{c.now, c.then}, []string{now, w.heading(id)}); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

func TestTargetStateOfStrangers(t *testing.T) {
	in(t, func(w *world) {
		id := w.lone()
		if got := w.heading(id); got != "never set" {
			t.Errorf("outside of groups: %s", got)
		}
		w.create(nil)
		w.wait(settled)
		must(w.AttachInstances(w.ctx, &sdk.AttachInstancesInput{AutoScalingGroupName: aws.String("blue"), InstanceIds: []string{id}}))(t)
		if got := w.heading(id); got != "InService" {
			t.Errorf("attached: %s", got)
		}
	})
}

func (w *world) mustComplete(hook, id, result string) {
	w.t.Helper()
	if err := w.complete(hook, id, result); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) setHealth(id string, respect *bool) {
	w.t.Helper()
	must(w.SetInstanceHealth(w.ctx, &sdk.SetInstanceHealthInput{
		InstanceId: aws.String(id), HealthStatus: aws.String("Unhealthy"), ShouldRespectGracePeriod: respect,
	}))(w.t)
}

func (w *world) terminate(id string) {
	w.t.Helper()
	must(w.TerminateInstanceInAutoScalingGroup(w.ctx, &sdk.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: aws.String(id), ShouldDecrementDesiredCapacity: aws.Bool(true),
	}))(w.t)
}

// TestUnhealthyByRequest says of an instance that it is unhealthy, in its grace period and after it.
func TestUnhealthyByRequest(t *testing.T) {
	for name, c := range map[string]struct {
		after   time.Duration // from the launch
		respect *bool
		want    string // its health, as its description spells it
	}{
		"in the grace period":               {10 * time.Second, nil, "HEALTHY"},
		"in it, respected":                  {10 * time.Second, aws.Bool(true), "HEALTHY"},
		"in it, not respected":              {10 * time.Second, aws.Bool(false), "UNHEALTHY"},
		"after the grace period":            {10 * time.Minute, nil, "UNHEALTHY"},
		"after it, respected":               {10 * time.Minute, aws.Bool(true), "UNHEALTHY"},
		"before it, not respected":          {time.Second, aws.Bool(false), "UNHEALTHY"},
		"before it: what is not in service": {time.Second, nil, "HEALTHY"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.create(func(in *sdk.CreateAutoScalingGroupInput) {
					in.DesiredCapacity, in.HealthCheckGracePeriod, in.TargetGroupARNs = aws.Int32(1), aws.Int32(300), nil
				})
				w.wait(2 * time.Second)
				id := *w.group().Instances[0].InstanceId
				w.wait(c.after)
				w.setHealth(id, c.respect)
				out := must(w.DescribeAutoScalingInstances(w.ctx, &sdk.DescribeAutoScalingInstancesInput{InstanceIds: []string{id}}))(t)
				if got := *out.AutoScalingInstances[0].HealthStatus; got != c.want {
					t.Errorf("it is %s, want %s", got, c.want)
				}
				w.wait(5 * time.Second)
				if _, ending := w.states()["Terminating"]; !ending && c.want == "UNHEALTHY" && w.instanceState(id) == "running" {
					t.Error("it stays in service")
				}
			})
		})
	}
}

// TestActionsThatAreNotThere completes and prolongs what no hook holds: too early, too late, or somewhere else.
func TestActionsThatAreNotThere(t *testing.T) {
	for name, c := range map[string]struct {
		prepare   func(w *world, id string)
		hook, all string
	}{
		"the other hook":    {func(*world, string) {}, "down", "No active Lifecycle Action found"},
		"no such hook":      {func(*world, string) {}, "sideways", "Lifecycle Hook not found"},
		"completed already": {func(w *world, id string) { w.mustComplete("up", id, "CONTINUE") }, "up", "No active Lifecycle Action found"},
		"while it still drains": {func(w *world, id string) {
			w.mustComplete("up", id, "CONTINUE")
			w.wait(settled)
			w.terminate(id)
			w.wait(5 * time.Second)
		}, "down", "No active Lifecycle Action found"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.hooked("ABANDON")
				id := w.ids("Pending:Wait")[0]
				c.prepare(w, id)
				_, err := w.RecordLifecycleActionHeartbeat(w.ctx, &sdk.RecordLifecycleActionHeartbeatInput{
					AutoScalingGroupName: aws.String("blue"), LifecycleHookName: aws.String(c.hook), InstanceId: aws.String(id),
				})
				if got := code(err); got != invalid {
					t.Errorf("heartbeat: %v", err)
				}
				if err := w.complete(c.hook, id, "CONTINUE"); code(err) != invalid || !containsText(err, c.all) {
					t.Errorf("completion: %v", err)
				}
			})
		})
	}
}

func TestDescribeInstanceAndHooks(t *testing.T) {
	in(t, func(w *world) {
		w.hooked("ABANDON")
		id := w.ids("Pending:Wait")[0]
		stranger := w.lone()
		out := must(w.DescribeAutoScalingInstances(w.ctx, &sdk.DescribeAutoScalingInstancesInput{InstanceIds: []string{stranger, id}}))(t)
		template := w.group().Instances[0].LaunchTemplate
		want := []types.AutoScalingInstanceDetails{{
			InstanceId: aws.String(id), AutoScalingGroupName: aws.String("blue"), AvailabilityZone: aws.String("eu-west-1a"), HealthStatus: aws.String("HEALTHY"),
			LifecycleState: aws.String("Pending:Wait"), InstanceType: aws.String("t3.small"), ImageId: aws.String(imageID), LaunchTemplate: template,
			ProtectedFromScaleIn: aws.Bool(false),
		}}
		if d := cmp.Diff(want, out.AutoScalingInstances, cmpopts.IgnoreUnexported(types.AutoScalingInstanceDetails{}, types.LaunchTemplateSpecification{})); d != "" {
			t.Error(d)
		}
		hooks := must(w.DescribeLifecycleHooks(w.ctx, &sdk.DescribeLifecycleHooksInput{
			AutoScalingGroupName: aws.String("blue"), LifecycleHookNames: []string{"down"},
		}))(t)
		if len(hooks.LifecycleHooks) != 1 || *hooks.LifecycleHooks[0].LifecycleTransition != terminating || *hooks.LifecycleHooks[0].GlobalTimeout != 6000 {
			t.Errorf("hooks: %+v", hooks.LifecycleHooks)
		}
	})
}
