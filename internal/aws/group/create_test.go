package group

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// recorder is an api that keeps what it was asked for. What it is not made for panics.
type recorder struct {
	api
	mu       sync.Mutex
	group    *autoscaling.CreateAutoScalingGroupInput
	refuse   error // of the creation
	found    []types.AutoScalingGroup
	policies []*autoscaling.PutScalingPolicyInput
	metrics  []*autoscaling.EnableMetricsCollectionInput
	suspends []*autoscaling.SuspendProcessesInput
	calls    []string // of a deletion
}

func (r *recorder) CreateAutoScalingGroup(_ context.Context, in *autoscaling.CreateAutoScalingGroupInput, _ ...func(*autoscaling.Options)) (*autoscaling.CreateAutoScalingGroupOutput, error) {
	r.group = in
	return &autoscaling.CreateAutoScalingGroupOutput{}, r.refuse
}

func (r *recorder) DescribeAutoScalingGroups(context.Context, *autoscaling.DescribeAutoScalingGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	return &autoscaling.DescribeAutoScalingGroupsOutput{AutoScalingGroups: r.found}, nil
}

func (r *recorder) PutScalingPolicy(_ context.Context, in *autoscaling.PutScalingPolicyInput, _ ...func(*autoscaling.Options)) (*autoscaling.PutScalingPolicyOutput, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.policies = append(r.policies, in)
	return &autoscaling.PutScalingPolicyOutput{}, nil
}

func (r *recorder) EnableMetricsCollection(_ context.Context, in *autoscaling.EnableMetricsCollectionInput, _ ...func(*autoscaling.Options)) (*autoscaling.EnableMetricsCollectionOutput, error) {
	r.metrics = append(r.metrics, in)
	return &autoscaling.EnableMetricsCollectionOutput{}, nil
}

func (r *recorder) SuspendProcesses(_ context.Context, in *autoscaling.SuspendProcessesInput, _ ...func(*autoscaling.Options)) (*autoscaling.SuspendProcessesOutput, error) {
	r.suspends = append(r.suspends, in)
	return &autoscaling.SuspendProcessesOutput{}, nil
}

func (r *recorder) UpdateAutoScalingGroup(_ context.Context, in *autoscaling.UpdateAutoScalingGroupInput, _ ...func(*autoscaling.Options)) (*autoscaling.UpdateAutoScalingGroupOutput, error) {
	r.calls = append(r.calls, "protection "+string(in.DeletionProtection))
	return &autoscaling.UpdateAutoScalingGroupOutput{}, nil
}

func (r *recorder) DeleteAutoScalingGroup(_ context.Context, in *autoscaling.DeleteAutoScalingGroupInput, _ ...func(*autoscaling.Options)) (*autoscaling.DeleteAutoScalingGroupOutput, error) {
	r.calls = append(r.calls, "delete "+*in.AutoScalingGroupName)
	return &autoscaling.DeleteAutoScalingGroupOutput{}, nil
}

var sdkTypes = cmpopts.IgnoreUnexported(
	autoscaling.CreateAutoScalingGroupInput{}, autoscaling.PutScalingPolicyInput{}, autoscaling.EnableMetricsCollectionInput{},
	autoscaling.SuspendProcessesInput{}, types.LaunchTemplateSpecification{}, types.LifecycleHookSpecification{}, types.Tag{},
	types.TargetTrackingConfiguration{}, types.PredefinedMetricSpecification{}, types.AvailabilityZoneImpairmentPolicy{},
)

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, sdkTypes); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const slr = "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"

func TestCreateAsksForNothingThatIsRefused(t *testing.T) {
	zones, ids := []string{"a", "b"}, []string{"az1", "az2"}
	request := func(change func(*autoscaling.CreateAutoScalingGroupInput)) *autoscaling.CreateAutoScalingGroupInput {
		in := &autoscaling.CreateAutoScalingGroupInput{
			AutoScalingGroupName: aws.String("copy"), MinSize: aws.Int32(0), DesiredCapacity: aws.Int32(0), MaxSize: aws.Int32(9),
			LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: aws.String("lt-1"), Version: aws.String("7")},
		}
		change(in)
		return in
	}
	for _, tc := range []struct {
		name   string
		source types.AutoScalingGroup
		want   func(*autoscaling.CreateAutoScalingGroupInput)
	}{
		{"zones follow from subnets", types.AutoScalingGroup{VPCZoneIdentifier: aws.String("subnet-1"), AvailabilityZones: zones, AvailabilityZoneIds: ids},
			func(in *autoscaling.CreateAutoScalingGroupInput) { in.VPCZoneIdentifier = aws.String("subnet-1") }},
		{"zones without subnets", types.AutoScalingGroup{VPCZoneIdentifier: aws.String(""), AvailabilityZones: zones, AvailabilityZoneIds: ids},
			func(in *autoscaling.CreateAutoScalingGroupInput) { in.AvailabilityZones = zones }},
		{"zones by id only", types.AutoScalingGroup{AvailabilityZoneIds: ids}, func(in *autoscaling.CreateAutoScalingGroupInput) { in.AvailabilityZoneIds = ids }},
		{"the role that all have", types.AutoScalingGroup{ServiceLinkedRoleARN: aws.String(slr)}, func(*autoscaling.CreateAutoScalingGroupInput) {}},
		{"a role of one's own", types.AutoScalingGroup{ServiceLinkedRoleARN: aws.String(slr + "_shop")},
			func(in *autoscaling.CreateAutoScalingGroupInput) { in.ServiceLinkedRoleARN = aws.String(slr + "_shop") }},
		{"capacity in instances", types.AutoScalingGroup{DesiredCapacityType: aws.String("units")}, func(*autoscaling.CreateAutoScalingGroupInput) {}},
		{"sizes, names and what AWS reserves", types.AutoScalingGroup{
			MinSize: aws.Int32(2), DesiredCapacity: aws.Int32(3), AutoScalingGroupName: aws.String("source"), Context: aws.String("x"), Operator: &types.Operator{},
			LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("lt")}, Status: aws.String("s"),
			TrafficSources: []types.TrafficSourceIdentifier{{Identifier: aws.String("t")}}, LoadBalancerNames: []string{"classic"},
		}, func(*autoscaling.CreateAutoScalingGroupInput) {}},
		{"zonal shift", types.AutoScalingGroup{AvailabilityZoneImpairmentPolicy: &types.AvailabilityZoneImpairmentPolicy{ZonalShiftEnabled: aws.Bool(true)}},
			func(in *autoscaling.CreateAutoScalingGroupInput) {
				in.AvailabilityZoneImpairmentPolicy = &types.AvailabilityZoneImpairmentPolicy{ZonalShiftEnabled: aws.Bool(true)}
				in.SkipZonalShiftValidation = aws.Bool(true)
			}},
		{"no zonal shift", types.AutoScalingGroup{AvailabilityZoneImpairmentPolicy: &types.AvailabilityZoneImpairmentPolicy{ZonalShiftEnabled: aws.Bool(false)}},
			func(in *autoscaling.CreateAutoScalingGroupInput) {
				in.AvailabilityZoneImpairmentPolicy = &types.AvailabilityZoneImpairmentPolicy{ZonalShiftEnabled: aws.Bool(false)}
			}},
		{"target groups of its own load balancer", types.AutoScalingGroup{TargetGroupARNs: []string{"arn:blue", "arn:stranger"}},
			func(in *autoscaling.CreateAutoScalingGroupInput) { in.TargetGroupARNs = []string{"arn:green"} }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &recorder{}
			tc.source.MaxSize = aws.Int32(9)
			err := (&Client{r}).Create(t.Context(), Blueprint{group: tc.source}, Copy{
				Name: "copy", TemplateID: "lt-1", TemplateVersion: 7, TargetGroups: map[string]string{"arn:blue": "arn:green"},
			})
			if err != nil {
				t.Fatal(err)
			}
			check(t, "the request", request(tc.want), r.group)
		})
	}
}

func TestCreateTakesHooksAndTags(t *testing.T) {
	r := &recorder{}
	b := Blueprint{
		group: types.AutoScalingGroup{Tags: []types.TagDescription{
			{Key: aws.String("kept"), Value: aws.String("here"), PropagateAtLaunch: aws.Bool(false)}, {Key: aws.String("passed"), Value: aws.String("on"), PropagateAtLaunch: aws.Bool(true)},
		}},
		hooks: []types.LifecycleHook{{
			AutoScalingGroupName: aws.String("source"), LifecycleHookName: aws.String("h"), LifecycleTransition: aws.String("t"), GlobalTimeout: aws.Int32(1),
			HeartbeatTimeout: aws.Int32(30), DefaultResult: aws.String("CONTINUE"), NotificationMetadata: aws.String("m"), NotificationTargetARN: aws.String(""),
		}},
	}
	if err := (&Client{r}).Create(t.Context(), b, Copy{Name: "copy", Tags: map[string]string{"kept": "here", "passed": "on", "ours": "too"}}); err != nil {
		t.Fatal(err)
	}
	tag := func(key, value string, propagate bool) types.Tag {
		return types.Tag{ResourceId: aws.String("copy"), ResourceType: aws.String("auto-scaling-group"), Key: &key, Value: &value, PropagateAtLaunch: &propagate}
	}
	check(t, "tags", []types.Tag{tag("kept", "here", false), tag("ours", "too", true), tag("passed", "on", true)}, r.group.Tags)
	check(t, "hooks", []types.LifecycleHookSpecification{{
		LifecycleHookName: aws.String("h"), LifecycleTransition: aws.String("t"), HeartbeatTimeout: aws.Int32(30), DefaultResult: aws.String("CONTINUE"), NotificationMetadata: aws.String("m"),
	}}, r.group.LifecycleHookSpecificationList)
}

// TestFoundAgain checks whose a group is that stands in the way.
func TestFoundAgain(t *testing.T) {
	for _, tc := range []struct {
		name string
		tags map[string]string
		want error
	}{
		{"ours", map[string]string{"bluegreen:deployment": "7", "empty": "", "aws:x": "y"}, nil},
		{"of another deployment", map[string]string{"bluegreen:deployment": "6", "empty": ""}, ErrForeign},
		{"without an empty tag", map[string]string{"bluegreen:deployment": "7"}, ErrForeign},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found := types.AutoScalingGroup{}
			for k, v := range tc.tags {
				found.Tags = append(found.Tags, types.TagDescription{Key: &k, Value: &v})
			}
			r := &recorder{refuse: &smithy.GenericAPIError{Code: "AlreadyExists"}, found: []types.AutoScalingGroup{found}}
			err := (&Client{r}).Create(t.Context(), Blueprint{}, Copy{Name: "copy", Tags: map[string]string{"bluegreen:deployment": "7", "empty": ""}})
			if !errors.Is(err, tc.want) {
				t.Errorf("it ends with %v", err)
			}
		})
	}
}

// TestPoliciesTakeOnlyWhatTargetTrackingTakes checks what is asked for of what is described.
func TestPoliciesTakeOnlyWhatTargetTrackingTakes(t *testing.T) {
	tracking := func(name, metric, label string) types.ScalingPolicy {
		spec := &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricType(metric)}
		if label != "" {
			spec.ResourceLabel = &label
		}
		return types.ScalingPolicy{
			PolicyName: &name, PolicyType: aws.String(targetTracking), PolicyARN: aws.String("arn"), Alarms: []types.Alarm{{AlarmName: aws.String("TargetTracking-1")}},
			Enabled: aws.Bool(false), EstimatedInstanceWarmup: aws.Int32(0), StepAdjustments: []types.StepAdjustment{}, Cooldown: aws.Int32(300),
			AdjustmentType: aws.String("ChangeInCapacity"), MetricAggregationType: aws.String("Average"), MinAdjustmentMagnitude: aws.Int32(1),
			TargetTrackingConfiguration: &types.TargetTrackingConfiguration{TargetValue: aws.Float64(50), DisableScaleIn: aws.Bool(false), PredefinedMetricSpecification: spec},
		}
	}
	want := func(name, metric, label string) *autoscaling.PutScalingPolicyInput {
		p := tracking(name, metric, label)
		return &autoscaling.PutScalingPolicyInput{
			AutoScalingGroupName: aws.String("copy"), PolicyName: &name, PolicyType: p.PolicyType, Enabled: p.Enabled,
			EstimatedInstanceWarmup: p.EstimatedInstanceWarmup, TargetTrackingConfiguration: p.TargetTrackingConfiguration,
		}
	}
	custom := tracking("custom", "", "")
	custom.TargetTrackingConfiguration = &types.TargetTrackingConfiguration{CustomizedMetricSpecification: &types.CustomizedMetricSpecification{}}
	b := Blueprint{policies: []types.ScalingPolicy{
		tracking("blue-cpu", "ASGAverageCPUUtilization", ""), tracking("blue-requests", "ALBRequestCountPerTarget", "blue-label"),
		tracking("blue-other", "ALBRequestCountPerTarget", "other-label"), custom, {PolicyName: aws.String("step"), PolicyType: aws.String("StepScaling")},
	}}
	cp := PolicyCopy{Group: "copy", Rename: func(name string) string { return strings.Replace(name, "blue", "green", 1) }, Labels: map[string]string{"blue-label": "green-label"}}

	r := &recorder{}
	if err := (&Client{r}).CopyPolicies(t.Context(), b, PolicyCopy{Group: cp.Group, Rename: cp.Rename}); err != nil {
		t.Fatal(err)
	}
	check(t, "policies on the group", []*autoscaling.PutScalingPolicyInput{want("green-cpu", "ASGAverageCPUUtilization", "")}, r.policies)

	r = &recorder{}
	if err := (&Client{r}).TrackRequests(t.Context(), b, cp); err != nil {
		t.Fatal(err)
	}
	check(t, "policies on its requests", []*autoscaling.PutScalingPolicyInput{want("green-requests", "ALBRequestCountPerTarget", "green-label")}, r.policies)
	if *b.policies[1].TargetTrackingConfiguration.PredefinedMetricSpecification.ResourceLabel != "blue-label" {
		t.Error("the source was changed")
	}
}

// TestNoneIsNotAll checks that a group without metrics and suspended processes does not get all of them.
func TestNoneIsNotAll(t *testing.T) {
	r := &recorder{}
	c := &Client{r}
	some := Blueprint{group: types.AutoScalingGroup{
		EnabledMetrics:     []types.EnabledMetric{{Metric: aws.String("GroupMinSize"), Granularity: aws.String("1Minute")}},
		SuspendedProcesses: []types.SuspendedProcess{{ProcessName: aws.String("Launch"), SuspensionReason: aws.String("x")}},
	}}
	for _, b := range []Blueprint{{}, some} {
		if err := errors.Join(c.EnableMetrics(t.Context(), b, "copy"), c.SuspendProcesses(t.Context(), b, "copy")); err != nil {
			t.Fatal(err)
		}
	}
	check(t, "metrics", []*autoscaling.EnableMetricsCollectionInput{{AutoScalingGroupName: aws.String("copy"), Granularity: aws.String("1Minute"), Metrics: []string{"GroupMinSize"}}}, r.metrics)
	check(t, "processes", []*autoscaling.SuspendProcessesInput{{AutoScalingGroupName: aws.String("copy"), ScalingProcesses: []string{"Launch"}}}, r.suspends)
}
