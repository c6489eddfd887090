package bluegreen_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// loss is something that a clone cannot copy.
type loss struct {
	name  string
	make  func(h *hands)
	wants []string // names; those that have an identifier of the account's in them end in "*"
}

func losses() []loss {
	return []loss{
		{"an alarm on the load balancer", func(h *hands) {
			_, dimension, _ := strings.Cut(*h.balancer(traffic.Blue).LoadBalancerArn, ":loadbalancer/")
			h.alarm("shop 5xx", "LoadBalancer", dimension)
		}, []string{"alarm/shop 5xx"}},
		{"an alarm on a target group", func(h *hands) {
			arn := h.targetGroup("shop-blue-tg")
			h.alarm("slow", "TargetGroup", arn[strings.LastIndex(arn, ":")+1:])
		}, []string{"alarm/slow"}},
		{"an alarm on metric math over the group", func(h *hands) { h.mathAlarm("busy", "AutoScalingGroupName", "shop-blue-asg") }, []string{"alarm/busy"}},
		{"a step policy", func(h *hands) {
			h.policy(autoscaling.PutScalingPolicyInput{
				PolicyName: aws.String("blue-up"), PolicyType: aws.String("StepScaling"), AdjustmentType: aws.String("ChangeInCapacity"),
				StepAdjustments: []astypes.StepAdjustment{{ScalingAdjustment: aws.Int32(1), MetricIntervalLowerBound: aws.Float64(0)}},
			})
		}, []string{"policy/blue-up"}},
		{"a simple policy", func(h *hands) {
			h.policy(autoscaling.PutScalingPolicyInput{
				PolicyName: aws.String("up"), PolicyType: aws.String("SimpleScaling"), AdjustmentType: aws.String("ChangeInCapacity"), ScalingAdjustment: aws.Int32(1),
			})
		}, []string{"policy/up"}},
		{"a predictive policy", func(h *hands) {
			h.policy(autoscaling.PutScalingPolicyInput{
				PolicyName: aws.String("foresee"), PolicyType: aws.String("PredictiveScaling"),
				PredictiveScalingConfiguration: &astypes.PredictiveScalingConfiguration{MetricSpecifications: []astypes.PredictiveScalingMetricSpecification{{TargetValue: aws.Float64(1)}}},
			})
		}, []string{"policy/foresee"}},
		{"target tracking of a metric of one's own", func(h *hands) {
			h.track("queue", astypes.TargetTrackingConfiguration{TargetValue: aws.Float64(1), CustomizedMetricSpecification: &astypes.CustomizedMetricSpecification{
				Namespace: aws.String("Shop"), MetricName: aws.String("Backlog"), Statistic: astypes.MetricStatisticAverage,
			}})
		}, []string{"policy/queue"}},
		{"target tracking of another load balancer", func(h *hands) {
			h.track("other", astypes.TargetTrackingConfiguration{TargetValue: aws.Float64(1), PredefinedMetricSpecification: &astypes.PredefinedMetricSpecification{
				PredefinedMetricType: astypes.MetricTypeALBRequestCountPerTarget, ResourceLabel: aws.String("app/other/0123456789abcdef/targetgroup/other/0123456789abcdef"),
			}})
		}, []string{"policy/other"}},
		{"a schedule", func(h *hands) { h.schedule(traffic.Blue, "night") }, []string{"schedule/night"}},
		{"notifications", func(h *hands) {
			ok(h.asg.PutNotificationConfiguration(h.t.Context(), &autoscaling.PutNotificationConfigurationInput{
				AutoScalingGroupName: h.group(traffic.Blue), TopicARN: aws.String("arn:aws:sns:eu-west-1:123456789012:ops"),
				NotificationTypes: []string{"autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"},
			}))(h.t)
		}, []string{"notification/autoscaling:EC2_INSTANCE_LAUNCH/arn:aws:sns:eu-west-1:123456789012:ops", "notification/autoscaling:EC2_INSTANCE_TERMINATE/arn:aws:sns:eu-west-1:123456789012:ops"}},
		{"a warm pool", func(h *hands) {
			ok(h.asg.PutWarmPool(h.t.Context(), &autoscaling.PutWarmPoolInput{AutoScalingGroupName: h.group(traffic.Blue), MinSize: aws.Int32(1)}))(h.t)
		}, []string{"warm-pool"}},
		{"a target group of nobody's load balancer", func(h *hands) { h.attach(h.looseTargets("blue-batch")...) }, []string{"registration/blue-batch"}},
		{"a target that is no instance of the group", func(h *hands) { h.strangeTarget() }, []string{"target/i-*"}},
		{"a snapshot in the launch template", func(h *hands) { h.snapshot() }, []string{"template/BlockDeviceMappings[0]/Ebs/SnapshotId"}},
		{"a web ACL", func(h *hands) { h.protect() }, []string{"waf"}},
		{"a web ACL that may not be read", func(h *hands) {
			h.w.sb.Front.Faults.Add(wire.Fault{Service: "wafv2", Action: wire.ActionError, Code: "AccessDeniedException", Message: "not for you", Status: 400})
		}, []string{"waf"}},
	}
}

// matchNames says whether the names of losses are those that were wanted.
func matchNames(want, got []string) bool {
	return slices.EqualFunc(want, got, func(w, g string) bool {
		prefix, isPrefix := strings.CutSuffix(w, "*")
		return w == g || isPrefix && strings.HasPrefix(g, prefix)
	})
}

// lostBy is what a clone refuses to lose, by name.
func lostBy(t *testing.T, err error) []string {
	t.Helper()
	var lost *bluegreen.LossError
	if !errors.As(err, &lost) {
		t.Fatalf("it ends with %v", err)
	}
	return slices.Sorted(maps.Keys(lost.Lost))
}

// TestCloneRefusesLoss checks that what cannot be copied is named before anything is made, and lost only if that was accepted.
func TestCloneRefusesLoss(t *testing.T) {
	for _, tc := range losses() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.Spec{BlueOnly: true}, func(ctx context.Context, w *world) {
				t := w.t
				h := w.hands()
				tc.make(h)
				found := h.account()
				app, _ := w.process("me", nil)
				err := cloneOf(w.made.Images["v2"])(ctx, app)
				names := lostBy(t, err)
				if !matchNames(tc.wants, names) {
					t.Errorf("it names %q, not %q", names, tc.wants)
				}
				var problem *exit.Problem
				if !errors.As(err, &problem) || problem.Code != exit.Failed || strings.Count(problem.Try, "--accept-loss ") != len(names) {
					t.Errorf("its way out is %+v", problem)
				}
				if diff := cmp.Diff(found, h.account()); diff != "" {
					t.Errorf("the account changed:\n%s", diff)
				}
				if got := h.journaled(); len(got) != 0 {
					t.Errorf("the journal was begun: %v", got)
				}

				ev := w.must(ctx, "accepts", cloneOf(w.made.Images["v2"], names...))
				if _, said := ev.find(bluegreen.Note, "nothing was lost but "+strings.Join(names, ", ")); !said {
					t.Error("it does not say what was lost")
				}
				for _, name := range names {
					if !strings.Contains(strings.Join(h.journaled(), "\n"), `"accepted_loss":["`+names[0]) {
						t.Errorf("the loss of %s is not in the journal", name)
					}
				}
			})
		})
	}
}

// TestCloneAcceptsOnlyWhatIsLost checks the names of losses.
func TestCloneAcceptsOnlyWhatIsLost(t *testing.T) {
	for _, tc := range []struct {
		name     string
		accepted []string
		code     exit.Code
		want     string
	}{
		{"nothing of that name", []string{"schedule/night", "schedule/day"}, exit.Usage, "--accept-loss schedule/day: nothing of that name would be lost"},
		{"no name", []string{""}, exit.Usage, "nothing of that name would be lost"},
		{"the begin of a name", []string{"schedule"}, exit.Usage, "nothing of that name would be lost"},
		{"one of two", []string{"schedule/night"}, exit.Failed, "policy/night-cpu: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.Spec{BlueOnly: true}, func(ctx context.Context, w *world) {
				t := w.t
				h := w.hands()
				h.schedule(traffic.Blue, "night")
				h.track("night-cpu", astypes.TargetTrackingConfiguration{TargetValue: aws.Float64(1), CustomizedMetricSpecification: &astypes.CustomizedMetricSpecification{MetricName: aws.String("m")}})
				app, _ := w.process("me", nil)
				err := cloneOf(w.made.Images["v2"], tc.accepted...)(ctx, app)
				if err == nil || !strings.Contains(err.Error(), tc.want) || exit.CodeOf(err) != tc.code {
					t.Errorf("it ends with %v, code %d", err, exit.CodeOf(err))
				}
			})
		})
	}
}

// TestCloneSeesNewLoss checks that what comes up after the plan is not lost either.
func TestCloneSeesNewLoss(t *testing.T) {
	for _, tc := range losses() {
		if tc.wants[0] == "target/i-*" || strings.HasPrefix(tc.wants[0], "template/") || tc.name == "a web ACL that may not be read" {
			continue // these are seen in a plan only, or not at all
		}
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.Spec{BlueOnly: true}, func(ctx context.Context, w *world) {
				t := w.t
				h := w.hands()
				app, ev := w.process("me", nil)
				var found string
				ev.on(func(e bluegreen.Event) {
					if e.Event == bluegreen.StepBegan && e.Step == "create" && !e.Undo {
						tc.make(h)
						found = h.account()
					}
				})
				err := cloneOf(w.made.Images["v2"])(ctx, app)
				missing := strings.Replace(tc.wants[0], "policy/blue-", "policy/green-", 1) // as the copy would be called
				if err == nil || !strings.Contains(err.Error(), missing) {
					t.Errorf("it ends with %v", err)
				}
				if diff := cmp.Diff(found, h.account()); diff != "" {
					t.Errorf("the account is not as found (-found +left):\n%s", diff)
				}
			})
		})
	}
}

// journaled are the records of all deployments.
func (h *hands) journaled() []string {
	var all []string
	for _, p := range h.w.eye.parameters(h.t) {
		if strings.Contains(p.name, "/deployments/") {
			all = append(all, p.value)
		}
	}
	return all
}

func (h *hands) alarm(name, dimension, value string) {
	h.w.sb.Account.Lock()
	defer h.w.sb.Account.Unlock()
	h.w.sb.Alarms.AddAlarm(cwtypes.MetricAlarm{
		AlarmName: &name, Namespace: aws.String("AWS/ApplicationELB"), MetricName: aws.String("HTTPCode_ELB_5XX_Count"),
		Dimensions: []cwtypes.Dimension{{Name: &dimension, Value: &value}},
	})
}

func (h *hands) mathAlarm(name, dimension, value string) {
	h.w.sb.Account.Lock()
	defer h.w.sb.Account.Unlock()
	h.w.sb.Alarms.AddAlarm(cwtypes.MetricAlarm{AlarmName: &name, Metrics: []cwtypes.MetricDataQuery{
		{Id: aws.String("e"), Expression: aws.String("m*2")},
		{Id: aws.String("m"), MetricStat: &cwtypes.MetricStat{Metric: &cwtypes.Metric{
			Namespace: aws.String("AWS/EC2"), MetricName: aws.String("CPUUtilization"), Dimensions: []cwtypes.Dimension{{Name: &dimension, Value: &value}},
		}}},
	}})
}

func (h *hands) policy(in autoscaling.PutScalingPolicyInput) {
	h.t.Helper()
	in.AutoScalingGroupName = h.group(traffic.Blue)
	ok(h.asg.PutScalingPolicy(h.t.Context(), &in))(h.t)
}

// strangeTarget registers an instance that belongs to nobody.
func (h *hands) strangeTarget() {
	h.t.Helper()
	blue := h.w.eye.group(h.t, traffic.Blue)
	made := ok(h.ec2.RunInstances(h.t.Context(), &ec2.RunInstancesInput{
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), SubnetId: aws.String(strings.Split(*blue.VPCZoneIdentifier, ",")[0]),
		LaunchTemplate: &ec2types.LaunchTemplateSpecification{LaunchTemplateId: blue.LaunchTemplate.LaunchTemplateId},
	}))(h.t)
	id := *made.Instances[0].InstanceId
	until(h.t, "the instance runs", func() bool {
		out := ok(h.ec2.DescribeInstances(h.t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}}))(h.t)
		return out.Reservations[0].Instances[0].State.Name == ec2types.InstanceStateNameRunning
	})
	ok(h.elb.RegisterTargets(h.t.Context(), &elbv2.RegisterTargetsInput{
		TargetGroupArn: aws.String(h.targetGroup("shop-blue-tg")), Targets: []elbtypes.TargetDescription{{Id: &id}},
	}))(h.t)
}

// snapshot makes blue launch from a template that names the snapshot of its root device.
func (h *hands) snapshot() {
	h.t.Helper()
	spec := h.w.eye.group(h.t, traffic.Blue).LaunchTemplate
	ok(h.ec2.CreateLaunchTemplateVersion(h.t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: spec.LaunchTemplateId, SourceVersion: aws.String("1"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{BlockDeviceMappings: []ec2types.LaunchTemplateBlockDeviceMappingRequest{{
			DeviceName: aws.String("/dev/sda1"), Ebs: &ec2types.LaunchTemplateEbsBlockDeviceRequest{SnapshotId: aws.String("snap-0123456789abcdef0"), VolumeSize: aws.Int32(20)},
		}}},
	}))(h.t)
	h.launch(traffic.Blue, "2")
}

// protect puts a web ACL in front of blue.
func (h *hands) protect() {
	h.t.Helper()
	h.w.sb.Account.Lock()
	acl := h.w.sb.WAF.AddWebACL("shop")
	h.w.sb.Account.Unlock()
	ok(h.waf.AssociateWebACL(h.t.Context(), &wafv2.AssociateWebACLInput{ResourceArn: h.balancer(traffic.Blue).LoadBalancerArn, WebACLArn: &acl}))(h.t)
}
