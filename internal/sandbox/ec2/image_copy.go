package ec2

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// copyImage copies an image into this region, which may be the one where it is. As on AWS the name may be in use, and
// neither permissions nor a date of deprecation are copied.
func (s *Service) copyImage(_ context.Context, in *sdk.CopyImageInput) (*sdk.CopyImageOutput, error) {
	if made, again, err := s.replayed("CopyImage", in.ClientToken, in); again || err != nil {
		return &sdk.CopyImageOutput{ImageId: &made}, err
	}
	from, source, err := s.copySource(in)
	if err != nil {
		return nil, err
	}
	tags, snapshotTags, err := s.imageTags(in.TagSpecifications)
	if err != nil {
		return nil, err
	}
	if aws.ToBool(in.CopyImageTags) && *source.OwnerId == s.Account.ID {
		inherited := maps.Clone(from.tags[*source.ImageId])
		maps.DeleteFunc(inherited, func(key, _ string) bool { return strings.HasPrefix(key, "aws:") })
		if err := checkTagCount(inherited, tags); err != nil {
			return nil, err
		}
		maps.Copy(inherited, tags)
		tags = inherited
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	id, fault := s.newID("ami-"), s.strike("CopyImage", *in.Name)
	copied := source.Image
	copied.ImageId, copied.Name, copied.Description = aws.String(id), in.Name, in.Description
	copied.OwnerId, copied.State = aws.String(s.Account.ID), types.ImageStatePending
	copied.ImageOwnerAlias, copied.SourceInstanceId = nil, nil
	copied.SourceImageId, copied.SourceImageRegion = source.ImageId, aws.String(from.region)
	copied.BlockDeviceMappings = s.copyDevices(from, id, source, in, snapshotTags, fault)
	made := s.putImage(copied)
	made.disk, made.software, made.ruin = source.disk, onDisk(from.softwareOf(source)), fault.ruin()
	s.setTags(id, tags)
	s.remember("CopyImage", in.ClientToken, in, id)
	s.settle(made)
	return &sdk.CopyImageOutput{ImageId: aws.String(id)}, nil
}

// copySource finds the image that a request wants a copy of, and the region where it is.
func (s *Service) copySource(in *sdk.CopyImageInput) (*Service, *image, error) {
	switch {
	case aws.ToString(in.SourceRegion) == "":
		return nil, nil, missingParameter("SourceRegion")
	case aws.ToString(in.SourceImageId) == "":
		return nil, nil, missingParameter("SourceImageId")
	}
	if err := checkImageNameForm(aws.ToString(in.Name)); err != nil {
		return nil, nil, err
	}
	if err := checkKey(in.Encrypted, in.KmsKeyId); err != nil {
		return nil, nil, err
	}
	from := s.In(*in.SourceRegion)
	source, err := from.findImage(*in.SourceImageId)
	if err != nil {
		return nil, nil, err
	}
	if source.State != types.ImageStateAvailable {
		return nil, nil, notAvailable(source)
	}
	return from, source, nil
}

// copyDevices copies the snapshots of an image. A copy is encrypted when the request says so, or when what it is a copy of
// is.
func (s *Service) copyDevices(from *Service, id string, source *image, in *sdk.CopyImageInput, tags map[string]string, fault *ImageFault) []types.BlockDeviceMapping {
	devices := slices.Clone(source.BlockDeviceMappings)
	for at := range devices {
		if devices[at].Ebs == nil {
			continue
		}
		ebs := *devices[at].Ebs
		devices[at].Ebs = &ebs
		n := types.Snapshot{
			VolumeSize: ebs.VolumeSize, VolumeId: aws.String("vol-ffffffff"), TransferType: types.TransferTypeStandard,
			Encrypted: aws.Bool(aws.ToBool(ebs.Encrypted) || aws.ToBool(in.Encrypted)),
			Description: aws.String("Copied for DestinationAmi " + id + " from SourceAmi " + *source.ImageId + " for SourceSnapshot " +
				aws.ToString(ebs.SnapshotId) + "."),
		}
		if original, ok := from.snapshots.get(aws.ToString(ebs.SnapshotId)); ok {
			n.VolumeSize = original.VolumeSize
		}
		if *n.Encrypted {
			n.KmsKeyId = aws.String(s.keyARN(aws.ToString(in.KmsKeyId)))
		}
		made := s.addSnapshot(n, tags)
		s.begin(made, copyTime, fault)
		ebs.SnapshotId, ebs.Encrypted, ebs.VolumeSize = made.SnapshotId, n.Encrypted, n.VolumeSize
	}
	return devices
}
