package autoscaling_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/google/go-cmp/cmp"
)

var blue = aws.String("blue")

func TestMetricsCollection(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		enabled := func() (names []string) {
			for _, m := range w.group().EnabledMetrics {
				names = append(names, *m.Metric)
			}
			return names
		}
		must(w.EnableMetricsCollection(w.ctx, &sdk.EnableMetricsCollectionInput{AutoScalingGroupName: blue, Granularity: aws.String("1Minute")}))(t)
		if n := len(enabled()); n != 20 {
			t.Errorf("no list enables %d metrics, want all 20", n)
		}
		must(w.DisableMetricsCollection(w.ctx, &sdk.DisableMetricsCollectionInput{AutoScalingGroupName: blue}))(t)
		if got := enabled(); got != nil {
			t.Errorf("no list leaves %v enabled", got)
		}
		must(w.EnableMetricsCollection(w.ctx, &sdk.EnableMetricsCollectionInput{
			AutoScalingGroupName: blue, Granularity: aws.String("1Minute"), Metrics: []string{"GroupMinSize", "GroupMaxSize"},
		}))(t)
		must(w.DisableMetricsCollection(w.ctx, &sdk.DisableMetricsCollectionInput{AutoScalingGroupName: blue, Metrics: []string{"GroupMinSize"}}))(t)
		if diff := cmp.Diff([]string{"GroupMaxSize"}, enabled()); diff != "" {
			t.Errorf("enabled (-want +got):\n%s", diff)
		}
	})
}

func TestSuspendNoListIsAll(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		must(w.SuspendProcesses(w.ctx, &sdk.SuspendProcessesInput{AutoScalingGroupName: blue}))(t)
		if n := len(w.group().SuspendedProcesses); n != 9 {
			t.Errorf("%d processes are suspended, want all 9", n)
		}
		w.wait(settled)
		w.expect("suspended", states{})
		must(w.ResumeProcesses(w.ctx, &sdk.ResumeProcessesInput{AutoScalingGroupName: blue, ScalingProcesses: []string{"Launch"}}))(t)
		w.wait(settled)
		w.expect("resumed", states{"InService": 2})
	})
}

func TestTargetGroups(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) { in.HealthCheckType = aws.String("ELB") })
		got := map[string]map[string]string{}
		see := func(label string) {
			got[label] = map[string]string{}
			for _, s := range must(w.DescribeLoadBalancerTargetGroups(w.ctx, &sdk.DescribeLoadBalancerTargetGroupsInput{AutoScalingGroupName: blue}))(t).LoadBalancerTargetGroups {
				got[label][*s.LoadBalancerTargetGroupARN] = *s.State
			}
		}
		see("new")
		w.wait(settled)
		see("healthy")
		must(w.AttachLoadBalancerTargetGroups(w.ctx, &sdk.AttachLoadBalancerTargetGroupsInput{AutoScalingGroupName: blue, TargetGroupARNs: []string{otherTG}}))(t)
		see("attached")
		if diff := cmp.Diff(map[string]int{"initial": 2}, w.targets(otherTG)); diff != "" {
			t.Errorf("attached targets (-want +got):\n%s", diff)
		}
		must(w.DetachLoadBalancerTargetGroups(w.ctx, &sdk.DetachLoadBalancerTargetGroupsInput{AutoScalingGroupName: blue, TargetGroupARNs: []string{blueTG}}))(t)
		w.wait(settled)
		see("detached")
		w.wait(drain)
		see("drained")
		want := map[string]map[string]string{
			"new":      {blueTG: "Added"},
			"healthy":  {blueTG: "InService"},
			"attached": {blueTG: "InService", otherTG: "Added"},
			"detached": {blueTG: "Removing", otherTG: "InService"},
			"drained":  {otherTG: "InService"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		w.expect("instances", states{"InService": 2})
		must(w.AttachTrafficSources(w.ctx, &sdk.AttachTrafficSourcesInput{AutoScalingGroupName: blue, TrafficSources: []types.TrafficSourceIdentifier{
			{Identifier: aws.String(blueTG), Type: aws.String("elbv2")},
		}}))(t)
		must(w.DetachTrafficSources(w.ctx, &sdk.DetachTrafficSourcesInput{AutoScalingGroupName: blue, TrafficSources: []types.TrafficSourceIdentifier{
			{Identifier: aws.String(otherTG), Type: aws.String("elbv2")},
		}}))(t)
		w.wait(drain)
		sources := must(w.DescribeTrafficSources(w.ctx, &sdk.DescribeTrafficSourcesInput{AutoScalingGroupName: blue}))(t).TrafficSources
		if len(sources) != 1 || *sources[0].Identifier != blueTG || *sources[0].State != "InService" || *sources[0].Type != "elbv2" {
			t.Errorf("traffic sources %v", sources)
		}
	})
}

func TestTags(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		w.create(func(in *sdk.CreateAutoScalingGroupInput) { in.AutoScalingGroupName = aws.String("green") })
		tag := func(group, key, value string, propagate bool) types.Tag {
			return types.Tag{
				ResourceId: aws.String(group), ResourceType: aws.String("auto-scaling-group"),
				Key: aws.String(key), Value: aws.String(value), PropagateAtLaunch: aws.Bool(propagate),
			}
		}
		must(w.CreateOrUpdateTags(w.ctx, &sdk.CreateOrUpdateTagsInput{Tags: []types.Tag{
			tag("blue", "a", "1", true), tag("blue", "b", "2", false), tag("green", "a", "3", true), tag("blue", "a", "4", false),
		}}))(t)
		must(w.DeleteTags(w.ctx, &sdk.DeleteTagsInput{Tags: []types.Tag{tag("blue", "b", "", false)}}))(t)
		list := func(maxRecords *int32, filters ...types.Filter) (all []string) {
			for p := sdk.NewDescribeTagsPaginator(w, &sdk.DescribeTagsInput{Filters: filters, MaxRecords: maxRecords}); p.HasMorePages(); {
				for _, d := range must(p.NextPage(w.ctx))(t).Tags {
					text := *d.ResourceId + " " + *d.Key + "=" + *d.Value
					if *d.PropagateAtLaunch {
						text += " propagated"
					}
					all = append(all, text)
				}
			}
			return all
		}
		filter := func(name, value string) types.Filter {
			return types.Filter{Name: aws.String(name), Values: []string{value}}
		}
		got := map[string][]string{
			"all":        list(nil),
			"paged":      list(aws.Int32(1)),
			"of a group": list(nil, filter("auto-scaling-group", "green")),
			"by two":     list(nil, filter("key", "a"), filter("value", "4")),
			"propagated": list(nil, filter("propagate-at-launch", "true")),
		}
		want := map[string][]string{
			"all": {"blue a=4", "green a=3 propagated"}, "paged": {"blue a=4", "green a=3 propagated"},
			"of a group": {"green a=3 propagated"}, "by two": {"blue a=4"}, "propagated": {"green a=3 propagated"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestSchedulesBelongToTheirGroup(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		w.create(func(in *sdk.CreateAutoScalingGroupInput) { in.AutoScalingGroupName = aws.String("green") })
		put := func(group, name string) {
			must(w.PutScheduledUpdateGroupAction(w.ctx, &sdk.PutScheduledUpdateGroupActionInput{
				AutoScalingGroupName: aws.String(group), ScheduledActionName: aws.String(name),
				Recurrence: aws.String("0 8 * * *"), TimeZone: aws.String("Europe/Berlin"), DesiredCapacity: aws.Int32(3),
			}))(t)
		}
		put("blue", "morning")
		put("green", "morning")
		out := must(w.BatchPutScheduledUpdateGroupAction(w.ctx, &sdk.BatchPutScheduledUpdateGroupActionInput{
			AutoScalingGroupName: blue, ScheduledUpdateGroupActions: []types.ScheduledUpdateGroupActionRequest{
				{ScheduledActionName: aws.String("once"), StartTime: aws.Time(time.Now().Add(time.Hour)), MinSize: aws.Int32(0)},
				{ScheduledActionName: aws.String("never"), MinSize: aws.Int32(0)},
			},
		}))(t)
		if f := out.FailedScheduledUpdateGroupActions; len(f) != 1 || *f[0].ScheduledActionName != "never" || *f[0].ErrorCode != invalid {
			t.Errorf("failed %v", f)
		}
		must(w.DeleteScheduledAction(w.ctx, &sdk.DeleteScheduledActionInput{AutoScalingGroupName: aws.String("green"), ScheduledActionName: aws.String("morning")}))(t)
		got := must(w.DescribeScheduledActions(w.ctx, &sdk.DescribeScheduledActionsInput{}))(t).ScheduledUpdateGroupActions
		if len(got) != 2 || aws.ToString(got[0].ScheduledActionARN) == "" {
			t.Fatalf("actions %v", got)
		}
		want := types.ScheduledUpdateGroupAction{
			AutoScalingGroupName: blue, ScheduledActionName: aws.String("morning"), ScheduledActionARN: got[0].ScheduledActionARN,
			Recurrence: aws.String("0 8 * * *"), TimeZone: aws.String("Europe/Berlin"), DesiredCapacity: aws.Int32(3),
		}
		if diff := cmp.Diff(want, got[0], ignoreUnexported); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		left := must(w.BatchDeleteScheduledAction(w.ctx, &sdk.BatchDeleteScheduledActionInput{
			AutoScalingGroupName: blue, ScheduledActionNames: []string{"morning", "once", "nope"},
		}))(t).FailedScheduledActions
		if len(left) != 1 || *left[0].ScheduledActionName != "nope" {
			t.Errorf("failed %v", left)
		}
	})
}

func TestNotificationsAndWarmPool(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		topic := aws.String("arn:aws:sns:eu-west-1:123456789012:topic")
		must(w.PutNotificationConfiguration(w.ctx, &sdk.PutNotificationConfigurationInput{
			AutoScalingGroupName: blue, TopicARN: topic, NotificationTypes: []string{"autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"},
		}))(t)
		notices := func() int {
			return len(must(w.DescribeNotificationConfigurations(w.ctx, &sdk.DescribeNotificationConfigurationsInput{}))(t).NotificationConfigurations)
		}
		if n := notices(); n != 2 {
			t.Errorf("%d notifications, want 2", n)
		}
		must(w.DeleteNotificationConfiguration(w.ctx, &sdk.DeleteNotificationConfigurationInput{AutoScalingGroupName: blue, TopicARN: topic}))(t)
		if n := notices(); n != 0 {
			t.Errorf("%d notifications are left", n)
		}
		must(w.PutWarmPool(w.ctx, &sdk.PutWarmPoolInput{AutoScalingGroupName: blue, MinSize: aws.Int32(2)}))(t)
		pool := must(w.DescribeWarmPool(w.ctx, &sdk.DescribeWarmPoolInput{AutoScalingGroupName: blue}))(t).WarmPoolConfiguration
		if diff := cmp.Diff(&types.WarmPoolConfiguration{MinSize: aws.Int32(2), PoolState: "Stopped"}, pool, ignoreUnexported); diff != "" {
			t.Errorf("warm pool (-want +got):\n%s", diff)
		}
		must(w.DeleteWarmPool(w.ctx, &sdk.DeleteWarmPoolInput{AutoScalingGroupName: blue}))(t)
		if w.group().WarmPoolConfiguration != nil {
			t.Error("the warm pool is left")
		}
		if out := must(w.DescribeAccountLimits(w.ctx, &sdk.DescribeAccountLimitsInput{}))(t); *out.NumberOfAutoScalingGroups != 1 {
			t.Errorf("%d groups", *out.NumberOfAutoScalingGroups)
		}
	})
}
