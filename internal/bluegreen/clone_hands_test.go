package bluegreen_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// looseTargets makes target groups that nothing uses.
func (h *hands) looseTargets(names ...string) (arns []string) {
	h.t.Helper()
	first := ok(h.elb.DescribeTargetGroups(h.t.Context(), &elbv2.DescribeTargetGroupsInput{Names: []string{"shop-blue-tg"}}))(h.t).TargetGroups[0]
	for _, name := range names {
		made := ok(h.elb.CreateTargetGroup(h.t.Context(), &elbv2.CreateTargetGroupInput{
			Name: &name, VpcId: first.VpcId, Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(stack.AppPort), HealthCheckPath: aws.String("/health"),
		}))(h.t)
		arns = append(arns, *made.TargetGroups[0].TargetGroupArn)
	}
	return arns
}

// attach has blue's group register its instances.
func (h *hands) attach(targetGroups ...string) {
	h.t.Helper()
	ok(h.asg.AttachLoadBalancerTargetGroups(h.t.Context(), &autoscaling.AttachLoadBalancerTargetGroupsInput{
		AutoScalingGroupName: h.group(traffic.Blue), TargetGroupARNs: targetGroups,
	}))(h.t)
}

// extraTargets makes target groups that belong to blue: a rule uses each.
func (h *hands) extraTargets(names ...string) {
	h.t.Helper()
	arns := h.looseTargets(names...)
	h.attach(arns...)
	for i, arn := range arns {
		ok(h.elb.CreateRule(h.t.Context(), &elbv2.CreateRuleInput{
			ListenerArn: aws.String(h.listener(traffic.Blue, stack.HTTPPort)), Priority: aws.Int32(int32(100 + i)),
			Conditions: []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/" + names[i] + "/*"}}},
			Actions:    []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &arn}},
		}))(h.t)
	}
	h.w.awaitHealthy(traffic.Blue)
}

// cpuPolicy gives blue a policy that can be copied.
func (h *hands) cpuPolicy(name string) {
	h.t.Helper()
	h.track(name, astypes.TargetTrackingConfiguration{
		TargetValue:                   aws.Float64(50),
		PredefinedMetricSpecification: &astypes.PredefinedMetricSpecification{PredefinedMetricType: astypes.MetricTypeASGAverageCPUUtilization},
	})
}

// until lets the bubble's time pass until something is so.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for range 200 {
		if so() {
			return
		}
		time.Sleep(5 * time.Second)
	}
	t.Fatalf("%s: not in a quarter of an hour", what)
}
