package autoscaling

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/wire"
)

func (s *Service) updateGroup(_ context.Context, in *sdk.UpdateAutoScalingGroupInput) (*sdk.UpdateAutoScalingGroupOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	next := *g // tried out on a copy, so that a refusal changes nothing
	if changesTemplate(in) {
		next.LaunchTemplate, next.MixedInstancesPolicy, next.LaunchConfigurationName = nil, nil, nil
	}
	adopt(&next.AutoScalingGroup, in)
	moveDesired(&next.AutoScalingGroup, in)
	if err := s.settleUpdate(&next, in); err != nil {
		return nil, err
	}
	before := g.desired()
	g.AutoScalingGroup = next.AutoScalingGroup
	if g.desired() != before {
		g.why = s.because("a user request update of AutoScalingGroup constraints to min: %d, max: %d, desired: %d changing the desired capacity from %d to %d",
			g.min(), g.max(), g.desired(), before, g.desired())
	}
	s.unblock(g)
	s.kick(g)
	return &sdk.UpdateAutoScalingGroupOutput{}, nil
}

// changesTemplate says that a request has an opinion on what instances are made from.
func changesTemplate(in *sdk.UpdateAutoScalingGroupInput) bool {
	return in.LaunchTemplate != nil || in.MixedInstancesPolicy != nil || in.LaunchConfigurationName != nil
}

// moveDesired keeps the desired capacity within new bounds, where the request does not say it.
func moveDesired(g *types.AutoScalingGroup, in *sdk.UpdateAutoScalingGroupInput) {
	if in.DesiredCapacity != nil {
		return
	}
	desired := *g.DesiredCapacity
	if in.MinSize != nil {
		desired = max(desired, *in.MinSize)
	}
	if in.MaxSize != nil {
		desired = min(desired, *in.MaxSize)
	}
	g.DesiredCapacity = aws.Int32(desired)
}

// settleUpdate checks what the request touches; a launch template that was deleted meanwhile keeps nobody from scaling in.
func (s *Service) settleUpdate(g *group, in *sdk.UpdateAutoScalingGroupInput) error {
	if err := checkBounds(&g.AutoScalingGroup); err != nil {
		return err
	}
	if err := checkSettings(&g.AutoScalingGroup); err != nil {
		return err
	}
	if in.VPCZoneIdentifier != nil || in.AvailabilityZones != nil {
		if err := s.settleSubnets(g); err != nil {
			return err
		}
	}
	if changesTemplate(in) {
		return s.settleTemplate(g)
	}
	return nil
}

func (s *Service) setDesiredCapacity(_ context.Context, in *sdk.SetDesiredCapacityInput) (*sdk.SetDesiredCapacityOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if in.DesiredCapacity == nil {
		return nil, invalid("DesiredCapacity is required")
	}
	desired := int(*in.DesiredCapacity)
	switch {
	case desired > g.max():
		return nil, invalid("New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", desired, g.max())
	case desired < g.min():
		return nil, invalid("New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", desired, g.min())
	}
	if aws.ToBool(in.HonorCooldown) && s.coolingDown(g) {
		return nil, wire.Errorf("ScalingActivityInProgress", "Scaling activity %s is in progress and blocks this action", "of the last policy")
	}
	s.setDesired(g, desired, "a user request explicitly set group desired capacity")
	return &sdk.SetDesiredCapacityOutput{}, nil
}

// setDesired changes the desired capacity. reason goes before "changing the desired capacity from …".
func (s *Service) setDesired(g *group, desired int, reason string) {
	before := g.desired()
	if desired != before {
		g.why = s.because("%s changing the desired capacity from %d to %d", reason, before, desired)
	}
	g.DesiredCapacity = aws.Int32(int32(desired))
	s.unblock(g)
	s.kick(g)
}

// because is the first sentence of an activity's cause.
func (s *Service) because(format string, args ...any) string {
	return fmt.Sprintf("At %s %s.", s.Account.Now().Format("2006-01-02T15:04:05Z"), fmt.Sprintf(format, args...))
}

func (s *Service) deleteGroup(_ context.Context, in *sdk.DeleteAutoScalingGroupInput) (*sdk.DeleteAutoScalingGroupOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	force := aws.ToBool(in.ForceDelete)
	if err := g.deletable(force); err != nil {
		return nil, err
	}
	g.deleting = true
	g.Status = aws.String("Delete in progress")
	g.MinSize, g.MaxSize, g.DesiredCapacity = aws.Int32(0), aws.Int32(0), aws.Int32(0)
	for _, m := range slices.Clone(g.members) {
		s.terminateNow(m, s.because("a user request force deleted the AutoScalingGroup"))
	}
	s.finishDelete(g)
	return &sdk.DeleteAutoScalingGroupOutput{}, nil
}

func (g *group) deletable(force bool) error {
	protection := g.DeletionProtection
	if protection == types.DeletionProtectionPreventAllDeletion || force && protection == types.DeletionProtectionPreventForceDeletion {
		return wire.Errorf("ResourceInUse", "The group %s cannot be deleted: its deletion protection is %s.", g.name(), protection)
	}
	if force || len(g.members) == 0 {
		return nil
	}
	if slices.ContainsFunc(g.members, func(m *member) bool { return !m.leaving() }) {
		return wire.Errorf("ResourceInUse",
			"You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.")
	}
	return wire.Errorf("ScalingActivityInProgress",
		"You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.")
}

// finishDelete makes a group that is being deleted disappear once it is empty.
func (s *Service) finishDelete(g *group) {
	if !g.deleting || len(g.members) > 0 {
		return
	}
	g.tick.Stop()
	g.look.Stop()
	g.retry.Stop()
	g.tick = s.Account.After(deleteTime, func() {
		delete(s.groups, g.name())
		s.order = slices.DeleteFunc(s.order, func(name string) bool { return name == g.name() })
		g.AutoScalingGroup.Status = aws.String("Deleted")
		s.deleted = append(s.deleted, g)
	})
}
