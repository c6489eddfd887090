package autoscaling_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
)

const (
	launching   = "autoscaling:EC2_INSTANCE_LAUNCHING"
	terminating = "autoscaling:EC2_INSTANCE_TERMINATING"
)

func (w *world) complete(hook, instance, result string) error {
	_, err := w.CompleteLifecycleAction(w.ctx, &sdk.CompleteLifecycleActionInput{
		AutoScalingGroupName: aws.String("blue"), LifecycleHookName: aws.String(hook),
		InstanceId: aws.String(instance), LifecycleActionResult: aws.String(result),
	})
	return err
}

// lone runs an instance that belongs to no group.
func (w *world) lone() string {
	w.t.Helper()
	out := must(w.compute.RunInstances(w.ctx, &ec2sdk.RunInstancesInput{
		ImageId: aws.String(imageID), InstanceType: "t3.small", SubnetId: aws.String(subnetA), MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	}))(w.t)
	w.wait(6 * time.Second)
	return *out.Instances[0].InstanceId
}

// hooked makes the group with a hook of each transition, of 60 seconds.
func (w *world) hooked(result string) {
	w.t.Helper()
	hook := func(name, transition string) types.LifecycleHookSpecification {
		return types.LifecycleHookSpecification{
			LifecycleHookName: aws.String(name), LifecycleTransition: aws.String(transition),
			HeartbeatTimeout: aws.Int32(60), DefaultResult: aws.String(result),
		}
	}
	w.create(func(in *sdk.CreateAutoScalingGroupInput) {
		in.DesiredCapacity, in.MinSize = aws.Int32(1), aws.Int32(0)
		in.LifecycleHookSpecificationList = []types.LifecycleHookSpecification{hook("up", launching), hook("down", terminating)}
	})
	w.wait(10 * time.Second)
}

type states = map[types.LifecycleState]int

func (w *world) expect(label string, want states) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.states()); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", label, diff)
	}
}

func TestHooksHold(t *testing.T) {
	in(t, func(w *world) {
		w.hooked("ABANDON")
		w.expect("after the launch", states{"Pending:Wait": 1})
		if got := w.targets(blueTG); len(got) != 0 {
			t.Errorf("an instance that is held has targets: %v", got)
		}
		id := w.ids("Pending:Wait")[0]
		if diff := cmp.Diff([]string{"MidLifecycleAction: Launching a "}, w.activities()); diff != "" {
			t.Errorf("activities (-want +got):\n%s", diff)
		}
		if err := w.complete("up", id, "CONTINUE"); err != nil {
			t.Fatal(err)
		}
		w.expect("right after its completion", states{"Pending:Proceed": 1})
		w.wait(2 * time.Second)
		w.expect("a moment later", states{"InService": 1})

		w.setDesired(0)
		w.wait(10 * time.Second)
		w.expect("while it drains", states{"Terminating": 1})
		w.wait(drain)
		w.expect("when it has drained", states{"Terminating:Wait": 1})
		if state := w.instanceState(id); state != "running" {
			t.Errorf("the held instance is %s", state)
		}
		if err := w.complete("down", id, "CONTINUE"); err != nil {
			t.Fatal(err)
		}
		w.wait(2 * time.Second)
		w.expect("after its completion", states{"Terminating:Proceed": 1})
		w.wait(20 * time.Second)
		w.expect("in the end", states{})
		want := []string{"register", "deregister", "drained"}
		if diff := cmp.Diff(want, w.balancer.log); diff != "" {
			t.Errorf("what the balancer saw (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Successful: Terminating ", "Successful: Launching a "}, w.activities()); diff != "" {
			t.Errorf("activities (-want +got):\n%s", diff)
		}
	})
}

func TestAbandonedLaunchIsReplaced(t *testing.T) {
	for label, abandon := range map[string]func(w *world, id string){
		"by completion": func(w *world, id string) {
			if err := w.complete("up", id, "ABANDON"); err != nil {
				w.t.Fatal(err)
			}
		},
		"by timeout": func(w *world, _ string) { w.wait(60 * time.Second) },
		"by deletion of the hook": func(w *world, _ string) {
			must(w.DeleteLifecycleHook(w.ctx, &sdk.DeleteLifecycleHookInput{AutoScalingGroupName: aws.String("blue"), LifecycleHookName: aws.String("up")}))(w.t)
		},
	} {
		t.Run(label, func(t *testing.T) {
			in(t, func(w *world) {
				w.hooked("ABANDON")
				id := w.ids("Pending:Wait")[0]
				abandon(w, id)
				w.wait(15 * time.Second)
				if state := w.instanceState(id); state != "shutting-down" && state != "terminated" {
					t.Errorf("the abandoned instance is %s", state)
				}
				var next []string
				for _, i := range w.group().Instances {
					next = append(next, *i.InstanceId)
				}
				if len(next) != 1 || next[0] == id {
					t.Errorf("instances %v after %s was abandoned", next, id)
				}
				if all := w.activities(); !contains(all, "Cancelled: Launching a ") {
					t.Errorf("activities %v", all)
				}
			})
		})
	}
}

func TestHeartbeatKeepsHolding(t *testing.T) {
	in(t, func(w *world) {
		w.hooked("CONTINUE")
		id := w.ids("Pending:Wait")[0]
		for range 3 {
			w.wait(50 * time.Second)
			must(w.RecordLifecycleActionHeartbeat(w.ctx, &sdk.RecordLifecycleActionHeartbeatInput{
				AutoScalingGroupName: aws.String("blue"), LifecycleHookName: aws.String("up"), InstanceId: aws.String(id),
			}))(t)
		}
		w.expect("with heartbeats", states{"Pending:Wait": 1})
		w.wait(70 * time.Second)
		w.expect("after a timeout that continues", states{"InService": 1})
	})
}

func TestHeartbeatsCannotHoldForEver(t *testing.T) {
	in(t, func(w *world) {
		w.hooked("CONTINUE")
		id := w.ids("Pending:Wait")[0]
		held := 0
		for ; w.states()["Pending:Wait"] == 1; held++ {
			must(w.RecordLifecycleActionHeartbeat(w.ctx, &sdk.RecordLifecycleActionHeartbeatInput{
				AutoScalingGroupName: aws.String("blue"), LifecycleHookName: aws.String("up"), InstanceId: aws.String(id),
			}))(t)
			w.wait(time.Minute - time.Second)
		}
		if held < 100 || held > 102 {
			t.Errorf("held for %d heartbeats of 59 seconds, want 100 minutes", held)
		}
	})
}

func TestSeveralHooksHoldTogether(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.DesiredCapacity = aws.Int32(1)
			for _, name := range []string{"one", "two"} {
				in.LifecycleHookSpecificationList = append(in.LifecycleHookSpecificationList, types.LifecycleHookSpecification{
					LifecycleHookName: aws.String(name), LifecycleTransition: aws.String(launching),
				})
			}
		})
		w.wait(10 * time.Second)
		id := w.ids("Pending:Wait")[0]
		for _, name := range []string{"one", "two"} {
			w.expect("before "+name, states{"Pending:Wait": 1})
			if err := w.complete(name, id, "CONTINUE"); err != nil {
				t.Fatal(err)
			}
		}
		w.wait(2 * time.Second)
		w.expect("after both", states{"InService": 1})
	})
}

func TestHookSettings(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		must(w.PutLifecycleHook(w.ctx, &sdk.PutLifecycleHookInput{
			AutoScalingGroupName: aws.String("blue"), LifecycleHookName: aws.String("h"), LifecycleTransition: aws.String(terminating),
			NotificationTargetARN: aws.String("arn:aws:sns:eu-west-1:123456789012:t"), RoleARN: aws.String("arn:role"), NotificationMetadata: aws.String("meta"),
		}))(t)
		must(w.PutLifecycleHook(w.ctx, &sdk.PutLifecycleHookInput{ // changes what is given
			AutoScalingGroupName: aws.String("blue"), LifecycleHookName: aws.String("h"), HeartbeatTimeout: aws.Int32(120),
		}))(t)
		got := must(w.DescribeLifecycleHooks(w.ctx, &sdk.DescribeLifecycleHooksInput{AutoScalingGroupName: aws.String("blue")}))(t).LifecycleHooks
		want := []types.LifecycleHook{{
			AutoScalingGroupName: aws.String("blue"), LifecycleHookName: aws.String("h"), LifecycleTransition: aws.String(terminating),
			NotificationTargetARN: aws.String("arn:aws:sns:eu-west-1:123456789012:t"), RoleARN: aws.String("arn:role"), NotificationMetadata: aws.String("meta"),
			HeartbeatTimeout: aws.Int32(120), GlobalTimeout: aws.Int32(12000), DefaultResult: aws.String("ABANDON"),
		}}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(types.LifecycleHook{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestAbandonEndsWhatOtherHooksHold abandons one of two actions, on the way in and on the way out.
func TestAbandonEndsWhatOtherHooksHold(t *testing.T) {
	for transition, held := range map[string]types.LifecycleState{launching: "Pending:Wait", terminating: "Terminating:Wait"} {
		in(t, func(w *world) {
			w.create(func(in *sdk.CreateAutoScalingGroupInput) {
				in.MinSize, in.DesiredCapacity, in.TargetGroupARNs = aws.Int32(0), aws.Int32(1), nil
				for _, name := range []string{"one", "two"} {
					in.LifecycleHookSpecificationList = append(in.LifecycleHookSpecificationList, types.LifecycleHookSpecification{
						LifecycleHookName: aws.String(name), LifecycleTransition: aws.String(transition), DefaultResult: aws.String("CONTINUE"),
					})
				}
			})
			w.wait(10 * time.Second)
			if transition == terminating {
				w.setDesired(0)
				w.wait(2 * time.Second)
			}
			id := w.ids(held)[0]
			if err := w.complete("one", id, "ABANDON"); err != nil {
				t.Fatal(err)
			}
			if got := code(w.complete("two", id, "CONTINUE")); got != invalid {
				t.Errorf("%s: the other hook still holds it: %q", transition, got)
			}
			w.wait(2 * time.Second)
			if state := w.instanceState(id); state != "shutting-down" {
				t.Errorf("%s: the instance is %s", transition, state)
			}
		})
	}
}
