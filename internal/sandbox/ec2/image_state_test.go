package ec2_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/ec2"
)

// listed tells which images are described, by name.
func (w *world) listed(in *sdk.DescribeImagesInput) []string {
	w.t.Helper()
	var found []string
	for _, i := range must(w.DescribeImages(w.ctx, in))(w.t).Images {
		found = append(found, *i.Name)
	}
	return found
}

func TestDisabledImage(t *testing.T) {
	in(t, func(w *world) {
		id := aws.String(imageID)
		must(w.ModifyImageAttribute(w.ctx, &sdk.ModifyImageAttributeInput{
			ImageId: id, LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{Group: "all"}}},
		}))(t)
		public := *w.shown(imageID).Public
		must(w.DisableImage(w.ctx, &sdk.DisableImageInput{ImageId: id}))(t)
		run := func() string {
			_, err := w.RunInstances(w.ctx, request())
			return code(err)
		}
		_, share := w.ModifyImageAttribute(w.ctx, &sdk.ModifyImageAttributeInput{ImageId: id, OperationType: "add", UserIds: []string{"210987654321"}})
		_, copied := w.CopyImage(w.ctx, &sdk.CopyImageInput{Name: aws.String("copy"), SourceImageId: id, SourceRegion: aws.String("eu-west-1")})
		got := map[string]string{
			"public before": fmt.Sprint(public), "public": fmt.Sprint(*w.shown(imageID).Public), "state": string(w.shown(imageID).State),
			"listed": fmt.Sprint(w.listed(&sdk.DescribeImagesInput{Owners: []string{"self"}})),
			"asked":  fmt.Sprint(w.listed(&sdk.DescribeImagesInput{Owners: []string{"self"}, IncludeDisabled: aws.Bool(true)})),
			"run":    run(), "share": code(share), "copy": code(copied),
		}
		must(w.EnableImage(w.ctx, &sdk.EnableImageInput{ImageId: id}))(t)
		got["run when enabled"], got["public when enabled"] = run(), fmt.Sprint(*w.shown(imageID).Public)
		want := map[string]string{
			"public before": "true", "public": "false", "state": "disabled", "listed": "[]", "asked": "[app-v1]",
			"run": "InvalidAMIID.Unavailable", "share": "InvalidAMIID.Unavailable", "copy": "InvalidAMIID.Unavailable",
			"run when enabled": "", "public when enabled": "false",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestDeprecatedImage has an image of this account and one of another's, deprecated at the same time.
func TestDeprecatedImage(t *testing.T) {
	in(t, func(w *world) {
		at := w.acct.Now().Add(time.Hour + 20*time.Second)
		must(w.EnableImageDeprecation(w.ctx, &sdk.EnableImageDeprecationInput{ImageId: aws.String(imageID), DeprecateAt: &at}))(t)
		w.locked(func(s *ec2.Service) {
			if _, err := s.AddImage(ec2.Image{Name: "theirs", Owner: "099720109477", Deprecated: at}); err != nil {
				t.Fatal(err)
			}
		})
		all := func(deprecated bool) string {
			return fmt.Sprint(w.listed(&sdk.DescribeImagesInput{Filters: names("architecture", "x86_64"), IncludeDeprecated: aws.Bool(deprecated)}))
		}
		got := map[string]string{"time": *w.shown(imageID).DeprecationTime, "before": all(false)}
		w.wait(2 * 3600)
		got["after"], got["asked"] = all(false), all(true)
		_, err := w.RunInstances(w.ctx, request())
		got["run"] = code(err)
		must(w.DisableImageDeprecation(w.ctx, &sdk.DisableImageDeprecationInput{ImageId: aws.String(imageID)}))(t)
		got["time taken back"] = aws.ToString(w.shown(imageID).DeprecationTime)
		want := map[string]string{
			"time": at.Round(time.Minute).Format("2006-01-02T15:04:05.000Z"), "before": "[app-v1 theirs]", "after": "[app-v1]",
			"asked": "[app-v1 theirs]", "run": "", "time taken back": "",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestProtectedImage(t *testing.T) {
	for name, c := range map[string]struct {
		cooldown bool
		want     []string // protection and the code of a deregistration: protected, right after, and a day later
	}{
		"without cooldown": {false, []string{"enabled-without-cooldown OperationNotPermitted", "disabled ", "disabled InvalidAMIID.Unavailable"}},
		"with cooldown": {true, []string{
			"enabled-with-cooldown OperationNotPermitted", "disabled-with-cooldown until 2000-01-02T00:00:00Z OperationNotPermitted", "disabled ",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				id := aws.String(imageID)
				must(w.EnableImageDeregistrationProtection(w.ctx, &sdk.EnableImageDeregistrationProtectionInput{ImageId: id, WithCooldown: &c.cooldown}))(t)
				shows := "disabled"
				try := func() string {
					if out, err := w.DescribeImageAttribute(w.ctx, &sdk.DescribeImageAttributeInput{ImageId: id, Attribute: "deregistrationProtection"}); err == nil {
						shows = *out.DeregistrationProtection.Value
					}
					_, err := w.DeregisterImage(w.ctx, &sdk.DeregisterImageInput{ImageId: id})
					return shows + " " + code(err)
				}
				got := []string{try()}
				must(w.DisableImageDeregistrationProtection(w.ctx, &sdk.DisableImageDeregistrationProtectionInput{ImageId: id}))(t)
				got = append(got, try())
				w.wait(24 * 3600)
				got = append(got, try())
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestLastLaunch checks that an image shows a launch a day later, and that later launches do not hide it meanwhile.
func TestLastLaunch(t *testing.T) {
	in(t, func(w *world) {
		last := func() string {
			out := must(w.DescribeImageAttribute(w.ctx, &sdk.DescribeImageAttributeInput{ImageId: aws.String(imageID), Attribute: "lastLaunchedTime"}))(t)
			return aws.ToString(out.LastLaunchedTime.Value)
		}
		first := w.acct.Now().Format(time.RFC3339)
		w.run(nil)
		got := []string{last()}
		w.wait(23 * 3600)
		second := w.acct.Now().Format(time.RFC3339)
		w.run(nil)
		got = append(got, last())
		w.wait(3600)
		got = append(got, last())
		w.wait(24 * 3600)
		got = append(got, last(), *w.shown(imageID).LastLaunchedTime)
		if diff := cmp.Diff([]string{"", "", first, second, second}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestDescribeImagesShowsWhatIsAskedFor(t *testing.T) {
	in(t, func(w *world) {
		baked := w.bakes("app-v2", nil)
		source := *w.shown(baked).SourceInstanceId
		must(w.ModifyImageAttribute(w.ctx, &sdk.ModifyImageAttributeInput{
			ImageId: aws.String(imageID), OperationType: "add", Attribute: aws.String("launchPermission"), UserIds: []string{"210987654321"},
		}))(t)
		got := map[string][]string{}
		for label, in := range map[string]*sdk.DescribeImagesInput{
			"public":         {Filters: names("is-public", "true")},
			"private":        {Filters: names("is-public", "false")},
			"allowed":        {Filters: names("image-allowed", "true")},
			"pending":        {Filters: names("state", "pending")},
			"of an instance": {Filters: names("source-instance-id", source)},
			"of an image":    {Filters: names("source-image-id", imageID)},
			"by disk":        {Filters: append(names("block-device-mapping.volume-type", "gp3"), names("block-device-mapping.encrypted", "false")...)},
			"failed":         {Filters: names("state-reason-code", "*")},
			"shared":         {ExecutableUsers: []string{"210987654321"}},
			"for all":        {ExecutableUsers: []string{"all"}},
			"by alias":       {Filters: names("owner-alias", "amazon")},
		} {
			got[label] = w.listed(in)
		}
		want := map[string][]string{
			"public": {"arm"}, "private": {"app-v1", "app-v2"}, "allowed": {"app-v1", "arm", "app-v2"}, "pending": {"app-v2"},
			"of an instance": {"app-v2"}, "of an image": {"app-v2"}, "by disk": {"app-v1", "arm", "app-v2"}, "failed": nil,
			"shared": {"app-v1"}, "for all": {"arm"}, "by alias": {"arm"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		var pages []int
		for p := sdk.NewDescribeImagesPaginator(w, &sdk.DescribeImagesInput{MaxResults: aws.Int32(2)}); p.HasMorePages(); {
			pages = append(pages, len(must(p.NextPage(w.ctx))(t).Images))
		}
		if diff := cmp.Diff([]int{2, 1}, pages); diff != "" {
			t.Errorf("pages (-want +got):\n%s", diff)
		}
	})
}
