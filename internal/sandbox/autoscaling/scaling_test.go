package autoscaling_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"
)

func TestLaunchSpreadsTagsAndRegisters(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.DesiredCapacity = aws.Int32(4)
			in.Tags = []types.Tag{
				{Key: aws.String("color"), Value: aws.String("blue"), PropagateAtLaunch: aws.Bool(true)},
				{Key: aws.String("inner"), Value: aws.String("x"), PropagateAtLaunch: aws.Bool(false)},
			}
		})
		w.expect("at once", states{})
		w.wait(3 * time.Second)
		w.expect("after a moment", states{"Pending": 4})
		w.wait(settled)
		w.expect("in the end", states{"InService": 4})

		zones := map[string]int{}
		for _, i := range w.group().Instances {
			zones[*i.AvailabilityZone]++
			out := must(w.compute.DescribeInstances(w.ctx, &ec2sdk.DescribeInstancesInput{InstanceIds: []string{*i.InstanceId}}))(t)
			tags := map[string]string{}
			for _, tag := range out.Reservations[0].Instances[0].Tags {
				tags[*tag.Key] = *tag.Value
			}
			want := map[string]string{
				"color": "blue", "aws:autoscaling:groupName": "blue",
				"aws:ec2launchtemplate:id": *i.LaunchTemplate.LaunchTemplateId, "aws:ec2launchtemplate:version": "1",
			}
			if diff := cmp.Diff(want, tags); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		}
		if diff := cmp.Diff(map[string]int{"eu-west-1a": 2, "eu-west-1b": 2}, zones); diff != "" {
			t.Errorf("zones (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]int{"healthy": 4}, w.targets(blueTG)); diff != "" {
			t.Errorf("targets (-want +got):\n%s", diff)
		}
		a := must(w.DescribeScalingActivities(w.ctx, &sdk.DescribeScalingActivitiesInput{}))(t).Activities[3]
		const cause = "a user request created an AutoScalingGroup changing the desired capacity from 0 to 4.  At "
		const reason = "an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 0 to 4."
		if !strings.Contains(*a.Cause, cause) || !strings.HasSuffix(*a.Cause, reason) || *a.Progress != 100 || a.EndTime == nil {
			t.Errorf("activity %s, %d%%", *a.Cause, *a.Progress)
		}
	})
}

// TestScaleInDrainsFirst follows one instance out.
func TestScaleInDrainsFirst(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		w.wait(settled)
		oldest := w.ids("InService")[0]
		w.setDesired(1)
		w.wait(5 * time.Second)
		if diff := cmp.Diff([]string{oldest}, w.ids("Terminating")); diff != "" {
			t.Errorf("chosen (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]int{"draining": 1, "healthy": 1}, w.targets(blueTG)); diff != "" {
			t.Errorf("targets (-want +got):\n%s", diff)
		}
		if got := w.activities()[0]; got != "WaitingForELBConnectionDraining: Terminating " {
			t.Errorf("activity %s", got)
		}
		if state := w.instanceState(oldest); state != "running" {
			t.Errorf("the instance is %s while it drains", state)
		}
		w.wait(drain + 5*time.Second)
		if state := w.instanceState(oldest); state != "shutting-down" {
			t.Errorf("the instance is %s after it has drained", state)
		}
		w.wait(settled)
		w.expect("in the end", states{"InService": 1})
	})
}

func TestScaleInPrefersOldTemplates(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.LaunchTemplate, in.VPCZoneIdentifier = lt("2"), aws.String(subnetA)
			in.DesiredCapacity = aws.Int32(1)
		})
		w.wait(settled)
		w.update(func(in *sdk.UpdateAutoScalingGroupInput) {
			in.LaunchTemplate, in.DesiredCapacity = lt("1"), aws.Int32(2)
		})
		w.wait(settled)
		ids := w.ids("InService")
		w.setDesired(1)
		w.wait(5 * time.Second)
		if diff := cmp.Diff(ids[1:], w.ids("Terminating")); diff != "" { // newer, but of the older version
			t.Errorf("chosen (-want +got):\n%s", diff)
		}
	})
}

func TestTerminationPolicyIsFollowed(t *testing.T) {
	for policy, index := range map[string]int{"OldestInstance": 0, "NewestInstance": 2} {
		in(t, func(w *world) {
			w.create(func(in *sdk.CreateAutoScalingGroupInput) {
				in.DesiredCapacity, in.VPCZoneIdentifier, in.TerminationPolicies = aws.Int32(3), aws.String(subnetA), []string{policy}
			})
			w.wait(settled)
			ids := w.ids("InService")
			w.setDesired(2)
			w.wait(5 * time.Second)
			if diff := cmp.Diff(ids[index:index+1], w.ids("Terminating")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", policy, diff)
			}
		})
	}
}

func TestProtectedInstancesStay(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) { in.DesiredCapacity = aws.Int32(3) })
		w.wait(settled)
		ids := w.ids("InService")
		protect := func(on bool, ids ...string) {
			must(w.SetInstanceProtection(w.ctx, &sdk.SetInstanceProtectionInput{
				AutoScalingGroupName: aws.String("blue"), InstanceIds: ids, ProtectedFromScaleIn: aws.Bool(on),
			}))(t)
		}
		protect(true, ids[0], ids[1])
		w.setDesired(1)
		w.wait(drain + settled)
		if diff := cmp.Diff(ids[:2], w.ids("InService")); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
		newest := must(w.DescribeScalingActivities(w.ctx, &sdk.DescribeScalingActivitiesInput{}))(t).Activities
		stuck := 0
		for _, a := range newest {
			if strings.Contains(aws.ToString(a.StatusMessage), "all remaining instances are protected from scale-in") {
				stuck++
			}
		}
		if stuck != 1 {
			t.Errorf("%d activities say that all are protected, want 1", stuck)
		}
		protect(false, ids[0])
		w.wait(drain + settled)
		if diff := cmp.Diff(ids[1:2], w.ids("InService")); diff != "" {
			t.Errorf("left without protection (-want +got):\n%s", diff)
		}
	})
}

// TestLostInstancesAreReplaced takes an instance away in every way that there is.
func TestLostInstancesAreReplaced(t *testing.T) {
	for label, lose := range map[string]struct {
		how   func(w *world, id string)
		cause string
	}{
		"terminated in EC2": {func(w *world, id string) {
			must(w.compute.TerminateInstances(w.ctx, &ec2sdk.TerminateInstancesInput{InstanceIds: []string{id}}))(w.t)
		}, "EC2 health check"},
		"stopped in EC2": {func(w *world, id string) {
			must(w.compute.StopInstances(w.ctx, &ec2sdk.StopInstancesInput{InstanceIds: []string{id}}))(w.t)
		}, "EC2 health check"},
		"marked unhealthy": {func(w *world, id string) {
			must(w.SetInstanceHealth(w.ctx, &sdk.SetInstanceHealthInput{InstanceId: aws.String(id), HealthStatus: aws.String("Unhealthy")}))(w.t)
		}, "user health-check"},
		"failing its load balancer": {func(w *world, id string) {
			w.locked(func() { w.balancer.groups[blueTG][id] = "unhealthy" })
		}, "ELB system health check failure"},
		"terminated in the group": {func(w *world, id string) {
			out := must(w.TerminateInstanceInAutoScalingGroup(w.ctx, &sdk.TerminateInstanceInAutoScalingGroupInput{
				InstanceId: aws.String(id), ShouldDecrementDesiredCapacity: aws.Bool(false),
			}))(w.t)
			if *out.Activity.Description != "Terminating EC2 instance: "+id {
				w.t.Errorf("activity %s", *out.Activity.Description)
			}
		}, "user request"},
	} {
		t.Run(label, func(t *testing.T) {
			in(t, func(w *world) {
				w.create(func(in *sdk.CreateAutoScalingGroupInput) { in.HealthCheckType = aws.String("EC2,ELB") })
				w.wait(settled)
				before := w.ids("InService")
				lose.how(w, before[0])
				w.wait(drain + 2*settled)
				after := w.ids("InService")
				if len(after) != 2 || after[0] != before[1] {
					t.Errorf("instances were %v and are %v", before, after)
				}
				if state := w.instanceState(before[0]); state != "terminated" {
					t.Errorf("the lost instance is %s", state)
				}
				if diff := cmp.Diff(map[string]int{"healthy": 2}, w.targets(blueTG)); diff != "" {
					t.Errorf("targets (-want +got):\n%s", diff)
				}
				found := false
				for _, a := range must(w.DescribeScalingActivities(w.ctx, &sdk.DescribeScalingActivitiesInput{}))(t).Activities {
					found = found || strings.Contains(*a.Description, before[0]) && strings.Contains(*a.Cause, lose.cause)
				}
				if !found {
					t.Errorf("no activity says %q", lose.cause)
				}
			})
		})
	}
}

func TestGracePeriodIsRespected(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.HealthCheckType, in.HealthCheckGracePeriod, in.DesiredCapacity = aws.String("ELB"), aws.Int32(120), aws.Int32(1)
		})
		w.wait(settled)
		id := w.ids("InService")[0]
		w.locked(func() { w.balancer.groups[blueTG][id] = "unhealthy" })
		must(w.SetInstanceHealth(w.ctx, &sdk.SetInstanceHealthInput{InstanceId: aws.String(id), HealthStatus: aws.String("Unhealthy")}))(t)
		w.wait(90 * time.Second)
		if diff := cmp.Diff([]string{id}, w.ids("InService")); diff != "" {
			t.Errorf("within the grace period (-want +got):\n%s", diff)
		}
		w.wait(30 * time.Second)
		if diff := cmp.Diff([]string{id}, w.ids("Terminating")); diff != "" {
			t.Errorf("after it (-want +got):\n%s", diff)
		}
	})
}

// TestSuspendedProcessesDoNothing has one case a process: what does not happen, and does once the process is resumed.
func TestSuspendedProcessesDoNothing(t *testing.T) {
	unhealthy := func(w *world) {
		must(w.SetInstanceHealth(w.ctx, &sdk.SetInstanceHealthInput{InstanceId: aws.String(w.ids("InService")[0]), HealthStatus: aws.String("Unhealthy")}))(w.t)
	}
	stop := func(w *world) {
		must(w.compute.StopInstances(w.ctx, &ec2sdk.StopInstancesInput{InstanceIds: w.ids("InService")[:1]}))(w.t)
	}
	for process, c := range map[string]struct {
		do            func(w *world)
		without, with states
	}{
		"Launch":           {func(w *world) { w.setDesired(3) }, states{"InService": 2}, states{"InService": 3}},
		"Terminate":        {func(w *world) { w.setDesired(1) }, states{"InService": 2}, states{"InService": 1, "Terminating": 1}},
		"ReplaceUnhealthy": {unhealthy, states{"InService": 2}, states{"InService": 2, "Terminating": 1}},
		"HealthCheck":      {stop, states{"InService": 2}, states{"InService": 2}},
	} {
		t.Run(process, func(t *testing.T) {
			in(t, func(w *world) {
				w.create(nil)
				w.wait(settled)
				before := fmt.Sprint(w.ids("InService"))
				names := &sdk.SuspendProcessesInput{AutoScalingGroupName: aws.String("blue"), ScalingProcesses: []string{process}}
				must(w.SuspendProcesses(w.ctx, names))(t)
				if p := w.group().SuspendedProcesses; len(p) != 1 || *p[0].ProcessName != process || !strings.HasPrefix(*p[0].SuspensionReason, "User suspended at ") {
					t.Errorf("suspended %v", p)
				}
				c.do(w)
				w.wait(settled)
				w.expect("suspended", c.without)
				if after := fmt.Sprint(w.ids("InService")); after != before {
					t.Errorf("instances were %s and are %s", before, after)
				}
				must(w.ResumeProcesses(w.ctx, &sdk.ResumeProcessesInput{AutoScalingGroupName: aws.String("blue")}))(t)
				w.wait(settled)
				w.expect("resumed", c.with)
				if after := fmt.Sprint(w.ids("InService")); after == before {
					t.Error("resumed, and nothing has changed")
				}
			})
		})
	}
}

func TestSuspendAddToLoadBalancer(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		w.wait(settled)
		must(w.SuspendProcesses(w.ctx, &sdk.SuspendProcessesInput{AutoScalingGroupName: aws.String("blue"), ScalingProcesses: []string{"AddToLoadBalancer"}}))(t)
		w.setDesired(3)
		w.wait(settled)
		must(w.AttachLoadBalancerTargetGroups(w.ctx, &sdk.AttachLoadBalancerTargetGroupsInput{AutoScalingGroupName: blue, TargetGroupARNs: []string{otherTG}}))(t)
		must(w.ResumeProcesses(w.ctx, &sdk.ResumeProcessesInput{AutoScalingGroupName: aws.String("blue")}))(t)
		w.wait(settled)
		w.expect("group", states{"InService": 3})
		if got := w.targets(otherTG); len(got) != 0 {
			t.Errorf("targets of a target group that was attached meanwhile: %v", got)
		}
		if diff := cmp.Diff(map[string]int{"healthy": 2}, w.targets(blueTG)); diff != "" { // it is not made up for, as on AWS
			t.Errorf("targets (-want +got):\n%s", diff)
		}
	})
}

// TestFailedLaunchIsAnActivity runs out of capacity, which SetDesiredCapacity does not tell.
func TestFailedLaunchIsAnActivity(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		w.wait(settled)
		w.locked(func() { w.ec2.SetCapacity(2) })
		w.setDesired(3)
		w.wait(10 * time.Second)
		a := must(w.DescribeScalingActivities(w.ctx, &sdk.DescribeScalingActivitiesInput{}))(t).Activities[0]
		if a.StatusCode != "Failed" || !strings.Contains(*a.StatusMessage, "We currently do not have sufficient t3.small capacity") {
			t.Errorf("activity %s: %s", a.StatusCode, *a.StatusMessage)
		}
		w.wait(time.Hour)
		if n := len(w.activities()); n < 10 || n > 20 {
			t.Errorf("%d activities after an hour without capacity, want a retry about every 5 minutes", n)
		}
		w.locked(func() { w.ec2.SetCapacity(-1) })
		w.wait(6 * time.Minute)
		w.expect("with capacity", states{"InService": 3})
	})
}

func TestLaunchGoesOnWhenTemplateIsBackInOrder(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) { in.MinSize, in.DesiredCapacity = aws.Int32(0), aws.Int32(0) })
		must(w.compute.DeregisterImage(w.ctx, &ec2sdk.DeregisterImageInput{ImageId: aws.String(imageID)}))(t)
		w.setDesired(1)
		w.wait(settled)
		if diff := cmp.Diff([]string{"Failed: Launching a "}, w.activities()[:1]); diff != "" {
			t.Errorf("activities (-want +got):\n%s", diff)
		}
		w.setDesired(0) // a group whose template is broken can still be scaled in
	})
}
