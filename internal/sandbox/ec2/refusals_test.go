package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/ec2"
)

// TestRefusals has one case for each thing that AWS refuses, with the code that it gives.
func TestRefusals(t *testing.T) {
	run := func(change func(*sdk.RunInstancesInput)) func(w *world) error {
		return func(w *world) error {
			in := request()
			change(in)
			_, err := w.RunInstances(w.ctx, in)
			return err
		}
	}
	template := func(w *world) string {
		out := must(w.CreateLaunchTemplate(w.ctx, &sdk.CreateLaunchTemplateInput{
			LaunchTemplateName: aws.String("app"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(imageID)},
		}))(w.t)
		return *out.LaunchTemplate.LaunchTemplateId
	}
	for name, c := range map[string]struct {
		want string
		do   func(w *world) error
	}{
		"describe an unknown subnet": {"InvalidSubnetID.NotFound", func(w *world) error {
			_, err := w.DescribeSubnets(w.ctx, &sdk.DescribeSubnetsInput{SubnetIds: []string{"subnet-0"}})
			return err
		}},
		"describe an unknown security group": {"InvalidGroup.NotFound", func(w *world) error {
			_, err := w.DescribeSecurityGroups(w.ctx, &sdk.DescribeSecurityGroupsInput{GroupIds: []string{"sg-0"}})
			return err
		}},
		"describe an unknown VPC": {"InvalidVpcID.NotFound", func(w *world) error {
			_, err := w.DescribeVpcs(w.ctx, &sdk.DescribeVpcsInput{VpcIds: []string{"vpc-0"}})
			return err
		}},
		"describe an unknown image": {"InvalidAMIID.NotFound", func(w *world) error {
			_, err := w.DescribeImages(w.ctx, &sdk.DescribeImagesInput{ImageIds: []string{"ami-0"}})
			return err
		}},
		"describe what is no image id": {"InvalidAMIID.Malformed", func(w *world) error {
			_, err := w.DescribeImages(w.ctx, &sdk.DescribeImagesInput{ImageIds: []string{"nope"}})
			return err
		}},
		"describe a deregistered image": {"InvalidAMIID.Unavailable", func(w *world) error {
			must(w.DeregisterImage(w.ctx, &sdk.DeregisterImageInput{ImageId: aws.String(imageID)}))(w.t)
			_, err := w.DescribeImages(w.ctx, &sdk.DescribeImagesInput{ImageIds: []string{imageID}})
			return err
		}},
		"deregister an image twice": {"InvalidAMIID.Unavailable", func(w *world) error {
			must(w.DeregisterImage(w.ctx, &sdk.DeregisterImageInput{ImageId: aws.String(imageID)}))(w.t)
			_, err := w.DeregisterImage(w.ctx, &sdk.DeregisterImageInput{ImageId: aws.String(imageID)})
			return err
		}},
		"deregister another account's image": {"AuthFailure", func(w *world) error {
			_, err := w.DeregisterImage(w.ctx, &sdk.DeregisterImageInput{ImageId: aws.String(armImage)})
			return err
		}},
		"filter by an unknown name": {"InvalidParameterValue", func(w *world) error {
			_, err := w.DescribeImages(w.ctx, &sdk.DescribeImagesInput{Filters: names("colour", "blue")})
			return err
		}},
		"page with an unknown token": {"InvalidNextToken", func(w *world) error {
			_, err := w.DescribeSubnets(w.ctx, &sdk.DescribeSubnetsInput{NextToken: aws.String("nope")})
			return err
		}},
		"page too small": {"InvalidParameterValue", func(w *world) error {
			_, err := w.DescribeSubnets(w.ctx, &sdk.DescribeSubnetsInput{MaxResults: aws.Int32(2)})
			return err
		}},
		"run dry":                    {"DryRunOperation", run(func(in *sdk.RunInstancesInput) { in.DryRun = aws.Bool(true) })},
		"run dry what is wrong":      {"InvalidAMIID.NotFound", run(func(in *sdk.RunInstancesInput) { in.DryRun, in.ImageId = aws.Bool(true), aws.String("ami-0") })},
		"run an unknown image":       {"InvalidAMIID.NotFound", run(func(in *sdk.RunInstancesInput) { in.ImageId = aws.String("ami-0") })},
		"run no image":               {"MissingParameter", run(func(in *sdk.RunInstancesInput) { in.ImageId = nil })},
		"run an unknown type":        {"InvalidParameterValue", run(func(in *sdk.RunInstancesInput) { in.InstanceType = "z9.huge" })},
		"run the wrong architecture": {"InvalidParameterValue", run(func(in *sdk.RunInstancesInput) { in.InstanceType = "t4g.small" })},
		"run in an unknown subnet":   {"InvalidSubnetID.NotFound", run(func(in *sdk.RunInstancesInput) { in.SubnetId = aws.String("subnet-0") })},
		"run in an unknown group":    {"InvalidGroup.NotFound", run(func(in *sdk.RunInstancesInput) { in.SecurityGroupIds = []string{"sg-0"} })},
		"run with bad user data":     {"InvalidParameterValue", run(func(in *sdk.RunInstancesInput) { in.UserData = aws.String("#!/bin/sh") })},
		"run none":                   {"InvalidParameterValue", run(func(in *sdk.RunInstancesInput) { in.MinCount = aws.Int32(0) })},
		"run with an unknown profile": {"InvalidParameterValue", run(func(in *sdk.RunInstancesInput) {
			in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: aws.String("nope")}
		})},
		"run with tags of a VPC": {"InvalidParameterValue", run(func(in *sdk.RunInstancesInput) {
			in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeVpc}}
		})},
		"run a deregistered image": {"InvalidAMIID.Unavailable", func(w *world) error {
			must(w.DeregisterImage(w.ctx, &sdk.DeregisterImageInput{ImageId: aws.String(imageID)}))(w.t)
			_, err := w.RunInstances(w.ctx, request())
			return err
		}},
		"run a pending image": {"InvalidAMIID.Unavailable", func(w *world) error {
			w.acct.Lock()
			w.image(ec2.Image{ID: "ami-3", State: "pending"})
			w.acct.Unlock()
			in := request()
			in.ImageId = aws.String("ami-3")
			_, err := w.RunInstances(w.ctx, in)
			return err
		}},
		"run with another use of a token": {"IdempotentParameterMismatch", func(w *world) error {
			in := request()
			in.ClientToken = aws.String("once")
			must(w.RunInstances(w.ctx, in))(w.t)
			in.InstanceType = "t3.small"
			_, err := w.RunInstances(w.ctx, in)
			return err
		}},
		"run more than there is room for": {"InsufficientInstanceCapacity", func(w *world) error {
			w.acct.Lock()
			w.service.SetCapacity(0)
			w.acct.Unlock()
			_, err := w.RunInstances(w.ctx, request())
			return err
		}},
		"run from an unknown template": {"InvalidLaunchTemplateName.NotFoundException", run(func(in *sdk.RunInstancesInput) {
			in.LaunchTemplate = &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("nope")}
		})},
		"describe an unknown instance": {"InvalidInstanceID.NotFound", func(w *world) error {
			_, err := w.DescribeInstances(w.ctx, &sdk.DescribeInstancesInput{InstanceIds: []string{"i-0"}})
			return err
		}},
		"describe named instances by page": {"InvalidParameterCombination", func(w *world) error {
			_, err := w.DescribeInstances(w.ctx, &sdk.DescribeInstancesInput{InstanceIds: []string{"i-0"}, MaxResults: aws.Int32(5)})
			return err
		}},
		"terminate an unknown instance": {"InvalidInstanceID.NotFound", func(w *world) error {
			_, err := w.TerminateInstances(w.ctx, &sdk.TerminateInstancesInput{InstanceIds: []string{"i-0"}})
			return err
		}},
		"terminate a protected instance": {"OperationNotPermitted", func(w *world) error {
			i := w.run(func(in *sdk.RunInstancesInput) { in.DisableApiTermination = aws.Bool(true) })
			_, err := w.TerminateInstances(w.ctx, &sdk.TerminateInstancesInput{InstanceIds: []string{*i.InstanceId}})
			return err
		}},
		"start a terminated instance": {"IncorrectInstanceState", func(w *world) error {
			i := w.run(nil)
			must(w.TerminateInstances(w.ctx, &sdk.TerminateInstancesInput{InstanceIds: []string{*i.InstanceId}}))(w.t)
			_, err := w.StartInstances(w.ctx, &sdk.StartInstancesInput{InstanceIds: []string{*i.InstanceId}})
			return err
		}},
		"tag an unknown resource": {"InvalidID", func(w *world) error {
			_, err := w.CreateTags(w.ctx, &sdk.CreateTagsInput{Resources: []string{"i-0"}, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
			return err
		}},
		"tag with AWS's prefix": {"InvalidParameterValue", func(w *world) error {
			_, err := w.CreateTags(w.ctx, &sdk.CreateTagsInput{Resources: []string{imageID}, Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("b")}}})
			return err
		}},
		"tag with a behavior that is none": {"InvalidParameterValue", func(w *world) error {
			_, err := w.CreateTags(w.ctx, &sdk.CreateTagsInput{Resources: []string{imageID}, Tags: []types.Tag{{Key: aws.String("sandbox:behavior"), Value: aws.String("fast")}}})
			return err
		}},
		"tag dry": {"DryRunOperation", func(w *world) error {
			_, err := w.CreateTags(w.ctx, &sdk.CreateTagsInput{Resources: []string{imageID}, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}, DryRun: aws.Bool(true)})
			return err
		}},
		"make an image of an unknown instance": {"InvalidInstanceID.NotFound", func(w *world) error {
			_, err := w.CreateImage(w.ctx, &sdk.CreateImageInput{InstanceId: aws.String("i-0"), Name: aws.String("img")})
			return err
		}},
		"describe an unknown type": {"InvalidInstanceType", func(w *world) error {
			_, err := w.DescribeInstanceTypes(w.ctx, &sdk.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{"z9.huge"}})
			return err
		}},
		"make a template of a name in use": {"InvalidLaunchTemplateName.AlreadyExistsException", func(w *world) error {
			template(w)
			_, err := w.CreateLaunchTemplate(w.ctx, &sdk.CreateLaunchTemplateInput{
				LaunchTemplateName: aws.String("app"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(imageID)},
			})
			return err
		}},
		"make a template of a bad name": {"InvalidLaunchTemplateName.MalformedException", func(w *world) error {
			_, err := w.CreateLaunchTemplate(w.ctx, &sdk.CreateLaunchTemplateInput{
				LaunchTemplateName: aws.String("a b"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(imageID)},
			})
			return err
		}},
		"make a version from an unknown one": {"InvalidLaunchTemplateId.VersionNotFound", func(w *world) error {
			_, err := w.CreateLaunchTemplateVersion(w.ctx, &sdk.CreateLaunchTemplateVersionInput{
				LaunchTemplateId: aws.String(template(w)), SourceVersion: aws.String("7"), LaunchTemplateData: &types.RequestLaunchTemplateData{KeyName: aws.String("k")},
			})
			return err
		}},
		"describe an unknown version": {"InvalidLaunchTemplateId.VersionNotFound", func(w *world) error {
			_, err := w.DescribeLaunchTemplateVersions(w.ctx, &sdk.DescribeLaunchTemplateVersionsInput{
				LaunchTemplateId: aws.String(template(w)), Versions: []string{"42"},
			})
			return err
		}},
		"make an unknown version the default": {"InvalidLaunchTemplateId.VersionNotFound", func(w *world) error {
			_, err := w.ModifyLaunchTemplate(w.ctx, &sdk.ModifyLaunchTemplateInput{
				LaunchTemplateId: aws.String(template(w)), DefaultVersion: aws.String("42"),
			})
			return err
		}},
		"describe an unknown template by name": {"InvalidLaunchTemplateName.NotFoundException", func(w *world) error {
			_, err := w.DescribeLaunchTemplates(w.ctx, &sdk.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{"nope"}})
			return err
		}},
		"describe an unknown template by id": {"InvalidLaunchTemplateId.NotFound", func(w *world) error {
			_, err := w.DescribeLaunchTemplates(w.ctx, &sdk.DescribeLaunchTemplatesInput{LaunchTemplateIds: []string{"lt-0"}})
			return err
		}},
		"delete an unknown template": {"InvalidLaunchTemplateId.NotFound", func(w *world) error {
			_, err := w.DeleteLaunchTemplate(w.ctx, &sdk.DeleteLaunchTemplateInput{LaunchTemplateId: aws.String("lt-0")})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				if got := code(c.do(w)); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		})
	}
}

// TestRefusedNameOfImage needs a running instance, and so some time.
func TestRefusedNameOfImage(t *testing.T) {
	in(t, func(w *world) {
		i := w.run(nil)
		got := map[string]string{}
		try := func(label, name string) {
			_, err := w.CreateImage(w.ctx, &sdk.CreateImageInput{InstanceId: i.InstanceId, Name: aws.String(name), NoReboot: aws.Bool(true)})
			got[label] = code(err)
		}
		try("of a pending instance", "early")
		w.wait(10)
		try("good", "app-v2")
		try("again", "app-v2")
		try("in use", "app-v1")
		try("malformed", "a*b")
		try("short", "ab")
		want := map[string]string{
			"of a pending instance": "IncorrectState", "good": "", "again": "InvalidAMIName.Duplicate",
			"in use": "InvalidAMIName.Duplicate", "malformed": "InvalidAMIName.Malformed", "short": "InvalidAMIName.Malformed",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
