package elbv2

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// Attributes of target groups that the code asks for.
const (
	deregistrationDelay = "deregistration_delay.timeout_seconds"
	algorithm           = "load_balancing.algorithm.type"
	dnsMinCount         = "target_group_health.dns_failover.minimum_healthy_targets.count"
	dnsMinPercent       = "target_group_health.dns_failover.minimum_healthy_targets.percentage"
	routingMinCount     = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"
	routingMinPercent   = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage"
)

const (
	week       = 7 * 24 * 60 * 60 // seconds
	maxTargets = 1000             // of one target group
)

var groupSchema = schema{
	{deregistrationDelay, "300", between(0, 3600)},
	{"stickiness.enabled", "false", boolean},
	{"stickiness.type", "lb_cookie", oneOf("lb_cookie", "app_cookie")},
	{"stickiness.lb_cookie.duration_seconds", "86400", between(1, week)},
	{"stickiness.app_cookie.cookie_name", "", cookieName},
	{"stickiness.app_cookie.duration_seconds", "86400", between(1, week)},
	{"slow_start.duration_seconds", "0", or(oneOf("0"), between(30, 900))},
	{algorithm, "round_robin", oneOf("round_robin", "least_outstanding_requests", "weighted_random")},
	{"load_balancing.algorithm.anomaly_mitigation", "off", oneOf("on", "off")},
	{crossZone, "use_load_balancer_configuration", oneOf("true", "false", "use_load_balancer_configuration")},
	{dnsMinCount, "1", or(oneOf("off"), between(1, maxTargets))},
	{dnsMinPercent, "off", or(oneOf("off"), between(1, 100))},
	{routingMinCount, "1", between(1, maxTargets)},
	{routingMinPercent, "off", or(oneOf("off"), between(1, 100))},
}

// cookieName refuses what load balancers use themselves.
func cookieName(name string) bool { return len(name) <= 4096 && !strings.HasPrefix(name, "AWSALB") }

func groupAttribute(key, value string) types.TargetGroupAttribute {
	return types.TargetGroupAttribute{Key: aws.String(key), Value: aws.String(value)}
}

func (s *Service) modifyTargetGroupAttributes(_ context.Context, in *sdk.ModifyTargetGroupAttributesInput) (*sdk.ModifyTargetGroupAttributesOutput, error) {
	g, err := s.group(aws.ToString(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	next, err := groupSchema.apply("Target group", g.attributes, each(in.Attributes, func(a types.TargetGroupAttribute) change {
		return change{aws.ToString(a.Key), aws.ToString(a.Value)}
	}))
	if err != nil {
		return nil, err
	}
	g.attributes = next
	return &sdk.ModifyTargetGroupAttributesOutput{Attributes: list(groupSchema, next, groupAttribute)}, nil
}

func (s *Service) describeTargetGroupAttributes(_ context.Context, in *sdk.DescribeTargetGroupAttributesInput) (*sdk.DescribeTargetGroupAttributesOutput, error) {
	g, err := s.group(aws.ToString(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	return &sdk.DescribeTargetGroupAttributesOutput{Attributes: list(groupSchema, g.attributes, groupAttribute)}, nil
}
