// Package ec2 is the sandbox's EC2: images, instances, launch templates, the network they name, and tags. An instance has
// an address of the fabric and runs what Options.Start boots for its image.
package ec2

import (
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/wire"
)

// Machine is an instance as its software sees it.
type Machine struct {
	InstanceID   string
	ImageID      string
	DiskID       string // the image for which the disk was kept that this one has: ImageID, or what it is a copy of; "" for none
	Addr         netip.Addr
	ImageTags    map[string]string
	InstanceTags map[string]string
	UserData     string // decoded
}

// Options joins EC2 to its account. Account and Fabric are needed.
type Options struct {
	Account *account.Account
	Fabric  *fabric.Fabric

	// Start boots a machine's software when its instance is running, and stop ends it when the instance shuts down. Both are
	// called with the account locked. Where it is nil, or fails, nothing listens on the instance.
	Start func(Machine) (stop func(), err error)

	// Guest writes the script of a machine that boots; see SetGuest. It may be nil.
	Guest func(Machine) Guest
	// Command writes what comes of a shell script that is run on a machine: what it prints, and whether it fails; see
	// RunScript. It may be nil.
	Command func(m Machine, script string) Guest

	// Console is what a machine has printed on its console since Start; "" where it has none. Where it is nil, what the script
	// of a machine prints is all.
	Console func(instanceID string) string

	// Capture begins to keep the disk of an instance as that of an image, and calls done with the account locked, later, when
	// it has. It tells whether it has begun: if not, or where it is nil, there is nothing to wait for. Discard gives that disk
	// up, once the image and all copies of it are deregistered.
	Capture func(instanceID, imageID string, done func(error)) (begun bool)
	Discard func(imageID string)

	// Parameter is the value of a parameter of Parameter Store, and Parameters are the ARNs of those that have a value. Where
	// they are nil there are none.
	Parameter  func(name string) (value string, ok bool)
	Parameters func(value string) (arns []string)

	// CheckTag refuses tags that the sandbox itself gives a meaning to. Where it is nil, none is refused.
	CheckTag func(key, value string) error
}

// Service is the EC2 of one account in one region. Its exported methods need the account locked.
type Service struct {
	Options
	region  string
	regions map[string]*Service // all of the account's, by name

	vpcs      collection[types.Vpc]
	subnets   collection[types.Subnet]
	groups    collection[types.SecurityGroup]
	images    collection[*image]
	gone      map[string]bool // deregistered images
	snapshots collection[*snapshot]
	instances collection[*instance]
	templates collection[*template]
	profiles  map[string]bool

	tags     map[string]map[string]string // by resource id
	tokens   map[string]replay
	denied   map[string]bool // KMS keys, by ARN
	capacity int             // instances that can exist at a time; below 0 for no limit
	watchers []func(instanceID, state string)

	imageFaults []*ImageFault
}

// New makes an EC2 without any resource in it, in the account's own region.
func New(o Options) *Service {
	home := newService(o, o.Account.Region)
	home.regions = map[string]*Service{home.region: home}
	return home
}

func newService(o Options, region string) *Service {
	return &Service{
		Options: o, region: region,
		gone: map[string]bool{}, profiles: map[string]bool{}, denied: map[string]bool{},
		tags: map[string]map[string]string{}, tokens: map[string]replay{},
		capacity: -1,
	}
}

// OnStateChange has fn called, with the account locked, whenever an instance enters a state (see package launch).
func (s *Service) OnStateChange(fn func(instanceID, state string)) {
	s.watchers = append(s.watchers, fn)
}

// SetCapacity limits how many instances can exist at a time; what goes beyond fails with InsufficientInstanceCapacity. A
// negative n takes the limit away.
func (s *Service) SetCapacity(n int) { s.capacity = n }

// API is what clients can call.
func (s *Service) API() wire.Service {
	return wire.Service{
		SigningName: "ec2",
		Version:     "2016-11-15",
		Namespace:   "http://ec2.amazonaws.com/doc/2016-11-15/",
		Protocols:   []wire.Protocol{wire.EC2Query},
		Operations: []wire.Operation{
			op(s, "DescribeVpcs", (*Service).describeVpcs),
			op(s, "DescribeSubnets", (*Service).describeSubnets),
			op(s, "DescribeSecurityGroups", (*Service).describeSecurityGroups),
			op(s, "DescribeAvailabilityZones", (*Service).describeAvailabilityZones),
			op(s, "DescribeInstanceTypes", (*Service).describeInstanceTypes),
			op(s, "DescribeInstanceTypeOfferings", (*Service).describeInstanceTypeOfferings),

			op(s, "DescribeImages", (*Service).describeImages),
			op(s, "CreateImage", (*Service).createImage),
			op(s, "CopyImage", (*Service).copyImage),
			op(s, "DeregisterImage", (*Service).deregisterImage),
			op(s, "EnableImage", (*Service).enableImage),
			op(s, "DisableImage", (*Service).disableImage),
			op(s, "EnableImageDeprecation", (*Service).enableImageDeprecation),
			op(s, "DisableImageDeprecation", (*Service).disableImageDeprecation),
			op(s, "EnableImageDeregistrationProtection", (*Service).enableProtection),
			op(s, "DisableImageDeregistrationProtection", (*Service).disableProtection),
			op(s, "DescribeImageAttribute", (*Service).describeImageAttribute),
			op(s, "ModifyImageAttribute", (*Service).modifyImageAttribute),
			op(s, "DescribeImageReferences", (*Service).describeImageReferences),

			op(s, "DescribeSnapshots", (*Service).describeSnapshots),
			op(s, "DeleteSnapshot", (*Service).deleteSnapshot),
			op(s, "DescribeSnapshotAttribute", (*Service).describeSnapshotAttribute),
			op(s, "ModifySnapshotAttribute", (*Service).modifySnapshotAttribute),

			op(s, "RunInstances", (*Service).runInstances),
			op(s, "DescribeInstances", (*Service).describeInstances),
			op(s, "DescribeInstanceStatus", (*Service).describeInstanceStatus),
			op(s, "DescribeInstanceAttribute", (*Service).describeInstanceAttribute),
			op(s, "GetConsoleOutput", (*Service).getConsoleOutput),
			op(s, "StopInstances", (*Service).stopInstances),
			op(s, "StartInstances", (*Service).startInstances),
			op(s, "TerminateInstances", (*Service).terminateInstances),

			op(s, "CreateTags", (*Service).createTags),
			op(s, "DeleteTags", (*Service).deleteTags),
			op(s, "DescribeTags", (*Service).describeTags),

			op(s, "CreateLaunchTemplate", (*Service).createLaunchTemplate),
			op(s, "CreateLaunchTemplateVersion", (*Service).createLaunchTemplateVersion),
			op(s, "DescribeLaunchTemplates", (*Service).describeLaunchTemplates),
			op(s, "DescribeLaunchTemplateVersions", (*Service).describeLaunchTemplateVersions),
			op(s, "ModifyLaunchTemplate", (*Service).modifyLaunchTemplate),
			op(s, "DeleteLaunchTemplate", (*Service).deleteLaunchTemplate),
			op(s, "DeleteLaunchTemplateVersions", (*Service).deleteLaunchTemplateVersions),
		},
	}
}
