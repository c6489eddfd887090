package template

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
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
