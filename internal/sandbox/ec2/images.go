package ec2

import (
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

// image is an AMI. Its tags live in Service.tags.
type image struct {
	types.Image // without what described fills in

	permissions []types.LaunchPermission
	deprecated  time.Time // zero for never
	protected   bool
	cooldown    bool      // protection ends a day after it was taken away
	guarded     time.Time // until when, after it was taken away
	launches    []time.Time

	// software is what the instance ran that the image was made of, as tags of the sandbox: what is on a disk is not lost
	// because nobody has tagged the copy.
	software  map[string]string
	disk      string         // the image for which its disk was kept; "" for none
	capturing bool           // that is not done yet
	ruin      string         // why it will fail once its snapshots are complete; "" when it will not
	timer     *account.Timer // its end of being pending
}

// softwarePrefix begins the tags that say what software is on an image.
const softwarePrefix = "sandbox:"

// softwareOf are the tags by which the software of an image goes.
func (s *Service) softwareOf(i *image) map[string]string {
	software := maps.Clone(s.tags[*i.ImageId])
	for key, value := range i.software {
		if _, tagged := software[key]; !tagged {
			software[key] = value
		}
	}
	return software
}

// onDisk are those of them that go into copies.
func onDisk(software map[string]string) map[string]string {
	copied := maps.Clone(software)
	maps.DeleteFunc(copied, func(key, _ string) bool { return !strings.HasPrefix(key, softwarePrefix) })
	return copied
}

// Image asks for an AMI. What is empty gets a usual value.
type Image struct {
	ID           string
	Name         string
	Description  string
	Architecture string // "x86_64" when empty
	State        string // "available" when empty
	Owner        string // an account id, or an alias such as "amazon"; this account when empty
	Tags         map[string]string
	Created      time.Time // now when zero
	Deprecated   time.Time // never when zero
	RootDevice   string    // "/dev/xvda" when empty
	VolumeGiB    int32     // 8 when zero
	Encrypted    bool
	Snapshot     string // id of one that is there, perhaps of another image; a new one when empty
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
	disk, err := s.rootDisk(spec)
	if err != nil {
		return "", err
	}
	root := orNew(spec.RootDevice, "/dev/xvda")
	made := s.putImage(types.Image{
		ImageId: aws.String(id), Name: aws.String(orNew(spec.Name, id)), Description: aws.String(spec.Description),
		Architecture:        types.ArchitectureValues(orNew(spec.Architecture, "x86_64")),
		State:               types.ImageState(orNew(spec.State, string(types.ImageStateAvailable))),
		OwnerId:             aws.String(orNew(spec.Owner, s.Account.ID)),
		BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String(root), Ebs: disk}},
		RootDeviceName:      aws.String(root),
	})
	if *made.OwnerId != s.Account.ID {
		made.permissions = []types.LaunchPermission{{Group: types.PermissionGroupAll}}
	}
	if !spec.Created.IsZero() {
		made.CreationDate = aws.String(spec.Created.UTC().Format(imageTimeFormat))
	}
	made.deprecated = spec.Deprecated
	s.setTags(id, spec.Tags)
	return id, nil
}

// rootDisk is the only device of an image that AddImage makes.
func (s *Service) rootDisk(spec Image) (*types.EbsBlockDevice, error) {
	disk := &types.EbsBlockDevice{
		SnapshotId: pointer(spec.Snapshot), VolumeSize: aws.Int32(max(spec.VolumeGiB, 1)), VolumeType: types.VolumeTypeGp3,
		DeleteOnTermination: aws.Bool(true), Encrypted: aws.Bool(spec.Encrypted),
	}
	if spec.VolumeGiB == 0 {
		disk.VolumeSize = aws.Int32(8)
	}
	if spec.Snapshot != "" {
		n, err := s.findSnapshot(spec.Snapshot)
		if err != nil {
			return nil, err
		}
		disk.VolumeSize, disk.Encrypted = n.VolumeSize, n.Encrypted
		return disk, nil
	}
	n := types.Snapshot{OwnerId: pointer(spec.Owner), VolumeSize: disk.VolumeSize, Encrypted: disk.Encrypted}
	if spec.Encrypted {
		n.KmsKeyId = aws.String(s.keyARN(ebsKey))
	}
	disk.SnapshotId = s.addSnapshot(n, nil).SnapshotId
	return disk, nil
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
	if !accountID().MatchString(*i.OwnerId) {
		i.ImageOwnerAlias = i.OwnerId
	}
	stored := &image{Image: i}
	s.images.put(*i.ImageId, stored)
	return stored
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

// ownImage looks one up that a request wants to change.
func (s *Service) ownImage(id *string) (*image, error) {
	img, err := s.findImage(aws.ToString(id))
	if err == nil && *img.OwnerId != s.Account.ID {
		err = wire.Errorf("AuthFailure", "Not authorized for image:%s", *img.ImageId).WithStatus(403)
	}
	return img, err
}
