package ec2

import (
	"context"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/wire"
)

// imageTime is how long an image is pending.
const imageTime = 30 * time.Second

var imageName = regexp.MustCompile(`^[A-Za-z0-9()\[\] ./\-'@_]{3,128}$`)

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
	tags, err := s.specTags(in.TagSpecifications, types.ResourceTypeImage, types.ResourceTypeSnapshot)
	if err != nil {
		return nil, err
	}
	snapshotTags, err := s.specTags(in.TagSpecifications, types.ResourceTypeSnapshot, types.ResourceTypeImage)
	if err != nil {
		return nil, err
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	if !aws.ToBool(in.NoReboot) && source.state() == launch.Running {
		s.reboot(source)
	}
	id := s.newID("ami-")
	made := s.putImage(types.Image{
		ImageId: aws.String(id), Name: in.Name, Description: in.Description,
		Architecture: source.Architecture, State: types.ImageStatePending,
		OwnerId: aws.String(s.Account.ID), Public: aws.Bool(false),
		SourceInstanceId: source.InstanceId, SourceImageId: source.ImageId, SourceImageRegion: aws.String(s.Account.Region),
		BlockDeviceMappings: s.snapshotDevices(id, source.devices, in.BlockDeviceMappings, snapshotTags),
		RootDeviceName:      source.RootDeviceName,
	})
	s.setTags(id, tags)
	s.Account.After(imageTime, func() {
		if made.State == types.ImageStatePending {
			made.State = types.ImageStateAvailable
		}
	})
	return &sdk.CreateImageOutput{ImageId: aws.String(id)}, nil
}

func (s *Service) checkImageName(name string) error {
	if !imageName.MatchString(name) {
		return wire.Errorf("InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain letters, "+
			"numbers, '(', ')', '.', '-', '/' and '_'")
	}
	for _, other := range s.images.all() {
		if *other.Name == name && *other.OwnerId == s.Account.ID {
			return wire.Errorf("InvalidAMIName.Duplicate", "AMI name %s is already in use by AMI %s", name, *other.ImageId)
		}
	}
	return nil
}

// snapshotDevices gives an image the devices of its instance, changed by what the request says of them. Every volume gets a
// snapshot of its own.
func (s *Service) snapshotDevices(imageID string, have, asked []types.BlockDeviceMapping, tags map[string]string) []types.BlockDeviceMapping {
	devices := overrideDevices(have, asked)
	for i := range devices {
		if devices[i].Ebs == nil {
			continue
		}
		ebs := *devices[i].Ebs
		snapshot := s.newSnapshot(imageID)
		ebs.SnapshotId = aws.String(snapshot)
		devices[i].Ebs = &ebs
		s.setTags(snapshot, tags)
	}
	return devices
}

// overrideDevices lays asked over have, by device name: what is given replaces, NoDevice takes away, the rest stays.
func overrideDevices(have, asked []types.BlockDeviceMapping) []types.BlockDeviceMapping {
	devices := slices.Clone(have)
	for _, a := range asked {
		named := func(d types.BlockDeviceMapping) bool { return aws.ToString(d.DeviceName) == aws.ToString(a.DeviceName) }
		i := slices.IndexFunc(devices, named)
		switch {
		case a.NoDevice != nil:
			devices = slices.DeleteFunc(devices, named)
		case i < 0:
			devices = append(devices, a)
		case a.Ebs != nil && devices[i].Ebs != nil:
			ebs := *devices[i].Ebs
			override(&ebs, a.Ebs)
			devices[i].Ebs = &ebs
		default:
			devices[i] = a
		}
	}
	return devices
}

func (s *Service) deregisterImage(_ context.Context, in *sdk.DeregisterImageInput) (*sdk.DeregisterImageOutput, error) {
	img, err := s.findImage(aws.ToString(in.ImageId))
	if err != nil {
		return nil, err
	}
	if *img.OwnerId != s.Account.ID {
		return nil, wire.Errorf("AuthFailure", "Not authorized for image:%s", *img.ImageId).WithStatus(403)
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	s.images.remove(*img.ImageId)
	s.gone[*img.ImageId] = true
	delete(s.tags, *img.ImageId)
	out := &sdk.DeregisterImageOutput{Return: aws.Bool(true)}
	for _, d := range img.BlockDeviceMappings {
		if d.Ebs == nil || !aws.ToBool(in.DeleteAssociatedSnapshots) {
			continue
		}
		delete(s.snapshots, *d.Ebs.SnapshotId)
		delete(s.tags, *d.Ebs.SnapshotId)
		out.DeleteSnapshotResults = append(out.DeleteSnapshotResults, types.DeleteSnapshotReturnCode{
			SnapshotId: d.Ebs.SnapshotId, ReturnCode: types.SnapshotReturnCodesSuccess,
		})
	}
	return out, nil
}
