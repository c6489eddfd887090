package template

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/facts"
)

func TestInheritedHasNoSnapshots(t *testing.T) {
	v := fromSDK(types.LaunchTemplateVersion{
		LaunchTemplateId: aws.String("lt-1"), VersionNumber: aws.Int64(3),
		LaunchTemplateData: &types.ResponseLaunchTemplateData{
			ImageId: aws.String("ami-1"),
			BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMapping{{
				DeviceName: aws.String("/dev/sda1"), Ebs: &types.LaunchTemplateEbsBlockDevice{SnapshotId: aws.String("snap-1"), VolumeSize: aws.Int32(8)},
			}},
		},
	})
	want := facts.Facts{
		"template/ImageId": "ami-1", "template/BlockDeviceMappings[0]/DeviceName": "/dev/sda1", "template/BlockDeviceMappings[0]/Ebs/VolumeSize": "8",
	}
	if diff := cmp.Diff(want, v.Inherited()); diff != "" {
		t.Errorf("inherited (-want +got):\n%s", diff)
	}
	if len(v.Facts) != len(want)+1 {
		t.Errorf("the version itself lost its snapshot: %v", v.Facts)
	}
}

func TestPinned(t *testing.T) {
	for version, want := range map[string]bool{"7": true, "$Latest": false, "$Default": false, "": false} {
		if got := Pinned(version); got != want {
			t.Errorf("%q is pinned: %v", version, got)
		}
	}
}

// TestUserDataStaysSecret checks that a comparison sees a change of user data, and shows none of it.
func TestUserDataStaysSecret(t *testing.T) {
	data := func(text string) string {
		v := fromSDK(types.LaunchTemplateVersion{LaunchTemplateData: &types.ResponseLaunchTemplateData{UserData: &text}})
		return v.Facts["template/UserData"]
	}
	if data("cGFzc3dvcmQ=") != "sha256:99ea56ced47c…" || data("cGFzc3dvcmQ=") == data("cGFzc3dvcms=") {
		t.Errorf("facts on user data are %s and %s", data("cGFzc3dvcmQ="), data("cGFzc3dvcms="))
	}
}

// described is an api that answers with one version.
type described struct {
	api
	in *ec2.DescribeLaunchTemplateVersionsInput
}

func (d *described) DescribeLaunchTemplateVersions(_ context.Context, in *ec2.DescribeLaunchTemplateVersionsInput, _ ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplateVersionsOutput, error) {
	d.in = in
	return &ec2.DescribeLaunchTemplateVersionsOutput{LaunchTemplateVersions: []types.LaunchTemplateVersion{{}}}, nil
}

// TestImagesNamedByParameters checks that a template may say "resolve:ssm:…": AWS is asked for the image that it stands for.
func TestImagesNamedByParameters(t *testing.T) {
	d := &described{}
	if _, err := (&Client{d}).Get(t.Context(), "lt-1", "$Latest"); err != nil || !aws.ToBool(d.in.ResolveAlias) {
		t.Errorf("it asks with %+v: %v", d.in, err)
	}
}
