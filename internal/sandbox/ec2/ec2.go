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

	// CheckTag refuses tags that the sandbox itself gives a meaning to. Where it is nil, none is refused.
	CheckTag func(key, value string) error
}

// Service is the EC2 of one account. Its exported methods need the account locked.
type Service struct {
	Options

	vpcs      collection[types.Vpc]
	subnets   collection[types.Subnet]
	groups    collection[types.SecurityGroup]
	images    collection[*image]
	gone      map[string]bool // deregistered images
	snapshots map[string]string
	instances collection[*instance]
	templates collection[*template]
	profiles  map[string]bool

	tags     map[string]map[string]string // by resource id
	tokens   map[string]replay
	capacity int // instances that can exist at a time; below 0 for no limit
	watchers []func(instanceID, state string)
}

// New makes an EC2 without any resource in it.
func New(o Options) *Service {
	return &Service{
		Options: o,
		gone:    map[string]bool{}, snapshots: map[string]string{}, profiles: map[string]bool{},
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
			wire.Op("DescribeVpcs", s.describeVpcs),
			wire.Op("DescribeSubnets", s.describeSubnets),
			wire.Op("DescribeSecurityGroups", s.describeSecurityGroups),
			wire.Op("DescribeAvailabilityZones", s.describeAvailabilityZones),
			wire.Op("DescribeInstanceTypes", s.describeInstanceTypes),
			wire.Op("DescribeInstanceTypeOfferings", s.describeInstanceTypeOfferings),

			wire.Op("DescribeImages", s.describeImages),
			wire.Op("CreateImage", s.createImage),
			wire.Op("DeregisterImage", s.deregisterImage),

			wire.Op("RunInstances", s.runInstances),
			wire.Op("DescribeInstances", s.describeInstances),
			wire.Op("DescribeInstanceStatus", s.describeInstanceStatus),
			wire.Op("DescribeInstanceAttribute", s.describeInstanceAttribute),
			wire.Op("StopInstances", s.stopInstances),
			wire.Op("StartInstances", s.startInstances),
			wire.Op("TerminateInstances", s.terminateInstances),

			wire.Op("CreateTags", s.createTags),
			wire.Op("DeleteTags", s.deleteTags),
			wire.Op("DescribeTags", s.describeTags),

			wire.Op("CreateLaunchTemplate", s.createLaunchTemplate),
			wire.Op("CreateLaunchTemplateVersion", s.createLaunchTemplateVersion),
			wire.Op("DescribeLaunchTemplates", s.describeLaunchTemplates),
			wire.Op("DescribeLaunchTemplateVersions", s.describeLaunchTemplateVersions),
			wire.Op("ModifyLaunchTemplate", s.modifyLaunchTemplate),
			wire.Op("DeleteLaunchTemplate", s.deleteLaunchTemplate),
			wire.Op("DeleteLaunchTemplateVersions", s.deleteLaunchTemplateVersions),
		},
	}
}
