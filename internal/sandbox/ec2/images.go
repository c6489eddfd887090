package ec2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

// image is an AMI. Its tags live in Service.tags.
type image struct{ types.Image }

// Image asks for an AMI. What is empty gets a usual value.
type Image struct {
	ID           string
	Name         string
	Description  string
	Architecture string // "x86_64" when empty
	State        string // "available" when empty
	Owner        string // an account id, or an alias such as "amazon"; this account when empty
	Tags         map[string]string
}

const imageTimeFormat = "2006-01-02T15:04:05.000Z"

// AddImage makes an AMI and returns its id. It fails where the tags cannot be.
func (s *Service) AddImage(spec Image) (string, error) {
	id := orNew(spec.ID, s.newID("ami-"))
	for key, value := range spec.Tags {
		if s.CheckTag == nil {
			break
		}
		if err := s.CheckTag(key, value); err != nil {
			return "", wire.Errorf("InvalidParameterValue", "Tag %s: %v", key, err)
		}
	}
	s.putImage(types.Image{
		ImageId: aws.String(id), Name: aws.String(orNew(spec.Name, id)), Description: aws.String(spec.Description),
		Architecture: types.ArchitectureValues(orNew(spec.Architecture, "x86_64")),
		State:        types.ImageState(orNew(spec.State, string(types.ImageStateAvailable))),
		OwnerId:      aws.String(orNew(spec.Owner, s.Account.ID)),
		Public:       aws.Bool(spec.Owner != "" && spec.Owner != s.Account.ID),
		BlockDeviceMappings: []types.BlockDeviceMapping{{
			DeviceName: aws.String("/dev/xvda"),
			Ebs: &types.EbsBlockDevice{
				SnapshotId: aws.String(s.newSnapshot(id)), VolumeSize: aws.Int32(8),
				VolumeType: types.VolumeTypeGp3, DeleteOnTermination: aws.Bool(true), Encrypted: aws.Bool(false),
			},
		}},
		RootDeviceName: aws.String("/dev/xvda"),
	})
	s.setTags(id, spec.Tags)
	return id, nil
}

// putImage stores an image after filling in what all images here share.
func (s *Service) putImage(i types.Image) *image {
	i.CreationDate = aws.String(s.Account.Now().Format(imageTimeFormat))
	i.ImageLocation = aws.String(*i.OwnerId + "/" + *i.Name)
	i.ImageType = types.ImageTypeValuesMachine
	i.RootDeviceType = types.DeviceTypeEbs
	i.VirtualizationType = types.VirtualizationTypeHvm
	i.Hypervisor = types.HypervisorTypeXen
	i.EnaSupport = aws.Bool(true)
	i.PlatformDetails, i.UsageOperation = aws.String("Linux/UNIX"), aws.String("RunInstances")
	stored := &image{i}
	s.images.put(*i.ImageId, stored)
	return stored
}

func (s *Service) newSnapshot(imageID string) string {
	id := s.newID("snap-")
	s.snapshots[id] = imageID
	return id
}

// findImage looks an AMI up that a request names.
func (s *Service) findImage(id string) (*image, error) {
	if err := checkID("InvalidAMIID.Malformed", "ami-", id); err != nil {
		return nil, err
	}
	if s.gone[id] {
		return nil, wire.Errorf("InvalidAMIID.Unavailable", "The image ID '%s' is no longer available", id)
	}
	img, ok := s.images.get(id)
	if !ok {
		return nil, wire.Errorf("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
	}
	return img, nil
}

func (s *Service) describeImages(_ context.Context, in *sdk.DescribeImagesInput) (*sdk.DescribeImagesOutput, error) {
	images, err := s.images.pick(in.ImageIds, func(id string) error {
		_, err := s.findImage(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(in.Owners) > 0 {
		images = slices.DeleteFunc(images, func(i *image) bool { return !s.ownedBy(i, in.Owners) })
	}
	name := func(i *image) string { return *i.ImageId }
	if images, err = filtered(s, images, name, in.Filters, imageAttributes); err != nil {
		return nil, err
	}
	images, next, err := page(images, name, in.MaxResults, in.NextToken, limits{1, 1000})
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeImagesOutput{NextToken: next}
	for _, i := range images {
		described := i.Image
		described.Tags = s.tagsOf(*i.ImageId)
		out.Images = append(out.Images, described)
	}
	return out, nil
}

func (s *Service) ownedBy(i *image, owners []string) bool {
	return slices.Contains(owners, *i.OwnerId) || *i.OwnerId == s.Account.ID && slices.Contains(owners, "self")
}

var imageAttributes = attributes[*image]{
	"image-id":            func(i *image) []string { return one(*i.ImageId) },
	"name":                func(i *image) []string { return one(*i.Name) },
	"description":         func(i *image) []string { return one(aws.ToString(i.Description)) },
	"architecture":        func(i *image) []string { return one(string(i.Architecture)) },
	"state":               func(i *image) []string { return one(string(i.State)) },
	"owner-id":            func(i *image) []string { return one(*i.OwnerId) },
	"owner-alias":         func(i *image) []string { return one(*i.OwnerId) },
	"is-public":           func(i *image) []string { return boolean(i.Public) },
	"creation-date":       func(i *image) []string { return one(*i.CreationDate) },
	"image-type":          func(i *image) []string { return one(string(i.ImageType)) },
	"root-device-type":    func(i *image) []string { return one(string(i.RootDeviceType)) },
	"root-device-name":    func(i *image) []string { return one(*i.RootDeviceName) },
	"virtualization-type": func(i *image) []string { return one(string(i.VirtualizationType)) },
	"hypervisor":          func(i *image) []string { return one(string(i.Hypervisor)) },
	"ena-support":         func(i *image) []string { return boolean(i.EnaSupport) },
	"source-instance-id":  func(i *image) []string { return one(aws.ToString(i.SourceInstanceId)) },
	"platform-details":    func(i *image) []string { return one(*i.PlatformDetails) },
	"block-device-mapping.snapshot-id": func(i *image) []string {
		var ids []string
		for _, m := range i.BlockDeviceMappings {
			if m.Ebs != nil {
				ids = append(ids, aws.ToString(m.Ebs.SnapshotId))
			}
		}
		return ids
	},
}
