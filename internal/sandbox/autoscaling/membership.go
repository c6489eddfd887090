package autoscaling

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/ec2/launch"
)

func (s *Service) terminateInstance(_ context.Context, in *sdk.TerminateInstanceInAutoScalingGroupInput) (*sdk.TerminateInstanceInAutoScalingGroupOutput, error) {
	if in.ShouldDecrementDesiredCapacity == nil {
		return nil, invalid("ShouldDecrementDesiredCapacity is required")
	}
	ids := in.InstanceIds
	if in.InstanceId != nil {
		ids = append(slices.Clone(ids), *in.InstanceId)
	}
	members, err := s.findMembers(ids, nil)
	if err != nil {
		return nil, err
	}
	cause := "an instance was taken out of service in response to a user request"
	for _, m := range members {
		if in.AutoScalingGroupName != nil && m.group.name() != *in.AutoScalingGroupName {
			return nil, invalid("Instance %s is not part of the group %s", m.id(), *in.AutoScalingGroupName)
		}
	}
	if *in.ShouldDecrementDesiredCapacity {
		if err := s.decrement(members[0].group, members, cause); err != nil {
			return nil, err
		}
	}
	out := &sdk.TerminateInstanceInAutoScalingGroupOutput{}
	for _, m := range members {
		described := *s.terminate(m, s.because("%s", cause))
		out.Activities = append(out.Activities, described)
	}
	out.Activity = &out.Activities[0]
	return out, nil
}

// decrement lowers the desired capacity by those members that count in it.
func (s *Service) decrement(g *group, members []*member, reason string) error {
	n := 0
	for _, m := range members {
		if m.counts() {
			n++
		}
	}
	if g.desired()-n < g.min() {
		return invalid("Currently, desiredSize equals minSize (%d). Terminating instance without replacement will violate group's min size "+
			"constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.", g.min())
	}
	s.setDesired(g, g.desired()-n, reason)
	return nil
}

// leave takes members out of service without ending them: into standby, or out of the group.
func (s *Service) leave(name *string, ids []string, decrement *bool, verb string, do func(*member)) ([]types.Activity, error) {
	g, err := s.findMutable(name)
	if err != nil {
		return nil, err
	}
	members, err := s.findMembers(ids, g)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if !m.inService() {
			return nil, invalid("The instance %s is not in InService.", m.id())
		}
	}
	if decrement == nil {
		return nil, invalid("ShouldDecrementDesiredCapacity is required")
	}
	if *decrement {
		if err := s.decrement(g, members, "a user request to "+verb+" instances"); err != nil {
			return nil, err
		}
	}
	var activities []types.Activity
	for _, m := range members {
		a := s.begin(g, fmt.Sprintf("%s EC2 instance: %s", verb, m.id()), s.because("instance %s was asked to %s by a user request", m.id(), verb))
		s.deregister(m, m.targets)
		m.targets = nil
		do(m)
		s.end(a, types.ScalingActivityStatusCodeSuccessful, "")
		activities = append(activities, *a)
	}
	s.kick(g)
	return activities, nil
}

func (s *Service) enterStandby(_ context.Context, in *sdk.EnterStandbyInput) (*sdk.EnterStandbyOutput, error) {
	activities, err := s.leave(in.AutoScalingGroupName, in.InstanceIds, in.ShouldDecrementDesiredCapacity, "Moving to Standby",
		func(m *member) {
			m.LifecycleState = types.LifecycleStateStandby
			s.heads(m, targetStandby)
		})
	return &sdk.EnterStandbyOutput{Activities: activities}, err
}

func (s *Service) detachInstances(_ context.Context, in *sdk.DetachInstancesInput) (*sdk.DetachInstancesOutput, error) {
	activities, err := s.leave(in.AutoScalingGroupName, in.InstanceIds, in.ShouldDecrementDesiredCapacity, "Detaching", func(m *member) {
		s.heads(m, targetDetached)
		s.forget(m)
	})
	return &sdk.DetachInstancesOutput{Activities: activities}, err
}

func (s *Service) exitStandby(_ context.Context, in *sdk.ExitStandbyInput) (*sdk.ExitStandbyOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	members, err := s.findMembers(in.InstanceIds, g)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if m.LifecycleState != types.LifecycleStateStandby {
			return nil, invalid("The instance %s is not in Standby.", m.id())
		}
	}
	if err := s.roomFor(g, len(members)); err != nil {
		return nil, err
	}
	out := &sdk.ExitStandbyOutput{}
	s.setDesired(g, g.desired()+len(members), "a user request to move instances out of Standby")
	for _, m := range members {
		m.activity = s.begin(g, "Moving EC2 instance out of Standby: "+m.id(), g.why)
		a := m.activity
		s.enterService(m)
		out.Activities = append(out.Activities, *a)
	}
	return out, nil
}

func (s *Service) roomFor(g *group, n int) error {
	if g.desired()+n > g.max() {
		return invalid("AutoScalingGroup %s has max-size=%d, min-size=%d, and desired-size=%d. To place into service %d more instance(s), "+
			"please update the group sizes appropriately.", g.name(), g.max(), g.min(), g.desired(), n)
	}
	return nil
}

// attachInstances takes running instances into a group.
func (s *Service) attachInstances(_ context.Context, in *sdk.AttachInstancesInput) (*sdk.AttachInstancesOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if len(in.InstanceIds) == 0 {
		return nil, invalid("InstanceIds is required")
	}
	for _, id := range in.InstanceIds {
		if state, ok := s.Compute.State(id); !ok || state != launch.Running {
			return nil, invalid("Invalid Instance(s): Instance %s is not in correct state.", id)
		}
		if m, taken := s.members[id]; taken {
			return nil, invalid("Instance %s is already part of the group %s", id, m.group.name())
		}
	}
	if err := s.roomFor(g, len(in.InstanceIds)); err != nil {
		return nil, err
	}
	s.setDesired(g, g.desired()+len(in.InstanceIds), "a user request to attach instances")
	for _, id := range in.InstanceIds {
		m := s.newMember(g, id, g.protects())
		m.activity = s.begin(g, "Attaching an existing EC2 instance: "+id, g.why)
		s.enterService(m)
	}
	return &sdk.AttachInstancesOutput{}, nil
}

// newMember puts an instance into the books.
func (s *Service) newMember(g *group, id string, protected bool) *member {
	subnet, imageID, instanceType, _ := s.Compute.Place(id)
	_, zone, _ := s.Compute.Subnet(subnet)
	s.seq++
	m := &member{group: g, subnet: subnet, seq: s.seq, Instance: types.Instance{
		InstanceId: aws.String(id), AvailabilityZone: aws.String(zone), InstanceType: aws.String(instanceType), ImageId: aws.String(imageID),
		LifecycleState: types.LifecycleStatePending, HealthStatus: aws.String(healthy), ProtectedFromScaleIn: aws.Bool(protected),
	}}
	g.members = append(g.members, m)
	s.members[id] = m
	s.heads(m, targetInService)
	return m
}

func (g *group) protects() bool { return aws.ToBool(g.NewInstancesProtectedFromScaleIn) }
