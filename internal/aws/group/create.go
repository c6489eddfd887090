package group

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/facts"
)

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

// notCopied are settings of a group that its copy gets in another way, or not at all.
var notCopied = []string{
	"Tags", "TargetGroupARNs", "TrafficSources", "LoadBalancerNames", "LaunchTemplate", "LaunchConfigurationName",
	"DesiredCapacity", "MinSize", "Operator", "Context",
}

// Create makes a group like the blueprint's, without any instance: it is sized when all of it stands. Its lifecycle hooks
// are in the same call, so that no instance is launched without them. A group that an earlier attempt has made is found
// again by its tags.
func (c *Client) Create(ctx context.Context, b Blueprint, cp Copy) error {
	in := &autoscaling.CreateAutoScalingGroupInput{}
	facts.Copy(in, b.group, notCopied...)
	withoutDefaults(in)
	in.AutoScalingGroupName = &cp.Name
	in.MinSize, in.DesiredCapacity = aws.Int32(0), aws.Int32(0)
	in.LaunchTemplate = &types.LaunchTemplateSpecification{
		LaunchTemplateId: &cp.TemplateID, Version: aws.String(strconv.FormatInt(cp.TemplateVersion, 10)),
	}
	for _, arn := range b.group.TargetGroupARNs {
		if to, own := cp.TargetGroups[arn]; own { // others were accepted as lost
			in.TargetGroupARNs = append(in.TargetGroupARNs, to)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(cp.Tags)) {
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

// withoutDefaults leaves out what AWS describes of every group, and takes in a request only from some, or only alone.
func withoutDefaults(in *autoscaling.CreateAutoScalingGroupInput) {
	if in.VPCZoneIdentifier != nil {
		in.AvailabilityZones = nil // they follow from the subnets
	}
	if in.VPCZoneIdentifier != nil || in.AvailabilityZones != nil {
		in.AvailabilityZoneIds = nil // the same zones by another name
	}
	if aws.ToString(in.DesiredCapacityType) == "units" {
		in.DesiredCapacityType = nil // others go with instance requirements only
	}
	if strings.HasSuffix(aws.ToString(in.ServiceLinkedRoleARN), "/AWSServiceRoleForAutoScaling") {
		in.ServiceLinkedRoleARN = nil // to name a role takes the right to pass it
	}
	if p := in.AvailabilityZoneImpairmentPolicy; p != nil && aws.ToBool(p.ZonalShiftEnabled) {
		in.SkipZonalShiftValidation = aws.Bool(true) // the source stands so
	}
}

func (c *Client) owned(ctx context.Context, cp Copy) error {
	g, err := c.Get(ctx, cp.Name)
	if err != nil {
		return err
	}
	for k, v := range cp.Tags {
		if have, has := g.Tags[k]; !has || have != v {
			return fmt.Errorf("the Auto Scaling group %s: %w", cp.Name, ErrForeign)
		}
	}
	return nil
}

// EnableMetrics makes a new group publish the metrics that the blueprint's does.
func (c *Client) EnableMetrics(ctx context.Context, b Blueprint, name string) error {
	metrics := b.group.EnabledMetrics
	if len(metrics) == 0 {
		return nil // to name none would enable all
	}
	in := &autoscaling.EnableMetricsCollectionInput{AutoScalingGroupName: &name, Granularity: metrics[0].Granularity}
	for _, m := range metrics {
		in.Metrics = append(in.Metrics, aws.ToString(m.Metric))
	}
	_, err := c.api.EnableMetricsCollection(ctx, in)
	return awserr.Wrap(err, "enable the metrics of %s", name)
}

// SuspendProcesses suspends the processes of a new group that are suspended in the blueprint's.
func (c *Client) SuspendProcesses(ctx context.Context, b Blueprint, name string) error {
	suspended := b.group.SuspendedProcesses
	if len(suspended) == 0 {
		return nil // to name none would suspend all
	}
	in := &autoscaling.SuspendProcessesInput{AutoScalingGroupName: &name}
	for _, p := range suspended {
		in.ScalingProcesses = append(in.ScalingProcesses, aws.ToString(p.ProcessName))
	}
	_, err := c.api.SuspendProcesses(ctx, in)
	return awserr.Wrap(err, "suspend processes of %s", name)
}

// UseTemplate makes a group launch from a version of a launch template from now on.
func (c *Client) UseTemplate(ctx context.Context, name, templateID, version string) error {
	_, err := c.api.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: &name,
		LaunchTemplate:       &types.LaunchTemplateSpecification{LaunchTemplateId: &templateID, Version: &version},
	})
	return awserr.Wrap(err, "set the launch template of %s", name)
}
