package autoscaling

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/wire"
)

var groupName = pattern.Lazy(`^[!-9;-~]{1,255}$`)

func (s *Service) createGroup(_ context.Context, in *sdk.CreateAutoScalingGroupInput) (*sdk.CreateAutoScalingGroupOutput, error) {
	name := aws.ToString(in.AutoScalingGroupName)
	if !groupName().MatchString(name) {
		return nil, invalid("1 validation error detected: Value '%s' at 'autoScalingGroupName' failed to satisfy constraint: "+
			"1 to 255 printable characters without ':'", name)
	}
	if existing, exists := s.groups[name]; exists {
		pending := ""
		if existing.deleting {
			pending = " and is pending delete"
		}
		return nil, wire.Errorf("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s already exists%s", name, pending)
	}
	g, err := s.newGroup(in)
	if err != nil {
		return nil, err
	}
	s.groups[name] = g
	s.order = append(s.order, name)
	g.why = s.because("a user request created an AutoScalingGroup changing the desired capacity from 0 to %d", g.desired())
	s.kick(g)
	return &sdk.CreateAutoScalingGroupOutput{}, nil
}

// newGroup makes a group that nothing knows yet.
func (s *Service) newGroup(in *sdk.CreateAutoScalingGroupInput) (*group, error) {
	g := &group{AutoScalingGroup: s.defaults(*in.AutoScalingGroupName), tags: map[string]types.TagDescription{}}
	adopt(&g.AutoScalingGroup, in)
	if g.MinSize == nil || g.MaxSize == nil {
		return nil, invalid("MinSize and MaxSize are required")
	}
	if g.DesiredCapacity == nil {
		g.DesiredCapacity = g.MinSize
	}
	if err := refuseUnsupported(in.InstanceId, in.LoadBalancerNames); err != nil {
		return nil, err
	}
	arns, err := s.createdTargets(in)
	if err != nil {
		return nil, err
	}
	g.TargetGroupARNs = arns
	if err := s.settle(g); err != nil {
		return nil, err
	}
	if err := s.setTags(g, in.Tags); err != nil {
		return nil, err
	}
	for _, hook := range in.LifecycleHookSpecificationList {
		if err := g.putHook(adopted[types.LifecycleHook](&hook)); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (s *Service) defaults(name string) types.AutoScalingGroup {
	resource := fmt.Sprintf("autoScalingGroup:%s:autoScalingGroupName/%s", s.uuid(), name)
	return types.AutoScalingGroup{
		AutoScalingGroupName: aws.String(name), AutoScalingGroupARN: aws.String(s.Account.ARN("autoscaling", resource)),
		CreatedTime: s.now(), DefaultCooldown: aws.Int32(300),
		HealthCheckType: aws.String("EC2"), HealthCheckGracePeriod: aws.Int32(0),
		TerminationPolicies: []string{"Default"}, NewInstancesProtectedFromScaleIn: aws.Bool(false),
		DeletionProtection: types.DeletionProtectionNone,
		ServiceLinkedRoleARN: aws.String("arn:aws:iam::" + s.Account.ID +
			":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
	}
}

// uuid is a random identifier.
func (s *Service) uuid() string {
	h := s.Account.Hex(32)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// refuseUnsupported refuses what this Auto Scaling cannot do, rather than to drop it.
func refuseUnsupported(instanceID *string, classic []string) error {
	switch {
	case instanceID != nil:
		return invalid("A group cannot be made from an instance here: use a launch template")
	case len(classic) > 0:
		return invalid("Provided Load Balancers may not be valid. Please ensure they exist and try again.")
	}
	return nil
}

// settle checks the settings of a group and makes them definite: launch template by id and name, zones of its subnets.
func (s *Service) settle(g *group) error {
	if err := checkBounds(&g.AutoScalingGroup); err != nil {
		return err
	}
	if err := checkSettings(&g.AutoScalingGroup); err != nil {
		return err
	}
	if err := s.settleSubnets(g); err != nil {
		return err
	}
	return s.settleTemplate(g)
}

func checkBounds(g *types.AutoScalingGroup) error {
	least, most, desired := *g.MinSize, *g.MaxSize, *g.DesiredCapacity
	switch {
	case least < 0 || most < 0 || desired < 0:
		return invalid("Min, max and desired capacity must not be negative: min %d, max %d, desired %d", least, most, desired)
	case least > most:
		return invalid("Max bound, %d, must be greater than or equal to min bound, %d", most, least)
	case desired < least || desired > most:
		return invalid("Desired capacity:%d must be between the specified min size:%d and max size:%d", desired, least, most)
	}
	return nil
}

var (
	healthCheckTypes    = []string{"EC2", "EBS", "ELB", "VPC_LATTICE"}
	terminationPolicies = []string{"Default", "OldestInstance", "NewestInstance", "OldestLaunchTemplate", "OldestLaunchConfiguration",
		"ClosestToNextInstanceHour", "AllocationStrategy"}
)

func checkSettings(g *types.AutoScalingGroup) error {
	for kind := range strings.SplitSeq(*g.HealthCheckType, ",") {
		if !slices.Contains(healthCheckTypes, kind) {
			return invalid("Health check type %s is not one of %v", kind, healthCheckTypes)
		}
	}
	for _, policy := range g.TerminationPolicies {
		if !slices.Contains(terminationPolicies, policy) {
			return invalid("Termination policy %s is not one of %v", policy, terminationPolicies)
		}
	}
	if lifetime := aws.ToInt32(g.MaxInstanceLifetime); lifetime != 0 && lifetime < 86400 {
		return invalid("MaxInstanceLifetime must be 0 or at least 86400 seconds: %d", lifetime)
	}
	if !slices.Contains(g.DeletionProtection.Values(), g.DeletionProtection) {
		return invalid("DeletionProtection %s is not one of %v", g.DeletionProtection, g.DeletionProtection.Values())
	}
	clearRemoved(g)
	return nil
}

// clearRemoved takes settings out that a request sets to their value for "none".
func clearRemoved(g *types.AutoScalingGroup) {
	if aws.ToInt32(g.DefaultInstanceWarmup) < 0 {
		g.DefaultInstanceWarmup = nil
	}
	if p := g.InstanceMaintenancePolicy; p != nil && aws.ToInt32(p.MinHealthyPercentage) < 0 && aws.ToInt32(p.MaxHealthyPercentage) < 0 {
		g.InstanceMaintenancePolicy = nil
	}
	if g.PlacementGroup != nil && *g.PlacementGroup == "" {
		g.PlacementGroup = nil
	}
}
