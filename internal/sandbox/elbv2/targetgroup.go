package elbv2

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// targetGroup is a set of targets with one health check.
type targetGroup struct {
	arn, name, id string
	vpc           string
	protocol      types.ProtocolEnum
	version       string // of HTTP; empty for other protocols
	port          int32
	targetType    types.TargetTypeEnum
	ipType        types.TargetGroupIpAddressTypeEnum
	check         healthCheck
	attributes    attributes
	tags          tags

	targets []*target
	turn    uint          // of round robin
	lb      *loadBalancer // whose rules name the group; nil when none does
}

// group finds a target group by its ARN.
func (s *Service) group(arn string) (*targetGroup, error) {
	if err := s.checkARN(groupKind, arn); err != nil {
		return nil, err
	}
	for _, g := range s.groups {
		if g.arn == arn {
			return g, nil
		}
	}
	return nil, s.missing(groupKind, arn)
}

func (s *Service) groupNamed(name string) *targetGroup {
	if i := slices.IndexFunc(s.groups, func(g *targetGroup) bool { return g.name == name }); i >= 0 {
		return s.groups[i]
	}
	return nil
}

// http says whether an application load balancer can use the group.
func (g *targetGroup) http() bool {
	return g.protocol == types.ProtocolEnumHttp || g.protocol == types.ProtocolEnumHttps
}

func (g *targetGroup) describe() types.TargetGroup {
	out := types.TargetGroup{
		HealthCheckEnabled:         aws.Bool(true),
		HealthCheckIntervalSeconds: aws.Int32(g.check.interval),
		HealthCheckPort:            aws.String(g.check.port),
		HealthCheckProtocol:        g.check.protocol,
		HealthCheckTimeoutSeconds:  aws.Int32(g.check.timeout),
		HealthyThresholdCount:      aws.Int32(g.check.healthy),
		UnhealthyThresholdCount:    aws.Int32(g.check.unhealthy),
		IpAddressType:              g.ipType,
		LoadBalancerArns:           []string{},
		Port:                       aws.Int32(g.port),
		Protocol:                   g.protocol,
		TargetGroupArn:             aws.String(g.arn),
		TargetGroupName:            aws.String(g.name),
		TargetType:                 g.targetType,
		VpcId:                      aws.String(g.vpc),
	}
	if g.check.protocol != types.ProtocolEnumTcp {
		out.HealthCheckPath = aws.String(g.check.path)
		out.Matcher = &types.Matcher{HttpCode: aws.String(g.check.matcher)}
	}
	if g.version != "" {
		out.ProtocolVersion = aws.String(g.version)
	}
	if g.lb != nil {
		out.LoadBalancerArns = []string{g.lb.arn}
	}
	return out
}

// sameSettings says whether a request for want is a repetition of the one that made g.
func (g *targetGroup) sameSettings(want *targetGroup) bool {
	return g.vpc == want.vpc && g.protocol == want.protocol && g.version == want.version && g.port == want.port &&
		g.targetType == want.targetType && g.ipType == want.ipType && g.check == want.check && g.tags.same(want.tags)
}
