package autoscaling

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/wire"
)

// maxConfigurations is how many launch configurations an account can have.
const maxConfigurations = 200

func (s *Service) createConfiguration(_ context.Context, in *sdk.CreateLaunchConfigurationInput) (*sdk.CreateLaunchConfigurationOutput, error) {
	name := aws.ToString(in.LaunchConfigurationName)
	switch {
	case name == "":
		return nil, invalid("LaunchConfigurationName is required")
	case s.configuration(name) != nil:
		return nil, wire.Errorf("AlreadyExists", "Launch Configuration by this name already exists - A launch configuration already exists with the name %s", name)
	case in.InstanceId != nil:
		return nil, invalid("A launch configuration cannot be made from an instance here: name an image and a type")
	case in.ImageId == nil || in.InstanceType == nil:
		return nil, invalid("Valid requests must contain either the InstanceID parameter or both the ImageId and InstanceType parameters.")
	case len(s.configurations) >= maxConfigurations:
		return nil, wire.Errorf("LimitExceeded", "The account has %d launch configurations, the most it may have.", maxConfigurations)
	}
	made := adopted[types.LaunchConfiguration](in)
	made.CreatedTime = s.now()
	made.LaunchConfigurationARN = aws.String(s.Account.ARN("autoscaling", "launchConfiguration:"+s.uuid()+":launchConfigurationName/"+name))
	if made.InstanceMonitoring == nil {
		made.InstanceMonitoring = &types.InstanceMonitoring{Enabled: aws.Bool(true)}
	}
	made.EbsOptimized = aws.Bool(aws.ToBool(made.EbsOptimized))
	s.configurations = append(s.configurations, &made)
	return &sdk.CreateLaunchConfigurationOutput{}, nil
}

// configuration is the launch configuration of a name; nil when there is none.
func (s *Service) configuration(name string) *types.LaunchConfiguration {
	for _, c := range s.configurations {
		if *c.LaunchConfigurationName == name {
			return c
		}
	}
	return nil
}

// describeConfigurations leaves out names that do not exist: that is no error.
func (s *Service) describeConfigurations(_ context.Context, in *sdk.DescribeLaunchConfigurationsInput) (*sdk.DescribeLaunchConfigurationsOutput, error) {
	picked := slices.Clone(s.configurations)
	if names := in.LaunchConfigurationNames; len(names) > 0 {
		picked = slices.DeleteFunc(picked, func(c *types.LaunchConfiguration) bool { return !slices.Contains(names, *c.LaunchConfigurationName) })
	}
	name := func(c *types.LaunchConfiguration) string { return *c.LaunchConfigurationName }
	picked, next, err := page(picked, name, in.MaxRecords, in.NextToken, limits{50, 100})
	out := &sdk.DescribeLaunchConfigurationsOutput{NextToken: next}
	for _, c := range picked {
		out.LaunchConfigurations = append(out.LaunchConfigurations, *c)
	}
	return out, err
}

func (s *Service) deleteConfiguration(_ context.Context, in *sdk.DeleteLaunchConfigurationInput) (*sdk.DeleteLaunchConfigurationOutput, error) {
	found := s.configuration(aws.ToString(in.LaunchConfigurationName))
	if found == nil {
		return nil, configurationNotFound(aws.ToString(in.LaunchConfigurationName))
	}
	for _, g := range s.all() {
		if aws.ToString(g.LaunchConfigurationName) == *found.LaunchConfigurationName {
			return nil, wire.Errorf("ResourceInUse", "Cannot delete launch configuration %s because it is attached to AutoScalingGroup %s",
				*found.LaunchConfigurationName, g.name())
		}
	}
	s.configurations = slices.DeleteFunc(s.configurations, func(c *types.LaunchConfiguration) bool { return c == found })
	return &sdk.DeleteLaunchConfigurationOutput{}, nil
}

func configurationNotFound(name string) error {
	return invalid("Launch configuration name not found - Launch configuration %s not found", name)
}

// configuredSpec is what a group with a launch configuration would ask of EC2 now.
func (s *Service) configuredSpec(g *group, subnet string) (launch.Spec, launch.Template, error) {
	c := s.configuration(*g.LaunchConfigurationName)
	if c == nil {
		return launch.Spec{}, launch.Template{}, configurationNotFound(*g.LaunchConfigurationName)
	}
	template := launch.Template{ImageID: *c.ImageId, InstanceType: *c.InstanceType}
	return launch.Spec{Configuration: asConfiguration(c), SubnetID: subnet, Tags: g.instanceTags()}, template, nil
}

func asConfiguration(c *types.LaunchConfiguration) *launch.Configuration {
	spec := &launch.Configuration{
		ImageID: *c.ImageId, InstanceType: *c.InstanceType, KeyName: aws.ToString(c.KeyName), UserData: aws.ToString(c.UserData),
		Profile: aws.ToString(c.IamInstanceProfile), SecurityGroups: c.SecurityGroups,
		Spot: aws.ToString(c.SpotPrice) != "", EBSOptimized: aws.ToBool(c.EbsOptimized),
	}
	if o := c.MetadataOptions; o != nil {
		spec.Tokens, spec.HopLimit = string(o.HttpTokens), aws.ToInt32(o.HttpPutResponseHopLimit)
	}
	for _, d := range c.BlockDeviceMappings {
		disk := launch.Disk{Device: aws.ToString(d.DeviceName), None: aws.ToBool(d.NoDevice)}
		if e := d.Ebs; e != nil {
			disk.SnapshotID, disk.Type, disk.GiB = aws.ToString(e.SnapshotId), aws.ToString(e.VolumeType), aws.ToInt32(e.VolumeSize)
			disk.Encrypted, disk.Kept = aws.ToBool(e.Encrypted), e.DeleteOnTermination != nil && !*e.DeleteOnTermination
		}
		spec.Disks = append(spec.Disks, disk)
	}
	return spec
}
