package autoscaling

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// register puts an instance behind a target group.
func (s *Service) register(m *member, arn string) {
	s.Balancer.RegisterInstance(arn, m.id())
	if !slices.Contains(m.targets, arn) {
		m.targets = append(m.targets, arn)
	}
}

// deregister has target groups drain an instance.
func (s *Service) deregister(m *member, arns []string) {
	for _, arn := range arns {
		s.Balancer.DeregisterInstance(arn, m.id())
	}
}

// checkTargets refuses target groups that do not exist.
func (s *Service) checkTargets(arns []string) error {
	for _, arn := range arns {
		if !s.Balancer.TargetGroupExists(arn) {
			return invalid("Provided Target Groups may not be valid. Please ensure they exist and try again. (%s)", arn)
		}
	}
	return nil
}

// createdTargets are the target groups that a new group is to be attached to, named in either of two ways.
func (s *Service) createdTargets(in *sdk.CreateAutoScalingGroupInput) ([]string, error) {
	arns, err := sourceARNs(in.TrafficSources)
	if err != nil {
		return nil, err
	}
	arns = union(in.TargetGroupARNs, arns)
	return arns, s.checkTargets(arns)
}

// sourceARNs are the target groups among traffic sources; there is no other kind of source here.
func sourceARNs(sources []types.TrafficSourceIdentifier) ([]string, error) {
	var arns []string
	for _, source := range sources {
		if kind := aws.ToString(source.Type); kind != "" && kind != "elbv2" {
			return nil, invalid("Traffic source type %s is not supported here: only elbv2 is.", kind)
		}
		arns = append(arns, aws.ToString(source.Identifier))
	}
	return arns, nil
}

func union(have, more []string) []string {
	all := slices.Clone(have)
	for _, item := range more {
		if !slices.Contains(all, item) {
			all = append(all, item)
		}
	}
	return all
}

// attach puts the group, and all of it that is in service, behind target groups.
func (s *Service) attach(name *string, arns []string) error {
	g, err := s.findMutable(name)
	if err != nil {
		return err
	}
	if len(arns) == 0 {
		return invalid("At least one target group is required")
	}
	if err := s.checkTargets(arns); err != nil {
		return err
	}
	g.TargetGroupARNs = union(g.TargetGroupARNs, arns)
	g.detached = slices.DeleteFunc(g.detached, func(arn string) bool { return slices.Contains(arns, arn) })
	if !g.suspended(processAddToLoadBalancer) {
		for _, m := range g.members {
			if m.inService() {
				for _, arn := range arns {
					s.register(m, arn)
				}
			}
		}
	}
	s.kick(g)
	return nil
}

// detach takes the group's instances out of target groups, which drain them.
func (s *Service) detach(name *string, arns []string) error {
	g, err := s.findMutable(name)
	if err != nil {
		return err
	}
	for _, arn := range arns {
		if !slices.Contains(g.TargetGroupARNs, arn) {
			return invalid("The target group %s is not attached to the group %s", arn, g.name())
		}
	}
	named := func(arn string) bool { return slices.Contains(arns, arn) }
	g.TargetGroupARNs = slices.DeleteFunc(slices.Clone(g.TargetGroupARNs), named)
	g.detached = union(g.detached, arns)
	for _, m := range g.members {
		if m.leaving() {
			continue
		}
		s.deregister(m, slices.DeleteFunc(slices.Clone(m.targets), func(arn string) bool { return !named(arn) }))
		m.targets = slices.DeleteFunc(m.targets, named)
	}
	return nil
}

// targetState is how far the attachment of a target group is.
type targetState struct{ arn, state string }

// targetStates are the attached target groups, and the detached ones that are still draining.
func (s *Service) targetStates(g *group) []targetState {
	var states []targetState
	for _, arn := range g.TargetGroupARNs {
		states = append(states, targetState{arn, s.attachment(g, arn)})
	}
	for _, arn := range g.detached {
		if slices.ContainsFunc(g.members, func(m *member) bool { return s.Balancer.InstanceHealth(arn, m.id()) == "draining" }) {
			states = append(states, targetState{arn, "Removing"})
		}
	}
	return states
}

func (s *Service) attachment(g *group, arn string) string {
	state := "Added"
	for _, m := range g.members {
		if !m.inService() {
			continue
		}
		switch s.Balancer.InstanceHealth(arn, m.id()) {
		case "":
			return "Adding"
		case "healthy":
			if g.checksTargets() {
				state = "InService"
			}
		}
	}
	return state
}

func (s *Service) attachTargetGroups(_ context.Context, in *sdk.AttachLoadBalancerTargetGroupsInput) (*sdk.AttachLoadBalancerTargetGroupsOutput, error) {
	return &sdk.AttachLoadBalancerTargetGroupsOutput{}, s.attach(in.AutoScalingGroupName, in.TargetGroupARNs)
}

func (s *Service) detachTargetGroups(_ context.Context, in *sdk.DetachLoadBalancerTargetGroupsInput) (*sdk.DetachLoadBalancerTargetGroupsOutput, error) {
	return &sdk.DetachLoadBalancerTargetGroupsOutput{}, s.detach(in.AutoScalingGroupName, in.TargetGroupARNs)
}

func (s *Service) describeTargetGroups(_ context.Context, in *sdk.DescribeLoadBalancerTargetGroupsInput) (*sdk.DescribeLoadBalancerTargetGroupsOutput, error) {
	g, err := s.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	states, next, err := page(s.targetStates(g), func(t targetState) string { return t.arn }, in.MaxRecords, in.NextToken, limits{100, 100})
	out := &sdk.DescribeLoadBalancerTargetGroupsOutput{NextToken: next}
	for _, t := range states {
		out.LoadBalancerTargetGroups = append(out.LoadBalancerTargetGroups, types.LoadBalancerTargetGroupState{
			LoadBalancerTargetGroupARN: aws.String(t.arn), State: aws.String(t.state),
		})
	}
	return out, err
}

func (s *Service) attachTrafficSources(_ context.Context, in *sdk.AttachTrafficSourcesInput) (*sdk.AttachTrafficSourcesOutput, error) {
	arns, err := sourceARNs(in.TrafficSources)
	if err != nil {
		return nil, err
	}
	return &sdk.AttachTrafficSourcesOutput{}, s.attach(in.AutoScalingGroupName, arns)
}

func (s *Service) detachTrafficSources(_ context.Context, in *sdk.DetachTrafficSourcesInput) (*sdk.DetachTrafficSourcesOutput, error) {
	arns, err := sourceARNs(in.TrafficSources)
	if err != nil {
		return nil, err
	}
	return &sdk.DetachTrafficSourcesOutput{}, s.detach(in.AutoScalingGroupName, arns)
}

func (s *Service) describeTrafficSources(_ context.Context, in *sdk.DescribeTrafficSourcesInput) (*sdk.DescribeTrafficSourcesOutput, error) {
	g, err := s.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	states := s.targetStates(g)
	if kind := aws.ToString(in.TrafficSourceType); kind != "" && kind != "elbv2" {
		states = nil
	}
	states, next, err := page(states, func(t targetState) string { return t.arn }, in.MaxRecords, in.NextToken, limits{50, 50})
	out := &sdk.DescribeTrafficSourcesOutput{NextToken: next}
	for _, t := range states {
		out.TrafficSources = append(out.TrafficSources, types.TrafficSourceState{
			Identifier: aws.String(t.arn), Type: aws.String("elbv2"), State: aws.String(t.state),
		})
	}
	return out, err
}
