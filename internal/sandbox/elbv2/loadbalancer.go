package elbv2

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/proxy"
	"bluegreen/internal/sandbox/wire"
)

// provisioning is how long a new load balancer takes to become active.
const provisioning = 90 * time.Second

// loadBalancer is one application load balancer.
type loadBalancer struct {
	arn            string
	name, id       string
	dnsName        string
	scheme         types.LoadBalancerSchemeEnum
	ipType         types.IpAddressType
	vpc            string
	zones          []zone
	securityGroups []string
	created        time.Time
	attributes     attributes
	tags           tags
	listeners      []*listener

	provisioned bool   // the nodes exist
	active      bool   // and have bound the ports that there were
	fault       string // why not all ports are bound; empty when they are
	activation  *account.Timer
	deleted     bool

	front          *proxy.Front
	syncing, dirty bool // a goroutine brings the front up to date; it has to do so once more
}

// zone is an availability zone of a load balancer, with one node in it.
type zone struct {
	name, subnet string
	node         netip.Addr
}

// balancer finds a load balancer by its ARN.
func (s *Service) balancer(arn string) (*loadBalancer, error) {
	if err := s.checkARN(balancerKind, arn); err != nil {
		return nil, err
	}
	for _, lb := range s.balancers {
		if lb.arn == arn {
			return lb, nil
		}
	}
	return nil, s.missing(balancerKind, arn)
}

func (s *Service) balancerNamed(name string) *loadBalancer {
	if i := slices.IndexFunc(s.balancers, func(lb *loadBalancer) bool { return lb.name == name }); i >= 0 {
		return s.balancers[i]
	}
	return nil
}

// place finds the zones and the VPC of subnets. Nodes that lb has there already stay; the others get an address when
// the change is made.
func (s *Service) place(subnets []string) (vpc string, zones []zone, err error) {
	for _, id := range subnets {
		v, az, ok := s.Subnet(id)
		switch {
		case !ok:
			return "", nil, wire.Errorf("SubnetNotFound", "The subnet ID '%s' does not exist", id)
		case vpc != "" && v != vpc:
			return "", nil, wire.Errorf("InvalidConfigurationRequest", "The subnets must belong to the same VPC: '%s' belongs to '%s', not to '%s'", id, v, vpc)
		case slices.ContainsFunc(zones, func(z zone) bool { return z.name == az }):
			return "", nil, wire.Errorf("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
		vpc = v
		zones = append(zones, zone{name: az, subnet: id})
	}
	if len(zones) < 2 {
		return "", nil, wire.Errorf("ValidationError", "At least two subnets in two different Availability Zones must be specified")
	}
	return vpc, zones, nil
}

// settle gives each zone a node: the one that was in the subnet, or a new one.
func (s *Service) settle(zones, were []zone) {
	for i, z := range zones {
		if old := slices.IndexFunc(were, func(w zone) bool { return w.subnet == z.subnet }); old >= 0 {
			zones[i].node = were[old].node
		} else {
			zones[i].node = s.nextNode()
		}
	}
}

func (s *Service) checkSecurityGroups(ids []string) error {
	for _, id := range ids {
		if !s.SecurityGroup(id) {
			return wire.Errorf("InvalidSecurityGroup", "Security group '%s' is not valid", id)
		}
	}
	return nil
}

func checkIPType(t types.IpAddressType) error {
	switch t {
	case types.IpAddressTypeIpv4, types.IpAddressTypeDualstack, types.IpAddressTypeDualstackWithoutPublicIpv4:
		return nil
	}
	return wire.Errorf("ValidationError", "'%s' is not a valid IP address type", t)
}

func (lb *loadBalancer) dualstack() bool { return lb.ipType != types.IpAddressTypeIpv4 }

func (lb *loadBalancer) subnets() []string {
	return each(lb.zones, func(z zone) string { return z.subnet })
}

func (lb *loadBalancer) nodes() []netip.Addr {
	return each(lb.zones, func(z zone) netip.Addr { return z.node })
}

func (lb *loadBalancer) describe(hostedZone string) types.LoadBalancer {
	return types.LoadBalancer{
		AvailabilityZones:     lb.describeZones(),
		CanonicalHostedZoneId: aws.String(hostedZone),
		CreatedTime:           aws.Time(lb.created),
		DNSName:               aws.String(lb.dnsName),
		IpAddressType:         lb.ipType,
		LoadBalancerArn:       aws.String(lb.arn),
		LoadBalancerName:      aws.String(lb.name),
		Scheme:                lb.scheme,
		SecurityGroups:        slices.Clone(lb.securityGroups),
		State:                 lb.state(),
		Type:                  types.LoadBalancerTypeEnumApplication,
		VpcId:                 aws.String(lb.vpc),
	}
}

func (lb *loadBalancer) describeZones() []types.AvailabilityZone {
	return each(lb.zones, func(z zone) types.AvailabilityZone {
		return types.AvailabilityZone{SubnetId: aws.String(z.subnet), ZoneName: aws.String(z.name)}
	})
}

func (lb *loadBalancer) state() *types.LoadBalancerState {
	switch {
	case !lb.active:
		return &types.LoadBalancerState{Code: types.LoadBalancerStateEnumProvisioning}
	case lb.fault != "":
		return &types.LoadBalancerState{Code: types.LoadBalancerStateEnumActiveImpaired, Reason: aws.String(lb.fault)}
	}
	return &types.LoadBalancerState{Code: types.LoadBalancerStateEnumActive}
}

// newDNSName is e.g. "blue-alb-1234567890.eu-west-1.elb.amazonaws.com".
func (s *Service) newDNSName(name string, scheme types.LoadBalancerSchemeEnum) string {
	prefix := ""
	if scheme == types.LoadBalancerSchemeEnumInternal {
		prefix = "internal-"
	}
	return fmt.Sprintf("%s%s-%d.%s.elb.amazonaws.com", prefix, name, 100_000_000+s.Account.IntN(1_900_000_000), s.Account.Region)
}
