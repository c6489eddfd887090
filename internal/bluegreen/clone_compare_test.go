package bluegreen_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// tampering is a change by hand on a clone between its creation and its comparison, and the fact that gives it away.
type tampering struct {
	name   string
	change func(h *hands)
	want   string
}

const green = traffic.Green

// tamperings are one for each kind of field.
func tamperings() []tampering {
	return []tampering{
		{"balancer attribute", func(h *hands) { h.balancerAttributes(green, "idle_timeout.timeout_seconds", "99") }, "load-balancer/attribute/idle_timeout.timeout_seconds is 99, not 77"},
		{"balancer attribute without value", func(h *hands) {
			h.balancerAttributes(green, "health_check_logs.s3.enabled", "false", "health_check_logs.s3.prefix", "")
		}, "load-balancer/attribute/health_check_logs.s3.prefix is , not q"},
		{"address type", func(h *hands) {
			ok(h.elb.SetIpAddressType(h.t.Context(), &elbv2.SetIpAddressTypeInput{LoadBalancerArn: h.balancer(green).LoadBalancerArn, IpAddressType: elbtypes.IpAddressTypeDualstack}))(h.t)
		}, "load-balancer/IpAddressType is dualstack, not ipv4"},
		{"balancer tag", func(h *hands) { h.tag(*h.balancer(green).LoadBalancerArn, "Name", "mine") }, "load-balancer/tag/Name is mine, not shop-green-alb"},
		{"empty tag", func(h *hands) { h.untag(h.targetGroup("shop-green-tg"), "empty") }, "target-group/shop-green-tg/tag/empty is missing"},
		{"target group attribute", func(h *hands) {
			h.targetAttributes(h.targetGroup("shop-green-api"), "load_balancing.algorithm.anomaly_mitigation", "off")
		}, "target-group/shop-green-api/attribute/load_balancing.algorithm.anomaly_mitigation is off, not on"},
		{"health check", func(h *hands) {
			ok(h.elb.ModifyTargetGroup(h.t.Context(), &elbv2.ModifyTargetGroupInput{TargetGroupArn: aws.String(h.targetGroup("shop-green-tg")), HealthCheckPath: aws.String("/")}))(h.t)
		}, "target-group/shop-green-tg/HealthCheckPath is /, not /health"},
		{"matcher", func(h *hands) {
			ok(h.elb.ModifyTargetGroup(h.t.Context(), &elbv2.ModifyTargetGroupInput{TargetGroupArn: aws.String(h.targetGroup("shop-green-api")), Matcher: &elbtypes.Matcher{HttpCode: aws.String("200")}}))(h.t)
		}, "target-group/shop-green-api/Matcher/HttpCode is 200, not 200-299,304"},
		{"listener gone", func(h *hands) {
			ok(h.elb.DeleteListener(h.t.Context(), &elbv2.DeleteListenerInput{ListenerArn: aws.String(h.listener(green, redirectPort))}))(h.t)
		}, "listener/8081/Port is missing (8081)"},
		{"TLS policy", func(h *hands) {
			ok(h.elb.ModifyListener(h.t.Context(), &elbv2.ModifyListenerInput{ListenerArn: aws.String(h.listener(green, apiPort)), SslPolicy: aws.String("ELBSecurityPolicy-2016-08")}))(h.t)
		}, "listener/8444/SslPolicy is ELBSecurityPolicy-2016-08, not ELBSecurityPolicy-TLS13-1-3-2021-06"},
		{"listener attribute", func(h *hands) {
			h.listenerAttributes(h.listener(green, apiPort), "routing.http.response.x_frame_options.header_value", "")
		}, "listener/8444/attribute/routing.http.response.x_frame_options.header_value is , not DENY"},
		{"certificate", func(h *hands) { h.dropCertificate(h.listener(green, apiPort)) }, "listener/8444/certificate/arn:aws:acm:"},
		{"weight of a default action", func(h *hands) { h.forwardAll(green, apiPort, "shop-green-tg") }, "listener/8444/DefaultActions[0]/ForwardConfig/TargetGroups[1]/Weight is missing (3)"},
		{"redirect", func(h *hands) { h.changeRule(green, apiPort, "30", elbv2.ModifyRuleInput{Actions: gone()}) }, "listener/8444/rule/30/Actions[0]/RedirectConfig/Host is missing (new.example.com)"},
		{"rule gone", func(h *hands) {
			ok(h.elb.DeleteRule(h.t.Context(), &elbv2.DeleteRuleInput{RuleArn: aws.String(h.rule(green, apiPort, "20"))}))(h.t)
		}, "listener/8444/rule/20/Priority is missing (20)"},
		{"rule of another priority", func(h *hands) {
			ok(h.elb.SetRulePriorities(h.t.Context(), &elbv2.SetRulePrioritiesInput{RulePriorities: []elbtypes.RulePriorityPair{{RuleArn: aws.String(h.rule(green, apiPort, "40")), Priority: aws.Int32(5)}}}))(h.t)
		}, "listener/8444/rule/40/Priority is missing (40)"},
		{"condition", func(h *hands) {
			h.changeRule(green, apiPort, "50", elbv2.ModifyRuleInput{Conditions: []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/v2/*"}}}})
		}, "listener/8444/rule/50/Conditions[0]/PathPatternConfig/Values is /v2/*, not /v1/*"},
		{"transform", func(h *hands) {
			h.changeRule(green, apiPort, "50", elbv2.ModifyRuleInput{ResetTransforms: aws.Bool(true)})
		}, "listener/8444/rule/50/Transforms[0]/Type is missing (url-rewrite)"},
		{"target group of a rule", func(h *hands) {
			arn := h.targetGroup("shop-green-api")
			h.changeRule(green, apiPort, "10", elbv2.ModifyRuleInput{Actions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &arn}}})
		}, "listener/8444/rule/10/Actions[0]/TargetGroupArn is arn:"},
		{"rule tag", func(h *hands) { h.untag(h.rule(green, apiPort, "10"), "for") }, "listener/8444/rule/10/tag/for is missing (shop-green-asg)"},

		{"maximum", func(h *hands) { h.change(green, autoscaling.UpdateAutoScalingGroupInput{MaxSize: aws.Int32(3)}) }, "group/MaxSize is 3, not 9"},
		{"cooldown", func(h *hands) {
			h.change(green, autoscaling.UpdateAutoScalingGroupInput{DefaultCooldown: aws.Int32(1)})
		}, "group/DefaultCooldown is 1, not 111"},
		{"order of termination policies", func(h *hands) {
			h.change(green, autoscaling.UpdateAutoScalingGroupInput{TerminationPolicies: []string{"Default", "OldestLaunchTemplate"}})
		}, "group/TerminationPolicies is Default,OldestLaunchTemplate, not OldestLaunchTemplate,Default"},
		{"maintenance policy", func(h *hands) {
			h.change(green, autoscaling.UpdateAutoScalingGroupInput{InstanceMaintenancePolicy: &astypes.InstanceMaintenancePolicy{MinHealthyPercentage: aws.Int32(-1), MaxHealthyPercentage: aws.Int32(-1)}})
		}, "group/InstanceMaintenancePolicy/MaxHealthyPercentage is missing (150)"},
		{"scale-in protection", func(h *hands) {
			h.change(green, autoscaling.UpdateAutoScalingGroupInput{NewInstancesProtectedFromScaleIn: aws.Bool(false)})
		}, "group/NewInstancesProtectedFromScaleIn is false, not true"},
		{"registration", func(h *hands) {
			ok(h.asg.DetachLoadBalancerTargetGroups(h.t.Context(), &autoscaling.DetachLoadBalancerTargetGroupsInput{AutoScalingGroupName: h.group(green), TargetGroupARNs: []string{h.targetGroup("checkout-green")}}))(h.t)
		}, "registration/checkout-green is missing"},
		{"suspended process", func(h *hands) {
			ok(h.asg.ResumeProcesses(h.t.Context(), &autoscaling.ResumeProcessesInput{AutoScalingGroupName: h.group(green), ScalingProcesses: []string{"AZRebalance"}}))(h.t)
		}, "group/suspended/AZRebalance is missing"},
		{"metric", func(h *hands) {
			ok(h.asg.EnableMetricsCollection(h.t.Context(), &autoscaling.EnableMetricsCollectionInput{AutoScalingGroupName: h.group(green), Granularity: aws.String("1Minute"), Metrics: []string{"GroupMinSize"}}))(h.t)
		}, "group/metric/GroupMinSize is new (1Minute)"},
		{"group tag", func(h *hands) { h.groupTag(green, "Owner", "nobody", true) }, "group/tag/Owner is nobody, not team-shop"},
		{"what instances get of a tag", func(h *hands) { h.groupTag(green, "Cost-Center", "4711", true) }, "group/tag-propagates/Cost-Center is true, not false"},
		{"policy gone", func(h *hands) {
			ok(h.asg.DeletePolicy(h.t.Context(), &autoscaling.DeletePolicyInput{AutoScalingGroupName: h.group(green), PolicyName: aws.String("shop-green-cpu")}))(h.t)
		}, "policy/shop-green-cpu/PolicyType is missing (TargetTrackingScaling)"},
		{"policy that follows blue's requests", func(h *hands) {
			ok(h.asg.PutScalingPolicy(h.t.Context(), &autoscaling.PutScalingPolicyInput{
				AutoScalingGroupName: h.group(green), PolicyName: aws.String("follow-api"), PolicyType: aws.String("TargetTrackingScaling"), Enabled: aws.Bool(false),
				EstimatedInstanceWarmup: aws.Int32(44),
				TargetTrackingConfiguration: &astypes.TargetTrackingConfiguration{TargetValue: aws.Float64(70000), PredefinedMetricSpecification: &astypes.PredefinedMetricSpecification{
					PredefinedMetricType: astypes.MetricTypeALBRequestCountPerTarget, ResourceLabel: aws.String(h.label("shop-blue-api")),
				}},
			}))(h.t)
		}, "policy/follow-api/TargetTrackingConfiguration/PredefinedMetricSpecification/ResourceLabel is app/shop-blue-alb/"},
		{"hook", func(h *hands) {
			ok(h.asg.PutLifecycleHook(h.t.Context(), &autoscaling.PutLifecycleHookInput{AutoScalingGroupName: h.group(green), LifecycleHookName: aws.String("warm-up"), NotificationMetadata: aws.String("{}")}))(h.t)
		}, "hook/warm-up/NotificationMetadata is {}, not "},
		{"schedule that blue does not have", func(h *hands) { h.schedule(green, "night") }, "schedule/night/MinSize is new (0)"},
		{"image", func(*hands) {}, "template/ImageId is ami-00000000000000001, not ami-00000000000000002"}, // of the version below
		{"template version", func(h *hands) { h.launch(green, "1") }, "group/LaunchTemplate is lt-"},
		{"template data", func(*hands) {}, "template/EbsOptimized is missing (true)"},
	}
}

func gone() []elbtypes.Action {
	return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumFixedResponse, FixedResponseConfig: &elbtypes.FixedResponseActionConfig{StatusCode: aws.String("410")}}}
}

// TestCompareSeesEveryChange changes many things of a clone before it is compared: the comparison names each, and all is undone.
func TestCompareSeesEveryChange(t *testing.T) {
	inWorld(t, stack.Spec{HookSeconds: 30, BlueOnly: true}, func(ctx context.Context, w *world) {
		t := w.t
		h := w.hands()
		h.lush()
		found := h.account()
		app, ev := w.process("me", nil)
		ev.on(func(e bluegreen.Event) {
			if e.Event == bluegreen.StepBegan && e.Step == "compare" {
				for _, tc := range tamperings() {
					tc.change(h)
				}
			}
		})
		err := cloneOf(w.made.Images["v2"])(ctx, app)
		var differs *bluegreen.CompareError
		if !errors.As(err, &differs) || exit.CodeOf(err) != exit.Failed {
			ev.log(t)
			t.Fatalf("it ends with %v", err)
		}
		for _, tc := range tamperings() {
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: it does not say %q", tc.name, tc.want)
			}
		}
		if diff := cmp.Diff(found, h.account()); diff != "" {
			t.Errorf("the account is not as found (-found +left):\n%s", diff)
		}
		if t.Failed() {
			t.Log(err)
		}
	})
}

// TestCompareSeesOneChange checks that a single change is enough.
func TestCompareSeesOneChange(t *testing.T) {
	inWorld(t, stack.Spec{HookSeconds: 30, BlueOnly: true}, func(ctx context.Context, w *world) {
		t := w.t
		h := w.hands()
		app, ev := w.process("me", nil)
		ev.on(func(e bluegreen.Event) {
			if e.Event == bluegreen.StepBegan && e.Step == "compare" {
				h.balancerAttributes(green, "idle_timeout.timeout_seconds", "99")
			}
		})
		err := cloneOf(w.made.Images["v2"])(ctx, app)
		const want = "compare: green is not what it was cloned from:\n  load-balancer/attribute/idle_timeout.timeout_seconds is 99, not 60"
		if err == nil || err.Error() != want {
			t.Errorf("it ends with %v", err)
		}
	})
}

func (h *hands) change(color traffic.Color, in autoscaling.UpdateAutoScalingGroupInput) {
	h.t.Helper()
	h.w.eye.resize(h.t, color, in)
}

func (h *hands) tag(arn, key, value string) {
	h.t.Helper()
	ok(h.elb.AddTags(h.t.Context(), &elbv2.AddTagsInput{ResourceArns: []string{arn}, Tags: elbTags(key, value)}))(h.t)
}

func (h *hands) untag(arn, key string) {
	h.t.Helper()
	ok(h.elb.RemoveTags(h.t.Context(), &elbv2.RemoveTagsInput{ResourceArns: []string{arn}, TagKeys: []string{key}}))(h.t)
}

func (h *hands) groupTag(color traffic.Color, key, value string, propagate bool) {
	h.t.Helper()
	ok(h.asg.CreateOrUpdateTags(h.t.Context(), &autoscaling.CreateOrUpdateTagsInput{Tags: []astypes.Tag{{
		ResourceId: h.group(color), ResourceType: aws.String("auto-scaling-group"), Key: &key, Value: &value, PropagateAtLaunch: &propagate,
	}}}))(h.t)
}

func (h *hands) dropCertificate(listener string) {
	h.t.Helper()
	for _, c := range ok(h.elb.DescribeListenerCertificates(h.t.Context(), &elbv2.DescribeListenerCertificatesInput{ListenerArn: &listener}))(h.t).Certificates {
		if !*c.IsDefault {
			c.IsDefault = nil
			ok(h.elb.RemoveListenerCertificates(h.t.Context(), &elbv2.RemoveListenerCertificatesInput{ListenerArn: &listener, Certificates: []elbtypes.Certificate{c}}))(h.t)
			return
		}
	}
}

func (h *hands) forwardAll(color traffic.Color, port int32, targetGroup string) {
	h.t.Helper()
	arn := h.targetGroup(targetGroup)
	ok(h.elb.ModifyListener(h.t.Context(), &elbv2.ModifyListenerInput{
		ListenerArn: aws.String(h.listener(color, port)), DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &arn}},
	}))(h.t)
}

func (h *hands) changeRule(color traffic.Color, port int32, priority string, in elbv2.ModifyRuleInput) {
	h.t.Helper()
	in.RuleArn = aws.String(h.rule(color, port, priority))
	ok(h.elb.ModifyRule(h.t.Context(), &in))(h.t)
}

func (h *hands) schedule(color traffic.Color, name string) {
	h.t.Helper()
	ok(h.asg.PutScheduledUpdateGroupAction(h.t.Context(), &autoscaling.PutScheduledUpdateGroupActionInput{
		AutoScalingGroupName: h.group(color), ScheduledActionName: &name, Recurrence: aws.String("0 22 * * *"), MinSize: aws.Int32(0), TimeZone: aws.String("Europe/Berlin"),
	}))(h.t)
}

// launch makes a group launch another version of its launch template.
func (h *hands) launch(color traffic.Color, version string) {
	h.t.Helper()
	spec := *h.w.eye.group(h.t, color).LaunchTemplate
	spec.LaunchTemplateName, spec.Version = nil, &version
	h.change(color, autoscaling.UpdateAutoScalingGroupInput{LaunchTemplate: &spec})
}
