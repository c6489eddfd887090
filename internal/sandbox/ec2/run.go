package ec2

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/wire"
)

// CheckLaunch tells what would keep Launch from making an instance, capacity aside.
func (s *Service) CheckLaunch(spec launch.Spec) error {
	_, err := s.drawSpec(spec)
	return err
}

// Launch makes one instance from a launch template; it is pending when Launch returns.
func (s *Service) Launch(spec launch.Spec) (instanceID string, err error) {
	b, err := s.drawSpec(spec)
	if err != nil {
		return "", err
	}
	made, err := s.build(b, 1, 1)
	if err != nil {
		return "", err
	}
	return *made[0].InstanceId, nil
}

func (s *Service) drawSpec(spec launch.Spec) (*blueprint, error) {
	if spec.Configuration != nil {
		return s.draw(configured(spec.Configuration), spec.SubnetID, spec.Tags)
	}
	t, err := s.findTemplate(spec.TemplateID, "")
	if err != nil {
		return nil, err
	}
	version, ok := t.versions[spec.Version]
	if !ok {
		return nil, versionNotFound(t)
	}
	settings := merge(version.LaunchTemplateData, &types.ResponseLaunchTemplateData{
		ImageId: pointer(spec.ImageID), InstanceType: types.InstanceType(spec.InstanceType),
	})
	tags := templateTags(t.resolved(spec.Version))
	maps.Copy(tags, spec.Tags)
	return s.draw(settings, spec.SubnetID, tags)
}

// pointer is nil for what is empty.
func pointer(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func (s *Service) runInstances(_ context.Context, in *sdk.RunInstancesInput) (*sdk.RunInstancesOutput, error) {
	least, most := aws.ToInt32(in.MinCount), aws.ToInt32(in.MaxCount)
	if least < 1 || most < least {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value for instance count: MinCount %d, MaxCount %d", least, most)
	}
	if reservation, again, err := s.replayed("RunInstances", in.ClientToken, in); again || err != nil {
		return s.reserved(reservation), err
	}
	b, err := s.drawRequest(in)
	if err != nil {
		return nil, err
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	made, err := s.build(b, int(least), int(most))
	if err != nil {
		return nil, err
	}
	s.remember("RunInstances", in.ClientToken, in, made[0].reservation)
	return s.reserved(made[0].reservation), nil
}

// drawRequest lays a request over the launch template that it may name.
func (s *Service) drawRequest(in *sdk.RunInstancesInput) (*blueprint, error) {
	if len(in.SecurityGroups) > 0 {
		return nil, wire.Errorf("InvalidParameterCombination", "The parameter groupName cannot be used with the parameter subnet")
	}
	switch in.InstanceInitiatedShutdownBehavior {
	case "", types.ShutdownBehaviorStop, types.ShutdownBehaviorTerminate:
	default:
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for instanceInitiatedShutdownBehavior.",
			in.InstanceInitiatedShutdownBehavior)
	}
	asked := convert[types.ResponseLaunchTemplateData](in)
	asked.TagSpecifications = nil // the template's tags stay, the request's come beside them
	settings, tags := asked, map[string]string{}
	if in.LaunchTemplate != nil {
		spec := in.LaunchTemplate
		t, version, err := s.resolve(aws.ToString(spec.LaunchTemplateId), aws.ToString(spec.LaunchTemplateName), aws.ToString(spec.Version))
		if err != nil {
			return nil, err
		}
		settings = merge(version.LaunchTemplateData, asked)
		tags = templateTags(t.resolved(*version.VersionNumber))
	}
	own, err := s.specTags(in.TagSpecifications, types.ResourceTypeInstance, types.ResourceTypeVolume,
		types.ResourceTypeNetworkInterface, types.ResourceTypeSpotInstancesRequest)
	if err != nil {
		return nil, err
	}
	maps.Copy(tags, own)
	b, err := s.draw(settings, aws.ToString(in.SubnetId), tags)
	if err == nil {
		b.token = in.ClientToken
	}
	return b, err
}

// reserved describes all instances of a reservation.
func (s *Service) reserved(reservation string) *sdk.RunInstancesOutput {
	if reservation == "" {
		return nil
	}
	out := &sdk.RunInstancesOutput{ReservationId: aws.String(reservation), OwnerId: aws.String(s.Account.ID)}
	for _, i := range s.instances.all() {
		if i.reservation == reservation {
			out.Instances = append(out.Instances, s.described(i))
		}
	}
	return out
}

// build makes at most most instances; less than least is a failure.
func (s *Service) build(b *blueprint, least, most int) ([]*instance, error) {
	if s.capacity >= 0 {
		most = min(most, s.capacity-s.existing())
	}
	if most < least {
		return nil, wire.Errorf("InsufficientInstanceCapacity", "We currently do not have sufficient %s capacity in the Availability Zone you "+
			"requested (%s). Our system will be working on provisioning additional capacity. You can currently get %[1]s capacity by not "+
			"specifying an Availability Zone in your request or choosing another one.", typeName(b.kind), *b.subnet.AvailabilityZone).WithStatus(500)
	}
	reservation := s.newID("r-")
	var made []*instance
	for n := range most {
		i := s.newInstance(b, reservation, n)
		made = append(made, i)
		s.boot(i)
	}
	return made, nil
}

func (s *Service) existing() int {
	n := 0
	for _, i := range s.instances.all() {
		if i.state() != launch.Terminated {
			n++
		}
	}
	return n
}
