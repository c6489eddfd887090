package autoscaling_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/google/go-cmp/cmp"
)

func TestTerminateWithDecrement(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		w.wait(settled)
		ids := w.ids("InService")
		must(w.TerminateInstanceInAutoScalingGroup(w.ctx, &sdk.TerminateInstanceInAutoScalingGroupInput{
			InstanceId: aws.String(ids[1]), ShouldDecrementDesiredCapacity: aws.Bool(true),
		}))(t)
		w.wait(drain + settled)
		if diff := cmp.Diff(ids[:1], w.ids("InService")); diff != "" || *w.group().DesiredCapacity != 1 {
			t.Errorf("desired %d (-want +got):\n%s", *w.group().DesiredCapacity, diff)
		}
	})
}

func TestAttachAndDetachInstances(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		w.wait(settled)
		lone := w.lone()
		must(w.AttachInstances(w.ctx, &sdk.AttachInstancesInput{AutoScalingGroupName: blue, InstanceIds: []string{lone}}))(t)
		w.wait(settled)
		w.expect("attached", states{"InService": 3})
		if *w.group().DesiredCapacity != 3 || w.targets(blueTG)["healthy"] != 3 {
			t.Errorf("desired %d, targets %v", *w.group().DesiredCapacity, w.targets(blueTG))
		}
		out := must(w.DetachInstances(w.ctx, &sdk.DetachInstancesInput{
			AutoScalingGroupName: blue, InstanceIds: []string{lone}, ShouldDecrementDesiredCapacity: aws.Bool(true),
		}))(t)
		if len(out.Activities) != 1 {
			t.Errorf("%d activities", len(out.Activities))
		}
		w.wait(drain)
		w.expect("detached", states{"InService": 2})
		if state := w.instanceState(lone); state != "running" {
			t.Errorf("the detached instance is %s", state)
		}
		if diff := cmp.Diff(map[string]int{"healthy": 2}, w.targets(blueTG)); diff != "" {
			t.Errorf("targets (-want +got):\n%s", diff)
		}
	})
}

func TestStandby(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		w.wait(settled)
		id := w.ids("InService")[0]
		must(w.EnterStandby(w.ctx, &sdk.EnterStandbyInput{
			AutoScalingGroupName: blue, InstanceIds: []string{id}, ShouldDecrementDesiredCapacity: aws.Bool(true),
		}))(t)
		w.wait(drain + settled)
		w.expect("standing by", states{"InService": 1, "Standby": 1})
		if diff := cmp.Diff(map[string]int{"healthy": 1}, w.targets(blueTG)); diff != "" {
			t.Errorf("targets (-want +got):\n%s", diff)
		}
		must(w.ExitStandby(w.ctx, &sdk.ExitStandbyInput{AutoScalingGroupName: blue, InstanceIds: []string{id}}))(t)
		w.wait(settled)
		w.expect("back", states{"InService": 2})
		if n := w.targets(blueTG)["healthy"]; n != 2 || *w.group().DesiredCapacity != 2 {
			t.Errorf("%d healthy targets, desired %d", n, *w.group().DesiredCapacity)
		}
	})
}

// TestInstanceRefresh rolls a group to a new version and watches how many serve.
func TestInstanceRefresh(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) { in.DesiredCapacity = aws.Int32(4) })
		w.wait(settled)
		w.update(func(in *sdk.UpdateAutoScalingGroupInput) { in.LaunchTemplate = lt("2") })
		id := must(w.StartInstanceRefresh(w.ctx, &sdk.StartInstanceRefreshInput{
			AutoScalingGroupName: blue, Preferences: &types.RefreshPreferences{MinHealthyPercentage: aws.Int32(50), InstanceWarmup: aws.Int32(30)},
		}))(t).InstanceRefreshId
		describe := func() types.InstanceRefresh {
			return must(w.DescribeInstanceRefreshes(w.ctx, &sdk.DescribeInstanceRefreshesInput{AutoScalingGroupName: blue, InstanceRefreshIds: []string{*id}}))(t).InstanceRefreshes[0]
		}
		fewest := 4
		began := time.Now()
		for describe().Status == "Pending" || describe().Status == "InProgress" {
			if time.Since(began) > time.Hour {
				t.Fatal("the refresh does not end")
			}
			w.wait(time.Second)
			fewest = min(fewest, w.states()["InService"])
		}
		r := describe()
		if r.Status != "Successful" || *r.PercentageComplete != 100 || r.EndTime == nil {
			t.Errorf("refresh %s, %d%%", r.Status, *r.PercentageComplete)
		}
		if fewest != 2 {
			t.Errorf("%d instances served at worst, want 2", fewest)
		}
		w.wait(drain + settled)
		w.expect("in the end", states{"InService": 4})
		for _, i := range w.group().Instances {
			if *i.LaunchTemplate.Version != "2" {
				t.Errorf("an instance has version %s", *i.LaunchTemplate.Version)
			}
		}
		again := must(w.StartInstanceRefresh(w.ctx, &sdk.StartInstanceRefreshInput{
			AutoScalingGroupName: blue, Preferences: &types.RefreshPreferences{SkipMatching: aws.Bool(true)},
		}))(t).InstanceRefreshId
		w.wait(5 * time.Second)
		newest := must(w.DescribeInstanceRefreshes(w.ctx, &sdk.DescribeInstanceRefreshesInput{AutoScalingGroupName: blue}))(t).InstanceRefreshes[0]
		if *newest.InstanceRefreshId != *again || newest.Status != "Successful" {
			t.Errorf("a refresh of what matches is %s", newest.Status)
		}
	})
}

func TestCancelRefresh(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		w.wait(settled)
		kept := w.ids("InService")
		must(w.StartInstanceRefresh(w.ctx, &sdk.StartInstanceRefreshInput{AutoScalingGroupName: blue}))(t)
		must(w.CancelInstanceRefresh(w.ctx, &sdk.CancelInstanceRefreshInput{AutoScalingGroupName: blue}))(t)
		w.wait(time.Hour)
		if diff := cmp.Diff(kept, w.ids("InService")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
