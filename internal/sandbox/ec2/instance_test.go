package ec2_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/ec2/launch"
)

// answer is what an instance's software says; "" when nothing listens.
func (w *world) answer(addr string) string {
	client := &http.Client{Transport: &http.Transport{DialContext: w.fabric.DialContext, DisableKeepAlives: true}}
	reply, err := client.Get("http://" + addr + ":8000/")
	if err != nil {
		return ""
	}
	defer func() { _ = reply.Body.Close() }()
	_, _ = io.Copy(io.Discard, reply.Body)
	return reply.Header.Get("X-App-Version") + " " + reply.Header.Get("X-App-Color")
}

func TestInstanceLives(t *testing.T) {
	in(t, func(w *world) {
		i := w.run(func(in *sdk.RunInstancesInput) {
			in.TagSpecifications = []types.TagSpecification{{
				ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("bluegreen:color"), Value: aws.String("blue")}},
			}}
		})
		id, addr := *i.InstanceId, *i.PrivateIpAddress
		type look struct{ State, Answer string }
		var got []look
		see := func(afterSeconds int) {
			w.wait(afterSeconds)
			got = append(got, look{w.state(id), w.answer(addr)})
		}
		see(0)
		see(5) // running; the app boots for a second
		see(2)
		must(w.StopInstances(w.ctx, &sdk.StopInstancesInput{InstanceIds: []string{id}}))(t)
		see(0)
		see(10)
		must(w.StartInstances(w.ctx, &sdk.StartInstancesInput{InstanceIds: []string{id}}))(t)
		see(7)
		out := must(w.TerminateInstances(w.ctx, &sdk.TerminateInstancesInput{InstanceIds: []string{id}}))(t)
		if change := out.TerminatingInstances[0]; change.PreviousState.Name != "running" || change.CurrentState.Name != "shutting-down" {
			t.Errorf("terminated from %s to %s", change.PreviousState.Name, change.CurrentState.Name)
		}
		see(0)
		see(10)
		want := []look{
			{"pending", ""}, {"running", ""}, {"running", "v1 blue"}, {"stopping", ""}, {"stopped", ""},
			{"running", "v1 blue"}, {"shutting-down", ""}, {"terminated", ""},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		w.wait(3600)
		if _, err := w.DescribeInstances(w.ctx, &sdk.DescribeInstancesInput{InstanceIds: []string{id}}); code(err) != "InvalidInstanceID.NotFound" {
			t.Errorf("an hour later: %v", err)
		}
		var states []string
		for _, state := range []string{
			launch.Pending, launch.Running, launch.Stopping, launch.Stopped, launch.Pending, launch.Running, launch.ShuttingDown, launch.Terminated,
		} {
			states = append(states, id+" "+state)
		}
		if diff := cmp.Diff(states, w.states); diff != "" {
			t.Errorf("states that were told (-want +got):\n%s", diff)
		}
	})
}

// TestRunInstancesShowsWhatWasAsked checks settings from a template, a request over it, and tags of both.
func TestRunInstancesShowsWhatWasAsked(t *testing.T) {
	in(t, func(w *world) {
		tag := func(key, value string) types.Tag { return types.Tag{Key: aws.String(key), Value: aws.String(value)} }
		lt := must(w.CreateLaunchTemplate(w.ctx, &sdk.CreateLaunchTemplateInput{
			LaunchTemplateName: aws.String("app"),
			LaunchTemplateData: &types.RequestLaunchTemplateData{
				ImageId: aws.String(imageID), InstanceType: "m5.large", KeyName: aws.String("key"), UserData: aws.String("dGV4dA=="),
				IamInstanceProfile: &types.LaunchTemplateIamInstanceProfileSpecificationRequest{
					Arn: aws.String("arn:aws:iam::123456789012:instance-profile/app-profile"),
				},
				MetadataOptions:                   &types.LaunchTemplateInstanceMetadataOptionsRequest{HttpTokens: "required", HttpPutResponseHopLimit: aws.Int32(2)},
				NetworkInterfaces:                 []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{Groups: []string{groupID}}},
				InstanceInitiatedShutdownBehavior: "terminate",
				TagSpecifications: []types.LaunchTemplateTagSpecificationRequest{
					{ResourceType: "instance", Tags: []types.Tag{tag("from", "template"), tag("both", "template")}},
					{ResourceType: "volume", Tags: []types.Tag{tag("disk", "yes")}},
				},
			},
		}))(t).LaunchTemplate
		out := must(w.RunInstances(w.ctx, &sdk.RunInstancesInput{
			LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateName: lt.LaunchTemplateName, Version: aws.String("$Default")},
			InstanceType:   "t3.large", SubnetId: aws.String(subnetB), MinCount: aws.Int32(1), MaxCount: aws.Int32(2),
			TagSpecifications: []types.TagSpecification{{ResourceType: "instance", Tags: []types.Tag{tag("both", "request")}}},
		}))(t)
		if len(out.Instances) != 2 {
			t.Fatalf("%d instances, want 2", len(out.Instances))
		}
		i := out.Instances[1]
		type seen struct {
			Image, Type, Key, Subnet, VPC, Zone, Group, Profile, Tokens string
			Hops                                                        int32
			Tags                                                        map[string]string
		}
		got := seen{
			*i.ImageId, string(i.InstanceType), *i.KeyName, *i.SubnetId, *i.VpcId, *i.Placement.AvailabilityZone, *i.SecurityGroups[0].GroupId,
			*i.IamInstanceProfile.Arn, string(i.MetadataOptions.HttpTokens), *i.MetadataOptions.HttpPutResponseHopLimit, tagMap(i.Tags),
		}
		want := seen{
			imageID, "t3.large", "key", subnetB, vpcID, "eu-west-1b", groupID,
			"arn:aws:iam::123456789012:instance-profile/app-profile", "required", 2,
			map[string]string{
				"from": "template", "both": "request",
				"aws:ec2launchtemplate:id": *lt.LaunchTemplateId, "aws:ec2launchtemplate:version": "1",
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		attribute := func(name types.InstanceAttributeName) *sdk.DescribeInstanceAttributeOutput {
			return must(w.DescribeInstanceAttribute(w.ctx, &sdk.DescribeInstanceAttributeInput{InstanceId: i.InstanceId, Attribute: name}))(t)
		}
		if data := *attribute("userData").UserData.Value; data != "dGV4dA==" {
			t.Errorf("user data %q", data)
		}
		if behavior := *attribute("instanceInitiatedShutdownBehavior").InstanceInitiatedShutdownBehavior.Value; behavior != "terminate" {
			t.Errorf("shutdown behavior %q", behavior)
		}
	})
}

func TestRunInstancesWithTokenRunsOnce(t *testing.T) {
	in(t, func(w *world) {
		once := func(in *sdk.RunInstancesInput) { in.ClientToken = aws.String("once") }
		first, second := w.run(once), w.run(once)
		if *first.InstanceId != *second.InstanceId {
			t.Errorf("two instances: %s and %s", *first.InstanceId, *second.InstanceId)
		}
	})
}

func TestDescribeInstances(t *testing.T) {
	in(t, func(w *world) {
		for range 12 {
			w.run(nil)
		}
		w.run(func(in *sdk.RunInstancesInput) { in.SubnetId = aws.String(subnetB) })
		w.wait(6)
		late := w.run(nil)
		count := func(in *sdk.DescribeInstancesInput) (pages, instances int) {
			for p := sdk.NewDescribeInstancesPaginator(w, in); p.HasMorePages(); pages++ {
				for _, r := range must(p.NextPage(w.ctx))(t).Reservations {
					instances += len(r.Instances)
				}
			}
			return pages, instances
		}
		got := map[string]string{}
		for label, in := range map[string]*sdk.DescribeInstancesInput{
			"all":         {},
			"paged":       {MaxResults: aws.Int32(5)},
			"by subnet":   {Filters: names("subnet-id", subnetB)},
			"pending":     {Filters: names("instance-state-name", "pending")},
			"by two":      {Filters: append(names("subnet-id", subnetA), names("instance-state-name", "running")...)},
			"by wildcard": {Filters: names("image-id", "ami-*1")},
			"by id":       {InstanceIds: []string{*late.InstanceId}},
		} {
			pages, instances := count(in)
			got[label] = fmt.Sprint(pages, " ", instances)
		}
		want := map[string]string{
			"all": "1 14", "paged": "3 14", "by subnet": "1 1", "pending": "1 1", "by two": "1 12", "by wildcard": "1 14", "by id": "1 1",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages and instances (-want +got):\n%s", diff)
		}
		status := must(w.DescribeInstanceStatus(w.ctx, &sdk.DescribeInstanceStatusInput{}))(t)
		if n := len(status.InstanceStatuses); n != 13 {
			t.Errorf("%d instances with a status, want the 13 that run", n)
		}
	})
}

// TestGoAPI is what neighbours see.
func TestGoAPI(t *testing.T) {
	in(t, func(w *world) {
		lt := must(w.CreateLaunchTemplate(w.ctx, &sdk.CreateLaunchTemplateInput{
			LaunchTemplateName: aws.String("app"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(imageID), InstanceType: "t3.small"},
		}))(t).LaunchTemplate
		w.acct.Lock()
		defer w.acct.Unlock()
		s := w.service
		template, err := s.ResolveTemplate("", "app", "$Latest")
		want := launch.Template{ID: *lt.LaunchTemplateId, Name: "app", Version: 1, ImageID: imageID, InstanceType: "t3.small"}
		if diff := cmp.Diff(want, template); err != nil || diff != "" {
			t.Errorf("template: %v (-want +got):\n%s", err, diff)
		}
		spec := launch.Spec{TemplateID: template.ID, Version: 1, InstanceType: "m5.large", SubnetID: subnetB, Tags: map[string]string{"aws:x": "y"}}
		if err := s.CheckLaunch(spec); err != nil {
			t.Error(err)
		}
		id, err := s.Launch(spec)
		if err != nil {
			t.Fatal(err)
		}
		type seen struct {
			Subnet, Image, Type, State, VPC, Zone string
			Running                               bool
		}
		var got seen
		got.Subnet, got.Image, got.Type, _ = s.Place(id)
		got.State, _ = s.State(id)
		got.VPC, got.Zone, _ = s.Subnet(got.Subnet)
		_, got.Running, _ = s.Instance(id)
		if diff := cmp.Diff(seen{subnetB, imageID, "m5.large", launch.Pending, vpcID, "eu-west-1b", false}, got); diff != "" {
			t.Errorf("instance (-want +got):\n%s", diff)
		}
		if err := s.Terminate(id); err != nil {
			t.Error(err)
		}
		if state, _ := s.State(id); state != launch.ShuttingDown {
			t.Errorf("state %s", state)
		}
		if subnet, ok := s.DefaultSubnet("eu-west-1b"); !ok || subnet != subnetB {
			t.Errorf("default subnet %s", subnet)
		}
		if !s.SecurityGroupExists(groupID) || s.SecurityGroupExists("sg-0") {
			t.Error("security groups")
		}
		if !s.VPCExists(vpcID) || s.VPCExists("vpc-0") {
			t.Error("VPCs")
		}
	})
}

func TestImageIsMadeOfInstance(t *testing.T) {
	in(t, func(w *world) {
		i := w.run(nil)
		w.wait(7)
		tags := []types.Tag{{Key: aws.String("Version"), Value: aws.String("v2")}}
		id := *must(w.CreateImage(w.ctx, &sdk.CreateImageInput{
			InstanceId: i.InstanceId, Name: aws.String("app-v2"), NoReboot: aws.Bool(true),
			BlockDeviceMappings: []types.BlockDeviceMapping{
				{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{VolumeSize: aws.Int32(30)}},
				{DeviceName: aws.String("/dev/sdb"), Ebs: &types.EbsBlockDevice{VolumeSize: aws.Int32(100)}},
			},
			TagSpecifications: []types.TagSpecification{{ResourceType: "image", Tags: tags}, {ResourceType: "snapshot", Tags: tags}},
		}))(t).ImageId
		describe := func() types.Image {
			return must(w.DescribeImages(w.ctx, &sdk.DescribeImagesInput{ImageIds: []string{id}}))(t).Images[0]
		}
		if state := describe().State; state != "pending" {
			t.Errorf("state %s at first", state)
		}
		if answer := w.answer(*i.PrivateIpAddress); answer != "v1 " {
			t.Errorf("the instance answers %q: it was rebooted", answer)
		}
		w.wait(30)
		img := describe()
		type seen struct {
			State, Source string
			Sizes         []int32
			Tags, Disk    map[string]string
		}
		got := seen{State: string(img.State), Source: *img.SourceInstanceId, Tags: tagMap(img.Tags), Disk: map[string]string{}}
		for _, d := range img.BlockDeviceMappings {
			got.Sizes = append(got.Sizes, *d.Ebs.VolumeSize)
		}
		for _, tag := range must(w.DescribeTags(w.ctx, &sdk.DescribeTagsInput{Filters: names("resource-id", *img.BlockDeviceMappings[1].Ebs.SnapshotId)}))(t).Tags {
			got.Disk[*tag.Key] = *tag.Value
		}
		v2 := map[string]string{"Version": "v2"}
		if diff := cmp.Diff(seen{"available", *i.InstanceId, []int32{30, 100}, v2, v2}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		must(w.CreateImage(w.ctx, &sdk.CreateImageInput{InstanceId: i.InstanceId, Name: aws.String("app-v3")}))(t)
		if answer := w.answer(*i.PrivateIpAddress); answer != "" {
			t.Errorf("the instance answers %q: it was not rebooted", answer)
		}
		out := must(w.DeregisterImage(w.ctx, &sdk.DeregisterImageInput{ImageId: aws.String(id), DeleteAssociatedSnapshots: aws.Bool(true)}))(t)
		if len(out.DeleteSnapshotResults) != 2 {
			t.Errorf("%d snapshots were deleted, want 2", len(out.DeleteSnapshotResults))
		}
	})
}

func TestDescribeImages(t *testing.T) {
	in(t, func(w *world) {
		w.acct.Lock()
		w.image(ec2.Image{Name: "app-v2", Tags: map[string]string{"Version": "v2"}})
		w.acct.Unlock()
		got := map[string][]string{}
		for label, in := range map[string]*sdk.DescribeImagesInput{
			"own":         {Owners: []string{"self"}},
			"Amazon's":    {Owners: []string{"amazon"}},
			"by name":     {Filters: names("name", "app-*")},
			"by one sign": {Filters: names("name", "app-v?", "?")},
			"escaped":     {Filters: names("name", "app\\-v1", "app-v\\*")},
			"by version":  {Filters: names("tag:Version", "v2")},
			"by tag":      {Filters: names("tag-key", "Version")},
			"for arm":     {Filters: names("architecture", "arm64")},
			"not there":   {Filters: names("state", "pending")},
			"own for arm": {Owners: []string{"self"}, Filters: names("architecture", "arm64")},
		} {
			for _, i := range must(w.DescribeImages(w.ctx, in))(t).Images {
				got[label] = append(got[label], *i.Name)
			}
		}
		want := map[string][]string{
			"own": {"app-v1", "app-v2"}, "Amazon's": {"arm"}, "by name": {"app-v1", "app-v2"}, "by one sign": {"app-v1", "app-v2"}, "escaped": {"app-v1"}, "by version": {"app-v2"},
			"by tag": {"app-v1", "app-v2"}, "for arm": {"arm"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
