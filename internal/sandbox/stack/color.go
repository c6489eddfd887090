package stack

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// balancer is where the records of a colour point.
type balancer struct{ arn, dnsName, zoneID string }

// color makes one stack: load balancer, target group, listeners, launch template, Auto Scaling group, policy and hook.
func (b *builder) color(ctx context.Context, color, version string, size Size) (balancer, error) {
	lb, err := b.balancer(ctx, color)
	if err != nil {
		return lb, err
	}
	targets, err := b.targetGroup(ctx, color)
	if err != nil {
		return lb, err
	}
	if err := b.listeners(ctx, lb, targets); err != nil {
		return lb, err
	}
	template, err := b.template(ctx, color, version)
	if err != nil {
		return lb, err
	}
	return lb, b.group(ctx, color, template, lb.arn, targets, size)
}

func (b *builder) name(color, resource string) string {
	return fmt.Sprintf("%s-%s-%s", b.spec.App, color, resource)
}

func (b *builder) tags(color string) map[string]string {
	return map[string]string{
		"bluegreen:app": b.spec.App, "bluegreen:color": color, "Environment": "production", "Owner": "team-" + b.spec.App, "Cost-Center": "4711",
	}
}

func (b *builder) balancer(ctx context.Context, color string) (balancer, error) {
	out, err := b.elb.CreateLoadBalancer(ctx, &elbv2.CreateLoadBalancerInput{
		Name: aws.String(b.name(color, "alb")), Subnets: b.subnet, SecurityGroups: []string{b.groups["alb"]},
		Scheme: elbtypes.LoadBalancerSchemeEnumInternetFacing, IpAddressType: elbtypes.IpAddressTypeDualstack, Tags: b.elbTags(color),
	})
	if err != nil {
		return balancer{}, err
	}
	lb := out.LoadBalancers[0]
	_, err = b.elb.ModifyLoadBalancerAttributes(ctx, &elbv2.ModifyLoadBalancerAttributesInput{
		LoadBalancerArn: lb.LoadBalancerArn,
		Attributes: []elbtypes.LoadBalancerAttribute{
			{Key: aws.String("idle_timeout.timeout_seconds"), Value: aws.String(strconv.Itoa(b.spec.IdleSeconds))},
			{Key: aws.String("routing.http.drop_invalid_header_fields.enabled"), Value: aws.String("true")},
			{Key: aws.String("client_keep_alive.seconds"), Value: aws.String(strconv.Itoa(b.spec.KeepAliveSeconds))},
		},
	})
	return balancer{arn: *lb.LoadBalancerArn, dnsName: *lb.DNSName, zoneID: *lb.CanonicalHostedZoneId}, err
}

func (b *builder) elbTags(color string) []elbtypes.Tag {
	var tags []elbtypes.Tag
	for k, v := range b.tags(color) {
		tags = append(tags, elbtypes.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return tags
}

func (b *builder) targetGroup(ctx context.Context, color string) (string, error) {
	out, err := b.elb.CreateTargetGroup(ctx, &elbv2.CreateTargetGroupInput{
		Name: aws.String(b.name(color, "tg")), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(AppPort), VpcId: &b.vpc,
		TargetType: elbtypes.TargetTypeEnumInstance, HealthCheckPath: aws.String("/health"), HealthCheckPort: b.checkPort(), HealthCheckIntervalSeconds: aws.Int32(10),
		HealthCheckTimeoutSeconds: aws.Int32(5), HealthyThresholdCount: aws.Int32(2), UnhealthyThresholdCount: aws.Int32(2),
		Matcher: &elbtypes.Matcher{HttpCode: aws.String("200")}, Tags: b.elbTags(color),
	})
	if err != nil {
		return "", err
	}
	arn := *out.TargetGroups[0].TargetGroupArn
	_, err = b.elb.ModifyTargetGroupAttributes(ctx, &elbv2.ModifyTargetGroupAttributesInput{
		TargetGroupArn: &arn,
		Attributes:     []elbtypes.TargetGroupAttribute{{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String(strconv.Itoa(int(deregistrationDelay.Seconds())))}},
	})
	return arn, err
}

func (b *builder) listeners(ctx context.Context, lb balancer, targets string) error {
	forward := []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &targets}}
	_, err := b.elb.CreateListener(ctx, &elbv2.CreateListenerInput{
		LoadBalancerArn: &lb.arn, Port: aws.Int32(HTTPPort), Protocol: elbtypes.ProtocolEnumHttp, DefaultActions: forward,
	})
	if err != nil {
		return err
	}
	https, err := b.elb.CreateListener(ctx, &elbv2.CreateListenerInput{
		LoadBalancerArn: &lb.arn, Port: aws.Int32(HTTPSPort), Protocol: elbtypes.ProtocolEnumHttps, DefaultActions: forward,
		Certificates: []elbtypes.Certificate{{CertificateArn: &b.cert}}, SslPolicy: aws.String("ELBSecurityPolicy-TLS13-1-2-2021-06"),
	})
	if err != nil {
		return err
	}
	_, err = b.elb.CreateRule(ctx, &elbv2.CreateRuleInput{
		ListenerArn: https.Listeners[0].ListenerArn, Priority: aws.Int32(10),
		Conditions: []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &elbtypes.PathPatternConditionConfig{Values: []string{"/internal/*"}}}},
		Actions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumFixedResponse, FixedResponseConfig: &elbtypes.FixedResponseActionConfig{
			StatusCode: aws.String("404"), ContentType: aws.String("text/plain"), MessageBody: aws.String("not here"),
		}}},
	})
	return err
}

const deregistrationDelay = time.Minute

// checkPort is where targets are checked; nil for the port that gets the traffic.
func (b *builder) checkPort() *string {
	if b.spec.Program == nil {
		return nil
	}
	return aws.String(strconv.Itoa(AgentPort))
}

func (b *builder) userData() string {
	if b.spec.Program == nil {
		return script
	}
	return b.agentUserData()
}

// script is what such templates have today, and what the agent replaces.
const script = `#!/bin/bash
set -euo pipefail
aws ecr get-login-password | docker login --username AWS --password-stdin 123456789012.dkr.ecr.eu-west-1.amazonaws.com
docker run -d --restart always -p 8000:8000 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:latest
`

func (b *builder) template(ctx context.Context, color, version string) (string, error) {
	var tags []ec2types.Tag
	for k, v := range b.tags(color) {
		tags = append(tags, ec2types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	out, err := b.ec2.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String(b.name(color, "lt")),
		TagSpecifications:  []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeLaunchTemplate, Tags: tags}},
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{
			ImageId: aws.String(b.made.Images[version]), InstanceType: ec2types.InstanceTypeT3Small,
			SecurityGroupIds:   []string{b.groups["app"]},
			IamInstanceProfile: &ec2types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: &b.spec.App},
			UserData:           aws.String(base64.StdEncoding.EncodeToString([]byte(b.userData()))),
			MetadataOptions: &ec2types.LaunchTemplateInstanceMetadataOptionsRequest{
				HttpTokens: ec2types.LaunchTemplateHttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(2),
				InstanceMetadataTags: ec2types.LaunchTemplateInstanceMetadataTagsStateEnabled,
			},
			Monitoring: &ec2types.LaunchTemplatesMonitoringRequest{Enabled: aws.Bool(true)},
			BlockDeviceMappings: []ec2types.LaunchTemplateBlockDeviceMappingRequest{{
				DeviceName: aws.String("/dev/sda1"),
				Ebs: &ec2types.LaunchTemplateEbsBlockDeviceRequest{
					VolumeSize: aws.Int32(20), VolumeType: ec2types.VolumeTypeGp3, Encrypted: aws.Bool(true), DeleteOnTermination: aws.Bool(true),
				},
			}},
			TagSpecifications: []ec2types.LaunchTemplateTagSpecificationRequest{{ResourceType: ec2types.ResourceTypeVolume, Tags: tags}},
		},
	})
	if err != nil {
		return "", err
	}
	return *out.LaunchTemplate.LaunchTemplateId, nil
}

func (b *builder) group(ctx context.Context, color, template, lbARN, targets string, size Size) error {
	name := b.name(color, "asg")
	in := &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: &name, MinSize: &size.Min, MaxSize: &size.Max, DesiredCapacity: &size.Desired,
		LaunchTemplate:    &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: &template, Version: aws.String("1")},
		VPCZoneIdentifier: aws.String(strings.Join(b.subnet, ",")), TargetGroupARNs: []string{targets},
		HealthCheckType: aws.String("ELB"), HealthCheckGracePeriod: aws.Int32(60), DefaultInstanceWarmup: aws.Int32(60),
	}
	if b.spec.Program != nil {
		in.HealthCheckGracePeriod, in.DefaultInstanceWarmup = aws.Int32(b.real(2*time.Minute)), aws.Int32(60)
		in.LifecycleHookSpecificationList = b.agentHooks()
	}
	for k, v := range b.tags(color) {
		in.Tags = append(in.Tags, asgtypes.Tag{
			ResourceId: &name, ResourceType: aws.String("auto-scaling-group"), Key: aws.String(k), Value: aws.String(v),
			PropagateAtLaunch: aws.Bool(k != "Cost-Center"),
		})
	}
	if b.spec.HookSeconds > 0 && b.spec.Program == nil {
		in.LifecycleHookSpecificationList = []asgtypes.LifecycleHookSpecification{{
			LifecycleHookName: aws.String("warm-up"), LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_LAUNCHING"),
			HeartbeatTimeout: aws.Int32(int32(b.spec.HookSeconds)), DefaultResult: aws.String("CONTINUE"),
		}}
	}
	if _, err := b.asg.CreateAutoScalingGroup(ctx, in); err != nil {
		return err
	}
	label := lbARN[strings.Index(lbARN, "app/"):] + "/" + targets[strings.Index(targets, "targetgroup/"):]
	_, err := b.asg.PutScalingPolicy(ctx, &autoscaling.PutScalingPolicyInput{
		AutoScalingGroupName: &name, PolicyName: aws.String(b.name(color, "requests")), PolicyType: aws.String("TargetTrackingScaling"),
		TargetTrackingConfiguration: &asgtypes.TargetTrackingConfiguration{
			TargetValue: aws.Float64(60000),
			PredefinedMetricSpecification: &asgtypes.PredefinedMetricSpecification{
				PredefinedMetricType: asgtypes.MetricTypeALBRequestCountPerTarget, ResourceLabel: &label,
			},
		},
	})
	return err
}
