package group

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/facts"
)

const targetTracking = "TargetTrackingScaling"

// Copy says in what a new group differs from its blueprint.
type Copy struct {
	Name            string
	TemplateID      string
	TemplateVersion int64
	TargetGroups    map[string]string // ARN of the source's → of the copy's
	Tags            map[string]string
}

// ErrForeign says that a name is taken by a group that is not the one we would have made.
var ErrForeign = errors.New("exists already, and was not made by this deployment")

// Create makes a group like the blueprint's, without any instance: it is sized when all of it stands. Its lifecycle hooks
// are in the same call, so that no instance is launched without them. A group that an earlier attempt has made is found
// again by its tags.
func (c *Client) Create(ctx context.Context, b Blueprint, cp Copy) error {
	in := &autoscaling.CreateAutoScalingGroupInput{}
	facts.Copy(in, b.group, "Tags", "TargetGroupARNs", "TrafficSources", "LoadBalancerNames", "LaunchTemplate", "DesiredCapacity", "MinSize")
	in.AutoScalingGroupName = &cp.Name
	in.MinSize, in.DesiredCapacity = aws.Int32(0), aws.Int32(0)
	in.LaunchTemplate = &types.LaunchTemplateSpecification{
		LaunchTemplateId: &cp.TemplateID, Version: aws.String(strconv.FormatInt(cp.TemplateVersion, 10)),
	}
	if in.VPCZoneIdentifier != nil { // the zones follow from the subnets
		in.AvailabilityZones, in.AvailabilityZoneIds = nil, nil
	}
	for _, arn := range b.group.TargetGroupARNs {
		to, known := cp.TargetGroups[arn]
		if !known {
			return fmt.Errorf("copy Auto Scaling group %s: it registers with target group %s, which does not belong to its load balancer", b.Group.Name, arn)
		}
		in.TargetGroupARNs = append(in.TargetGroupARNs, to)
	}
	for _, k := range sortedTags(cp.Tags) {
		in.Tags = append(in.Tags, types.Tag{
			ResourceId: &cp.Name, ResourceType: aws.String(resourceType), Key: aws.String(k), Value: aws.String(cp.Tags[k]),
			PropagateAtLaunch: aws.Bool(b.propagates(k)),
		})
	}
	for _, h := range b.hooks {
		var spec types.LifecycleHookSpecification
		facts.Copy(&spec, h)
		in.LifecycleHookSpecificationList = append(in.LifecycleHookSpecificationList, spec)
	}
	_, err := c.api.CreateAutoScalingGroup(ctx, in)
	err = awserr.Wrap(err, "create Auto Scaling group %s", cp.Name)
	if errors.Is(err, awserr.ErrExists) {
		return c.owned(ctx, cp)
	}
	return err
}

func (c *Client) owned(ctx context.Context, cp Copy) error {
	g, err := c.Get(ctx, cp.Name)
	if err != nil {
		return err
	}
	for k, v := range cp.Tags {
		if g.Tags[k] != v {
			return fmt.Errorf("the Auto Scaling group %s: %w", cp.Name, ErrForeign)
		}
	}
	return nil
}

// Finish gives a new group what can only be set once it stands: scaling policies, with the resource labels of its own load
// balancer, metrics, suspended processes.
func (c *Client) Finish(ctx context.Context, b Blueprint, name string, labels map[string]string, rename func(string) string) error {
	lost := b.Unsupported()
	all, ctx := errgroup.WithContext(ctx)
	for _, p := range b.policies {
		if _, isLost := lost["policy/"+aws.ToString(p.PolicyName)]; !isLost {
			all.Go(func() error { return c.copyPolicy(ctx, p, name, labels, rename) })
		}
	}
	if metrics := b.group.EnabledMetrics; len(metrics) > 0 {
		in := &autoscaling.EnableMetricsCollectionInput{AutoScalingGroupName: &name, Granularity: metrics[0].Granularity}
		for _, m := range metrics {
			in.Metrics = append(in.Metrics, aws.ToString(m.Metric))
		}
		all.Go(func() error {
			_, err := c.api.EnableMetricsCollection(ctx, in)
			return awserr.Wrap(err, "enable the metrics of %s", name)
		})
	}
	if suspended := b.group.SuspendedProcesses; len(suspended) > 0 {
		in := &autoscaling.SuspendProcessesInput{AutoScalingGroupName: &name}
		for _, p := range suspended {
			in.ScalingProcesses = append(in.ScalingProcesses, aws.ToString(p.ProcessName))
		}
		all.Go(func() error {
			_, err := c.api.SuspendProcesses(ctx, in)
			return awserr.Wrap(err, "suspend processes of %s", name)
		})
	}
	return all.Wait()
}

func (c *Client) copyPolicy(ctx context.Context, p types.ScalingPolicy, name string, labels map[string]string, rename func(string) string) error {
	in := &autoscaling.PutScalingPolicyInput{}
	facts.Copy(in, p)
	in.AutoScalingGroupName, in.PolicyName = &name, aws.String(rename(aws.ToString(p.PolicyName)))
	if t := p.TargetTrackingConfiguration; t != nil && t.PredefinedMetricSpecification != nil && t.PredefinedMetricSpecification.ResourceLabel != nil {
		tracking, metric := *t, *t.PredefinedMetricSpecification
		label, known := labels[*metric.ResourceLabel]
		if !known {
			return fmt.Errorf("copy scaling policy %s: it tracks %s, which is not the group's load balancer", aws.ToString(p.PolicyName), *metric.ResourceLabel)
		}
		metric.ResourceLabel = &label
		tracking.PredefinedMetricSpecification = &metric
		in.TargetTrackingConfiguration = &tracking
	}
	_, err := c.api.PutScalingPolicy(ctx, in)
	return awserr.Wrap(err, "create scaling policy %s", aws.ToString(in.PolicyName))
}

// UseTemplate makes a group launch from a version of a launch template from now on.
func (c *Client) UseTemplate(ctx context.Context, name, templateID, version string) error {
	_, err := c.api.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: &name,
		LaunchTemplate:       &types.LaunchTemplateSpecification{LaunchTemplateId: &templateID, Version: &version},
	})
	return awserr.Wrap(err, "set the launch template of %s", name)
}

// Delete removes a group that has no instances; one that is gone already is fine.
func (c *Client) Delete(ctx context.Context, name string) error {
	_, err := c.api.DeleteAutoScalingGroup(ctx, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: &name})
	if awserr.Code(err) == "ValidationError" {
		if _, getErr := c.Get(ctx, name); errors.Is(getErr, awserr.ErrNotFound) {
			return nil
		}
	}
	return awserr.Wrap(err, "delete Auto Scaling group %s", name)
}
