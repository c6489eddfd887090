package elbv2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/wire"
)

func (s *Service) createTargetGroup(_ context.Context, in *sdk.CreateTargetGroupInput) (*sdk.CreateTargetGroupOutput, error) {
	want, err := s.requestedGroup(in)
	if err != nil {
		return nil, err
	}
	g := s.groupNamed(want.name)
	switch {
	case g == nil && len(s.groups) >= maxGroups:
		return nil, wire.Errorf("TooManyTargetGroups", "The maximum number of target groups for an account, %d, was exceeded", maxGroups)
	case g == nil:
		g = want
		g.id = s.Account.Hex(16)
		g.arn = s.Account.ARN(service, "targetgroup/"+g.name+"/"+g.id)
		g.attributes = groupSchema.initial()
		s.groups = append(s.groups, g)
	case !g.sameSettings(want):
		return nil, wire.Errorf("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", g.name)
	}
	return &sdk.CreateTargetGroupOutput{TargetGroups: []types.TargetGroup{g.describe()}}, nil
}

// requestedGroup is the target group that a request asks for, checked, but not yet part of the account.
func (s *Service) requestedGroup(in *sdk.CreateTargetGroupInput) (*targetGroup, error) {
	g := &targetGroup{
		name: aws.ToString(in.Name), vpc: aws.ToString(in.VpcId), protocol: in.Protocol, port: aws.ToInt32(in.Port),
		targetType: in.TargetType, ipType: in.IpAddressType, version: aws.ToString(in.ProtocolVersion),
	}
	if g.targetType == "" {
		g.targetType = types.TargetTypeEnumInstance
	}
	if g.ipType == "" {
		g.ipType = types.TargetGroupIpAddressTypeEnumIpv4
	}
	if g.http() && g.version == "" {
		g.version = "HTTP1"
	}
	if err := s.checkGroup(g); err != nil {
		return nil, err
	}
	var err error
	if g.check, err = newHealthCheck(g.protocol).with(checkChange{
		enabled: in.HealthCheckEnabled, protocol: in.HealthCheckProtocol, port: in.HealthCheckPort, path: in.HealthCheckPath, matcher: in.Matcher,
		interval: in.HealthCheckIntervalSeconds, timeout: in.HealthCheckTimeoutSeconds, healthy: in.HealthyThresholdCount, unhealthy: in.UnhealthyThresholdCount,
	}, g.http()); err != nil {
		return nil, err
	}
	g.tags, err = tags(nil).with(in.Tags)
	return g, err
}

var groupProtocols = []types.ProtocolEnum{
	types.ProtocolEnumHttp, types.ProtocolEnumHttps, types.ProtocolEnumTcp, types.ProtocolEnumTls, types.ProtocolEnumUdp, types.ProtocolEnumTcpUdp,
}

func (s *Service) checkGroup(g *targetGroup) error {
	if err := checkName("Target group", g.name); err != nil {
		return err
	}
	switch {
	case g.targetType != types.TargetTypeEnumInstance && g.targetType != types.TargetTypeEnumIp:
		return wire.Errorf("InvalidConfigurationRequest", "Target groups of type '%s' are not available in the sandbox: 'instance' and 'ip' are", g.targetType)
	case g.protocol == "":
		return wire.Errorf("ValidationError", "A protocol must be specified")
	case !slices.Contains(groupProtocols, g.protocol):
		return wire.Errorf("UnsupportedProtocol", "Target groups with protocol '%s' are not available in the sandbox", g.protocol)
	case g.version != "" && !g.http():
		return wire.Errorf("ValidationError", "A protocol version cannot be specified for target groups with protocol %s", g.protocol)
	case g.version != "" && g.version != "HTTP1":
		return wire.Errorf("UnsupportedProtocol", "Protocol version '%s' is not available in the sandbox: only 'HTTP1' is", g.version)
	case g.ipType != types.TargetGroupIpAddressTypeEnumIpv4:
		return wire.Errorf("InvalidConfigurationRequest", "Target groups with IP address type '%s' are not available in the sandbox: only 'ipv4' is", g.ipType)
	case g.port < 1 || g.port > 65535:
		return wire.Errorf("ValidationError", "A target group port must be between 1 and 65535")
	case g.vpc == "":
		return wire.Errorf("ValidationError", "A VPC ID must be specified")
	case s.VPC != nil && !s.VPC(g.vpc):
		return wire.Errorf("ValidationError", "The VPC ID '%s' is not found", g.vpc)
	}
	return nil
}

func (s *Service) describeTargetGroups(_ context.Context, in *sdk.DescribeTargetGroupsInput) (*sdk.DescribeTargetGroupsOutput, error) {
	chosen, err := s.chosenGroups(in)
	if err != nil {
		return nil, err
	}
	part, next, err := page(chosen, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &sdk.DescribeTargetGroupsOutput{TargetGroups: each(part, (*targetGroup).describe), NextMarker: next}, nil
}

func (s *Service) chosenGroups(in *sdk.DescribeTargetGroupsInput) ([]*targetGroup, error) {
	var chosen []*targetGroup
	switch byBalancer := in.LoadBalancerArn != nil; {
	case byBalancer && len(in.Names)+len(in.TargetGroupArns) > 0, len(in.Names) > 0 && len(in.TargetGroupArns) > 0:
		return nil, wire.Errorf("ValidationError", "Only one of a load balancer ARN, target group ARNs and names can be specified")
	case byBalancer:
		lb, err := s.balancer(*in.LoadBalancerArn)
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(slices.Clone(s.groups), func(g *targetGroup) bool { return g.lb != lb }), nil
	case len(in.Names)+len(in.TargetGroupArns) == 0:
		return s.groups, nil
	}
	for _, arn := range in.TargetGroupArns {
		g, err := s.group(arn)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, g)
	}
	for _, name := range in.Names {
		g := s.groupNamed(name)
		if g == nil {
			return nil, s.missing(groupKind, name)
		}
		chosen = append(chosen, g)
	}
	return chosen, nil
}

func (s *Service) modifyTargetGroup(_ context.Context, in *sdk.ModifyTargetGroupInput) (*sdk.ModifyTargetGroupOutput, error) {
	g, err := s.group(aws.ToString(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	check, err := g.check.with(checkChange{
		enabled: in.HealthCheckEnabled, protocol: in.HealthCheckProtocol, port: in.HealthCheckPort, path: in.HealthCheckPath, matcher: in.Matcher,
		interval: in.HealthCheckIntervalSeconds, timeout: in.HealthCheckTimeoutSeconds, healthy: in.HealthyThresholdCount, unhealthy: in.UnhealthyThresholdCount,
	}, g.http())
	if err != nil {
		return nil, err
	}
	g.check = check
	for _, t := range g.targets {
		t.rewatch()
	}
	return &sdk.ModifyTargetGroupOutput{TargetGroups: []types.TargetGroup{g.describe()}}, nil
}

func (s *Service) deleteTargetGroup(_ context.Context, in *sdk.DeleteTargetGroupInput) (*sdk.DeleteTargetGroupOutput, error) {
	arn := aws.ToString(in.TargetGroupArn)
	if err := s.checkARN(groupKind, arn); err != nil {
		return nil, err
	}
	g, err := s.group(arn)
	if err != nil {
		return &sdk.DeleteTargetGroupOutput{}, nil //nolint:nilerr // deleted before, which AWS takes for done
	}
	if g.lb != nil {
		return nil, wire.Errorf("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", arn)
	}
	for _, t := range slices.Clone(g.targets) {
		t.remove()
	}
	s.groups = slices.DeleteFunc(slices.Clone(s.groups), func(other *targetGroup) bool { return other == g })
	return &sdk.DeleteTargetGroupOutput{}, nil
}
