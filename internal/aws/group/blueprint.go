package group

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/facts"
)

// Blueprint is all of an Auto Scaling group that a copy has to have.
type Blueprint struct {
	Group         Group
	group         types.AutoScalingGroup
	policies      []types.ScalingPolicy
	hooks         []types.LifecycleHook
	schedules     []types.ScheduledUpdateGroupAction
	notifications []types.NotificationConfiguration
	traffic       []types.TrafficSourceState
}

// Blueprint reads a group by name. Independent calls go side by side.
func (c *Client) Blueprint(ctx context.Context, name string) (Blueprint, error) {
	var b Blueprint
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		out, err := c.api.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
		if err != nil {
			return awserr.Wrap(err, "describe Auto Scaling group %s", name)
		}
		if len(out.AutoScalingGroups) != 1 {
			return fmt.Errorf("describe Auto Scaling group %s: %w", name, awserr.ErrNotFound)
		}
		b.group = out.AutoScalingGroups[0]
		b.Group = fromSDK(b.group)
		return nil
	})
	all.Go(func() (err error) { b.policies, err = c.policies(ctx, name); return err })
	all.Go(func() error {
		out, err := c.api.DescribeLifecycleHooks(ctx, &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: &name})
		if err != nil {
			return awserr.Wrap(err, "list the lifecycle hooks of %s", name)
		}
		b.hooks = out.LifecycleHooks
		return nil
	})
	all.Go(func() (err error) { b.schedules, err = c.schedules(ctx, name); return err })
	all.Go(func() (err error) { b.notifications, err = c.notifications(ctx, name); return err })
	all.Go(func() (err error) { b.traffic, err = c.trafficSources(ctx, name); return err })
	err := all.Wait()
	return b, err
}

func (c *Client) policies(ctx context.Context, name string) (list []types.ScalingPolicy, err error) {
	pages := autoscaling.NewDescribePoliciesPaginator(c.api, &autoscaling.DescribePoliciesInput{AutoScalingGroupName: &name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list the scaling policies of %s", name)
		}
		list = append(list, out.ScalingPolicies...)
	}
	return list, nil
}

func (c *Client) schedules(ctx context.Context, name string) (list []types.ScheduledUpdateGroupAction, err error) {
	pages := autoscaling.NewDescribeScheduledActionsPaginator(c.api, &autoscaling.DescribeScheduledActionsInput{AutoScalingGroupName: &name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list the scheduled actions of %s", name)
		}
		list = append(list, out.ScheduledUpdateGroupActions...)
	}
	return list, nil
}

func (c *Client) notifications(ctx context.Context, name string) (list []types.NotificationConfiguration, err error) {
	pages := autoscaling.NewDescribeNotificationConfigurationsPaginator(c.api, &autoscaling.DescribeNotificationConfigurationsInput{AutoScalingGroupNames: []string{name}})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list the notifications of %s", name)
		}
		list = append(list, out.NotificationConfigurations...)
	}
	return list, nil
}

func (c *Client) trafficSources(ctx context.Context, name string) (list []types.TrafficSourceState, err error) {
	pages := autoscaling.NewDescribeTrafficSourcesPaginator(c.api, &autoscaling.DescribeTrafficSourcesInput{AutoScalingGroupName: &name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list the traffic sources of %s", name)
		}
		list = append(list, out.TrafficSources...)
	}
	return list, nil
}

// identity are fields that tell a group from its copy, or that change by themselves. Its sizes, launch template and tags are
// compared apart from the rest, and what it registers with is the load balancer's to compare.
var identity = []string{
	"AutoScalingGroupARN", "AutoScalingGroupName", "CreatedTime", "Instances", "Status", "PredictedCapacity", "WarmPoolSize",
	"PolicyARN", "Alarms", "GlobalTimeout", "SuspensionReason", "MinSize", "MaxSize", "DesiredCapacity", "LaunchTemplate",
	"Tags", "TrafficSources",
}

// Facts is the blueprint as a list that can be compared. Tags makes of a group's tags those that its copy gets.
func (b Blueprint) Facts(tags func(map[string]string) map[string]string) facts.Facts {
	f := facts.Facts{}
	g := b.group
	slices.SortFunc(g.EnabledMetrics, func(x, y types.EnabledMetric) int {
		return strings.Compare(aws.ToString(x.Metric), aws.ToString(y.Metric))
	})
	slices.SortFunc(g.SuspendedProcesses, func(x, y types.SuspendedProcess) int {
		return strings.Compare(aws.ToString(x.ProcessName), aws.ToString(y.ProcessName))
	})
	if g.VPCZoneIdentifier != nil {
		subnets := strings.Split(*g.VPCZoneIdentifier, ",")
		slices.Sort(subnets)
		g.VPCZoneIdentifier = aws.String(strings.Join(subnets, ","))
	}
	f.Add("group", g, identity...)
	f.Add("group/tag", tags(b.Group.Tags))
	for key := range tags(b.Group.Tags) {
		f["group/tag-propagates/"+key] = fmt.Sprint(b.propagates(key))
	}
	for _, p := range b.policies {
		f.Add("policy/"+aws.ToString(p.PolicyName), p, append([]string{"PolicyName"}, identity...)...)
	}
	for _, h := range b.hooks {
		f.Add("hook/"+aws.ToString(h.LifecycleHookName), h, identity...)
	}
	return f
}

// propagates says whether instances get a tag: as on the source, and those that only the copy has go to all of it.
func (b Blueprint) propagates(key string) bool {
	for _, t := range b.group.Tags {
		if aws.ToString(t.Key) == key {
			return aws.ToBool(t.PropagateAtLaunch)
		}
	}
	return true
}

// Unsupported lists what a copy would not have, each with the name by which its loss can be accepted.
func (b Blueprint) Unsupported() map[string]string {
	lost := map[string]string{}
	for _, p := range b.policies {
		if kind := aws.ToString(p.PolicyType); kind != targetTracking {
			lost["policy/"+aws.ToString(p.PolicyName)] = "a scaling policy of type " + kind
		} else if p.TargetTrackingConfiguration.CustomizedMetricSpecification != nil {
			lost["policy/"+aws.ToString(p.PolicyName)] = "target tracking of a metric of your own, whose dimensions may name the group or its load balancer"
		}
	}
	for _, s := range b.schedules {
		lost["schedule/"+aws.ToString(s.ScheduledActionName)] = "a scheduled action"
	}
	for _, n := range b.notifications {
		lost["notification/"+aws.ToString(n.NotificationType)] = "a notification to " + aws.ToString(n.TopicARN)
	}
	for _, t := range b.traffic {
		if kind := aws.ToString(t.Type); kind != "elbv2" {
			lost["traffic-source/"+aws.ToString(t.Identifier)] = "a traffic source of type " + kind
		}
	}
	for _, name := range b.group.LoadBalancerNames {
		lost["classic-load-balancer/"+name] = "its registration with a classic load balancer"
	}
	if b.group.WarmPoolConfiguration != nil {
		lost["warm-pool"] = "its warm pool"
	}
	return lost
}

// AlarmNames are the alarms that Auto Scaling keeps for the group's policies: a copy's policies get their own.
func (b Blueprint) AlarmNames() []string {
	var names []string
	for _, p := range b.policies {
		for _, a := range p.Alarms {
			names = append(names, aws.ToString(a.AlarmName))
		}
	}
	return names
}

// PolicyNames are the names of the group's scaling policies.
func (b Blueprint) PolicyNames() []string {
	names := make([]string, 0, len(b.policies))
	for _, p := range b.policies {
		names = append(names, aws.ToString(p.PolicyName))
	}
	return names
}

func sortedTags(tags map[string]string) []string { return slices.Sorted(maps.Keys(tags)) }
