package bake_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/aws/template"
	"bluegreen/internal/bake/prune"
	"bluegreen/internal/journal"
	"bluegreen/internal/step"
)

// TestPruneOfVersions looks at an AMI that a version of a launch template names which a promotion has made, and which is neither
// the default nor the latest any more: whatever else names that version, or the AMI itself, keeps it.
func TestPruneOfVersions(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		t := w.t
		cloud := w.cloud(nil)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		const name = "shop-blue-asg"
		blue, err := cloud.Groups.Get(ctx, name)
		must(err)
		w.base += "prune.keep = 1\nprune.younger_than = \"1d\"\npromote.launch_template = \"" + blue.TemplateID + "\"\n"
		var old string
		for n, packages := range []string{"one", "two", "three"} {
			id := w.bakes(ctx, "build.packages = [\""+packages+"\"]\n")
			if n == 0 {
				old = id
			}
			b, _ := w.process("promote", nil)
			must(b.Promote(ctx, id))
			time.Sleep(time.Hour)
		}
		time.Sleep(48 * time.Hour)
		verdict := func() (prune.Action, string) {
			t.Helper()
			b, _ := w.process("prune", nil)
			p, err := b.Pruner().Plan(ctx)
			must(err)
			for _, v := range p.Images {
				if v.Image.ID == old {
					return v.Action, strings.Join(v.Reasons, "; ")
				}
			}
			t.Fatalf("%s is not in the plan", old)
			return "", ""
		}
		kept := func(what, why string) {
			t.Helper()
			if action, reasons := verdict(); action != prune.Keep || !strings.Contains(reasons, why) {
				t.Errorf("%s: %s, %q; want it kept because of %q", what, action, reasons, why)
			}
		}
		free := func(what string) {
			t.Helper()
			if action, reasons := verdict(); action != prune.Deprecate {
				t.Errorf("%s: %s, %q; want it deprecated", what, action, reasons)
			}
		}
		version := "launch template " + blue.TemplateID + " version 2"
		free("nothing names the version")

		must(cloud.Groups.UseTemplate(ctx, name, blue.TemplateID, "2"))
		kept("a group names it", version+" (group "+name+")")
		must(cloud.Groups.UseTemplate(ctx, name, blue.TemplateID, blue.TemplateVersion))
		free("no group names it any more")

		second, err := cloud.Templates.Get(ctx, blue.TemplateID, "2")
		must(err)
		first, err := cloud.Templates.Get(ctx, blue.TemplateID, "1")
		must(err)
		must(cloud.Templates.MakeDefault(ctx, second))
		kept("it is the default", version+" ($Default)")
		must(cloud.Templates.MakeDefault(ctx, first))

		store := journal.InParams(cloud.Params, "cart")
		run := step.Record{
			Version: step.RecordVersion, Run: "20260101-000000-abcdef", Workflow: "clone", Epoch: 1, Phase: step.Running,
			State: json.RawMessage(`{"found":{"ID":"` + blue.TemplateID + `","Version":"2"}}`),
		}
		must(store.Append(ctx, run))
		kept("a deployment may go back to it", version+" (run "+run.Run+")")
		run.Seq, run.Phase, run.Outcome = 1, step.Ended, step.Succeeded
		must(store.Append(ctx, run))
		free("the deployment has ended")

		write := func(values ...string) {
			t.Helper()
			for _, value := range values {
				_, err := cloud.Params.Overwrite(ctx, "/images/shop", value)
				must(err)
			}
		}
		write(old, w.made.Images["v1"])
		w.mixed(ctx, blue.TemplateID, "resolve:ssm:/images/shop:1")
		kept("an override names it by a parameter's first value", "mixed instances override of group mixed")
		must(cloud.Params.Delete(ctx, "/images/shop"))
		kept("an override names a parameter that is gone", "mixed instances override of group mixed: find out what resolve:ssm:/images/shop:1 names")
		mixed, err := cloud.Groups.Get(ctx, "mixed")
		must(err)
		must(cloud.Groups.Delete(ctx, mixed))
		time.Sleep(time.Hour)
		free("the override is gone")

		for _, image := range []string{old, w.made.Images["v1"]} {
			_, err := cloud.Templates.Derive(ctx, first, template.Change{Image: image}, "by hand, "+image)
			must(err)
		}
		kept("somebody else's version names it", "launch template "+blue.TemplateID+" version 5")
	})
}

// mixed makes a group of size zero with an override that has an image of its own.
func (w *world) mixed(ctx context.Context, templateID, image string) {
	w.t.Helper()
	client := autoscaling.New(autoscaling.Options{
		Region: w.sb.Account.Region, HTTPClient: &http.Client{Transport: w.sb.Transport()}, BaseEndpoint: aws.String("http://sandbox"),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "test", ""),
	})
	_, err := client.CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("mixed"), MinSize: aws.Int32(0), MaxSize: aws.Int32(1), DesiredCapacity: aws.Int32(0),
		AvailabilityZones: []string{w.sb.Account.Region + "a"},
		MixedInstancesPolicy: &types.MixedInstancesPolicy{LaunchTemplate: &types.LaunchTemplate{
			LaunchTemplateSpecification: &types.LaunchTemplateSpecification{LaunchTemplateId: &templateID, Version: aws.String("1")},
			Overrides:                   []types.LaunchTemplateOverrides{{InstanceType: aws.String("t3.small"), ImageId: &image}},
		}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
