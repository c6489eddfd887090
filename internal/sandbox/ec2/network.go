package ec2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

// VPC asks for a VPC. An empty ID is made up.
type VPC struct {
	ID      string
	CIDR    string
	Default bool
	Tags    map[string]string
}

// Subnet asks for a subnet. An empty ID is made up.
type Subnet struct {
	ID     string
	VPC    string
	Zone   string // availability zone, e.g. "eu-west-1a"
	CIDR   string
	Public bool // gives instances public addresses
	Tags   map[string]string
}

// SecurityGroup asks for a security group. An empty ID is made up.
type SecurityGroup struct {
	ID          string
	VPC         string
	Name        string
	Description string
	Tags        map[string]string
}

// AddVPC makes a VPC and returns its id.
func (s *Service) AddVPC(v VPC) string {
	id := orNew(v.ID, s.newID("vpc-"))
	s.vpcs.put(id, types.Vpc{
		VpcId: aws.String(id), CidrBlock: aws.String(v.CIDR), IsDefault: aws.Bool(v.Default),
		OwnerId: aws.String(s.Account.ID), State: types.VpcStateAvailable, InstanceTenancy: types.TenancyDefault,
	})
	s.setTags(id, v.Tags)
	return id
}

// AddSubnet makes a subnet and returns its id.
func (s *Service) AddSubnet(n Subnet) string {
	id := orNew(n.ID, s.newID("subnet-"))
	vpc, _ := s.vpcs.get(n.VPC)
	s.subnets.put(id, types.Subnet{
		SubnetId: aws.String(id), VpcId: aws.String(n.VPC), AvailabilityZone: aws.String(n.Zone), CidrBlock: aws.String(n.CIDR),
		OwnerId: aws.String(s.Account.ID), State: types.SubnetStateAvailable, AvailableIpAddressCount: aws.Int32(251),
		MapPublicIpOnLaunch: aws.Bool(n.Public), DefaultForAz: aws.Bool(aws.ToBool(vpc.IsDefault)),
		SubnetArn: aws.String(s.arn("subnet/" + id)),
	})
	s.setTags(id, n.Tags)
	return id
}

// AddSecurityGroup makes a security group and returns its id.
func (s *Service) AddSecurityGroup(g SecurityGroup) string {
	id := orNew(g.ID, s.newID("sg-"))
	s.groups.put(id, types.SecurityGroup{
		GroupId: aws.String(id), VpcId: aws.String(g.VPC), GroupName: aws.String(g.Name), Description: aws.String(g.Description),
		OwnerId: aws.String(s.Account.ID), SecurityGroupArn: aws.String(s.arn("security-group/" + id)),
	})
	s.setTags(id, g.Tags)
	return id
}

// Subnet tells where a subnet lies.
func (s *Service) Subnet(id string) (vpc, zone string, ok bool) {
	subnet, ok := s.subnets.get(id)
	return aws.ToString(subnet.VpcId), aws.ToString(subnet.AvailabilityZone), ok
}

// VPCExists tells whether there is such a VPC.
func (s *Service) VPCExists(id string) bool {
	_, ok := s.vpcs.get(id)
	return ok
}

// SecurityGroupExists tells whether there is such a security group.
func (s *Service) SecurityGroupExists(id string) bool {
	_, ok := s.groups.get(id)
	return ok
}

func orNew(id, made string) string {
	if id != "" {
		return id
	}
	return made
}

func (s *Service) describeVpcs(_ context.Context, in *sdk.DescribeVpcsInput) (*sdk.DescribeVpcsOutput, error) {
	vpcs, err := s.vpcs.pick(in.VpcIds, func(id string) error {
		return wire.Errorf("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", id)
	})
	if err != nil {
		return nil, err
	}
	name := func(v types.Vpc) string { return *v.VpcId }
	def := func(v types.Vpc) []string { return boolean(v.IsDefault) }
	cidr := func(v types.Vpc) []string { return one(*v.CidrBlock) }
	vpcs, err = filtered(s, vpcs, name, in.Filters, attributes[types.Vpc]{
		"vpc-id": func(v types.Vpc) []string { return one(*v.VpcId) },
		"cidr":   cidr, "cidr-block": cidr, "is-default": def, "isDefault": def,
		"state":    func(v types.Vpc) []string { return one(string(v.State)) },
		"owner-id": func(v types.Vpc) []string { return one(*v.OwnerId) },
	})
	if err != nil {
		return nil, err
	}
	vpcs, next, err := page(vpcs, name, in.MaxResults, in.NextToken, limits{5, 1000})
	for i := range vpcs {
		vpcs[i].Tags = s.tagsOf(*vpcs[i].VpcId)
	}
	return &sdk.DescribeVpcsOutput{Vpcs: vpcs, NextToken: next}, err
}

func (s *Service) describeSubnets(_ context.Context, in *sdk.DescribeSubnetsInput) (*sdk.DescribeSubnetsOutput, error) {
	subnets, err := s.subnets.pick(in.SubnetIds, func(id string) error {
		return wire.Errorf("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", id)
	})
	if err != nil {
		return nil, err
	}
	name := func(n types.Subnet) string { return *n.SubnetId }
	zone := func(n types.Subnet) []string { return one(*n.AvailabilityZone) }
	cidr := func(n types.Subnet) []string { return one(*n.CidrBlock) }
	def := func(n types.Subnet) []string { return boolean(n.DefaultForAz) }
	subnets, err = filtered(s, subnets, name, in.Filters, attributes[types.Subnet]{
		"subnet-id":         func(n types.Subnet) []string { return one(*n.SubnetId) },
		"vpc-id":            func(n types.Subnet) []string { return one(*n.VpcId) },
		"availability-zone": zone, "availabilityZone": zone,
		"cidr": cidr, "cidr-block": cidr, "cidrBlock": cidr,
		"default-for-az": def, "defaultForAz": def,
		"map-public-ip-on-launch": func(n types.Subnet) []string { return boolean(n.MapPublicIpOnLaunch) },
		"state":                   func(n types.Subnet) []string { return one(string(n.State)) },
		"owner-id":                func(n types.Subnet) []string { return one(*n.OwnerId) },
	})
	if err != nil {
		return nil, err
	}
	subnets, next, err := page(subnets, name, in.MaxResults, in.NextToken, limits{5, 1000})
	for i := range subnets {
		subnets[i].Tags = s.tagsOf(*subnets[i].SubnetId)
	}
	return &sdk.DescribeSubnetsOutput{Subnets: subnets, NextToken: next}, err
}

func (s *Service) describeSecurityGroups(_ context.Context, in *sdk.DescribeSecurityGroupsInput) (*sdk.DescribeSecurityGroupsOutput, error) {
	groups, err := s.groups.pick(in.GroupIds, func(id string) error {
		return wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
	})
	if err != nil {
		return nil, err
	}
	for _, name := range in.GroupNames {
		if !slices.ContainsFunc(groups, func(g types.SecurityGroup) bool { return *g.GroupName == name }) {
			return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", name)
		}
	}
	if len(in.GroupNames) > 0 {
		groups = slices.DeleteFunc(groups, func(g types.SecurityGroup) bool { return !slices.Contains(in.GroupNames, *g.GroupName) })
	}
	name := func(g types.SecurityGroup) string { return *g.GroupId }
	groups, err = filtered(s, groups, name, in.Filters, attributes[types.SecurityGroup]{
		"group-id":    func(g types.SecurityGroup) []string { return one(*g.GroupId) },
		"group-name":  func(g types.SecurityGroup) []string { return one(*g.GroupName) },
		"vpc-id":      func(g types.SecurityGroup) []string { return one(*g.VpcId) },
		"description": func(g types.SecurityGroup) []string { return one(*g.Description) },
		"owner-id":    func(g types.SecurityGroup) []string { return one(*g.OwnerId) },
	})
	if err != nil {
		return nil, err
	}
	groups, next, err := page(groups, name, in.MaxResults, in.NextToken, limits{5, 1000})
	for i := range groups {
		groups[i].Tags = s.tagsOf(*groups[i].GroupId)
	}
	return &sdk.DescribeSecurityGroupsOutput{SecurityGroups: groups, NextToken: next}, err
}

// describeAvailabilityZones lists the zones that the account's subnets lie in.
func (s *Service) describeAvailabilityZones(_ context.Context, in *sdk.DescribeAvailabilityZonesInput) (*sdk.DescribeAvailabilityZonesOutput, error) {
	zones := collection[types.AvailabilityZone]{}
	for _, subnet := range s.subnets.all() {
		zones.put(*subnet.AvailabilityZone, types.AvailabilityZone{
			ZoneName: subnet.AvailabilityZone, RegionName: aws.String(s.region), State: types.AvailabilityZoneStateAvailable,
		})
	}
	picked, err := zones.pick(in.ZoneNames, func(name string) error {
		return wire.Errorf("InvalidParameterValue", "Invalid availability zone: [%s]", name)
	})
	if err != nil {
		return nil, err
	}
	name := func(z types.AvailabilityZone) string { return *z.ZoneName }
	picked, err = filtered(s, picked, name, in.Filters, attributes[types.AvailabilityZone]{
		"zone-name":   func(z types.AvailabilityZone) []string { return one(*z.ZoneName) },
		"region-name": func(z types.AvailabilityZone) []string { return one(*z.RegionName) },
		"state":       func(z types.AvailabilityZone) []string { return one(string(z.State)) },
	})
	return &sdk.DescribeAvailabilityZonesOutput{AvailabilityZones: picked}, err
}

// DefaultSubnet is the subnet for those who name a zone only.
func (s *Service) DefaultSubnet(zone string) (id string, ok bool) {
	id = s.defaultSubnet(&types.LaunchTemplatePlacement{AvailabilityZone: aws.String(zone)})
	return id, id != ""
}
