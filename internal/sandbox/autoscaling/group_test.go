package autoscaling_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestGroupKeepsEverySetting creates a group with every setting that it can have and looks for each in its description.
func TestGroupKeepsEverySetting(t *testing.T) {
	in(t, func(w *world) {
		settings := &sdk.CreateAutoScalingGroupInput{
			AutoScalingGroupName: aws.String("blue"), MinSize: aws.Int32(0), MaxSize: aws.Int32(9), DesiredCapacity: aws.Int32(0),
			VPCZoneIdentifier: aws.String(subnets), LaunchTemplate: lt("$Latest"), TargetGroupARNs: []string{blueTG},
			AvailabilityZoneDistribution: &types.AvailabilityZoneDistribution{CapacityDistributionStrategy: "balanced-only"},
			AvailabilityZoneImpairmentPolicy: &types.AvailabilityZoneImpairmentPolicy{
				ZonalShiftEnabled: aws.Bool(true), ImpairedZoneHealthCheckBehavior: "IgnoreUnhealthy",
			},
			AvailabilityZoneIds: []string{"euw1-az1"}, CapacityRebalance: aws.Bool(true),
			CapacityReservationSpecification: &types.CapacityReservationSpecification{CapacityReservationPreference: "none"},
			Context:                          aws.String("ctx"), DefaultCooldown: aws.Int32(11), DefaultInstanceWarmup: aws.Int32(12),
			DeletionProtection: "prevent-force-deletion", DesiredCapacityType: aws.String("units"),
			HealthCheckGracePeriod: aws.Int32(13), HealthCheckType: aws.String("ELB"),
			InstanceLifecyclePolicy:   &types.InstanceLifecyclePolicy{RetentionTriggers: &types.RetentionTriggers{TerminateHookAbandon: "retain"}},
			InstanceMaintenancePolicy: &types.InstanceMaintenancePolicy{MinHealthyPercentage: aws.Int32(90), MaxHealthyPercentage: aws.Int32(120)},
			MaxInstanceLifetime:       aws.Int32(86400), NewInstancesProtectedFromScaleIn: aws.Bool(true),
			Operator: &types.Operator{Principal: aws.String("p")}, PlacementGroup: aws.String("pg"),
			ServiceLinkedRoleARN: aws.String("arn:aws:iam::123456789012:role/own"), TerminationPolicies: []string{"NewestInstance"},
		}
		must(w.CreateAutoScalingGroup(w.ctx, settings))(t)
		got := w.group()

		asked, echoed := reflect.ValueOf(*settings), reflect.ValueOf(got)
		// One cannot be set beside the launch template, or is looked at below, or is not a setting.
		elsewhere := map[string]bool{
			"LaunchConfigurationName": true, "InstanceId": true, "LoadBalancerNames": true, "MixedInstancesPolicy": true,
			"LaunchTemplate": true, "AvailabilityZones": true, "Tags": true, "TrafficSources": true,
			"LifecycleHookSpecificationList": true, "SkipZonalShiftValidation": true,
		}
		for i := range asked.NumField() {
			field := asked.Type().Field(i)
			if !field.IsExported() || elsewhere[field.Name] {
				continue
			}
			if asked.Field(i).IsZero() {
				t.Errorf("this test does not set %s", field.Name)
				continue
			}
			same := cmp.Equal(asked.Field(i).Interface(), echoed.FieldByName(field.Name).Interface(), ignoreUnexported)
			if !same {
				t.Errorf("%s: asked for %v, got %v", field.Name, asked.Field(i), echoed.FieldByName(field.Name))
			}
		}
		if *got.LaunchTemplate.LaunchTemplateId == "" || *got.LaunchTemplate.LaunchTemplateName != template || *got.LaunchTemplate.Version != "$Latest" {
			t.Errorf("launch template %v", got.LaunchTemplate)
		}
		if diff := cmp.Diff([]string{"eu-west-1a", "eu-west-1b"}, got.AvailabilityZones); diff != "" {
			t.Errorf("zones (-want +got):\n%s", diff)
		}
	})
}

// ignoreUnexported looks at exported fields only: the SDK's structs carry an empty one besides.
var ignoreUnexported = cmp.FilterPath(func(p cmp.Path) bool {
	field, ok := p.Last().(cmp.StructField)
	return ok && field.Name() == "noSmithyDocumentSerde"
}, cmp.Ignore())

func TestGroupDefaults(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.DesiredCapacity, in.LaunchTemplate.Version = nil, nil
			in.TargetGroupARNs, in.TrafficSources = nil, []types.TrafficSourceIdentifier{{Identifier: aws.String(blueTG)}}
		})
		got := w.group()
		want := types.AutoScalingGroup{
			AutoScalingGroupName: aws.String("blue"), AutoScalingGroupARN: got.AutoScalingGroupARN, CreatedTime: aws.Time(time.Now().UTC()),
			MinSize: aws.Int32(1), MaxSize: aws.Int32(4), DesiredCapacity: aws.Int32(1),
			AvailabilityZones: []string{"eu-west-1a", "eu-west-1b"}, VPCZoneIdentifier: aws.String(subnets),
			DefaultCooldown: aws.Int32(300), HealthCheckGracePeriod: aws.Int32(0), HealthCheckType: aws.String("EC2"),
			DeletionProtection: "none", NewInstancesProtectedFromScaleIn: aws.Bool(false), TerminationPolicies: []string{"Default"},
			ServiceLinkedRoleARN: aws.String("arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
			LaunchTemplate: &types.LaunchTemplateSpecification{
				LaunchTemplateId: got.LaunchTemplate.LaunchTemplateId, LaunchTemplateName: aws.String(template), Version: aws.String("$Default"),
			},
			TargetGroupARNs: []string{blueTG},
			TrafficSources:  []types.TrafficSourceIdentifier{{Identifier: aws.String(blueTG), Type: aws.String("elbv2")}},
		}
		if diff := cmp.Diff(want, got, ignoreUnexported, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestUpdateChangesWhatIsGiven(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.DefaultInstanceWarmup, in.PlacementGroup, in.HealthCheckGracePeriod = aws.Int32(10), aws.String("pg"), aws.Int32(9)
		})
		w.wait(settled)
		before := w.group()
		w.update(func(in *sdk.UpdateAutoScalingGroupInput) {
			in.DefaultCooldown, in.TerminationPolicies, in.CapacityRebalance = aws.Int32(5), []string{"OldestInstance"}, aws.Bool(true)
			in.LaunchTemplate, in.DefaultInstanceWarmup, in.PlacementGroup = lt("2"), aws.Int32(-1), aws.String("")
		})
		want := before
		want.DefaultCooldown, want.TerminationPolicies, want.CapacityRebalance = aws.Int32(5), []string{"OldestInstance"}, aws.Bool(true)
		want.DefaultInstanceWarmup, want.PlacementGroup = nil, nil
		spec := *before.LaunchTemplate
		spec.Version = aws.String("2")
		want.LaunchTemplate = &spec
		if diff := cmp.Diff(want, w.group(), ignoreUnexported); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		w.setDesired(3)
		w.wait(settled)
		var versions []string
		for _, i := range w.group().Instances {
			versions = append(versions, *i.LaunchTemplate.Version+" "+*i.InstanceType)
		}
		if diff := cmp.Diff([]string{"1 t3.small", "1 t3.small", "2 t3.large"}, versions); diff != "" {
			t.Errorf("instances show another version than their own (-want +got):\n%s", diff)
		}
	})
}

func TestBoundsMoveDesired(t *testing.T) {
	in(t, func(w *world) {
		w.create(nil)
		w.update(func(in *sdk.UpdateAutoScalingGroupInput) { in.MinSize = aws.Int32(3) })
		raised := *w.group().DesiredCapacity
		w.update(func(in *sdk.UpdateAutoScalingGroupInput) { in.MinSize, in.MaxSize = aws.Int32(0), aws.Int32(1) })
		lowered := *w.group().DesiredCapacity
		if raised != 3 || lowered != 1 {
			t.Errorf("desired is %d after min 3, and %d after max 1", raised, lowered)
		}
	})
}

func TestVersionIsTheOneAskedFor(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) { in.LaunchTemplate = lt("2") }) // the default is 1
		w.wait(settled)
		for _, i := range w.group().Instances {
			if *i.LaunchTemplate.Version != "2" || *i.InstanceType != "t3.large" || *i.ImageId != imageID {
				t.Errorf("instance of version %s, type %s, image %s", *i.LaunchTemplate.Version, *i.InstanceType, *i.ImageId)
			}
		}
	})
}

// TestMixedInstancesPolicy launches from the first override, and survives an update that does not name it.
func TestMixedInstancesPolicy(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.LaunchTemplate = nil
			in.MixedInstancesPolicy = mixed(types.LaunchTemplateOverrides{InstanceType: aws.String("m5.large")}, types.LaunchTemplateOverrides{InstanceType: aws.String("c5.large")})
		})
		w.wait(settled)
		w.update(func(in *sdk.UpdateAutoScalingGroupInput) { in.DesiredCapacity = aws.Int32(1) })
		g := w.group()
		if p := g.MixedInstancesPolicy; p == nil || len(p.LaunchTemplate.Overrides) != 2 || g.LaunchTemplate != nil {
			t.Errorf("policy %v, launch template %v", p, g.LaunchTemplate)
		}
		if kind := *g.Instances[0].InstanceType; kind != "m5.large" {
			t.Errorf("instance of type %s", kind)
		}
		w.update(func(in *sdk.UpdateAutoScalingGroupInput) { in.LaunchTemplate = lt("1") })
		if g := w.group(); g.MixedInstancesPolicy != nil || g.LaunchTemplate == nil {
			t.Error("a launch template does not take the policy's place")
		}
	})
}

func TestDescribeGroups(t *testing.T) {
	in(t, func(w *world) {
		for _, name := range []string{"blue", "green", "red"} {
			w.create(func(in *sdk.CreateAutoScalingGroupInput) {
				in.AutoScalingGroupName, in.Tags = aws.String(name), []types.Tag{{Key: aws.String("color"), Value: aws.String(name)}}
			})
		}
		got := map[string][]string{}
		for label, in := range map[string]*sdk.DescribeAutoScalingGroupsInput{
			"all":     {},
			"paged":   {MaxRecords: aws.Int32(1)},
			"named":   {AutoScalingGroupNames: []string{"red", "blue"}},
			"unknown": {AutoScalingGroupNames: []string{"nope"}},
			"by tag":  {Filters: []types.Filter{{Name: aws.String("tag:color"), Values: []string{"green"}}}},
			"by key":  {Filters: []types.Filter{{Name: aws.String("tag-key"), Values: []string{"owner"}}}},
		} {
			for p := sdk.NewDescribeAutoScalingGroupsPaginator(w, in); p.HasMorePages(); {
				for _, g := range must(p.NextPage(w.ctx))(t).AutoScalingGroups {
					got[label] = append(got[label], *g.AutoScalingGroupName)
				}
			}
		}
		all := []string{"blue", "green", "red"}
		if diff := cmp.Diff(map[string][]string{"all": all, "paged": all, "named": {"blue", "red"}, "by tag": {"green"}}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		w.wait(settled)
		instances := must(w.DescribeAutoScalingInstances(w.ctx, &sdk.DescribeAutoScalingInstancesInput{}))(t).AutoScalingInstances
		if len(instances) != 6 || *instances[0].HealthStatus != "HEALTHY" || *instances[0].LifecycleState != "InService" {
			t.Errorf("instances %d", len(instances))
		}
	})
}

func TestDelete(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.NewInstancesProtectedFromScaleIn = aws.Bool(true)
			in.LifecycleHookSpecificationList = []types.LifecycleHookSpecification{{LifecycleHookName: aws.String("down"), LifecycleTransition: aws.String(terminating)}}
		})
		w.wait(settled)
		ids := w.ids("InService")
		if err := remove(true, "blue")(w); err != nil {
			t.Fatal(err)
		}
		if g := w.group(); aws.ToString(g.Status) != "Delete in progress" || len(g.Instances) != 2 {
			t.Errorf("status %q with %d instances", aws.ToString(g.Status), len(g.Instances))
		}
		if _, err := w.CreateAutoScalingGroup(w.ctx, input()); code(err) != "AlreadyExists" {
			t.Errorf("its name could be used again at once: %v", err)
		}
		w.wait(30 * time.Second)
		left := must(w.DescribeAutoScalingGroups(w.ctx, &sdk.DescribeAutoScalingGroupsInput{}))(t).AutoScalingGroups
		if len(left) != 0 {
			t.Errorf("%d groups are left", len(left))
		}
		for _, id := range ids {
			if state := w.instanceState(id); state != "terminated" {
				t.Errorf("a protected instance is %s after a forced deletion", state)
			}
		}
		past := must(w.DescribeScalingActivities(w.ctx, &sdk.DescribeScalingActivitiesInput{
			AutoScalingGroupName: aws.String("blue"), IncludeDeletedGroups: aws.Bool(true),
		}))(t).Activities
		if len(past) != 4 || aws.ToString(past[0].AutoScalingGroupState) != "Deleted" {
			t.Errorf("%d activities of the deleted group", len(past))
		}
		w.create(nil) // the name is free
	})
}

func TestDeleteOfEmptyGroupNeedsNoForce(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) { in.MinSize, in.DesiredCapacity = aws.Int32(0), aws.Int32(1) })
		w.wait(settled)
		w.setDesired(0)
		w.wait(2 * time.Second)
		if got := code(remove(false, "blue")(w)); got != "ScalingActivityInProgress" {
			t.Errorf("while an instance is terminating: %q", got)
		}
		w.wait(drain + settled)
		if err := remove(false, "blue")(w); err != nil {
			t.Fatal(err)
		}
		w.wait(5 * time.Second)
		if left := must(w.DescribeAutoScalingGroups(w.ctx, &sdk.DescribeAutoScalingGroupsInput{}))(t).AutoScalingGroups; len(left) != 0 {
			t.Error("the group is left")
		}
	})
}

// TestForcedDeleteWaitsForNothing deletes a group whose instances are draining, held, and launching.
func TestForcedDeleteWaitsForNothing(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.DesiredCapacity, in.MinSize, in.VPCZoneIdentifier = aws.Int32(2), aws.Int32(0), aws.String(subnetA)
			in.LifecycleHookSpecificationList = []types.LifecycleHookSpecification{
				{LifecycleHookName: aws.String("down"), LifecycleTransition: aws.String(terminating)},
			}
		})
		w.wait(settled)
		w.setDesired(1)
		w.wait(drain + settled)
		w.setDesired(0)
		w.wait(5 * time.Second)
		w.setDesired(1)
		w.wait(2 * time.Second)
		w.expect("before", states{"Terminating:Wait": 1, "Terminating": 1, "Pending": 1})
		if err := remove(true, "blue")(w); err != nil {
			t.Fatal(err)
		}
		w.wait(15 * time.Second)
		if left := must(w.DescribeAutoScalingGroups(w.ctx, &sdk.DescribeAutoScalingGroupsInput{}))(t).AutoScalingGroups; len(left) != 0 {
			t.Errorf("left: %v", left[0].Instances)
		}
	})
}

// TestGroupOfZones names zones in place of subnets.
func TestGroupOfZones(t *testing.T) {
	in(t, func(w *world) {
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.VPCZoneIdentifier, in.AvailabilityZones = nil, []string{"eu-west-1b"}
		})
		w.wait(settled)
		w.expect("group", states{"InService": 2})
		for _, i := range w.group().Instances {
			if *i.AvailabilityZone != "eu-west-1b" {
				t.Errorf("an instance is in %s", *i.AvailabilityZone)
			}
		}
	})
}
