package autoscaling_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"
)

func (w *world) configure(name, instanceType string) {
	w.t.Helper()
	must(w.CreateLaunchConfiguration(w.ctx, &sdk.CreateLaunchConfigurationInput{
		LaunchConfigurationName: aws.String(name), ImageId: aws.String(imageID), InstanceType: aws.String(instanceType),
		UserData: aws.String("dGV4dA=="), KeyName: aws.String("key"),
		MetadataOptions: &types.InstanceMetadataOptions{HttpTokens: "required", HttpPutResponseHopLimit: aws.Int32(2)},
		BlockDeviceMappings: []types.BlockDeviceMapping{
			{DeviceName: aws.String("/dev/xvda"), Ebs: &types.Ebs{VolumeSize: aws.Int32(20), DeleteOnTermination: aws.Bool(false)}},
		},
	}))(w.t)
}

// TestGroupLaunchesFromAConfiguration moves a group from one launch configuration to another, and on to a template.
func TestGroupLaunchesFromAConfiguration(t *testing.T) {
	in(t, func(w *world) {
		w.configure("v1", "t3.small")
		w.configure("v2", "t3.large")
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.LaunchTemplate, in.LaunchConfigurationName = nil, aws.String("v1")
		})
		w.wait(settled)
		w.update(func(in *sdk.UpdateAutoScalingGroupInput) { in.LaunchConfigurationName = aws.String("v2") })
		w.setDesired(3)
		w.wait(settled)
		got := map[string]int{}
		count := func() {
			clear(got)
			for _, i := range w.group().Instances {
				made := "configuration " + aws.ToString(i.LaunchConfigurationName)
				if i.LaunchTemplate != nil {
					made = "template " + *i.LaunchTemplate.Version
				}
				got[fmt.Sprint(made, " ", *i.InstanceType)]++
			}
		}
		count()
		if diff := cmp.Diff(map[string]int{"configuration v1 t3.small": 2, "configuration v2 t3.large": 1}, got); diff != "" {
			t.Errorf("instances (-want +got):\n%s", diff)
		}
		made := must(w.compute.DescribeInstances(w.ctx, &ec2sdk.DescribeInstancesInput{InstanceIds: []string{*w.group().Instances[0].InstanceId}}))(t).Reservations[0].Instances[0]
		if *made.KeyName != "key" || made.MetadataOptions.HttpTokens != "required" || *made.BlockDeviceMappings[0].Ebs.DeleteOnTermination {
			t.Errorf("instance with the key %s, tokens %s, volume kept: %v", *made.KeyName, made.MetadataOptions.HttpTokens,
				!*made.BlockDeviceMappings[0].Ebs.DeleteOnTermination)
		}
		must(w.StartInstanceRefresh(w.ctx, &sdk.StartInstanceRefreshInput{
			AutoScalingGroupName: aws.String("blue"), Preferences: &types.RefreshPreferences{SkipMatching: aws.Bool(true), MinHealthyPercentage: aws.Int32(0)},
		}))(t)
		w.wait(20 * settled)
		count()
		if diff := cmp.Diff(map[string]int{"configuration v2 t3.large": 3}, got); diff != "" {
			t.Errorf("instances after a refresh (-want +got):\n%s", diff)
		}
		w.update(func(in *sdk.UpdateAutoScalingGroupInput) { in.LaunchTemplate = lt("1") })
		w.setDesired(4)
		w.wait(settled)
		count()
		if diff := cmp.Diff(map[string]int{"configuration v2 t3.large": 3, "template 1 t3.small": 1}, got); diff != "" {
			t.Errorf("instances with a template (-want +got):\n%s", diff)
		}
		w.setDesired(1) // those of another kind than the group's go first
		w.wait(20 * settled)
		count()
		if diff := cmp.Diff(map[string]int{"template 1 t3.small": 1}, got); diff != "" {
			t.Errorf("instances after scaling in (-want +got):\n%s", diff)
		}
	})
}

func TestLaunchConfigurations(t *testing.T) {
	in(t, func(w *world) {
		for n := range 3 {
			w.configure(fmt.Sprint("v", n), "t3.small")
		}
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.LaunchTemplate, in.LaunchConfigurationName = nil, aws.String("v1")
			in.MinSize, in.DesiredCapacity = aws.Int32(0), aws.Int32(0)
		})
		got := map[string]string{}
		for p := sdk.NewDescribeLaunchConfigurationsPaginator(w, &sdk.DescribeLaunchConfigurationsInput{MaxRecords: aws.Int32(2)}); p.HasMorePages(); {
			for _, c := range must(p.NextPage(w.ctx))(t).LaunchConfigurations {
				got["all"] += *c.LaunchConfigurationName + "=" + *c.ImageId + " "
			}
		}
		try := func(label string, err error) { got[label] = code(err) }
		remove := func(name string) error {
			_, err := w.DeleteLaunchConfiguration(w.ctx, &sdk.DeleteLaunchConfigurationInput{LaunchConfigurationName: aws.String(name)})
			return err
		}
		create := func(in sdk.CreateLaunchConfigurationInput) error {
			_, err := w.CreateLaunchConfiguration(w.ctx, &in)
			return err
		}
		try("delete one in use", remove("v1"))
		try("delete", remove("v2"))
		try("delete an unknown one", remove("v2"))
		try("create a name in use", create(sdk.CreateLaunchConfigurationInput{LaunchConfigurationName: aws.String("v1"), ImageId: aws.String(imageID), InstanceType: aws.String("t3.small")}))
		try("create without image", create(sdk.CreateLaunchConfigurationInput{LaunchConfigurationName: aws.String("v3"), InstanceType: aws.String("t3.small")}))
		for _, c := range must(w.DescribeLaunchConfigurations(w.ctx, &sdk.DescribeLaunchConfigurationsInput{LaunchConfigurationNames: []string{"v0", "v2"}}))(t).LaunchConfigurations {
			got["named"] += *c.LaunchConfigurationName
		}
		image := imageID
		want := map[string]string{
			"all": "v0=" + image + " v1=" + image + " v2=" + image + " ", "delete one in use": "ResourceInUse", "delete": "",
			"delete an unknown one": invalid, "create a name in use": "AlreadyExists", "create without image": invalid, "named": "v0",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestMixedOverridesAreShown checks that the images and templates of a policy's overrides can be found.
func TestMixedOverridesAreShown(t *testing.T) {
	in(t, func(w *world) {
		policy := &types.MixedInstancesPolicy{LaunchTemplate: &types.LaunchTemplate{
			LaunchTemplateSpecification: lt("1"),
			Overrides: []types.LaunchTemplateOverrides{
				{InstanceType: aws.String("t3.small"), ImageId: aws.String(imageID)},
				{InstanceType: aws.String("t3.large"), LaunchTemplateSpecification: lt("2")},
			},
		}}
		w.create(func(in *sdk.CreateAutoScalingGroupInput) {
			in.LaunchTemplate, in.MixedInstancesPolicy = nil, policy
			in.MinSize, in.DesiredCapacity = aws.Int32(0), aws.Int32(0)
		})
		if diff := cmp.Diff(policy.LaunchTemplate.Overrides, w.group().MixedInstancesPolicy.LaunchTemplate.Overrides, ignoreUnexported); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
