package ec2

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// launchReported is how long it takes until an image shows that it was launched.
const launchReported = 24 * time.Hour

func imageID(i *image) string { return *i.ImageId }

func (s *Service) describeImages(_ context.Context, in *sdk.DescribeImagesInput) (*sdk.DescribeImagesOutput, error) {
	images, err := s.images.pick(in.ImageIds, func(id string) error {
		_, err := s.findImage(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	images = slices.DeleteFunc(images, func(i *image) bool {
		return !s.listed(i, in) || len(in.Owners) > 0 && !s.isOwner(*i.OwnerId, in.Owners) ||
			len(in.ExecutableUsers) > 0 && !s.executable(i, in.ExecutableUsers)
	})
	if images, err = filtered(s, images, imageID, in.Filters, imageAttributes); err != nil {
		return nil, err
	}
	images, next, err := page(images, imageID, in.MaxResults, in.NextToken, limits{1, 1000})
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeImagesOutput{NextToken: next}
	for _, i := range images {
		out.Images = append(out.Images, s.describedImage(i))
	}
	return out, nil
}

// describedImage is an image as a client sees it now.
func (s *Service) describedImage(i *image) types.Image {
	d := i.Image
	d.Tags = s.tagsOf(*i.ImageId)
	d.Public = aws.Bool(i.public())
	d.ImageAllowed = aws.Bool(true)
	d.LastLaunchedTime = s.lastLaunched(i)
	d.DeregistrationProtection = aws.String(s.protection(i))
	if !i.deprecated.IsZero() {
		d.DeprecationTime = aws.String(i.deprecated.UTC().Format(imageTimeFormat))
	}
	return d
}

// listed tells whether an image is shown without being hidden: a disabled one, or one of others that is deprecated.
func (s *Service) listed(i *image, in *sdk.DescribeImagesInput) bool {
	if i.State == types.ImageStateDisabled && !aws.ToBool(in.IncludeDisabled) {
		return false
	}
	deprecated := !i.deprecated.IsZero() && !s.Account.Now().Before(i.deprecated)
	return !deprecated || *i.OwnerId == s.Account.ID || aws.ToBool(in.IncludeDeprecated)
}

// isOwner tells whether one of the owners that a request names is the given one.
func (s *Service) isOwner(owner string, named []string) bool {
	return slices.Contains(named, owner) || owner == s.Account.ID && slices.Contains(named, "self")
}

// executable tells whether one of the named users was given the permission to launch an image.
func (s *Service) executable(i *image, users []string) bool {
	return slices.ContainsFunc(i.permissions, func(p types.LaunchPermission) bool {
		account := aws.ToString(p.UserId)
		return slices.Contains(users, account) || account == s.Account.ID && slices.Contains(users, "self") ||
			p.Group == types.PermissionGroupAll && slices.Contains(users, "all")
	})
}

func (i *image) public() bool {
	return slices.ContainsFunc(i.permissions, func(p types.LaunchPermission) bool { return p.Group == types.PermissionGroupAll })
}

// lastLaunched is when an image was launched last, as far as AWS knows by now.
func (s *Service) lastLaunched(i *image) *string {
	for _, at := range slices.Backward(i.launches) {
		if !s.Account.Now().Before(at.Add(s.Account.Scaled(launchReported))) {
			return aws.String(at.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// noteLaunch remembers that an image is launched. Of the launches that can be seen already, only the last matters.
func (s *Service) noteLaunch(i *image) {
	now := s.Account.Now()
	for len(i.launches) > 1 && !now.Before(i.launches[1].Add(s.Account.Scaled(launchReported))) {
		i.launches = i.launches[1:]
	}
	i.launches = append(i.launches, now)
}

var imageAttributes = attributes[*image]{
	"image-id":             func(i *image) []string { return one(*i.ImageId) },
	"name":                 func(i *image) []string { return one(*i.Name) },
	"description":          func(i *image) []string { return one(aws.ToString(i.Description)) },
	"architecture":         func(i *image) []string { return one(string(i.Architecture)) },
	"state":                func(i *image) []string { return one(string(i.State)) },
	"owner-id":             func(i *image) []string { return one(*i.OwnerId) },
	"owner-alias":          func(i *image) []string { return one(*i.OwnerId) },
	"is-public":            func(i *image) []string { return boolean(aws.Bool(i.public())) },
	"image-allowed":        func(*image) []string { return one("true") },
	"creation-date":        func(i *image) []string { return one(*i.CreationDate) },
	"image-type":           func(i *image) []string { return one(string(i.ImageType)) },
	"manifest-location":    func(i *image) []string { return one(*i.ImageLocation) },
	"root-device-type":     func(i *image) []string { return one(string(i.RootDeviceType)) },
	"root-device-name":     func(i *image) []string { return one(*i.RootDeviceName) },
	"virtualization-type":  func(i *image) []string { return one(string(i.VirtualizationType)) },
	"hypervisor":           func(i *image) []string { return one(string(i.Hypervisor)) },
	"ena-support":          func(i *image) []string { return boolean(i.EnaSupport) },
	"platform":             func(i *image) []string { return one(string(i.Platform)) },
	"platform-details":     func(i *image) []string { return one(*i.PlatformDetails) },
	"source-instance-id":   func(i *image) []string { return one(aws.ToString(i.SourceInstanceId)) },
	"source-image-id":      func(i *image) []string { return one(aws.ToString(i.SourceImageId)) },
	"source-image-region":  func(i *image) []string { return one(aws.ToString(i.SourceImageRegion)) },
	"state-reason-code":    func(i *image) []string { return reason(i, func(r *types.StateReason) *string { return r.Code }) },
	"state-reason-message": func(i *image) []string { return reason(i, func(r *types.StateReason) *string { return r.Message }) },
	"block-device-mapping.device-name": func(i *image) []string {
		var names []string
		for _, d := range i.BlockDeviceMappings {
			names = append(names, aws.ToString(d.DeviceName))
		}
		return names
	},
	"block-device-mapping.snapshot-id": snapshotsOf,
	"block-device-mapping.encrypted": ofDisks(func(e *types.EbsBlockDevice) []string {
		return boolean(e.Encrypted)
	}),
	"block-device-mapping.delete-on-termination": ofDisks(func(e *types.EbsBlockDevice) []string {
		return boolean(e.DeleteOnTermination)
	}),
	"block-device-mapping.volume-type": ofDisks(func(e *types.EbsBlockDevice) []string {
		return one(string(e.VolumeType))
	}),
	"block-device-mapping.volume-size": ofDisks(func(e *types.EbsBlockDevice) []string {
		return one(strconv.Itoa(int(aws.ToInt32(e.VolumeSize))))
	}),
}

func reason(i *image, part func(*types.StateReason) *string) []string {
	if i.StateReason == nil {
		return nil
	}
	return one(aws.ToString(part(i.StateReason)))
}

// ofDisks is an attribute of all volumes of an image.
func ofDisks(get func(*types.EbsBlockDevice) []string) func(*image) []string {
	return func(i *image) (values []string) {
		for _, d := range i.BlockDeviceMappings {
			if d.Ebs != nil {
				values = append(values, get(d.Ebs)...)
			}
		}
		return values
	}
}
