package sandbox_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/stack"
)

// TestImageIsBaked plays through what a program does that makes images: a builder that says when it is ready, an image of
// it, a copy in another region, and a parameter that names the image for launch templates.
func TestImageIsBaked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sb, err := sandbox.New(sandbox.Options{Fabric: fabric.Memory(), Guest: func(m ec2.Machine) ec2.Guest {
			if m.InstanceTags["role"] != "builder" {
				return nil
			}
			return ec2.Guest{{After: time.Minute, Print: "ready " + m.UserData}}
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer sb.Close()
		made, err := stack.Build(t.Context(), sb, stack.Spec{})
		if err != nil {
			t.Fatal(err)
		}
		near, params := sdk.NewFromConfig(config(sb)), ssm.NewFromConfig(config(sb))
		far := sdk.NewFromConfig(config(sb), func(o *sdk.Options) { o.Region = "us-east-1" })
		fail := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}

		ran, err := near.RunInstances(t.Context(), &sdk.RunInstancesInput{
			ImageId: aws.String(made.Images["v1"]), MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			UserData: aws.String(base64.StdEncoding.EncodeToString([]byte("r1"))),
			TagSpecifications: []types.TagSpecification{{
				ResourceType: "instance", Tags: []types.Tag{{Key: aws.String("role"), Value: aws.String("builder")}},
			}},
		})
		fail("run the builder", err)
		builder := ran.Instances[0].InstanceId
		time.Sleep(2 * time.Minute)
		console, err := near.GetConsoleOutput(t.Context(), &sdk.GetConsoleOutputInput{InstanceId: builder, Latest: aws.Bool(true)})
		fail("read the console", err)
		image, err := near.CreateImage(t.Context(), &sdk.CreateImageInput{InstanceId: builder, Name: aws.String("shop-1")})
		fail("make the image", err)
		available := sdk.NewImageAvailableWaiter(near)
		fail("wait for the image", available.Wait(t.Context(), &sdk.DescribeImagesInput{ImageIds: []string{*image.ImageId}}, time.Hour))
		copied, err := far.CopyImage(t.Context(), &sdk.CopyImageInput{
			Name: aws.String("shop-1"), SourceImageId: image.ImageId, SourceRegion: aws.String("eu-west-1"),
		})
		fail("copy the image", err)
		arrived := sdk.NewImageAvailableWaiter(far)
		fail("wait for the copy", arrived.Wait(t.Context(), &sdk.DescribeImagesInput{ImageIds: []string{*copied.ImageId}}, time.Hour))
		there, err := far.DescribeImages(t.Context(), &sdk.DescribeImagesInput{ImageIds: []string{*copied.ImageId}})
		fail("describe the copy", err)
		_, err = params.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/shop/ami"), Value: image.ImageId, Type: "String"})
		fail("set the pointer", err)
		byAlias, err := near.RunInstances(t.Context(), &sdk.RunInstancesInput{
			ImageId: aws.String("resolve:ssm:/shop/ami"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		})
		fail("run by the pointer", err)
		references, err := near.DescribeImageReferences(t.Context(), &sdk.DescribeImageReferencesInput{
			ImageIds: []string{*image.ImageId}, IncludeAllResourceTypes: aws.Bool(true),
		})
		fail("find references", err)

		text, _ := base64.StdEncoding.DecodeString(*console.Output)
		got := []string{string(text), string(there.Images[0].State), fmt.Sprint(*byAlias.Instances[0].ImageId == *image.ImageId)}
		for _, r := range references.ImageReferences {
			kind, _, _ := strings.Cut((*r.Arn)[strings.LastIndex(*r.Arn, ":")+1:], "/")
			got = append(got, string(r.ResourceType)+" "+kind)
		}
		want := []string{"ready r1\n", "available", "true", "ec2:Instance instance", "ssm:Parameter parameter"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
