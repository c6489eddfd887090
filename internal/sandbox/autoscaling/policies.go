package autoscaling

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/account"
)

// The types of policies.
const (
	simpleScaling     = "SimpleScaling"
	stepScaling       = "StepScaling"
	targetTracking    = "TargetTrackingScaling"
	predictiveScaling = "PredictiveScaling"
)

// policy is a scaling policy of one group.
type policy struct {
	types.ScalingPolicy
	above, below int            // minutes in a row that its metric has been too high or too low
	timer        *account.Timer // its next look at the metric
}

func (s *Service) putScalingPolicy(_ context.Context, in *sdk.PutScalingPolicyInput) (*sdk.PutScalingPolicyOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	next := scalingPolicy(in)
	next.AutoScalingGroupName = g.AutoScalingGroupName
	if err := g.checkPolicy(next); err != nil {
		return nil, err
	}
	p := g.policy(*next.PolicyName)
	if p == nil {
		p = &policy{}
		g.policies = append(g.policies, p)
	}
	next.PolicyARN, next.Alarms = p.PolicyARN, p.Alarms
	if next.PolicyARN == nil {
		next.PolicyARN = aws.String(s.Account.ARN("autoscaling", fmt.Sprintf("scalingPolicy:%s:autoScalingGroupName/%s:policyName/%s",
			s.uuid(), g.name(), *next.PolicyName)))
	}
	switch {
	case *next.PolicyType != targetTracking:
		next.Alarms = nil
	case next.Alarms == nil:
		next.Alarms = s.trackingAlarms(g, next)
	}
	p.ScalingPolicy = next
	p.above, p.below = 0, 0
	s.track(g)
	return &sdk.PutScalingPolicyOutput{PolicyARN: next.PolicyARN, Alarms: next.Alarms}, nil
}

func scalingPolicy(in *sdk.PutScalingPolicyInput) types.ScalingPolicy {
	p := adopted[types.ScalingPolicy](in)
	if p.PolicyType == nil {
		p.PolicyType = aws.String(simpleScaling)
	}
	if p.Enabled == nil {
		p.Enabled = aws.Bool(true)
	}
	if *p.PolicyType == stepScaling && p.MetricAggregationType == nil {
		p.MetricAggregationType = aws.String("Average")
	}
	return p
}

// trackingAlarms are the alarms that a target tracking policy owns.
func (s *Service) trackingAlarms(g *group, p types.ScalingPolicy) []types.Alarm {
	kinds := []string{"AlarmHigh", "AlarmLow"}
	if aws.ToBool(p.TargetTrackingConfiguration.DisableScaleIn) {
		kinds = kinds[:1]
	}
	var alarms []types.Alarm
	for _, kind := range kinds {
		name := fmt.Sprintf("TargetTracking-%s-%s-%s", g.name(), kind, s.uuid())
		alarms = append(alarms, types.Alarm{AlarmName: aws.String(name), AlarmARN: aws.String(s.Account.ARN("cloudwatch", "alarm:"+name))})
	}
	return alarms
}

func (g *group) policy(name string) *policy {
	for _, p := range g.policies {
		if *p.PolicyName == name {
			return p
		}
	}
	return nil
}

func (g *group) checkPolicy(p types.ScalingPolicy) error {
	if aws.ToString(p.PolicyName) == "" {
		return invalid("PolicyName is required")
	}
	switch *p.PolicyType {
	case simpleScaling:
		if p.ScalingAdjustment == nil {
			return invalid("You must specify the ScalingAdjustment for policy type: SimpleScaling")
		}
		return checkAdjustment(p)
	case stepScaling:
		if len(p.StepAdjustments) == 0 {
			return invalid("You must specify at least one StepAdjustment for policy type: StepScaling")
		}
		return checkAdjustment(p)
	case targetTracking:
		return g.checkTracking(p.TargetTrackingConfiguration)
	case predictiveScaling:
		if p.PredictiveScalingConfiguration == nil {
			return invalid("You must specify a PredictiveScalingConfiguration for policy type: PredictiveScaling")
		}
		return nil
	}
	return invalid("PolicyType %s is not valid", *p.PolicyType)
}

// The ways in which a policy can change the capacity.
const (
	changeInCapacity        = "ChangeInCapacity"
	exactCapacity           = "ExactCapacity"
	percentChangeInCapacity = "PercentChangeInCapacity"
)

func checkAdjustment(p types.ScalingPolicy) error {
	kinds := []string{changeInCapacity, exactCapacity, percentChangeInCapacity}
	if !slices.Contains(kinds, aws.ToString(p.AdjustmentType)) {
		return invalid("AdjustmentType '%s' is not one of %v", aws.ToString(p.AdjustmentType), kinds)
	}
	return nil
}

var resourceLabel = pattern.Lazy(`^app/[^/]+/[0-9a-f]+/targetgroup/[^/]+/[0-9a-f]+$`)

func (g *group) checkTracking(t *types.TargetTrackingConfiguration) error {
	if t == nil || t.TargetValue == nil {
		return invalid("You must specify a TargetTrackingConfiguration with a TargetValue for policy type: TargetTrackingScaling")
	}
	if (t.PredefinedMetricSpecification == nil) == (t.CustomizedMetricSpecification == nil) {
		return invalid("You must specify either a PredefinedMetricSpecification or a CustomizedMetricSpecification, and not both")
	}
	metric := t.PredefinedMetricSpecification
	if metric == nil {
		return nil
	}
	if !slices.Contains(metric.PredefinedMetricType.Values(), metric.PredefinedMetricType) {
		return invalid("PredefinedMetricType %s is not one of %v", metric.PredefinedMetricType, metric.PredefinedMetricType.Values())
	}
	label := aws.ToString(metric.ResourceLabel)
	switch {
	case metric.PredefinedMetricType != types.MetricTypeALBRequestCountPerTarget && label != "":
		return invalid("A ResourceLabel can be given with ALBRequestCountPerTarget only")
	case metric.PredefinedMetricType != types.MetricTypeALBRequestCountPerTarget:
		return nil
	case !resourceLabel().MatchString(label):
		return invalid("Resource label '%s' is not of the form app/load-balancer-name/load-balancer-id/targetgroup/target-group-name/target-group-id", label)
	case len(g.TargetGroupARNs) == 0:
		return invalid("ALBRequestCountPerTarget needs a target group that is attached to the Auto Scaling group %s", g.name())
	}
	return nil
}

func (s *Service) deletePolicy(_ context.Context, in *sdk.DeletePolicyInput) (*sdk.DeletePolicyOutput, error) {
	g, p, err := s.findPolicy(in.AutoScalingGroupName, in.PolicyName)
	if err != nil {
		return nil, err
	}
	p.timer.Stop()
	g.policies = slices.DeleteFunc(g.policies, func(other *policy) bool { return other == p })
	return &sdk.DeletePolicyOutput{}, nil
}

// findPolicy looks a policy up by its ARN, or by its name and group.
func (s *Service) findPolicy(groupName, name *string) (*group, *policy, error) {
	for _, g := range s.all() {
		if groupName != nil && g.name() != *groupName {
			continue
		}
		for _, p := range g.policies {
			if *p.PolicyARN == aws.ToString(name) || groupName != nil && *p.PolicyName == aws.ToString(name) {
				return g, p, nil
			}
		}
	}
	return nil, nil, invalid("No scaling policy found with name %s in group %s", aws.ToString(name), aws.ToString(groupName))
}

func (s *Service) describePolicies(_ context.Context, in *sdk.DescribePoliciesInput) (*sdk.DescribePoliciesOutput, error) {
	groups := s.all()
	if in.AutoScalingGroupName != nil {
		g, err := s.find(in.AutoScalingGroupName)
		if err != nil {
			return nil, err
		}
		groups = []*group{g}
	}
	var found []types.ScalingPolicy
	for _, g := range groups {
		for _, p := range g.policies {
			named := len(in.PolicyNames) == 0 || slices.Contains(in.PolicyNames, *p.PolicyName) || slices.Contains(in.PolicyNames, *p.PolicyARN)
			if named && (len(in.PolicyTypes) == 0 || slices.Contains(in.PolicyTypes, *p.PolicyType)) {
				found = append(found, p.ScalingPolicy)
			}
		}
	}
	found, next, err := page(found, func(p types.ScalingPolicy) string { return *p.PolicyARN }, in.MaxRecords, in.NextToken, limits{50, 100})
	return &sdk.DescribePoliciesOutput{ScalingPolicies: found, NextToken: next}, err
}
