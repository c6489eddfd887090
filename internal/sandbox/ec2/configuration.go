package ec2

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/ec2/launch"
)

// configured is what a launch configuration says, in the words of a launch template.
func configured(c *launch.Configuration) *types.ResponseLaunchTemplateData {
	settings := &types.ResponseLaunchTemplateData{
		ImageId: pointer(c.ImageID), InstanceType: types.InstanceType(c.InstanceType), KeyName: pointer(c.KeyName),
		UserData: pointer(c.UserData), SecurityGroupIds: c.SecurityGroups, EbsOptimized: aws.Bool(c.EBSOptimized),
	}
	if c.Profile != "" {
		settings.IamInstanceProfile = &types.LaunchTemplateIamInstanceProfileSpecification{Name: aws.String(c.Profile)}
		if strings.HasPrefix(c.Profile, "arn:") {
			settings.IamInstanceProfile = &types.LaunchTemplateIamInstanceProfileSpecification{Arn: aws.String(c.Profile)}
		}
	}
	if c.Tokens != "" || c.HopLimit != 0 {
		settings.MetadataOptions = &types.LaunchTemplateInstanceMetadataOptions{HttpTokens: types.LaunchTemplateHttpTokensState(c.Tokens)}
		if c.HopLimit != 0 {
			settings.MetadataOptions.HttpPutResponseHopLimit = aws.Int32(c.HopLimit)
		}
	}
	if c.Spot {
		settings.InstanceMarketOptions = &types.LaunchTemplateInstanceMarketOptions{MarketType: types.MarketTypeSpot}
	}
	for _, d := range c.Disks {
		settings.BlockDeviceMappings = append(settings.BlockDeviceMappings, device(d))
	}
	return settings
}

func device(d launch.Disk) types.LaunchTemplateBlockDeviceMapping {
	mapping := types.LaunchTemplateBlockDeviceMapping{DeviceName: aws.String(d.Device)}
	if d.None {
		mapping.NoDevice = aws.String("")
		return mapping
	}
	mapping.Ebs = &types.LaunchTemplateEbsBlockDevice{
		SnapshotId: pointer(d.SnapshotID), VolumeType: types.VolumeType(d.Type), DeleteOnTermination: aws.Bool(!d.Kept),
	}
	if d.GiB != 0 {
		mapping.Ebs.VolumeSize = aws.Int32(d.GiB)
	}
	if d.Encrypted {
		mapping.Ebs.Encrypted = aws.Bool(true)
	}
	return mapping
}
