package ec2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/wire"
)

var imageName = pattern.Lazy(`^[A-Za-z0-9()\[\] ./\-'@_]{3,128}$`)

func (s *Service) createImage(_ context.Context, in *sdk.CreateImageInput) (*sdk.CreateImageOutput, error) {
	source, err := s.findInstance(aws.ToString(in.InstanceId))
	if err != nil {
		return nil, err
	}
	if state := source.state(); state != launch.Running && state != launch.Stopped {
		return nil, wire.Errorf("IncorrectState", "The instance '%s' is not in the 'running' or 'stopped' states.", *source.InstanceId)
	}
	if err := s.checkImageName(aws.ToString(in.Name)); err != nil {
		return nil, err
	}
	if err := s.checkImageDevices(source, in.BlockDeviceMappings); err != nil {
		return nil, err
	}
	tags, snapshotTags, err := s.imageTags(in.TagSpecifications)
	if err != nil {
		return nil, err
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	if !aws.ToBool(in.NoReboot) && source.state() == launch.Running {
		s.reboot(source)
	}
	id, fault := s.newID("ami-"), s.strike("CreateImage", *in.Name)
	made := s.putImage(types.Image{
		ImageId: aws.String(id), Name: in.Name, Description: in.Description,
		Architecture: source.Architecture, State: types.ImageStatePending,
		OwnerId:          aws.String(s.Account.ID),
		SourceInstanceId: source.InstanceId, SourceImageId: source.ImageId, SourceImageRegion: aws.String(s.region),
		BlockDeviceMappings: s.snapshotDevices(id, source, in.BlockDeviceMappings, snapshotTags, fault),
		RootDeviceName:      source.RootDeviceName,
	})
	if base, ok := s.images.get(*source.ImageId); ok {
		made.ImdsSupport = base.ImdsSupport
	}
	made.software, made.ruin = onDisk(source.software), fault.ruin()
	s.setTags(id, tags)
	s.capture(made)
	s.settle(made)
	return &sdk.CreateImageOutput{ImageId: aws.String(id)}, nil
}

// imageTags reads the tags that a request wants on an image and on its snapshots.
func (s *Service) imageTags(specs []types.TagSpecification) (tags, snapshotTags map[string]string, err error) {
	if tags, err = s.specTags(specs, types.ResourceTypeImage, types.ResourceTypeSnapshot); err != nil {
		return nil, nil, err
	}
	snapshotTags, err = s.specTags(specs, types.ResourceTypeSnapshot, types.ResourceTypeImage)
	return tags, snapshotTags, err
}

// checkImageName refuses a name that cannot be, or that another image of this account and region has.
func (s *Service) checkImageName(name string) error {
	if err := checkImageNameForm(name); err != nil {
		return err
	}
	for _, other := range s.images.all() {
		if *other.Name == name && *other.OwnerId == s.Account.ID {
			return wire.Errorf("InvalidAMIName.Duplicate", "AMI name %s is already in use by AMI %s", name, *other.ImageId)
		}
	}
	return nil
}

func checkImageNameForm(name string) error {
	if imageName().MatchString(name) {
		return nil
	}
	return wire.Errorf("InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain letters, "+
		"numbers, '(', ')', '.', '-', '/' and '_'")
}

// checkImageDevices refuses to change the encryption of the instance's volumes: only a copy of the image can do that.
func (s *Service) checkImageDevices(source *instance, asked []types.BlockDeviceMapping) error {
	for _, d := range source.devices {
		changes := func(a types.BlockDeviceMapping) bool {
			return aws.ToString(a.DeviceName) == aws.ToString(d.DeviceName) && a.Ebs != nil && d.Ebs != nil &&
				aws.ToBool(a.Ebs.Encrypted) && !aws.ToBool(d.Ebs.Encrypted)
		}
		if slices.ContainsFunc(asked, changes) {
			return wire.Errorf("InvalidBlockDeviceMapping", "The encrypted flag cannot be specified since device %s has a snapshot specified.",
				aws.ToString(d.DeviceName))
		}
	}
	for _, a := range asked {
		if a.Ebs == nil || a.Ebs.SnapshotId == nil {
			continue
		}
		if _, err := s.ownSnapshot(*a.Ebs.SnapshotId); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) deregisterImage(_ context.Context, in *sdk.DeregisterImageInput) (*sdk.DeregisterImageOutput, error) {
	img, err := s.ownImage(in.ImageId)
	if err != nil {
		return nil, err
	}
	if s.isProtected(img) {
		return nil, wire.Errorf("OperationNotPermitted", "The image '%s' cannot be deregistered because it is protected from deregistration: %s.",
			*img.ImageId, s.protection(img))
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	s.drop(img)
	out := &sdk.DeregisterImageOutput{Return: aws.Bool(true)}
	if !aws.ToBool(in.DeleteAssociatedSnapshots) {
		return out, nil
	}
	for _, id := range snapshotsOf(img) {
		result := types.DeleteSnapshotReturnCode{SnapshotId: aws.String(id), ReturnCode: types.SnapshotReturnCodesSuccess}
		n, err := s.ownSnapshot(id)
		switch {
		case err != nil:
			result.ReturnCode = types.SnapshotReturnCodesErrorCodeClientError
		case len(s.usersOf(id)) > 0:
			result.ReturnCode = types.SnapshotReturnCodesWarnSkipped
		default:
			s.removeSnapshot(n)
		}
		out.DeleteSnapshotResults = append(out.DeleteSnapshotResults, result)
	}
	return out, nil
}
