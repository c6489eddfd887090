package autoscaling_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// refusal is something that AWS refuses, with the code that it gives. A group "blue" of 2 instances is there.
type refusal struct {
	want string
	do   func(w *world) error
}

const invalid = "ValidationError"

func create(change func(*sdk.CreateAutoScalingGroupInput)) func(w *world) error {
	return func(w *world) error {
		in := input()
		in.AutoScalingGroupName = aws.String("green")
		change(in)
		_, err := w.CreateAutoScalingGroup(w.ctx, in)
		return err
	}
}

func update(change func(*sdk.UpdateAutoScalingGroupInput)) func(w *world) error {
	return func(w *world) error {
		in := &sdk.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("blue")}
		change(in)
		_, err := w.UpdateAutoScalingGroup(w.ctx, in)
		return err
	}
}

func desire(name string, n int32) func(w *world) error {
	return func(w *world) error {
		_, err := w.SetDesiredCapacity(w.ctx, &sdk.SetDesiredCapacityInput{AutoScalingGroupName: aws.String(name), DesiredCapacity: aws.Int32(n)})
		return err
	}
}

func remove(force bool, name string) func(w *world) error {
	return func(w *world) error {
		_, err := w.DeleteAutoScalingGroup(w.ctx, &sdk.DeleteAutoScalingGroupInput{AutoScalingGroupName: aws.String(name), ForceDelete: aws.Bool(force)})
		return err
	}
}

func track(group, resource string) func(w *world) error {
	return func(w *world) error {
		_, err := w.PutScalingPolicy(w.ctx, trackingPolicy(group, resource))
		return err
	}
}

func trackingPolicy(group, resource string) *sdk.PutScalingPolicyInput {
	return &sdk.PutScalingPolicyInput{
		AutoScalingGroupName: aws.String(group), PolicyName: aws.String("track"), PolicyType: aws.String("TargetTrackingScaling"),
		TargetTrackingConfiguration: &types.TargetTrackingConfiguration{
			TargetValue: aws.Float64(100),
			PredefinedMetricSpecification: &types.PredefinedMetricSpecification{
				PredefinedMetricType: types.MetricTypeALBRequestCountPerTarget, ResourceLabel: aws.String(resource),
			},
		},
	}
}

func lt(version string) *types.LaunchTemplateSpecification {
	return &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String(template), Version: aws.String(version)}
}

var refusedGroups = map[string]refusal{
	"create a name in use":           {"AlreadyExists", create(func(in *sdk.CreateAutoScalingGroupInput) { in.AutoScalingGroupName = aws.String("blue") })},
	"create a bad name":              {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.AutoScalingGroupName = aws.String("a:b") })},
	"create with min above max":      {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.MinSize = aws.Int32(5) })},
	"create with desired above max":  {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.DesiredCapacity = aws.Int32(5) })},
	"create with desired below min":  {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.DesiredCapacity = aws.Int32(0) })},
	"create without template":        {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.LaunchTemplate = nil })},
	"create from an unknown version": {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.LaunchTemplate = lt("42") })},
	"create from an unknown template": {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) {
		in.LaunchTemplate = &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("nope")}
	})},
	"create from a launch configuration": {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) {
		in.LaunchTemplate, in.LaunchConfigurationName = nil, aws.String("nope")
	})},
	"create with an unknown target group":     {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.TargetGroupARNs = []string{"arn:nope"} })},
	"create with an unknown classic balancer": {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.LoadBalancerNames = []string{"nope"} })},
	"create in an unknown subnet":             {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.VPCZoneIdentifier = aws.String("subnet-0") })},
	"create nowhere":                          {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.VPCZoneIdentifier = nil })},
	"create with a bogus health check":        {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.HealthCheckType = aws.String("PING") })},
	"create with a bogus policy":              {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.TerminationPolicies = []string{"Random"} })},
	"create with a short lifetime":            {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.MaxInstanceLifetime = aws.Int32(60) })},
	"create with a reserved tag":              {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) { in.Tags = []types.Tag{{Key: aws.String("aws:x")}} })},
	"create with a traffic source of no type": {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) {
		in.TrafficSources = []types.TrafficSourceIdentifier{{Identifier: aws.String("x"), Type: aws.String("vpc-lattice")}}
	})},
	"update an unknown group":      {invalid, update(func(in *sdk.UpdateAutoScalingGroupInput) { in.AutoScalingGroupName = aws.String("nope") })},
	"update desired above max":     {invalid, update(func(in *sdk.UpdateAutoScalingGroupInput) { in.DesiredCapacity = aws.Int32(50) })},
	"update to an unknown version": {invalid, update(func(in *sdk.UpdateAutoScalingGroupInput) { in.LaunchTemplate = lt("42") })},
	"desire more than max":         {invalid, desire("blue", 30)},
	"desire less than min":         {invalid, desire("blue", 0)},
	"desire of an unknown group":   {invalid, desire("nope", 1)},
	"delete with instances":        {"ResourceInUse", remove(false, "blue")},
	"delete an unknown group":      {invalid, remove(false, "nope")},
	"describe activities of an unknown group": {invalid, func(w *world) error {
		_, err := w.DescribeScalingActivities(w.ctx, &sdk.DescribeScalingActivitiesInput{AutoScalingGroupName: aws.String("nope")})
		return err
	}},
	"describe more than a page can have": {invalid, func(w *world) error {
		_, err := w.DescribeAutoScalingGroups(w.ctx, &sdk.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(101)})
		return err
	}},
	"describe from an unknown token": {"InvalidNextToken", func(w *world) error {
		_, err := w.DescribeAutoScalingGroups(w.ctx, &sdk.DescribeAutoScalingGroupsInput{NextToken: aws.String("nope")})
		return err
	}},
	"force the deletion of a protected group": {"ResourceInUse", func(w *world) error {
		w.update(func(in *sdk.UpdateAutoScalingGroupInput) { in.DeletionProtection = "prevent-force-deletion" })
		return remove(true, "blue")(w)
	}},
	"create with weights": {invalid, create(func(in *sdk.CreateAutoScalingGroupInput) {
		in.LaunchTemplate = nil
		in.MixedInstancesPolicy = mixed(types.LaunchTemplateOverrides{WeightedCapacity: aws.String("2")})
	})},
}

func mixed(overrides ...types.LaunchTemplateOverrides) *types.MixedInstancesPolicy {
	return &types.MixedInstancesPolicy{LaunchTemplate: &types.LaunchTemplate{LaunchTemplateSpecification: lt("1"), Overrides: overrides}}
}

var refusedParts = map[string]refusal{
	"policy of an unknown group": {invalid, track("nope", label)},
	"policy of an unknown type": {invalid, func(w *world) error {
		_, err := w.PutScalingPolicy(w.ctx, &sdk.PutScalingPolicyInput{AutoScalingGroupName: blue, PolicyName: aws.String("p"), PolicyType: aws.String("Mood")})
		return err
	}},
	"step policy without steps": {invalid, func(w *world) error {
		_, err := w.PutScalingPolicy(w.ctx, &sdk.PutScalingPolicyInput{AutoScalingGroupName: blue, PolicyName: aws.String("p"), PolicyType: aws.String("StepScaling"), AdjustmentType: aws.String("ExactCapacity")})
		return err
	}},
	"tracking policy with a label that its metric does not have": {invalid, func(w *world) error {
		in := trackingPolicy("blue", label)
		in.TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType = types.MetricTypeASGAverageCPUUtilization
		_, err := w.PutScalingPolicy(w.ctx, in)
		return err
	}},
	"policy without a label":        {invalid, track("blue", "")},
	"policy with a malformed label": {invalid, track("blue", "app/lb/xyz")},
	"policy without a target group": {invalid, func(w *world) error {
		must(w.DetachLoadBalancerTargetGroups(w.ctx, &sdk.DetachLoadBalancerTargetGroupsInput{AutoScalingGroupName: aws.String("blue"), TargetGroupARNs: []string{blueTG}}))(w.t)
		return track("blue", label)(w)
	}},
	"policy without an adjustment": {invalid, func(w *world) error {
		_, err := w.PutScalingPolicy(w.ctx, &sdk.PutScalingPolicyInput{AutoScalingGroupName: aws.String("blue"), PolicyName: aws.String("up"), AdjustmentType: aws.String("ChangeInCapacity")})
		return err
	}},
	"delete an unknown policy": {invalid, func(w *world) error {
		_, err := w.DeletePolicy(w.ctx, &sdk.DeletePolicyInput{AutoScalingGroupName: aws.String("blue"), PolicyName: aws.String("nope")})
		return err
	}},
	"suspend a bogus process": {invalid, func(w *world) error {
		_, err := w.SuspendProcesses(w.ctx, &sdk.SuspendProcessesInput{AutoScalingGroupName: aws.String("blue"), ScalingProcesses: []string{"Sleep"}})
		return err
	}},
	"health of an unknown instance": {invalid, func(w *world) error {
		_, err := w.SetInstanceHealth(w.ctx, &sdk.SetInstanceHealthInput{InstanceId: aws.String("i-0123456789abcdef0"), HealthStatus: aws.String("Unhealthy")})
		return err
	}},
	"health that is none": {invalid, func(w *world) error {
		_, err := w.SetInstanceHealth(w.ctx, &sdk.SetInstanceHealthInput{InstanceId: aws.String(w.ids("InService")[0]), HealthStatus: aws.String("Poorly")})
		return err
	}},
	"protect an unknown instance": {invalid, func(w *world) error {
		_, err := w.SetInstanceProtection(w.ctx, &sdk.SetInstanceProtectionInput{AutoScalingGroupName: aws.String("blue"), InstanceIds: []string{"i-0"}, ProtectedFromScaleIn: aws.Bool(true)})
		return err
	}},
	"terminate an unknown instance": {invalid, func(w *world) error {
		_, err := w.TerminateInstanceInAutoScalingGroup(w.ctx, &sdk.TerminateInstanceInAutoScalingGroupInput{InstanceId: aws.String("i-0"), ShouldDecrementDesiredCapacity: aws.Bool(false)})
		return err
	}},
	"terminate below min": {invalid, func(w *world) error {
		w.update(func(in *sdk.UpdateAutoScalingGroupInput) { in.MinSize = aws.Int32(2) })
		_, err := w.TerminateInstanceInAutoScalingGroup(w.ctx, &sdk.TerminateInstanceInAutoScalingGroupInput{InstanceId: aws.String(w.ids("InService")[0]), ShouldDecrementDesiredCapacity: aws.Bool(true)})
		return err
	}},
	"attach beyond max": {invalid, func(w *world) error {
		w.setDesired(4)
		w.wait(settled)
		_, err := w.AttachInstances(w.ctx, &sdk.AttachInstancesInput{AutoScalingGroupName: aws.String("blue"), InstanceIds: []string{w.lone()}})
		return err
	}},
	"attach a member": {invalid, func(w *world) error {
		_, err := w.AttachInstances(w.ctx, &sdk.AttachInstancesInput{AutoScalingGroupName: aws.String("blue"), InstanceIds: w.ids("InService")[:1]})
		return err
	}},
	"detach what is no member": {invalid, func(w *world) error {
		_, err := w.DetachInstances(w.ctx, &sdk.DetachInstancesInput{AutoScalingGroupName: aws.String("blue"), InstanceIds: []string{"i-0"}, ShouldDecrementDesiredCapacity: aws.Bool(true)})
		return err
	}},
	"attach an unknown target group": {invalid, func(w *world) error {
		_, err := w.AttachLoadBalancerTargetGroups(w.ctx, &sdk.AttachLoadBalancerTargetGroupsInput{AutoScalingGroupName: aws.String("blue"), TargetGroupARNs: []string{"arn:nope"}})
		return err
	}},
	"tag an unknown group": {invalid, func(w *world) error {
		_, err := w.CreateOrUpdateTags(w.ctx, &sdk.CreateOrUpdateTagsInput{Tags: []types.Tag{{ResourceId: aws.String("nope"), ResourceType: aws.String("auto-scaling-group"), Key: aws.String("a")}}})
		return err
	}},
	"hook with a bogus transition": {invalid, func(w *world) error {
		_, err := w.PutLifecycleHook(w.ctx, &sdk.PutLifecycleHookInput{AutoScalingGroupName: aws.String("blue"), LifecycleHookName: aws.String("h"), LifecycleTransition: aws.String("autoscaling:NAP")})
		return err
	}},
	"hook that is too quick": {invalid, func(w *world) error {
		_, err := w.PutLifecycleHook(w.ctx, &sdk.PutLifecycleHookInput{AutoScalingGroupName: aws.String("blue"), LifecycleHookName: aws.String("h"), LifecycleTransition: aws.String(launching), HeartbeatTimeout: aws.Int32(5)})
		return err
	}},
	"complete what nothing holds": {invalid, func(w *world) error {
		must(w.PutLifecycleHook(w.ctx, &sdk.PutLifecycleHookInput{AutoScalingGroupName: aws.String("blue"), LifecycleHookName: aws.String("h"), LifecycleTransition: aws.String(launching)}))(w.t)
		return w.complete("h", w.ids("InService")[0], "CONTINUE")
	}},
	"complete an unknown hook": {invalid, func(w *world) error { return w.complete("nope", w.ids("InService")[0], "CONTINUE") }},
	"metrics that are none": {invalid, func(w *world) error {
		_, err := w.EnableMetricsCollection(w.ctx, &sdk.EnableMetricsCollectionInput{AutoScalingGroupName: aws.String("blue"), Granularity: aws.String("1Minute"), Metrics: []string{"Mood"}})
		return err
	}},
	"delete an unknown schedule": {invalid, func(w *world) error {
		_, err := w.DeleteScheduledAction(w.ctx, &sdk.DeleteScheduledActionInput{AutoScalingGroupName: aws.String("blue"), ScheduledActionName: aws.String("nope")})
		return err
	}},
	"refresh during a refresh": {"InstanceRefreshInProgress", func(w *world) error {
		in := &sdk.StartInstanceRefreshInput{AutoScalingGroupName: aws.String("blue")}
		must(w.StartInstanceRefresh(w.ctx, in))(w.t)
		_, err := w.StartInstanceRefresh(w.ctx, in)
		return err
	}},
	"cancel no refresh": {"ActiveInstanceRefreshNotFound", func(w *world) error {
		_, err := w.CancelInstanceRefresh(w.ctx, &sdk.CancelInstanceRefreshInput{AutoScalingGroupName: aws.String("blue")})
		return err
	}},
}

func TestRefusals(t *testing.T) {
	for _, table := range []map[string]refusal{refusedGroups, refusedParts} {
		for name, c := range table {
			t.Run(name, func(t *testing.T) {
				in(t, func(w *world) {
					w.create(nil)
					w.wait(settled)
					if got := code(c.do(w)); got != c.want {
						t.Errorf("got %q, want %q", got, c.want)
					}
				})
			})
		}
	}
}
