package group

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
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
