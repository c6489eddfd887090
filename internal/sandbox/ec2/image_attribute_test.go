package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/ec2"
)

const (
	organization = "arn:aws:organizations::123456789012:organization/o-abcde12345"
	unit         = "arn:aws:organizations::123456789012:ou/o-abcde12345/ou-ab12-cdefgh34"
)

func TestImageIsShared(t *testing.T) {
	in(t, func(w *world) {
		modify := func(in *sdk.ModifyImageAttributeInput) {
			in.ImageId = aws.String(imageID)
			must(w.ModifyImageAttribute(w.ctx, in))(t)
		}
		modify(&sdk.ModifyImageAttributeInput{LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{
			{UserId: aws.String("111122223333")}, {UserId: aws.String("444455556666")}, {OrganizationArn: aws.String(organization)},
		}}})
		modify(&sdk.ModifyImageAttributeInput{
			Attribute: aws.String("launchPermission"), OperationType: "add", UserIds: []string{"111122223333"}, UserGroups: []string{"all"},
			OrganizationalUnitArns: []string{unit},
		})
		modify(&sdk.ModifyImageAttributeInput{LaunchPermission: &types.LaunchPermissionModifications{
			Add: []types.LaunchPermission{{UserId: aws.String("777788889999")}}, Remove: []types.LaunchPermission{{UserId: aws.String("444455556666")}},
		}})
		modify(&sdk.ModifyImageAttributeInput{OperationType: "remove", UserGroups: []string{"all"}, OrganizationArns: []string{organization}})
		var got []string
		for _, p := range must(w.DescribeImageAttribute(w.ctx, &sdk.DescribeImageAttributeInput{
			ImageId: aws.String(imageID), Attribute: "launchPermission",
		}))(t).LaunchPermissions {
			got = append(got, aws.ToString(p.UserId)+string(p.Group)+aws.ToString(p.OrganizationArn)+aws.ToString(p.OrganizationalUnitArn))
		}
		if diff := cmp.Diff([]string{"111122223333", unit, "777788889999"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestSnapshotIsShared(t *testing.T) {
	in(t, func(w *world) {
		id := w.snapshots(imageID)[0].SnapshotId
		must(w.ModifySnapshotAttribute(w.ctx, &sdk.ModifySnapshotAttributeInput{
			SnapshotId: id, Attribute: "createVolumePermission", OperationType: "add", UserIds: []string{"111122223333", "444455556666"}, GroupNames: []string{"all"},
		}))(t)
		must(w.ModifySnapshotAttribute(w.ctx, &sdk.ModifySnapshotAttributeInput{
			SnapshotId: id, CreateVolumePermission: &types.CreateVolumePermissionModifications{Remove: []types.CreateVolumePermission{
				{UserId: aws.String("111122223333")}, {Group: "all"},
			}},
		}))(t)
		out := must(w.DescribeSnapshotAttribute(w.ctx, &sdk.DescribeSnapshotAttributeInput{SnapshotId: id, Attribute: "createVolumePermission"}))(t)
		if p := out.CreateVolumePermissions; len(p) != 1 || aws.ToString(p[0].UserId) != "444455556666" {
			t.Errorf("permissions %v", p)
		}
	})
}

// TestEncryptedImageIsSharedWithAKeyOfOnesOwn has an image encrypted with AWS's key, and one with another.
func TestEncryptedImageIsSharedWithAKeyOfOnesOwn(t *testing.T) {
	in(t, func(w *world) {
		copied := func(name string, key *string) string {
			id := *must(w.CopyImage(w.ctx, &sdk.CopyImageInput{
				Name: aws.String(name), SourceImageId: aws.String(imageID), SourceRegion: aws.String("eu-west-1"), Encrypted: aws.Bool(true), KmsKeyId: key,
			}))(t).ImageId
			w.wait(60)
			return id
		}
		got := map[string]string{}
		share := func(label, id string, in *sdk.ModifyImageAttributeInput) {
			in.ImageId = aws.String(id)
			_, err := w.ModifyImageAttribute(w.ctx, in)
			got[label] = code(err)
		}
		defaulted, own := copied("defaulted", nil), copied("own", aws.String("alias/images"))
		account := func() *sdk.ModifyImageAttributeInput {
			return &sdk.ModifyImageAttributeInput{OperationType: "add", UserIds: []string{"111122223333"}}
		}
		share("AWS's key", defaulted, account())
		share("own key", own, account())
		share("own key, public", own, &sdk.ModifyImageAttributeInput{OperationType: "add", UserGroups: []string{"all"}})
		_, err := w.ModifySnapshotAttribute(w.ctx, &sdk.ModifySnapshotAttributeInput{
			SnapshotId: w.snapshots(defaulted)[0].SnapshotId, OperationType: "add", UserIds: []string{"111122223333"},
		})
		got["snapshot with AWS's key"] = code(err)
		want := map[string]string{
			"AWS's key": "InvalidParameter", "own key": "", "own key, public": "InvalidParameter", "snapshot with AWS's key": "InvalidParameter",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestImageAttributes(t *testing.T) {
	in(t, func(w *world) {
		modify := func(in *sdk.ModifyImageAttributeInput) {
			in.ImageId = aws.String(imageID)
			must(w.ModifyImageAttribute(w.ctx, in))(t)
		}
		text := func(name types.ImageAttributeName) (string, string) {
			out := must(w.DescribeImageAttribute(w.ctx, &sdk.DescribeImageAttributeInput{ImageId: aws.String(imageID), Attribute: name}))(t)
			value := func(v *types.AttributeValue) string {
				if v == nil {
					return ""
				}
				return aws.ToString(v.Value)
			}
			return value(out.Description), value(out.ImdsSupport)
		}
		modify(&sdk.ModifyImageAttributeInput{Description: &types.AttributeValue{Value: aws.String("verified")}})
		description, _ := text("description")
		modify(&sdk.ModifyImageAttributeInput{Attribute: aws.String("description"), Value: aws.String("promoted")})
		second, _ := text("description")
		_, before := text("imdsSupport")
		modify(&sdk.ModifyImageAttributeInput{ImdsSupport: &types.AttributeValue{Value: aws.String("v2.0")}})
		_, after := text("imdsSupport")
		if diff := cmp.Diff([]string{"verified", "promoted", "promoted", "", "v2.0"}, []string{description, second, *w.shown(imageID).Description, before, after}); diff != "" {
			t.Errorf("attributes (-want +got):\n%s", diff)
		}
		usual := w.run(nil).MetadataOptions
		told := w.run(func(in *sdk.RunInstancesInput) {
			in.MetadataOptions = &types.InstanceMetadataOptionsRequest{HttpTokens: "optional", HttpPutResponseHopLimit: aws.Int32(1)}
		}).MetadataOptions
		if usual.HttpTokens != "required" || *usual.HttpPutResponseHopLimit != 2 || told.HttpTokens != "optional" || *told.HttpPutResponseHopLimit != 1 {
			t.Errorf("instances of the image: %v and %d hops, and when told %v and %d", usual.HttpTokens, *usual.HttpPutResponseHopLimit,
				told.HttpTokens, *told.HttpPutResponseHopLimit)
		}
		if baked := w.shown(w.bake("app-v2", nil)); baked.ImdsSupport != "v2.0" {
			t.Errorf("an image made of an instance has imdsSupport %q", baked.ImdsSupport)
		}
	})
}

// TestImageRefusals has one case for each thing that AWS refuses to do with images, snapshots and consoles.
func TestImageRefusals(t *testing.T) {
	mine, theirs := aws.String(imageID), aws.String(armImage)
	modify := func(in sdk.ModifyImageAttributeInput) func(w *world) error {
		return func(w *world) error {
			if in.ImageId == nil {
				in.ImageId = mine
			}
			_, err := w.ModifyImageAttribute(w.ctx, &in)
			return err
		}
	}
	copies := func(change func(*sdk.CopyImageInput)) func(w *world) error {
		return func(w *world) error {
			in := &sdk.CopyImageInput{Name: aws.String("copy"), SourceImageId: mine, SourceRegion: aws.String("eu-west-1")}
			change(in)
			_, err := w.CopyImage(w.ctx, in)
			return err
		}
	}
	refers := func(in sdk.DescribeImageReferencesInput) func(w *world) error {
		return func(w *world) error {
			_, err := w.DescribeImageReferences(w.ctx, &in)
			return err
		}
	}
	disk := func(name string, ebs types.EbsBlockDevice) []types.BlockDeviceMapping {
		return []types.BlockDeviceMapping{{DeviceName: aws.String(name), Ebs: &ebs}}
	}
	run := func(change func(*sdk.RunInstancesInput)) func(w *world) error {
		return func(w *world) error {
			in := request()
			change(in)
			_, err := w.RunInstances(w.ctx, in)
			return err
		}
	}
	add := func(p types.LaunchPermission) sdk.ModifyImageAttributeInput {
		return sdk.ModifyImageAttributeInput{LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{p}}}
	}
	for name, c := range map[string]struct {
		want string
		do   func(w *world) error
	}{
		"run with a volume smaller than its snapshot": {"InvalidBlockDeviceMapping", run(func(in *sdk.RunInstancesInput) {
			in.BlockDeviceMappings = disk("/dev/xvda", types.EbsBlockDevice{VolumeSize: aws.Int32(4)})
		})},
		"run with a key and no encryption": {"InvalidParameterDependency", run(func(in *sdk.RunInstancesInput) {
			in.BlockDeviceMappings = disk("/dev/xvda", types.EbsBlockDevice{KmsKeyId: aws.String("alias/x")})
		})},
		"run with a volume of an unknown snapshot": {"InvalidSnapshot.NotFound", run(func(in *sdk.RunInstancesInput) {
			in.BlockDeviceMappings = disk("/dev/sdb", types.EbsBlockDevice{SnapshotId: aws.String("snap-0")})
		})},
		"run with a bogus shutdown behavior": {"InvalidParameterValue", run(func(in *sdk.RunInstancesInput) { in.InstanceInitiatedShutdownBehavior = "reboot" })},
		"run an alias of nothing":            {"InvalidAMIID.Malformed", run(func(in *sdk.RunInstancesInput) { in.ImageId = aws.String("resolve:ssm:/nope") })},
		"image with other encryption": {"InvalidBlockDeviceMapping", func(w *world) error {
			_, err := w.CreateImage(w.ctx, &sdk.CreateImageInput{
				InstanceId: aws.String(w.running(nil)), Name: aws.String("app-v2"),
				BlockDeviceMappings: disk("/dev/xvda", types.EbsBlockDevice{Encrypted: aws.Bool(true)}),
			})
			return err
		}},
		"image with tags of an instance": {"InvalidParameterValue", func(w *world) error {
			_, err := w.CreateImage(w.ctx, &sdk.CreateImageInput{
				InstanceId: aws.String(w.running(nil)), Name: aws.String("app-v2"), TagSpecifications: []types.TagSpecification{tagged("instance", tag("a", "b"))},
			})
			return err
		}},
		"image dry": {"DryRunOperation", func(w *world) error {
			_, err := w.CreateImage(w.ctx, &sdk.CreateImageInput{InstanceId: aws.String(w.running(nil)), Name: aws.String("app-v2"), DryRun: aws.Bool(true)})
			return err
		}},
		"copy an unknown image":         {"InvalidAMIID.NotFound", copies(func(in *sdk.CopyImageInput) { in.SourceImageId = aws.String("ami-0") })},
		"copy from where it is not":     {"InvalidAMIID.NotFound", copies(func(in *sdk.CopyImageInput) { in.SourceRegion = aws.String("us-east-1") })},
		"copy to a bad name":            {"InvalidAMIName.Malformed", copies(func(in *sdk.CopyImageInput) { in.Name = aws.String("a*b") })},
		"copy with a key unencrypted":   {"InvalidParameterDependency", copies(func(in *sdk.CopyImageInput) { in.KmsKeyId = aws.String("alias/x") })},
		"copy with tags of an instance": {"InvalidParameterValue", copies(func(in *sdk.CopyImageInput) { in.TagSpecifications = []types.TagSpecification{tagged("instance")} })},
		"copy dry":                      {"DryRunOperation", copies(func(in *sdk.CopyImageInput) { in.DryRun = aws.Bool(true) })},
		"copy a pending image": {"InvalidAMIID.Unavailable", func(w *world) error {
			id := w.bakes("app-v2", nil)
			return copies(func(in *sdk.CopyImageInput) { in.SourceImageId = &id })(w)
		}},
		"copy with another use of a token": {"IdempotentParameterMismatch", func(w *world) error {
			once := func(in *sdk.CopyImageInput) { in.ClientToken = aws.String("once") }
			if err := copies(once)(w); err != nil {
				return err
			}
			return copies(func(in *sdk.CopyImageInput) { once(in); in.Name = aws.String("other") })(w)
		}},
		"share with no account":         {"InvalidAMIAttributeItemValue", modify(add(types.LaunchPermission{UserId: aws.String("1234")}))},
		"share with no organization":    {"InvalidAMIAttributeItemValue", modify(add(types.LaunchPermission{OrganizationArn: aws.String("o-1")}))},
		"share with an unknown group":   {"InvalidAMIAttributeItemValue", modify(add(types.LaunchPermission{Group: "some"}))},
		"share with nobody":             {"InvalidParameterCombination", modify(sdk.ModifyImageAttributeInput{Attribute: aws.String("launchPermission")})},
		"neither add nor remove":        {"MissingParameter", modify(sdk.ModifyImageAttributeInput{Attribute: aws.String("launchPermission"), UserIds: []string{"111122223333"}})},
		"modify nothing":                {"InvalidParameterCombination", modify(sdk.ModifyImageAttributeInput{})},
		"modify an unknown attribute":   {"InvalidParameterValue", modify(sdk.ModifyImageAttributeInput{Attribute: aws.String("colour")})},
		"modify another's image":        {"AuthFailure", modify(sdk.ModifyImageAttributeInput{ImageId: theirs, Description: &types.AttributeValue{Value: aws.String("x")}})},
		"ask for the first metadata":    {"InvalidParameterValue", modify(sdk.ModifyImageAttributeInput{ImdsSupport: &types.AttributeValue{Value: aws.String("v1.0")}})},
		"describe the devices":          {"AuthFailure", attribute(mine, "blockDeviceMapping")},
		"describe an unknown attribute": {"InvalidParameterValue", attribute(mine, "colour")},
		"describe another's attribute":  {"AuthFailure", attribute(theirs, "description")},
		"disable another's image": {"AuthFailure", func(w *world) error {
			_, err := w.DisableImage(w.ctx, &sdk.DisableImageInput{ImageId: theirs})
			return err
		}},
		"disable a pending image": {"InvalidAMIID.Unavailable", func(w *world) error {
			_, err := w.DisableImage(w.ctx, &sdk.DisableImageInput{ImageId: aws.String(w.bakes("app-v2", nil))})
			return err
		}},
		"disable dry": {"DryRunOperation", func(w *world) error {
			_, err := w.DisableImage(w.ctx, &sdk.DisableImageInput{ImageId: mine, DryRun: aws.Bool(true)})
			return err
		}},
		"deprecate in the past": {"InvalidParameterValue", func(w *world) error {
			_, err := w.EnableImageDeprecation(w.ctx, &sdk.EnableImageDeprecationInput{ImageId: mine, DeprecateAt: aws.Time(w.acct.Now().AddDate(0, 0, -1))})
			return err
		}},
		"deprecate too late": {"InvalidParameterValue", func(w *world) error {
			_, err := w.EnableImageDeprecation(w.ctx, &sdk.EnableImageDeprecationInput{ImageId: mine, DeprecateAt: aws.Time(w.acct.Now().AddDate(11, 0, 0))})
			return err
		}},
		"delete a snapshot in use": {"InvalidSnapshot.InUse", func(w *world) error {
			_, err := w.DeleteSnapshot(w.ctx, &sdk.DeleteSnapshotInput{SnapshotId: w.snapshots(imageID)[0].SnapshotId})
			return err
		}},
		"delete an unknown snapshot": {"InvalidSnapshot.NotFound", func(w *world) error {
			_, err := w.DeleteSnapshot(w.ctx, &sdk.DeleteSnapshotInput{SnapshotId: aws.String("snap-0")})
			return err
		}},
		"describe an unknown snapshot": {"InvalidSnapshot.NotFound", func(w *world) error {
			_, err := w.DescribeSnapshots(w.ctx, &sdk.DescribeSnapshotsInput{SnapshotIds: []string{"snap-0"}})
			return err
		}},
		"describe named snapshots by page": {"InvalidParameterCombination", func(w *world) error {
			_, err := w.DescribeSnapshots(w.ctx, &sdk.DescribeSnapshotsInput{SnapshotIds: []string{"snap-0"}, MaxResults: aws.Int32(5)})
			return err
		}},
		"share a snapshot with no account": {"InvalidAMIAttributeItemValue", func(w *world) error {
			_, err := w.ModifySnapshotAttribute(w.ctx, &sdk.ModifySnapshotAttributeInput{
				SnapshotId: w.snapshots(imageID)[0].SnapshotId, OperationType: "add", UserIds: []string{"me"},
			})
			return err
		}},
		"change another's snapshot": {"UnauthorizedOperation", func(w *world) error {
			id := w.shown(armImage).BlockDeviceMappings[0].Ebs.SnapshotId
			_, err := w.ModifySnapshotAttribute(w.ctx, &sdk.ModifySnapshotAttributeInput{SnapshotId: id, OperationType: "add", UserIds: []string{"111122223333"}})
			return err
		}},
		"references to too many":           {"InvalidParameterValue", refers(sdk.DescribeImageReferencesInput{ImageIds: make([]string, 11)})},
		"references from nowhere":          {"MissingParameter", refers(sdk.DescribeImageReferencesInput{ImageIds: []string{imageID}})},
		"references to what is no image":   {"InvalidAMIID.Malformed", refers(sdk.DescribeImageReferencesInput{ImageIds: []string{"snap-1"}})},
		"references from an unknown kind":  {"InvalidParameterValue", refers(sdk.DescribeImageReferencesInput{ImageIds: []string{imageID}, ResourceTypes: []types.ResourceTypeRequest{{ResourceType: "s3:Bucket"}}})},
		"references to versions of no end": {"InvalidParameterValue", refers(sdk.DescribeImageReferencesInput{ImageIds: []string{imageID}, ResourceTypes: depth("0")})},
		"console of an unknown instance": {"InvalidInstanceID.NotFound", func(w *world) error {
			_, err := w.GetConsoleOutput(w.ctx, &sdk.GetConsoleOutputInput{InstanceId: aws.String("i-0")})
			return err
		}},
		"tag with a script that is none": {"InvalidParameterValue", func(w *world) error {
			_, err := w.CreateTags(w.ctx, &sdk.CreateTagsInput{Resources: []string{imageID}, Tags: []types.Tag{tag(ec2.ConsoleTag, "soon ready")}})
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

func attribute(id *string, name types.ImageAttributeName) func(w *world) error {
	return func(w *world) error {
		_, err := w.DescribeImageAttribute(w.ctx, &sdk.DescribeImageAttributeInput{ImageId: id, Attribute: name})
		return err
	}
}

func depth(versions string) []types.ResourceTypeRequest {
	return []types.ResourceTypeRequest{{
		ResourceType:        types.ImageReferenceResourceTypeEc2LaunchTemplate,
		ResourceTypeOptions: []types.ResourceTypeOption{{OptionName: "version-depth", OptionValues: []string{versions}}},
	}}
}
