package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/ec2"
)

func TestDescribeImageReferences(t *testing.T) {
	in(t, func(w *world) {
		w.locked(func(s *ec2.Service) {
			w.image(ec2.Image{ID: "ami-00000000000000003", Name: "new"})
			s.Parameters = func(value string) []string {
				if value != imageID {
					return nil
				}
				return []string{"arn:aws:ssm:eu-west-1:123456789012:parameter/app/ami"}
			}
		})
		stopped := w.running(nil)
		must(w.StopInstances(w.ctx, &sdk.StopInstancesInput{InstanceIds: []string{stopped}}))(t)
		w.wait(10)
		pending := *w.run(nil).InstanceId
		lt := must(w.CreateLaunchTemplate(w.ctx, &sdk.CreateLaunchTemplateInput{
			LaunchTemplateName: aws.String("app"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(imageID)},
		}))(t).LaunchTemplate.LaunchTemplateId
		refer := func(kinds ...types.ResourceTypeRequest) []string {
			var found []string
			in := &sdk.DescribeImageReferencesInput{ImageIds: []string{imageID, armImage}, ResourceTypes: kinds, MaxResults: aws.Int32(1)}
			in.IncludeAllResourceTypes = aws.Bool(len(kinds) == 0)
			for p := sdk.NewDescribeImageReferencesPaginator(w, in); p.HasMorePages(); {
				for _, r := range must(p.NextPage(w.ctx))(w.t).ImageReferences {
					found = append(found, string(r.ResourceType)+" "+*r.Arn)
				}
			}
			return found
		}
		const arn = "arn:aws:ec2:eu-west-1:123456789012:"
		template := "ec2:LaunchTemplate " + arn + "launch-template/" + *lt
		got := map[string][]string{"all": refer(), "templates": refer(depth("1")...), "stopped": refer(types.ResourceTypeRequest{
			ResourceType:        "ec2:Instance",
			ResourceTypeOptions: []types.ResourceTypeOption{{OptionName: "state-name", OptionValues: []string{"stopped"}}},
		})}
		for range 10 { // the version that names the image is not among the ten newest any more
			must(w.CreateLaunchTemplateVersion(w.ctx, &sdk.CreateLaunchTemplateVersionInput{
				LaunchTemplateId: lt, LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String("ami-00000000000000003")},
			}))(t)
		}
		got["no longer seen"], got["seen from far"] = refer(types.ResourceTypeRequest{ResourceType: "ec2:LaunchTemplate"}), refer(depth("11")...)
		onStopped := "ec2:Instance " + arn + "instance/" + stopped
		want := map[string][]string{
			"all": {
				onStopped, "ec2:Instance " + arn + "instance/" + pending, template,
				"ssm:Parameter arn:aws:ssm:eu-west-1:123456789012:parameter/app/ami",
			},
			"templates": {template}, "stopped": {onStopped}, "no longer seen": nil, "seen from far": {template},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestAliasOfImage has a launch template that names a parameter.
func TestAliasOfImage(t *testing.T) {
	in(t, func(w *world) {
		w.locked(func(s *ec2.Service) {
			s.Parameter = func(name string) (string, bool) { return imageID, name == "/app/ami" }
		})
		const alias = "resolve:ssm:/app/ami"
		must(w.CreateLaunchTemplate(w.ctx, &sdk.CreateLaunchTemplateInput{
			LaunchTemplateName: aws.String("app"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(alias)},
		}))(t)
		version := func(resolve bool) string {
			out := must(w.DescribeLaunchTemplateVersions(w.ctx, &sdk.DescribeLaunchTemplateVersionsInput{
				LaunchTemplateName: aws.String("app"), ResolveAlias: aws.Bool(resolve),
			}))(w.t)
			return *out.LaunchTemplateVersions[0].LaunchTemplateData.ImageId
		}
		i := w.run(func(in *sdk.RunInstancesInput) {
			in.ImageId, in.LaunchTemplate = nil, &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("app")}
		})
		if diff := cmp.Diff([]string{alias, imageID, imageID}, []string{version(false), version(true), *i.ImageId}); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
