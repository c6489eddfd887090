package autoscaling_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/google/go-cmp/cmp"
)

func (w *world) policies(in *sdk.DescribePoliciesInput) []types.ScalingPolicy {
	w.t.Helper()
	return must(w.DescribePolicies(w.ctx, in))(w.t).ScalingPolicies
}

func TestPolicies(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		simple := must(w.PutScalingPolicy(w.ctx, &sdk.PutScalingPolicyInput{
			AutoScalingGroupName: aws.String("blue"), PolicyName: aws.String("up"),
			AdjustmentType: aws.String("ChangeInCapacity"), ScalingAdjustment: aws.Int32(1), Cooldown: aws.Int32(60),
		}))(t)
		steps := []types.StepAdjustment{
			{MetricIntervalLowerBound: aws.Float64(0), MetricIntervalUpperBound: aws.Float64(10), ScalingAdjustment: aws.Int32(1)},
			{MetricIntervalLowerBound: aws.Float64(10), ScalingAdjustment: aws.Int32(100)},
		}
		step := must(w.PutScalingPolicy(w.ctx, &sdk.PutScalingPolicyInput{
			AutoScalingGroupName: aws.String("blue"), PolicyName: aws.String("step"), PolicyType: aws.String("StepScaling"),
			AdjustmentType: aws.String("PercentChangeInCapacity"), StepAdjustments: steps, EstimatedInstanceWarmup: aws.Int32(30),
		}))(t)
		tracking := must(w.PutScalingPolicy(w.ctx, trackingPolicy("blue", label)))(t)

		arn := regexp.MustCompile(`^arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:[0-9a-f-]{36}:autoScalingGroupName/blue:policyName/(up|step|track)$`)
		for _, out := range []*sdk.PutScalingPolicyOutput{simple, step, tracking} {
			if !arn.MatchString(aws.ToString(out.PolicyARN)) {
				t.Errorf("policy ARN %q", aws.ToString(out.PolicyARN))
			}
		}
		var alarms []string
		for _, a := range tracking.Alarms {
			alarms = append(alarms, regexp.MustCompile(`-[0-9a-f]{8}-.*`).ReplaceAllString(*a.AlarmName, ""))
			if *a.AlarmARN != "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:"+*a.AlarmName {
				t.Errorf("alarm ARN %s", *a.AlarmARN)
			}
		}
		if diff := cmp.Diff([]string{"TargetTracking-blue-AlarmHigh", "TargetTracking-blue-AlarmLow"}, alarms); diff != "" {
			t.Errorf("alarms (-want +got):\n%s", diff)
		}

		got := w.policies(&sdk.DescribePoliciesInput{AutoScalingGroupName: aws.String("blue")})
		want := []types.ScalingPolicy{
			{
				AutoScalingGroupName: aws.String("blue"), PolicyName: aws.String("up"), PolicyType: aws.String("SimpleScaling"), PolicyARN: simple.PolicyARN,
				AdjustmentType: aws.String("ChangeInCapacity"), ScalingAdjustment: aws.Int32(1), Cooldown: aws.Int32(60), Enabled: aws.Bool(true),
			},
			{
				AutoScalingGroupName: aws.String("blue"), PolicyName: aws.String("step"), PolicyType: aws.String("StepScaling"), PolicyARN: step.PolicyARN,
				AdjustmentType: aws.String("PercentChangeInCapacity"), StepAdjustments: steps, EstimatedInstanceWarmup: aws.Int32(30),
				MetricAggregationType: aws.String("Average"), Enabled: aws.Bool(true),
			},
			{
				AutoScalingGroupName: aws.String("blue"), PolicyName: aws.String("track"), PolicyType: aws.String("TargetTrackingScaling"), PolicyARN: tracking.PolicyARN,
				TargetTrackingConfiguration: trackingPolicy("", label).TargetTrackingConfiguration, Alarms: tracking.Alarms, Enabled: aws.Bool(true),
			},
		}
		if diff := cmp.Diff(want, got, ignoreUnexported); diff != "" {
			t.Errorf("policies (-want +got):\n%s", diff)
		}
		again := must(w.PutScalingPolicy(w.ctx, trackingPolicy("blue", label)))(t)
		if *again.PolicyARN != *tracking.PolicyARN || *again.Alarms[0].AlarmName != *tracking.Alarms[0].AlarmName {
			t.Error("a policy that is put again has other names")
		}
	})
}

func TestPoliciesBelongToTheirGroup(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		w.create(func(in *sdk.CreateAutoScalingGroupInput) { in.AutoScalingGroupName = aws.String("green") })
		blue := must(w.PutScalingPolicy(w.ctx, trackingPolicy("blue", label)))(t)
		must(w.PutScalingPolicy(w.ctx, trackingPolicy("green", label)))(t)
		must(w.DeletePolicy(w.ctx, &sdk.DeletePolicyInput{AutoScalingGroupName: aws.String("green"), PolicyName: aws.String("track")}))(t)
		left := w.policies(&sdk.DescribePoliciesInput{PolicyNames: []string{"track"}})
		if len(left) != 1 || *left[0].PolicyARN != *blue.PolicyARN {
			t.Errorf("left %v", left)
		}
	})
}

func TestExecutePolicy(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) { in.MaxSize = aws.Int32(20) })
		put := func(in sdk.PutScalingPolicyInput) {
			in.AutoScalingGroupName = aws.String("blue")
			must(w.PutScalingPolicy(w.ctx, &in))(t)
		}
		put(sdk.PutScalingPolicyInput{PolicyName: aws.String("up"), AdjustmentType: aws.String("ChangeInCapacity"), ScalingAdjustment: aws.Int32(2), Cooldown: aws.Int32(60)})
		put(sdk.PutScalingPolicyInput{PolicyName: aws.String("to"), AdjustmentType: aws.String("ExactCapacity"), ScalingAdjustment: aws.Int32(10)})
		put(sdk.PutScalingPolicyInput{PolicyName: aws.String("less"), AdjustmentType: aws.String("PercentChangeInCapacity"), ScalingAdjustment: aws.Int32(-5), MinAdjustmentMagnitude: aws.Int32(3)})
		put(sdk.PutScalingPolicyInput{
			PolicyName: aws.String("step"), PolicyType: aws.String("StepScaling"), AdjustmentType: aws.String("PercentChangeInCapacity"),
			StepAdjustments: []types.StepAdjustment{{MetricIntervalLowerBound: aws.Float64(10), ScalingAdjustment: aws.Int32(100)}},
		})
		execute := func(name string, honor bool) error {
			_, err := w.ExecutePolicy(w.ctx, &sdk.ExecutePolicyInput{
				AutoScalingGroupName: aws.String("blue"), PolicyName: aws.String(name), HonorCooldown: aws.Bool(honor),
				MetricValue: aws.Float64(35), BreachThreshold: aws.Float64(20),
			})
			return err
		}
		var got []int32
		for _, name := range []string{"up", "to", "less", "step"} {
			if err := execute(name, false); err != nil {
				t.Fatal(err)
			}
			got = append(got, *w.group().DesiredCapacity)
		}
		if diff := cmp.Diff([]int32{4, 10, 7, 14}, got); diff != "" {
			t.Errorf("desired capacities (-want +got):\n%s", diff)
		}
		if err := execute("up", false); err != nil {
			t.Fatal(err)
		}
		if got := code(execute("up", true)); got != "ScalingActivityInProgress" {
			t.Errorf("within the cooldown: %q", got)
		}
		w.wait(time.Minute)
		if err := execute("up", true); err != nil {
			t.Errorf("after the cooldown: %v", err)
		}
	})
}

// TestTargetTracking follows the requests per target up and down.
func TestTargetTracking(t *testing.T) {
	in(t, func(w *world) {
		w.request(95) // near the target of 100: nothing to do
		w.create(nil)
		w.wait(settled)
		must(w.PutScalingPolicy(w.ctx, trackingPolicy("blue", label)))(t)
		got := []int32{}
		see := func(d time.Duration) {
			w.wait(d)
			got = append(got, *w.group().DesiredCapacity)
		}
		see(30 * time.Minute)
		w.request(140)
		see(2*time.Minute + 30*time.Second) // not for long enough
		see(time.Minute)
		w.request(10)
		see(10 * time.Minute) // not for long enough
		see(6 * time.Minute)
		if diff := cmp.Diff([]int32{2, 2, 3, 3, 1}, got); diff != "" {
			t.Errorf("desired capacities (-want +got):\n%s", diff)
		}
		must(w.SuspendProcesses(w.ctx, &sdk.SuspendProcessesInput{AutoScalingGroupName: aws.String("blue"), ScalingProcesses: []string{"AlarmNotification"}}))(t)
		w.request(400)
		w.wait(time.Hour)
		if n := *w.group().DesiredCapacity; n != 1 {
			t.Errorf("scaled to %d while alarms are suspended", n)
		}
	})
}
