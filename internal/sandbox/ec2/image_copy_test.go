package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/ec2"
)

const farKey = "arn:aws:kms:us-east-1:123456789012:key/0f1e2d3c"

func TestImageIsCopiedToAnotherRegion(t *testing.T) {
	for name, c := range map[string]struct {
		change            func(*sdk.CopyImageInput)
		states            [2]types.ImageState // after half a minute, and after a minute
		encrypted         bool
		key               string
		tags, onSnapshots map[string]string
	}{
		"as it is": {nil, [2]types.ImageState{"pending", "available"}, false, "", map[string]string{}, map[string]string{}},
		"encrypted, with all tags": {
			func(in *sdk.CopyImageInput) {
				in.Encrypted, in.KmsKeyId, in.CopyImageTags = aws.Bool(true), aws.String("0f1e2d3c"), aws.Bool(true)
				in.TagSpecifications = []types.TagSpecification{tagged("image", tag("run", "2")), tagged("snapshot", tag("run", "2"))}
			},
			[2]types.ImageState{"pending", "available"}, true, farKey,
			map[string]string{"app": "shop", "run": "2"}, map[string]string{"run": "2"},
		},
		"with a key of the other region": {
			func(in *sdk.CopyImageInput) {
				in.Encrypted, in.KmsKeyId = aws.Bool(true), aws.String("arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c")
			},
			[2]types.ImageState{"failed", "failed"}, true, "arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c", map[string]string{}, map[string]string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				far := w.in("us-east-1")
				source := w.bake("app-v2", func(in *sdk.CreateImageInput) {
					in.TagSpecifications = []types.TagSpecification{tagged("image", tag("app", "shop"), tag("run", "1"))}
				})
				in := &sdk.CopyImageInput{
					Name: aws.String("app-v2"), SourceImageId: aws.String(source), SourceRegion: aws.String("eu-west-1"), ClientToken: aws.String("once"),
				}
				if c.change != nil {
					c.change(in)
				}
				id := *must(far.CopyImage(w.ctx, in))(w.t).ImageId
				if again := *must(far.CopyImage(w.ctx, in))(w.t).ImageId; again != id {
					t.Errorf("the same token made another image: %s and %s", id, again)
				}
				var states [2]types.ImageState
				for i := range states {
					w.wait(30)
					states[i] = w.shownBy(far, id).State
				}
				got, n := w.shownBy(far, id), w.snapshotsBy(far, id)[0]
				if states != c.states || *n.Encrypted != c.encrypted || aws.ToString(n.KmsKeyId) != c.key {
					t.Errorf("states %v, encrypted %v with %s", states, *n.Encrypted, aws.ToString(n.KmsKeyId))
				}
				if diff := cmp.Diff([]map[string]string{c.tags, c.onSnapshots}, []map[string]string{tagMap(got.Tags), tagMap(n.Tags)}); diff != "" {
					t.Errorf("tags (-want +got):\n%s", diff)
				}
				if *got.SourceImageId != source || *got.SourceImageRegion != "eu-west-1" || got.SourceInstanceId != nil {
					t.Errorf("made of %s in %s", *got.SourceImageId, *got.SourceImageRegion)
				}
				if _, err := w.DescribeImages(w.ctx, &sdk.DescribeImagesInput{ImageIds: []string{id}}); code(err) != "InvalidAMIID.NotFound" {
					t.Errorf("the copy in the first region: %v", err)
				}
			})
		})
	}
}

// TestRegionsAreApart changes images and tags in one region and looks at the other.
func TestRegionsAreApart(t *testing.T) {
	in(t, func(w *world) {
		far := w.in("us-east-1")
		var there string
		w.locked(func(s *ec2.Service) {
			id, err := s.In("us-east-1").AddImage(ec2.Image{Name: "app-v1", Tags: map[string]string{"where": "far"}})
			if err != nil {
				t.Fatal(err)
			}
			there = id
			s.In("us-east-1").AddImageFaults(ec2.ImageFault{Action: ec2.ImageStuck})
		})
		must(far.CreateTags(w.ctx, &sdk.CreateTagsInput{Resources: []string{there}, Tags: []types.Tag{tag("status", "verified")}}))(t)
		near := must(w.CopyImage(w.ctx, &sdk.CopyImageInput{
			Name: aws.String("back"), SourceImageId: aws.String(there), SourceRegion: aws.String("us-east-1"), CopyImageTags: aws.Bool(true),
		}))(t).ImageId
		stuck := must(far.CopyImage(w.ctx, &sdk.CopyImageInput{
			Name: aws.String("forth"), SourceImageId: aws.String(imageID), SourceRegion: aws.String("eu-west-1"),
		}))(t).ImageId
		must(far.DeregisterImage(w.ctx, &sdk.DeregisterImageInput{ImageId: aws.String(there), DeleteAssociatedSnapshots: aws.Bool(true)}))(t)
		w.wait(600)
		back := w.shown(*near)
		if back.State != "available" || w.shownBy(far, *stuck).State != "pending" {
			t.Errorf("states %s and %s", back.State, w.shownBy(far, *stuck).State)
		}
		if diff := cmp.Diff(map[string]string{"where": "far", "status": "verified"}, tagMap(back.Tags)); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
		if _, err := w.CreateTags(w.ctx, &sdk.CreateTagsInput{Resources: []string{*stuck}, Tags: []types.Tag{tag("a", "b")}}); code(err) != "InvalidID" {
			t.Errorf("tagged in the wrong region: %v", err)
		}
	})
}

func TestEncryptedInstances(t *testing.T) {
	for name, c := range map[string]struct {
		key   *string
		deny  bool
		want  string // state of the instance
		cause string
	}{
		"with AWS's key":        {nil, false, "running", ""},
		"with a key":            {aws.String("alias/images"), false, "running", ""},
		"with one not allowed":  {aws.String("alias/images"), true, "shutting-down", "Client.InternalError"},
		"with one of elsewhere": {aws.String(farKey), false, "shutting-down", "Client.InternalError"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				if c.deny {
					w.locked(func(s *ec2.Service) { s.DenyKey(*c.key) })
				}
				id := w.running(func(in *sdk.RunInstancesInput) {
					in.BlockDeviceMappings = []types.BlockDeviceMapping{{
						DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{Encrypted: aws.Bool(true), KmsKeyId: c.key},
					}}
				})
				i := must(w.DescribeInstances(w.ctx, &sdk.DescribeInstancesInput{InstanceIds: []string{id}}))(w.t).Reservations[0].Instances[0]
				cause := ""
				if i.StateReason != nil {
					cause = *i.StateReason.Code
				}
				if string(i.State.Name) != c.want || cause != c.cause {
					t.Errorf("%s because of %q", i.State.Name, cause)
				}
			})
		})
	}
}
