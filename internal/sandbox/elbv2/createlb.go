package elbv2

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/proxy"
	"bluegreen/internal/sandbox/wire"
)

func (s *Service) createLoadBalancer(_ context.Context, in *sdk.CreateLoadBalancerInput) (*sdk.CreateLoadBalancerOutput, error) {
	want, err := s.requested(in)
	if err != nil {
		return nil, err
	}
	lb := s.balancerNamed(want.name)
	switch {
	case lb == nil && len(s.balancers) >= maxBalancers:
		return nil, wire.Errorf("TooManyLoadBalancers", "The maximum number of load balancers for an account, %d, was exceeded", maxBalancers)
	case lb == nil:
		lb = want
		s.addBalancer(lb)
	case !lb.sameSettings(want):
		return nil, wire.Errorf("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", want.name)
	}
	return &sdk.CreateLoadBalancerOutput{LoadBalancers: []types.LoadBalancer{lb.describe(s.hostedZone())}}, nil
}

// requested is the load balancer that a request asks for, checked, but not yet part of the account.
func (s *Service) requested(in *sdk.CreateLoadBalancerInput) (*loadBalancer, error) {
	lb := &loadBalancer{name: aws.ToString(in.Name), scheme: in.Scheme, ipType: in.IpAddressType, securityGroups: slices.Clone(in.SecurityGroups)}
	if err := checkName("Load balancer", lb.name); err != nil {
		return nil, err
	}
	if strings.HasPrefix(lb.name, "internal-") {
		return nil, wire.Errorf("ValidationError", "Load balancer name '%s' cannot begin with 'internal-'", lb.name)
	}
	if err := checkKind(in); err != nil {
		return nil, err
	}
	if lb.scheme == "" {
		lb.scheme = types.LoadBalancerSchemeEnumInternetFacing
	}
	if !slices.Contains(lb.scheme.Values(), lb.scheme) {
		return nil, wire.Errorf("InvalidScheme", "'%s' is not a valid scheme", lb.scheme)
	}
	if lb.ipType == "" {
		lb.ipType = types.IpAddressTypeIpv4
	}
	if err := checkIPType(lb.ipType); err != nil {
		return nil, err
	}
	subnets, err := chosenSubnets(in.Subnets, in.SubnetMappings)
	if err != nil {
		return nil, err
	}
	if lb.vpc, lb.zones, err = s.place(subnets); err != nil {
		return nil, err
	}
	if len(lb.securityGroups) == 0 && s.DefaultSecurityGroup != nil {
		lb.securityGroups = []string{s.DefaultSecurityGroup(lb.vpc)}
	}
	if err := s.checkSecurityGroups(lb.securityGroups); err != nil {
		return nil, err
	}
	lb.tags, err = tags(nil).with(in.Tags)
	return lb, err
}

// checkKind refuses what the sandbox has no data plane for.
func checkKind(in *sdk.CreateLoadBalancerInput) error {
	switch {
	case in.Type != "" && in.Type != types.LoadBalancerTypeEnumApplication:
		return wire.Errorf("InvalidConfigurationRequest", "Load balancers of type '%s' are not available in the sandbox: only 'application' is", in.Type)
	case in.CustomerOwnedIpv4Pool != nil || in.IpamPools != nil:
		return wire.Errorf("InvalidConfigurationRequest", "Address pools are not available in the sandbox")
	}
	return nil
}

// chosenSubnets are the subnets of a request, which come in one of two shapes.
func chosenSubnets(ids []string, mappings []types.SubnetMapping) ([]string, error) {
	if len(ids) > 0 && len(mappings) > 0 {
		return nil, wire.Errorf("ValidationError", "Either subnets or subnet mappings can be specified, not both")
	}
	for _, m := range mappings {
		if m.AllocationId != nil || m.PrivateIPv4Address != nil || m.IPv6Address != nil {
			return nil, wire.Errorf("ValidationError", "Addresses cannot be specified for the subnets of an application load balancer")
		}
		ids = append(ids, aws.ToString(m.SubnetId))
	}
	return ids, nil
}

// sameSettings says whether a request for want is a repetition of the one that made lb.
func (lb *loadBalancer) sameSettings(want *loadBalancer) bool {
	return lb.scheme == want.scheme && lb.ipType == want.ipType && lb.tags.same(want.tags) &&
		sameSet(lb.subnets(), want.subnets()) && sameSet(lb.securityGroups, want.securityGroups)
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func (s *Service) addBalancer(lb *loadBalancer) {
	lb.id = s.Account.Hex(16)
	lb.arn = s.Account.ARN(service, "loadbalancer/app/"+lb.name+"/"+lb.id)
	lb.dnsName = s.newDNSName(lb.name, lb.scheme)
	lb.created = s.Account.Now()
	lb.attributes = balancerSchema.initial()
	if lb.scheme == types.LoadBalancerSchemeEnumInternal {
		lb.attributes["ipv6.deny_all_igw_traffic"] = "true"
	}
	lb.front = proxy.NewFront(s.Fabric, s.CA)
	s.settle(lb.zones, nil)
	s.balancers = append(s.balancers, lb)
	lb.activation = s.Account.After(provisioning, func() {
		lb.provisioned = true
		s.sync(lb)
	})
	s.startTick()
}

func (s *Service) nextNode() netip.Addr { return s.Fabric.Next(fabric.Balancers) }
