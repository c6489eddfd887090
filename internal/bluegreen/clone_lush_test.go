package bluegreen_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"

	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// hands change the account past the product, with plain SDK clients.
type hands struct {
	t   *testing.T
	w   *world
	elb *elbv2.Client
	asg *autoscaling.Client
	ec2 *ec2.Client
	waf *wafv2.Client
}

func (w *world) hands() *hands {
	cfg := aws.Config{
		Region: w.sb.Account.Region, BaseEndpoint: aws.String("http://sandbox"), Credentials: stack.Credentials(),
		HTTPClient: &http.Client{Transport: w.sb.Transport()},
	}
	return &hands{w.t, w, elbv2.NewFromConfig(cfg), autoscaling.NewFromConfig(cfg), ec2.NewFromConfig(cfg), wafv2.NewFromConfig(cfg)}
}

// ok fails the test if a call by hand went wrong.
func ok[T any](out T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func (h *hands) balancer(color traffic.Color) elbtypes.LoadBalancer {
	h.t.Helper()
	out := ok(h.elb.DescribeLoadBalancers(h.t.Context(), &elbv2.DescribeLoadBalancersInput{Names: []string{h.w.eye.name(color, "alb")}}))(h.t)
	return out.LoadBalancers[0]
}

func (h *hands) targetGroup(name string) string {
	h.t.Helper()
	out := ok(h.elb.DescribeTargetGroups(h.t.Context(), &elbv2.DescribeTargetGroupsInput{Names: []string{name}}))(h.t)
	return *out.TargetGroups[0].TargetGroupArn
}

func (h *hands) listener(color traffic.Color, port int32) string {
	h.t.Helper()
	out := ok(h.elb.DescribeListeners(h.t.Context(), &elbv2.DescribeListenersInput{LoadBalancerArn: h.balancer(color).LoadBalancerArn}))(h.t)
	for _, l := range out.Listeners {
		if *l.Port == port {
			return *l.ListenerArn
		}
	}
	h.t.Fatalf("%s has no listener on port %d", color, port)
	return ""
}

func (h *hands) rule(color traffic.Color, port int32, priority string) string {
	h.t.Helper()
	out := ok(h.elb.DescribeRules(h.t.Context(), &elbv2.DescribeRulesInput{ListenerArn: aws.String(h.listener(color, port))}))(h.t)
	for _, r := range out.Rules {
		if *r.Priority == priority {
			return *r.RuleArn
		}
	}
	h.t.Fatalf("%s has no rule %s on port %d", color, priority, port)
	return ""
}

func (h *hands) group(color traffic.Color) *string { return aws.String(h.w.eye.name(color, "asg")) }

// The ports of the listeners that lush adds.
const (
	redirectPort = 8081
	apiPort      = 8444
)

// lush makes of blue a stack that uses everything that the account has to offer.
func (h *hands) lush() {
	h.t.Helper()
	h.lushTargets()
	h.lushBalancer()
	h.lushListeners()
	h.lushTemplate()
	h.lushGroup()
	h.w.awaitHealthy(traffic.Blue)
}

func elbTags(pairs ...string) []elbtypes.Tag {
	var tags []elbtypes.Tag
	for i := 0; i < len(pairs); i += 2 {
		tags = append(tags, elbtypes.Tag{Key: aws.String(pairs[i]), Value: aws.String(pairs[i+1])})
	}
	return tags
}

// lushTargets makes two more target groups, one of which only rules use.
func (h *hands) lushTargets() {
	h.t.Helper()
	ctx := h.t.Context()
	first := ok(h.elb.DescribeTargetGroups(ctx, &elbv2.DescribeTargetGroupsInput{Names: []string{"shop-blue-tg"}}))(h.t).TargetGroups[0]
	make := func(in elbv2.CreateTargetGroupInput, attributes ...string) string {
		in.VpcId, in.Protocol, in.Port, in.TargetType = first.VpcId, elbtypes.ProtocolEnumHttp, aws.Int32(stack.AppPort), elbtypes.TargetTypeEnumInstance
		arn := *ok(h.elb.CreateTargetGroup(ctx, &in))(h.t).TargetGroups[0].TargetGroupArn
		h.targetAttributes(arn, attributes...)
		return arn
	}
	h.targetAttributes(*first.TargetGroupArn,
		"deregistration_delay.timeout_seconds", "61", "stickiness.enabled", "true", "stickiness.type", "app_cookie",
		"stickiness.app_cookie.cookie_name", "SHOP", "stickiness.app_cookie.duration_seconds", "777",
		"stickiness.lb_cookie.duration_seconds", "778", "slow_start.duration_seconds", "45",
		"load_balancing.algorithm.type", "least_outstanding_requests", "load_balancing.cross_zone.enabled", "true",
		"target_group_health.dns_failover.minimum_healthy_targets.count", "2",
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "20")
	ok(h.elb.AddTags(ctx, &elbv2.AddTagsInput{
		ResourceArns: []string{*first.TargetGroupArn},
		Tags:         elbTags("Name", "shop-blue-tg", "served-by", "shop-blue-asg behind shop-blue-alb", "empty", "", "arn", *first.TargetGroupArn),
	}))(h.t)
	api := make(elbv2.CreateTargetGroupInput{
		Name: aws.String("shop-blue-api"), HealthCheckPath: aws.String("/health"), HealthCheckPort: aws.String("8000"),
		HealthCheckIntervalSeconds: aws.Int32(15), HealthCheckTimeoutSeconds: aws.Int32(7), HealthyThresholdCount: aws.Int32(3),
		UnhealthyThresholdCount: aws.Int32(4), Matcher: &elbtypes.Matcher{HttpCode: aws.String("200-299,304")},
		Tags: elbTags("Name", "shop-blue-api"),
	}, "load_balancing.algorithm.type", "weighted_random", "load_balancing.algorithm.anomaly_mitigation", "on")
	checkout := make(elbv2.CreateTargetGroupInput{Name: aws.String("checkout"), HealthCheckPath: aws.String("/health")})
	ok(h.asg.AttachLoadBalancerTargetGroups(ctx, &autoscaling.AttachLoadBalancerTargetGroupsInput{
		AutoScalingGroupName: h.group(traffic.Blue), TargetGroupARNs: []string{api, checkout},
	}))(h.t)
}

func (h *hands) targetAttributes(arn string, pairs ...string) {
	h.t.Helper()
	in := &elbv2.ModifyTargetGroupAttributesInput{TargetGroupArn: &arn}
	for i := 0; i < len(pairs); i += 2 {
		in.Attributes = append(in.Attributes, elbtypes.TargetGroupAttribute{Key: aws.String(pairs[i]), Value: aws.String(pairs[i+1])})
	}
	if len(pairs) > 0 {
		ok(h.elb.ModifyTargetGroupAttributes(h.t.Context(), in))(h.t)
	}
}

func (h *hands) balancerAttributes(color traffic.Color, pairs ...string) {
	h.t.Helper()
	in := &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: h.balancer(color).LoadBalancerArn}
	for i := 0; i < len(pairs); i += 2 {
		in.Attributes = append(in.Attributes, elbtypes.LoadBalancerAttribute{Key: aws.String(pairs[i]), Value: aws.String(pairs[i+1])})
	}
	ok(h.elb.ModifyLoadBalancerAttributes(h.t.Context(), in))(h.t)
}

func (h *hands) listenerAttributes(arn string, pairs ...string) {
	h.t.Helper()
	in := &elbv2.ModifyListenerAttributesInput{ListenerArn: &arn}
	for i := 0; i < len(pairs); i += 2 {
		in.Attributes = append(in.Attributes, elbtypes.ListenerAttribute{Key: aws.String(pairs[i]), Value: aws.String(pairs[i+1])})
	}
	ok(h.elb.ModifyListenerAttributes(h.t.Context(), in))(h.t)
}

// lushBalancer sets every attribute off its default.
func (h *hands) lushBalancer() {
	h.t.Helper()
	h.balancerAttributes(traffic.Blue,
		"access_logs.s3.enabled", "true", "access_logs.s3.bucket", "logs", "access_logs.s3.prefix", "shop-blue-alb",
		"connection_logs.s3.enabled", "true", "connection_logs.s3.bucket", "connections", "connection_logs.s3.prefix", "p",
		"health_check_logs.s3.enabled", "true", "health_check_logs.s3.bucket", "checks", "health_check_logs.s3.prefix", "q",
		"idle_timeout.timeout_seconds", "77", "deletion_protection.enabled", "true", "routing.http2.enabled", "false",
		"routing.http.drop_invalid_header_fields.enabled", "true", "routing.http.xff_client_port.enabled", "true",
		"routing.http.preserve_host_header.enabled", "true", "routing.http.xff_header_processing.mode", "preserve",
		"routing.http.desync_mitigation_mode", "strictest", "client_keep_alive.seconds", "1234", "waf.fail_open.enabled", "true",
		"routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "true", "zonal_shift.config.enabled", "true",
		"ipv6.deny_all_igw_traffic", "true")
	lb := h.balancer(traffic.Blue)
	ok(h.elb.SetIpAddressType(h.t.Context(), &elbv2.SetIpAddressTypeInput{LoadBalancerArn: lb.LoadBalancerArn, IpAddressType: elbtypes.IpAddressTypeIpv4}))(h.t)
	ok(h.elb.AddTags(h.t.Context(), &elbv2.AddTagsInput{
		ResourceArns: []string{*lb.LoadBalancerArn}, Tags: elbTags("Name", "shop-blue-alb", "scales", "shop-blue-asg,checkout", "not-a-name", "my-shop-blue-alb"),
	}))(h.t)
}

// lushListeners makes listeners and rules of every kind.
func (h *hands) lushListeners() {
	h.t.Helper()
	ctx := h.t.Context()
	lb, tg, api, checkout := h.balancer(traffic.Blue).LoadBalancerArn, h.targetGroup("shop-blue-tg"), h.targetGroup("shop-blue-api"), h.targetGroup("checkout")
	h.w.sb.Account.Lock()
	first, second, third := h.w.sb.AddCertificate(), h.w.sb.AddCertificate(), h.w.sb.AddCertificate()
	h.w.sb.Account.Unlock()
	redirect := ok(h.elb.CreateListener(ctx, &elbv2.CreateListenerInput{
		LoadBalancerArn: lb, Port: aws.Int32(redirectPort), Protocol: elbtypes.ProtocolEnumHttp,
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumRedirect, RedirectConfig: &elbtypes.RedirectActionConfig{
			StatusCode: elbtypes.RedirectActionStatusCodeEnumHttp301, Protocol: aws.String("HTTPS"), Port: aws.String("8444"),
			Host: aws.String("www.#{host}"), Path: aws.String("/new/#{path}"), Query: aws.String(""),
		}}},
	}))(h.t).Listeners[0].ListenerArn
	h.listenerAttributes(*redirect, "routing.http.response.server.enabled", "false")
	secure := ok(h.elb.CreateListener(ctx, &elbv2.CreateListenerInput{
		LoadBalancerArn: lb, Port: aws.Int32(apiPort), Protocol: elbtypes.ProtocolEnumHttps, SslPolicy: aws.String("ELBSecurityPolicy-TLS13-1-3-2021-06"),
		Certificates: []elbtypes.Certificate{{CertificateArn: &first}}, Tags: elbTags("Name", "api of shop-blue-alb"),
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, ForwardConfig: &elbtypes.ForwardActionConfig{
			TargetGroups:                []elbtypes.TargetGroupTuple{{TargetGroupArn: &tg, Weight: aws.Int32(7)}, {TargetGroupArn: &api, Weight: aws.Int32(3)}},
			TargetGroupStickinessConfig: &elbtypes.TargetGroupStickinessConfig{Enabled: aws.Bool(true), DurationSeconds: aws.Int32(321)},
		}}},
	}))(h.t).Listeners[0].ListenerArn
	for _, cert := range []string{second, third} {
		ok(h.elb.AddListenerCertificates(ctx, &elbv2.AddListenerCertificatesInput{ListenerArn: secure, Certificates: []elbtypes.Certificate{{CertificateArn: &cert}}}))(h.t)
	}
	h.listenerAttributes(*secure,
		"routing.http.response.strict_transport_security.header_value", "max-age=31536000",
		"routing.http.response.x_frame_options.header_value", "DENY",
		"routing.http.request.x_amzn_tls_version.header_name", "X-Tls-Version")
	forward := func(arn string) []elbtypes.Action {
		return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &arn}}
	}
	rule := func(priority int32, in elbv2.CreateRuleInput) {
		h.t.Helper()
		in.ListenerArn, in.Priority = secure, aws.Int32(priority)
		ok(h.elb.CreateRule(ctx, &in))(h.t)
	}
	rule(10, elbv2.CreateRuleInput{
		Actions: forward(checkout), Tags: elbTags("Name", "checkout", "for", "shop-blue-asg"),
		Conditions: []elbtypes.RuleCondition{
			{Field: aws.String("host-header"), HostHeaderConfig: &elbtypes.HostHeaderConditionConfig{Values: []string{"pay.example.com", "*.pay.example.com"}}},
			{Field: aws.String("path-pattern"), Values: []string{"/checkout/*"}},
		},
	})
	rule(20, elbv2.CreateRuleInput{
		Actions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, ForwardConfig: &elbtypes.ForwardActionConfig{
			TargetGroups: []elbtypes.TargetGroupTuple{{TargetGroupArn: &api, Weight: aws.Int32(0)}, {TargetGroupArn: &checkout, Weight: aws.Int32(999)}},
		}}},
		Conditions: []elbtypes.RuleCondition{
			{Field: aws.String("http-header"), HttpHeaderConfig: &elbtypes.HttpHeaderConditionConfig{HttpHeaderName: aws.String("X-Beta"), Values: []string{"yes", "o?k,really"}}},
			{Field: aws.String("http-request-method"), HttpRequestMethodConfig: &elbtypes.HttpRequestMethodConditionConfig{Values: []string{"GET", "POST"}}},
		},
	})
	rule(30, elbv2.CreateRuleInput{
		Actions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumRedirect, RedirectConfig: &elbtypes.RedirectActionConfig{
			StatusCode: elbtypes.RedirectActionStatusCodeEnumHttp302, Host: aws.String("new.example.com"),
		}}},
		Conditions: []elbtypes.RuleCondition{
			{Field: aws.String("query-string"), QueryStringConfig: &elbtypes.QueryStringConditionConfig{Values: []elbtypes.QueryStringKeyValuePair{
				{Key: aws.String("version"), Value: aws.String("2")}, {Value: aws.String("beta")},
			}}},
			{Field: aws.String("source-ip"), SourceIpConfig: &elbtypes.SourceIpConditionConfig{Values: []string{"10.0.0.0/8", "2001:db8::/32"}}},
		},
	})
	rule(40, elbv2.CreateRuleInput{
		Actions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumFixedResponse, FixedResponseConfig: &elbtypes.FixedResponseActionConfig{
			StatusCode: aws.String("503"), ContentType: aws.String("text/html"), MessageBody: aws.String("<p>closed</p>"),
		}}},
		Conditions: []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &elbtypes.PathPatternConditionConfig{RegexValues: []string{"^/old/.*$"}}}},
	})
	rule(50, elbv2.CreateRuleInput{
		Actions:    forward(tg),
		Conditions: []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/v1/*"}}},
		Transforms: []elbtypes.RuleTransform{
			{Type: elbtypes.TransformTypeEnumUrlRewrite, UrlRewriteConfig: &elbtypes.UrlRewriteConfig{Rewrites: []elbtypes.RewriteConfig{{Regex: aws.String("^/v1/"), Replace: aws.String("/")}}}},
			{Type: elbtypes.TransformTypeEnumHostHeaderRewrite, HostHeaderRewriteConfig: &elbtypes.HostHeaderRewriteConfig{Rewrites: []elbtypes.RewriteConfig{{Regex: aws.String("^www\\."), Replace: aws.String("")}}}},
		},
	})
}

// lushTemplate gives blue's launch template a version in which every field is set that goes with the others.
func (h *hands) lushTemplate() {
	h.t.Helper()
	ctx := h.t.Context()
	group := h.w.eye.group(h.t, traffic.Blue)
	found := ok(h.ec2.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: group.LaunchTemplate.LaunchTemplateId, Versions: []string{"1"},
	}))(h.t).LaunchTemplateVersions[0].LaunchTemplateData
	data := &ec2types.RequestLaunchTemplateData{}
	fill(reflect.ValueOf(data).Elem(), new(int))
	data.ImageId, data.InstanceType, data.SecurityGroupIds, data.SecurityGroups = found.ImageId, found.InstanceType, found.SecurityGroupIds, nil
	data.InstanceRequirements, data.InstanceMarketOptions, data.NetworkInterfaces, data.Placement.AvailabilityZone = nil, nil, nil, nil
	data.IamInstanceProfile = &ec2types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: found.IamInstanceProfile.Name}
	data.UserData = aws.String(base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\necho shop-blue-asg\n")))
	for i := range data.BlockDeviceMappings {
		data.BlockDeviceMappings[i].Ebs.SnapshotId = nil // AWS does not copy it: a loss of its own
	}
	for i := range data.TagSpecifications {
		data.TagSpecifications[i].ResourceType = ec2types.ResourceTypeVolume
	}
	version := ok(h.ec2.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: group.LaunchTemplate.LaunchTemplateId, LaunchTemplateData: data,
	}))(h.t).LaunchTemplateVersion
	h.w.eye.resize(h.t, traffic.Blue, autoscaling.UpdateAutoScalingGroupInput{LaunchTemplate: &astypes.LaunchTemplateSpecification{
		LaunchTemplateId: version.LaunchTemplateId, Version: aws.String(fmt.Sprint(*version.VersionNumber)),
	}})
}

// fill sets every field below v to something of its own, be it an enumeration.
func fill(v reflect.Value, n *int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.String:
		*n++
		v.SetString(fmt.Sprintf("text-%d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		*n++
		v.SetInt(int64(*n))
	case reflect.Float64:
		*n++
		v.SetFloat(float64(*n))
	}
}

// lushGroup sets all of an Auto Scaling group that can be set.
func (h *hands) lushGroup() {
	h.t.Helper()
	ctx, name := h.t.Context(), h.group(traffic.Blue)
	h.w.eye.resize(h.t, traffic.Blue, autoscaling.UpdateAutoScalingGroupInput{
		DefaultCooldown: aws.Int32(111), HealthCheckGracePeriod: aws.Int32(222), DefaultInstanceWarmup: aws.Int32(33),
		HealthCheckType: aws.String("EBS,ELB"), TerminationPolicies: []string{"OldestLaunchTemplate", "Default"},
		NewInstancesProtectedFromScaleIn: aws.Bool(true), MaxInstanceLifetime: aws.Int32(7 * 86400), CapacityRebalance: aws.Bool(true),
		InstanceMaintenancePolicy:        &astypes.InstanceMaintenancePolicy{MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(150)},
		AvailabilityZoneDistribution:     &astypes.AvailabilityZoneDistribution{CapacityDistributionStrategy: "balanced-only"},
		AvailabilityZoneImpairmentPolicy: &astypes.AvailabilityZoneImpairmentPolicy{ZonalShiftEnabled: aws.Bool(true), ImpairedZoneHealthCheckBehavior: "IgnoreUnhealthy"},
		CapacityReservationSpecification: &astypes.CapacityReservationSpecification{CapacityReservationPreference: "capacity-reservations-first"},
		DeletionProtection:               astypes.DeletionProtectionPreventAllDeletion, MaxSize: aws.Int32(9),
	})
	for _, hook := range []autoscaling.PutLifecycleHookInput{
		{LifecycleHookName: aws.String("warm-up"), LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_LAUNCHING"), NotificationMetadata: aws.String(`{"stack":"blue"}`), HeartbeatTimeout: aws.Int32(31)},
		{
			LifecycleHookName: aws.String("drain"), LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_TERMINATING"), DefaultResult: aws.String("CONTINUE"),
			HeartbeatTimeout: aws.Int32(45), NotificationTargetARN: aws.String("arn:aws:sqs:eu-west-1:123456789012:drain"), RoleARN: aws.String("arn:aws:iam::123456789012:role/drain"),
		},
	} {
		hook.AutoScalingGroupName = name
		ok(h.asg.PutLifecycleHook(ctx, &hook))(h.t)
	}
	h.track("shop-blue-cpu", astypes.TargetTrackingConfiguration{
		TargetValue: aws.Float64(51.5), DisableScaleIn: aws.Bool(true),
		PredefinedMetricSpecification: &astypes.PredefinedMetricSpecification{PredefinedMetricType: astypes.MetricTypeASGAverageCPUUtilization},
	})
	h.track("follow-api", astypes.TargetTrackingConfiguration{
		TargetValue: aws.Float64(70000),
		PredefinedMetricSpecification: &astypes.PredefinedMetricSpecification{
			PredefinedMetricType: astypes.MetricTypeALBRequestCountPerTarget, ResourceLabel: aws.String(h.label("shop-blue-api")),
		},
	})
	ok(h.asg.EnableMetricsCollection(ctx, &autoscaling.EnableMetricsCollectionInput{
		AutoScalingGroupName: name, Granularity: aws.String("1Minute"), Metrics: []string{"GroupInServiceInstances", "GroupDesiredCapacity"},
	}))(h.t)
	ok(h.asg.SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: name, ScalingProcesses: []string{"AZRebalance", "ScheduledActions"}}))(h.t)
	tag := func(key, value string, propagate bool) astypes.Tag {
		return astypes.Tag{ResourceId: name, ResourceType: aws.String("auto-scaling-group"), Key: &key, Value: &value, PropagateAtLaunch: &propagate}
	}
	ok(h.asg.CreateOrUpdateTags(ctx, &autoscaling.CreateOrUpdateTagsInput{Tags: []astypes.Tag{
		tag("Name", "shop-blue", true), tag("balancer", "shop-blue-alb", false), tag("empty", "", true), tag("team", "blue", true),
	}}))(h.t)
}

func (h *hands) label(targetGroup string) string {
	h.t.Helper()
	_, lb, _ := strings.Cut(*h.balancer(traffic.Blue).LoadBalancerArn, ":loadbalancer/")
	arn := h.targetGroup(targetGroup)
	return lb + "/" + arn[strings.LastIndex(arn, ":")+1:]
}

func (h *hands) track(name string, tracking astypes.TargetTrackingConfiguration) {
	h.t.Helper()
	ok(h.asg.PutScalingPolicy(h.t.Context(), &autoscaling.PutScalingPolicyInput{
		AutoScalingGroupName: h.group(traffic.Blue), PolicyName: &name, PolicyType: aws.String("TargetTrackingScaling"),
		EstimatedInstanceWarmup: aws.Int32(44), Enabled: aws.Bool(false), TargetTrackingConfiguration: &tracking,
	}))(h.t)
}
