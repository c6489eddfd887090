package ec2

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/wire"
)

// blueprint is all that is needed to make instances, checked.
type blueprint struct {
	image    *image
	kind     types.InstanceTypeInfo
	devices  []types.BlockDeviceMapping
	subnet   types.Subnet
	groups   []types.GroupIdentifier
	profile  *types.IamInstanceProfile
	settings *types.ResponseLaunchTemplateData
	tags     map[string]string
	token    *string
}

// draw checks settings and makes a blueprint of them. tags come beside and before those in the settings.
func (s *Service) draw(settings *types.ResponseLaunchTemplateData, subnetID string, tags map[string]string) (*blueprint, error) {
	b := &blueprint{settings: settings, tags: map[string]string{}}
	for _, spec := range settings.TagSpecifications {
		if spec.ResourceType == types.ResourceTypeInstance {
			for _, t := range spec.Tags {
				b.tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
		}
	}
	maps.Copy(b.tags, tags)
	if err := s.drawImage(b); err != nil {
		return nil, err
	}
	if err := s.drawNetwork(b, subnetID); err != nil {
		return nil, err
	}
	return b, s.drawProfile(b)
}

func (s *Service) drawImage(b *blueprint) error {
	if aws.ToString(b.settings.ImageId) == "" {
		return missingParameter("ImageId")
	}
	id, err := s.resolveImage(*b.settings.ImageId)
	if err != nil {
		return err
	}
	img, err := s.findImage(id)
	if err != nil {
		return err
	}
	if img.State != types.ImageStateAvailable {
		return notAvailable(img)
	}
	name := string(b.settings.InstanceType)
	if name == "" {
		name = "t3.micro"
	}
	table := instanceTypes()
	kind, ok := table.get(name)
	if !ok {
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceType.", name)
	}
	if architecture(kind) != string(img.Architecture) {
		return wire.Errorf("InvalidParameterValue", "The architecture '%s' of the specified instance type does not match the architecture "+
			"'%s' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.",
			architecture(kind), img.Architecture)
	}
	b.image, b.kind = img, kind
	b.devices = overrideDevices(img.BlockDeviceMappings, *convertDevices(b.settings.BlockDeviceMappings))
	if err := s.checkDevices(b.devices); err != nil {
		return err
	}
	s.settleKeys(b.devices)
	return checkUserData("InvalidParameterValue", b.settings.UserData)
}

func checkUserData(code string, data *string) error {
	if _, err := base64.StdEncoding.DecodeString(aws.ToString(data)); err != nil {
		return wire.Errorf(code, "Invalid BASE64 encoding of user data.")
	}
	return nil
}

func (s *Service) drawNetwork(b *blueprint, subnetID string) error {
	groups := b.settings.SecurityGroupIds
	if len(b.settings.NetworkInterfaces) > 0 {
		first := b.settings.NetworkInterfaces[0]
		groups = append(slices.Clone(groups), first.Groups...)
		subnetID = orNew(subnetID, aws.ToString(first.SubnetId))
	}
	if subnetID == "" {
		subnetID = s.defaultSubnet(b.settings.Placement)
	}
	if subnetID == "" {
		return wire.Errorf("MissingInput", "No subnets found for the default VPC. Please specify a subnet.")
	}
	subnet, ok := s.subnets.get(subnetID)
	if !ok {
		return wire.Errorf("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", subnetID)
	}
	b.subnet = subnet
	for _, id := range groups {
		group, ok := s.groups.get(id)
		if !ok || *group.VpcId != *subnet.VpcId {
			return wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in VPC '%s'", id, *subnet.VpcId)
		}
		b.groups = append(b.groups, types.GroupIdentifier{GroupId: group.GroupId, GroupName: group.GroupName})
	}
	return nil
}

func (s *Service) defaultSubnet(p *types.LaunchTemplatePlacement) string {
	for _, subnet := range s.subnets.all() {
		zoneFits := p == nil || p.AvailabilityZone == nil || *p.AvailabilityZone == *subnet.AvailabilityZone
		if aws.ToBool(subnet.DefaultForAz) && zoneFits {
			return *subnet.SubnetId
		}
	}
	return ""
}

// AddInstanceProfile makes an IAM instance profile known, so that instances can be launched with it.
func (s *Service) AddInstanceProfile(name string) { s.profiles[name] = true }

func (s *Service) drawProfile(b *blueprint) error {
	asked := b.settings.IamInstanceProfile
	if asked == nil {
		return nil
	}
	name, parameter, given := aws.ToString(asked.Name), "name", aws.ToString(asked.Name)
	if asked.Arn != nil {
		parameter, given = "arn", *asked.Arn
		_, name, _ = strings.Cut(given, ":instance-profile/")
		name = name[strings.LastIndex(name, "/")+1:]
	}
	if !s.profiles[name] {
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter iamInstanceProfile.%s is invalid. Invalid IAM Instance Profile %s",
			given, parameter, parameter)
	}
	b.profile = &types.IamInstanceProfile{
		Arn: aws.String("arn:aws:iam::" + s.Account.ID + ":instance-profile/" + name), Id: aws.String("AIPA" + strings.ToUpper(s.Account.Hex(16))),
	}
	return nil
}

// templateTags are the tags by which EC2 itself says what template an instance came from.
func templateTags(t launch.Template) map[string]string {
	return map[string]string{"aws:ec2launchtemplate:id": t.ID, "aws:ec2launchtemplate:version": strconv.FormatInt(t.Version, 10)}
}
