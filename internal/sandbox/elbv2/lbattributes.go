package elbv2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/wire"
)

// Attributes of load balancers that the code asks for.
const (
	deletionProtection = "deletion_protection.enabled"
	idleTimeout        = "idle_timeout.timeout_seconds"
	keepAlive          = "client_keep_alive.seconds"
	forwardedForMode   = "routing.http.xff_header_processing.mode"
	forwardedForPort   = "routing.http.xff_client_port.enabled"
	crossZone          = "load_balancing.cross_zone.enabled"
)

var balancerSchema = schema{
	{"access_logs.s3.enabled", "false", boolean},
	{"access_logs.s3.bucket", "", upTo(63)},
	{"access_logs.s3.prefix", "", upTo(1024)},
	{idleTimeout, "60", between(1, 4000)},
	{deletionProtection, "false", boolean},
	{"routing.http2.enabled", "true", boolean},
	{"routing.http.drop_invalid_header_fields.enabled", "false", boolean},
	{forwardedForPort, "false", boolean},
	{"routing.http.preserve_host_header.enabled", "false", boolean},
	{forwardedForMode, "append", oneOf("append", "preserve", "remove")},
	{crossZone, "true", boolean},
	{"routing.http.desync_mitigation_mode", "defensive", oneOf("monitor", "defensive", "strictest")},
	{keepAlive, "3600", between(60, 604800)},
	{"waf.fail_open.enabled", "false", boolean},
	{"routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false", boolean},
	{"zonal_shift.config.enabled", "false", boolean},
	{"connection_logs.s3.enabled", "false", boolean},
	{"connection_logs.s3.bucket", "", upTo(63)},
	{"connection_logs.s3.prefix", "", upTo(1024)},
	{"health_check_logs.s3.enabled", "false", boolean},
	{"health_check_logs.s3.bucket", "", upTo(63)},
	{"health_check_logs.s3.prefix", "", upTo(1024)},
	{"ipv6.deny_all_igw_traffic", "false", boolean},
}

func balancerAttribute(key, value string) types.LoadBalancerAttribute {
	return types.LoadBalancerAttribute{Key: aws.String(key), Value: aws.String(value)}
}

func (s *Service) modifyLoadBalancerAttributes(_ context.Context, in *sdk.ModifyLoadBalancerAttributesInput) (*sdk.ModifyLoadBalancerAttributesOutput, error) {
	lb, err := s.balancer(aws.ToString(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	next, err := balancerSchema.apply("Load balancer", lb.attributes, each(in.Attributes, func(a types.LoadBalancerAttribute) change {
		return change{aws.ToString(a.Key), aws.ToString(a.Value)}
	}))
	if err != nil {
		return nil, err
	}
	if !next.on(crossZone) {
		return nil, wire.Errorf("InvalidConfigurationRequest", "Cross-zone load balancing of an application load balancer cannot be turned off")
	}
	for _, logs := range []string{"access_logs", "connection_logs", "health_check_logs"} {
		if next.on(logs+".s3.enabled") && next[logs+".s3.bucket"] == "" {
			return nil, wire.Errorf("ValidationError", "The value of '%s.s3.bucket' cannot be empty when '%s.s3.enabled' is true", logs, logs)
		}
	}
	lb.attributes = next
	s.changed(lb)
	return &sdk.ModifyLoadBalancerAttributesOutput{Attributes: list(balancerSchema, next, balancerAttribute)}, nil
}

func (s *Service) describeLoadBalancerAttributes(_ context.Context, in *sdk.DescribeLoadBalancerAttributesInput) (*sdk.DescribeLoadBalancerAttributesOutput, error) {
	lb, err := s.balancer(aws.ToString(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	return &sdk.DescribeLoadBalancerAttributesOutput{Attributes: list(balancerSchema, lb.attributes, balancerAttribute)}, nil
}
