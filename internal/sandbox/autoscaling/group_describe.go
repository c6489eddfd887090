package autoscaling

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// described is a group as a client sees it now.
func (s *Service) described(g *group, withInstances bool) types.AutoScalingGroup {
	d := g.AutoScalingGroup
	d.Tags = g.sortedTags()
	d.WarmPoolConfiguration = g.warmPool
	if g.warmPool != nil {
		d.WarmPoolSize = aws.Int32(0)
	}
	d.TrafficSources = nil
	for _, arn := range g.TargetGroupARNs {
		d.TrafficSources = append(d.TrafficSources, types.TrafficSourceIdentifier{Identifier: aws.String(arn), Type: aws.String("elbv2")})
	}
	d.Instances = nil
	for _, m := range g.members {
		if withInstances {
			d.Instances = append(d.Instances, m.Instance)
		}
	}
	return d
}

// describeGroups leaves out names that do not exist: that is no error.
func (s *Service) describeGroups(_ context.Context, in *sdk.DescribeAutoScalingGroupsInput) (*sdk.DescribeAutoScalingGroupsOutput, error) {
	groups := s.all()
	if len(in.AutoScalingGroupNames) > 0 {
		groups = slices.DeleteFunc(groups, func(g *group) bool { return !slices.Contains(in.AutoScalingGroupNames, g.name()) })
	}
	for _, f := range in.Filters {
		matches, err := groupFilter(f)
		if err != nil {
			return nil, err
		}
		groups = slices.DeleteFunc(groups, func(g *group) bool { return !matches(g) })
	}
	groups, next, err := page(groups, (*group).name, in.MaxRecords, in.NextToken, limits{50, 100})
	out := &sdk.DescribeAutoScalingGroupsOutput{NextToken: next}
	for _, g := range groups {
		out.AutoScalingGroups = append(out.AutoScalingGroups, s.described(g, in.IncludeInstances == nil || *in.IncludeInstances))
	}
	return out, err
}

func groupFilter(f types.Filter) (func(*group) bool, error) {
	name := aws.ToString(f.Name)
	tag := func(matches func(key, value string) bool) func(*group) bool {
		return func(g *group) bool {
			for key, t := range g.tags {
				if matches(key, *t.Value) {
					return true
				}
			}
			return false
		}
	}
	wanted, byKey := strings.CutPrefix(name, "tag:")
	switch {
	case byKey:
		return tag(func(key, value string) bool { return key == wanted && slices.Contains(f.Values, value) }), nil
	case name == "tag-key":
		return tag(func(key, _ string) bool { return slices.Contains(f.Values, key) }), nil
	case name == "tag-value":
		return tag(func(_, value string) bool { return slices.Contains(f.Values, value) }), nil
	}
	return nil, invalid("Filter type %s is not correct. Allowed Filter types are: tag-key tag-value tag:<key>", name)
}

func (s *Service) describeInstances(_ context.Context, in *sdk.DescribeAutoScalingInstancesInput) (*sdk.DescribeAutoScalingInstancesOutput, error) {
	var members []*member
	for _, g := range s.all() {
		for _, m := range g.members {
			if len(in.InstanceIds) == 0 || slices.Contains(in.InstanceIds, m.id()) {
				members = append(members, m)
			}
		}
	}
	members, next, err := page(members, (*member).id, in.MaxRecords, in.NextToken, limits{50, 50})
	out := &sdk.DescribeAutoScalingInstancesOutput{NextToken: next}
	for _, m := range members {
		out.AutoScalingInstances = append(out.AutoScalingInstances, types.AutoScalingInstanceDetails{
			AutoScalingGroupName: m.group.AutoScalingGroupName, InstanceId: m.InstanceId, InstanceType: m.InstanceType, ImageId: m.ImageId,
			AvailabilityZone: m.AvailabilityZone, LaunchTemplate: m.LaunchTemplate, LaunchConfigurationName: m.LaunchConfigurationName,
			ProtectedFromScaleIn: m.ProtectedFromScaleIn,
			HealthStatus:         aws.String(strings.ToUpper(*m.HealthStatus)), // upper case here, and here only
			LifecycleState:       aws.String(string(m.LifecycleState)),
		})
	}
	return out, err
}
