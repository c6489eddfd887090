// Package image reads machine images.
package image

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	DescribeImages(context.Context, *ec2.DescribeImagesInput, ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error)
	DescribeInstanceTypes(context.Context, *ec2.DescribeInstanceTypesInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error)
}

// Client calls EC2.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{ec2.NewFromConfig(cfg)} }

// Image is an AMI.
type Image struct {
	ID           string
	Name         string
	Architecture string // "x86_64", "arm64"
	State        string // "available", "pending" …
	Tags         map[string]string
}

// Get reads an image. One that does not exist, or is not shared with this account, is awserr.ErrNotFound.
func (c *Client) Get(ctx context.Context, id string) (Image, error) {
	out, err := c.api.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{id}})
	if err != nil {
		return Image{}, awserr.Wrap(err, "describe image %s", id)
	}
	if len(out.Images) != 1 {
		return Image{}, fmt.Errorf("describe image %s: %w", id, awserr.ErrNotFound)
	}
	return fromSDK(out.Images[0]), nil
}

func fromSDK(s types.Image) Image {
	i := Image{
		ID: aws.ToString(s.ImageId), Name: aws.ToString(s.Name),
		Architecture: string(s.Architecture), State: string(s.State), Tags: map[string]string{},
	}
	for _, t := range s.Tags {
		i.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return i
}

// RunsOn says whether an instance type runs images of an architecture.
func (c *Client) RunsOn(ctx context.Context, instanceType, architecture string) (bool, error) {
	out, err := c.api.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{types.InstanceType(instanceType)}})
	if err != nil {
		return false, awserr.Wrap(err, "describe instance type %s", instanceType)
	}
	for _, t := range out.InstanceTypes {
		if t.ProcessorInfo != nil && slices.Contains(t.ProcessorInfo.SupportedArchitectures, types.ArchitectureType(architecture)) {
			return true, nil
		}
	}
	return false, nil
}
