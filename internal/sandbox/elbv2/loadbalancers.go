package elbv2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/wire"
)

func (s *Service) describeLoadBalancers(_ context.Context, in *sdk.DescribeLoadBalancersInput) (*sdk.DescribeLoadBalancersOutput, error) {
	chosen, err := s.chosenBalancers(in.LoadBalancerArns, in.Names)
	if err != nil {
		return nil, err
	}
	part, next, err := page(chosen, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &sdk.DescribeLoadBalancersOutput{
		LoadBalancers: each(part, func(lb *loadBalancer) types.LoadBalancer { return lb.describe(s.hostedZone()) }),
		NextMarker:    next,
	}, nil
}

func (s *Service) chosenBalancers(arns, names []string) ([]*loadBalancer, error) {
	if len(arns) > 0 && len(names) > 0 {
		return nil, wire.Errorf("ValidationError", "Load balancer names and load balancer ARNs cannot be specified at the same time")
	}
	if len(arns) == 0 && len(names) == 0 {
		return s.balancers, nil
	}
	var chosen []*loadBalancer
	for _, arn := range arns {
		lb, err := s.balancer(arn)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, lb)
	}
	for _, name := range names {
		lb := s.balancerNamed(name)
		if lb == nil {
			return nil, s.missing(balancerKind, name)
		}
		chosen = append(chosen, lb)
	}
	return chosen, nil
}

func (s *Service) deleteLoadBalancer(_ context.Context, in *sdk.DeleteLoadBalancerInput) (*sdk.DeleteLoadBalancerOutput, error) {
	arn := aws.ToString(in.LoadBalancerArn)
	if err := s.checkARN(balancerKind, arn); err != nil {
		return nil, err
	}
	lb, err := s.balancer(arn)
	if err != nil {
		return &sdk.DeleteLoadBalancerOutput{}, nil //nolint:nilerr // deleted before, which AWS takes for done
	}
	if lb.attributes.on(deletionProtection) {
		return nil, wire.Errorf("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", arn)
	}
	lb.deleted = true
	lb.activation.Stop()
	lb.listeners = nil
	s.balancers = slices.DeleteFunc(slices.Clone(s.balancers), func(other *loadBalancer) bool { return other == lb })
	s.changed(lb)
	return &sdk.DeleteLoadBalancerOutput{}, nil
}

func (s *Service) setSecurityGroups(_ context.Context, in *sdk.SetSecurityGroupsInput) (*sdk.SetSecurityGroupsOutput, error) {
	lb, err := s.balancer(aws.ToString(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	if len(in.SecurityGroups) == 0 {
		return nil, wire.Errorf("ValidationError", "At least one security group must be specified")
	}
	if err := s.checkSecurityGroups(in.SecurityGroups); err != nil {
		return nil, err
	}
	lb.securityGroups = slices.Clone(in.SecurityGroups)
	return &sdk.SetSecurityGroupsOutput{SecurityGroupIds: slices.Clone(lb.securityGroups)}, nil
}

func (s *Service) setSubnets(_ context.Context, in *sdk.SetSubnetsInput) (*sdk.SetSubnetsOutput, error) {
	lb, err := s.balancer(aws.ToString(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	ipType := lb.ipType
	if in.IpAddressType != "" {
		ipType = in.IpAddressType
	}
	if err := checkIPType(ipType); err != nil {
		return nil, err
	}
	subnets, err := chosenSubnets(in.Subnets, in.SubnetMappings)
	if err != nil {
		return nil, err
	}
	vpc, zones, err := s.place(subnets)
	if err != nil {
		return nil, err
	}
	if vpc != lb.vpc {
		return nil, wire.Errorf("InvalidConfigurationRequest", "The subnets must belong to VPC '%s' of the load balancer", lb.vpc)
	}
	s.settle(zones, lb.zones)
	lb.zones, lb.ipType = zones, ipType
	s.changed(lb)
	return &sdk.SetSubnetsOutput{AvailabilityZones: lb.describeZones(), IpAddressType: ipType}, nil
}

func (s *Service) setIPAddressType(_ context.Context, in *sdk.SetIpAddressTypeInput) (*sdk.SetIpAddressTypeOutput, error) {
	lb, err := s.balancer(aws.ToString(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	if err := checkIPType(in.IpAddressType); err != nil {
		return nil, err
	}
	lb.ipType = in.IpAddressType
	return &sdk.SetIpAddressTypeOutput{IpAddressType: lb.ipType}, nil
}

func (s *Service) describeCapacityReservation(_ context.Context, in *sdk.DescribeCapacityReservationInput) (*sdk.DescribeCapacityReservationOutput, error) {
	if _, err := s.balancer(aws.ToString(in.LoadBalancerArn)); err != nil {
		return nil, err
	}
	// Nothing reserves capacity here, so this is what AWS says of a load balancer that never did.
	return &sdk.DescribeCapacityReservationOutput{DecreaseRequestsRemaining: aws.Int32(2)}, nil
}
