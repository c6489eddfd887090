package ec2

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

// registerTime is how long an image is still pending when its snapshots are completed.
const registerTime = 5 * time.Second

// settle ends an image's time of being pending, once all that it is made of has come to an end.
func (s *Service) settle(i *image) {
	if i.State != types.ImageStatePending || i.timer != nil {
		return
	}
	for _, id := range snapshotsOf(i) {
		n, ok := s.snapshots.get(id)
		switch {
		case !ok:
			s.fail(i, "The snapshot "+id+" is not there")
			return
		case n.State == types.SnapshotStateError:
			s.fail(i, "The snapshot "+id+" failed: "+n.broken)
			return
		case n.State == types.SnapshotStatePending:
			return
		}
	}
	if i.capturing {
		return
	}
	i.timer = s.Account.After(registerTime, func() {
		if i.ruin != "" {
			s.fail(i, i.ruin)
			return
		}
		i.State = types.ImageStateAvailable
	})
}

func (s *Service) fail(i *image, why string) {
	const code = "Server.InternalError"
	i.State = types.ImageStateFailed
	i.StateReason = &types.StateReason{Code: aws.String(code), Message: aws.String(code + ": " + why)}
}

// capture keeps the disk of an image's instance, where there is one to keep.
func (s *Service) capture(i *image) {
	if s.Capture == nil {
		return
	}
	i.capturing = s.Capture(*i.SourceInstanceId, *i.ImageId, func(err error) {
		i.capturing = false
		if err != nil {
			i.ruin = "The disk could not be kept: " + err.Error()
		}
		s.settle(i)
	})
	if i.capturing {
		i.disk = *i.ImageId
	}
}

// drop deregisters an image.
func (s *Service) drop(i *image) {
	i.timer.Stop()
	i.State = types.ImageStateDeregistered
	s.images.remove(*i.ImageId)
	s.gone[*i.ImageId] = true
	delete(s.tags, *i.ImageId)
	if s.Discard != nil && i.disk != "" && !s.hasDisk(i.disk) {
		s.Discard(i.disk)
	}
}

// hasDisk tells whether an image of any region has a disk.
func (s *Service) hasDisk(id string) bool {
	for _, there := range s.regions {
		if slices.ContainsFunc(there.images.all(), func(i *image) bool { return i.disk == id }) {
			return true
		}
	}
	return false
}

// snapshotDevices gives an image the devices of its instance, changed by what the request says of them. Every volume gets a
// snapshot of its own, but for one that the request adds from a snapshot.
func (s *Service) snapshotDevices(imageID string, source *instance, asked []types.BlockDeviceMapping, tags map[string]string, fault *ImageFault) []types.BlockDeviceMapping {
	devices := overrideDevices(source.devices, asked)
	for at := range devices {
		if devices[at].Ebs == nil {
			continue
		}
		ebs := *devices[at].Ebs
		devices[at].Ebs = &ebs
		given := func(d types.BlockDeviceMapping) bool {
			return aws.ToString(d.DeviceName) == aws.ToString(devices[at].DeviceName) && d.Ebs != nil && d.Ebs.SnapshotId != nil
		}
		if slices.ContainsFunc(asked, given) {
			continue
		}
		n := types.Snapshot{
			VolumeSize: ebs.VolumeSize, Encrypted: ebs.Encrypted, VolumeId: source.volume(devices[at].DeviceName),
			Description: aws.String("Created by CreateImage(" + *source.InstanceId + ") for " + imageID),
		}
		if aws.ToBool(ebs.Encrypted) {
			n.KmsKeyId = aws.String(s.keyARN(aws.ToString(ebs.KmsKeyId)))
		}
		made := s.addSnapshot(n, tags)
		s.begin(made, snapshotTime, fault)
		ebs.SnapshotId, ebs.KmsKeyId = made.SnapshotId, nil // an image does not tell keys
	}
	return devices
}

// volume is the id of the volume at a device.
func (i *instance) volume(device *string) *string {
	for _, d := range i.BlockDeviceMappings {
		if aws.ToString(d.DeviceName) == aws.ToString(device) && d.Ebs != nil {
			return d.Ebs.VolumeId
		}
	}
	return nil
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
			devices[i].Ebs = overrideDisk(devices[i].Ebs, a.Ebs)
		default:
			devices[i] = a
		}
	}
	return devices
}

// overrideDisk lays asked over have. What is encrypted stays so.
func overrideDisk(have, asked *types.EbsBlockDevice) *types.EbsBlockDevice {
	disk := *have
	override(&disk, asked)
	if aws.ToBool(have.Encrypted) {
		disk.Encrypted = have.Encrypted
	}
	return &disk
}

// checkDevices refuses volumes that cannot be made.
func (s *Service) checkDevices(devices []types.BlockDeviceMapping) error {
	for _, d := range devices {
		if d.Ebs == nil {
			continue
		}
		if err := checkKey(d.Ebs.Encrypted, d.Ebs.KmsKeyId); err != nil {
			return err
		}
		if d.Ebs.SnapshotId == nil {
			continue
		}
		n, err := s.findSnapshot(*d.Ebs.SnapshotId)
		if err != nil {
			return err
		}
		if least, size := aws.ToInt32(n.VolumeSize), aws.ToInt32(d.Ebs.VolumeSize); size != 0 && size < least {
			return wire.Errorf("InvalidBlockDeviceMapping", "Volume of size %dGB is smaller than snapshot '%s', expect size >= %dGB",
				size, *n.SnapshotId, least)
		}
	}
	return nil
}
