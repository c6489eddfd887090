package ec2_test

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// fill gives every field of a value something, so that what gets lost shows.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	case reflect.String:
		v.SetString("dGV4dA==")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	}
}

// flat lists every leaf of a value by its path.
func flat(path string, v reflect.Value, into map[string]any) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			flat(path, v.Elem(), into)
		}
	case reflect.Slice:
		for i := range v.Len() {
			flat(path+"[]"+string(rune('0'+i)), v.Index(i), into)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				flat(path+"."+v.Type().Field(i).Name, v.Field(i), into)
			}
		}
	case reflect.String:
		into[path] = v.String()
	default:
		into[path] = v.Interface()
	}
}

// TestTemplateDataKeepsEveryField sends every field that a request can have and looks for each in the response.
func TestTemplateDataKeepsEveryField(t *testing.T) {
	in(t, func(w *world) {
		var data types.RequestLaunchTemplateData
		n := 0
		fill(reflect.ValueOf(&data).Elem(), &n)
		must(w.CreateLaunchTemplate(w.ctx, &sdk.CreateLaunchTemplateInput{LaunchTemplateName: aws.String("all"), LaunchTemplateData: &data}))(t)
		out := must(w.DescribeLaunchTemplateVersions(w.ctx, &sdk.DescribeLaunchTemplateVersionsInput{
			LaunchTemplateName: aws.String("all"), Versions: []string{"1"},
		}))(t)
		sent, got := map[string]any{}, map[string]any{}
		flat("", reflect.ValueOf(data), sent)
		flat("", reflect.ValueOf(*out.LaunchTemplateVersions[0].LaunchTemplateData), got)
		if len(sent) < 200 {
			t.Fatalf("the request has %d values only", len(sent))
		}
		delete(got, ".MetadataOptions.State") // the one thing that a response says and a request does not
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Errorf("(-sent +got):\n%s", diff)
		}
	})
}

// versions lists the numbers and images that a description gives.
func (w *world) versions(in *sdk.DescribeLaunchTemplateVersionsInput) []string {
	w.t.Helper()
	var got []string
	for p := sdk.NewDescribeLaunchTemplateVersionsPaginator(w, in); p.HasMorePages(); {
		out := must(p.NextPage(w.ctx))(w.t)
		for _, v := range out.LaunchTemplateVersions {
			mark := ""
			if *v.DefaultVersion {
				mark = " default"
			}
			got = append(got, *v.VersionDescription+mark)
		}
	}
	return got
}

func TestTemplateVersions(t *testing.T) {
	in(t, func(w *world) {
		lt := must(w.CreateLaunchTemplate(w.ctx, &sdk.CreateLaunchTemplateInput{
			LaunchTemplateName: aws.String("app"), VersionDescription: aws.String("one"),
			LaunchTemplateData: &types.RequestLaunchTemplateData{
				ImageId: aws.String(imageID), InstanceType: "t3.micro", UserData: aws.String("dGV4dA=="),
				BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMappingRequest{{
					DeviceName: aws.String("/dev/xvda"),
					Ebs:        &types.LaunchTemplateEbsBlockDeviceRequest{SnapshotId: aws.String("snap-1"), VolumeSize: aws.Int32(20)},
				}},
			},
		}))(t).LaunchTemplate
		create := func(description, source string, data types.RequestLaunchTemplateData) *types.ResponseLaunchTemplateData {
			out := must(w.CreateLaunchTemplateVersion(w.ctx, &sdk.CreateLaunchTemplateVersionInput{
				LaunchTemplateId: lt.LaunchTemplateId, SourceVersion: aws.String(source), VersionDescription: aws.String(description),
				LaunchTemplateData: &data,
			}))(t)
			return out.LaunchTemplateVersion.LaunchTemplateData
		}
		got := create("two", "1", types.RequestLaunchTemplateData{ImageId: aws.String(armImage)})
		want := &types.ResponseLaunchTemplateData{
			ImageId: aws.String(armImage), InstanceType: "t3.micro", UserData: aws.String("dGV4dA=="),
			BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMapping{{
				DeviceName: aws.String("/dev/xvda"), Ebs: &types.LaunchTemplateEbsBlockDevice{VolumeSize: aws.Int32(20)},
			}},
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(types.ResponseLaunchTemplateData{}, types.LaunchTemplateBlockDeviceMapping{},
			types.LaunchTemplateEbsBlockDevice{})); diff != "" {
			t.Errorf("a version with a source (-want +got):\n%s", diff)
		}
		create("three", "$Latest", types.RequestLaunchTemplateData{KeyName: aws.String("k")})
		must(w.ModifyLaunchTemplate(w.ctx, &sdk.ModifyLaunchTemplateInput{LaunchTemplateId: lt.LaunchTemplateId, DefaultVersion: aws.String("2")}))(t)

		describe := func(change func(*sdk.DescribeLaunchTemplateVersionsInput)) []string {
			in := &sdk.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: lt.LaunchTemplateId}
			change(in)
			return w.versions(in)
		}
		seen := map[string][]string{
			"all":     describe(func(*sdk.DescribeLaunchTemplateVersionsInput) {}),
			"paged":   describe(func(in *sdk.DescribeLaunchTemplateVersionsInput) { in.MaxResults = aws.Int32(1) }),
			"latest":  describe(func(in *sdk.DescribeLaunchTemplateVersionsInput) { in.Versions = []string{"$Latest"} }),
			"default": describe(func(in *sdk.DescribeLaunchTemplateVersionsInput) { in.Versions = []string{"$Default"} }),
			"several": describe(func(in *sdk.DescribeLaunchTemplateVersionsInput) { in.Versions = []string{"1", "$Default", "2"} }),
			"range": describe(func(in *sdk.DescribeLaunchTemplateVersionsInput) {
				in.MinVersion, in.MaxVersion = aws.String("2"), aws.String("3")
			}),
			"filtered": describe(func(in *sdk.DescribeLaunchTemplateVersionsInput) { in.Filters = names("image-id", imageID) }),
			"of all templates": w.versions(&sdk.DescribeLaunchTemplateVersionsInput{
				Versions: []string{"$Latest", "$Default"},
			}),
		}
		if diff := cmp.Diff(map[string][]string{
			"all": {"three", "two default", "one"}, "paged": {"three", "two default", "one"}, "latest": {"three"}, "default": {"two default"},
			"several": {"two default", "one"}, "range": {"three", "two default"}, "filtered": {"one"}, "of all templates": {"three", "two default"},
		}, seen); diff != "" {
			t.Errorf("versions (-want +got):\n%s", diff)
		}
	})
}

func TestDeleteTemplateVersions(t *testing.T) {
	in(t, func(w *world) {
		id := must(w.CreateLaunchTemplate(w.ctx, &sdk.CreateLaunchTemplateInput{
			LaunchTemplateName: aws.String("app"), VersionDescription: aws.String("1"),
			LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(imageID)},
		}))(t).LaunchTemplate.LaunchTemplateId
		add := func(description string) int64 {
			return *must(w.CreateLaunchTemplateVersion(w.ctx, &sdk.CreateLaunchTemplateVersionInput{
				LaunchTemplateId: id, VersionDescription: aws.String(description), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(imageID)},
			}))(t).LaunchTemplateVersion.VersionNumber
		}
		add("2")
		out := must(w.DeleteLaunchTemplateVersions(w.ctx, &sdk.DeleteLaunchTemplateVersionsInput{LaunchTemplateId: id, Versions: []string{"1", "2", "9"}}))(t)
		got := map[int64]types.LaunchTemplateErrorCode{}
		for _, v := range out.SuccessfullyDeletedLaunchTemplateVersions {
			got[*v.VersionNumber] = ""
		}
		for _, v := range out.UnsuccessfullyDeletedLaunchTemplateVersions {
			got[*v.VersionNumber] = v.ResponseError.Code
		}
		if diff := cmp.Diff(map[int64]types.LaunchTemplateErrorCode{1: "unexpectedError", 2: "", 9: "launchTemplateVersionDoesNotExist"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if number := add("3"); number != 3 {
			t.Errorf("the version after a deleted one has number %d, want 3", number)
		}
		must(w.DeleteLaunchTemplate(w.ctx, &sdk.DeleteLaunchTemplateInput{LaunchTemplateName: aws.String("app")}))(t)
		if left := must(w.DescribeLaunchTemplates(w.ctx, &sdk.DescribeLaunchTemplatesInput{}))(t).LaunchTemplates; len(left) != 0 {
			t.Errorf("%d templates are left", len(left))
		}
	})
}

// TestTemplatesAreMadeOnce repeats requests with their token, as after a lost reply.
func TestTemplatesAreMadeOnce(t *testing.T) {
	in(t, func(w *world) {
		create := func() *types.LaunchTemplate {
			return must(w.CreateLaunchTemplate(w.ctx, &sdk.CreateLaunchTemplateInput{
				LaunchTemplateName: aws.String("app"), ClientToken: aws.String("token"),
				LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(imageID)},
				TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeLaunchTemplate,
					Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}},
			}))(t).LaunchTemplate
		}
		first := create()
		if diff := cmp.Diff(map[string]string{"a": "b"}, tagMap(first.Tags)); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
		if second := create(); *second.LaunchTemplateId != *first.LaunchTemplateId {
			t.Error("a second template was made")
		}
		var numbers []int64
		for range 2 {
			out := must(w.CreateLaunchTemplateVersion(w.ctx, &sdk.CreateLaunchTemplateVersionInput{
				LaunchTemplateId: first.LaunchTemplateId, ClientToken: aws.String("token"),
				LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(imageID)},
			}))(t)
			numbers = append(numbers, *out.LaunchTemplateVersion.VersionNumber)
		}
		if diff := cmp.Diff([]int64{2, 2}, numbers); diff != "" {
			t.Errorf("versions (-want +got):\n%s", diff)
		}
	})
}

func TestTemplateOfUnknownImageIsMadeWithWarning(t *testing.T) {
	in(t, func(w *world) {
		out := must(w.CreateLaunchTemplate(w.ctx, &sdk.CreateLaunchTemplateInput{
			LaunchTemplateName: aws.String("app"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String("ami-0")},
		}))(t)
		if out.Warning == nil || *out.Warning.Errors[0].Code != "InvalidAMIID.NotFound" {
			t.Errorf("warning %v", out.Warning)
		}
	})
}
