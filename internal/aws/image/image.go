// Package image finds, makes, copies, shares and removes machine images and the snapshots that they are made of.
package image

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/ec2tag"
)

type api interface {
	DescribeImages(context.Context, *ec2.DescribeImagesInput, ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error)
	DescribeInstanceTypes(context.Context, *ec2.DescribeInstanceTypesInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error)
	CreateImage(context.Context, *ec2.CreateImageInput, ...func(*ec2.Options)) (*ec2.CreateImageOutput, error)
	CopyImage(context.Context, *ec2.CopyImageInput, ...func(*ec2.Options)) (*ec2.CopyImageOutput, error)
	DescribeImageAttribute(context.Context, *ec2.DescribeImageAttributeInput, ...func(*ec2.Options)) (*ec2.DescribeImageAttributeOutput, error)
	ModifyImageAttribute(context.Context, *ec2.ModifyImageAttributeInput, ...func(*ec2.Options)) (*ec2.ModifyImageAttributeOutput, error)
	CreateTags(context.Context, *ec2.CreateTagsInput, ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error)
	EnableImageDeprecation(context.Context, *ec2.EnableImageDeprecationInput, ...func(*ec2.Options)) (*ec2.EnableImageDeprecationOutput, error)
	EnableImage(context.Context, *ec2.EnableImageInput, ...func(*ec2.Options)) (*ec2.EnableImageOutput, error)
	DisableImage(context.Context, *ec2.DisableImageInput, ...func(*ec2.Options)) (*ec2.DisableImageOutput, error)
	DeregisterImage(context.Context, *ec2.DeregisterImageInput, ...func(*ec2.Options)) (*ec2.DeregisterImageOutput, error)
	DescribeSnapshots(context.Context, *ec2.DescribeSnapshotsInput, ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error)
	DescribeSnapshotAttribute(context.Context, *ec2.DescribeSnapshotAttributeInput, ...func(*ec2.Options)) (*ec2.DescribeSnapshotAttributeOutput, error)
	ModifySnapshotAttribute(context.Context, *ec2.ModifySnapshotAttributeInput, ...func(*ec2.Options)) (*ec2.ModifySnapshotAttributeOutput, error)
	DeleteSnapshot(context.Context, *ec2.DeleteSnapshotInput, ...func(*ec2.Options)) (*ec2.DeleteSnapshotOutput, error)
}

// Client calls EC2 in one region.
type Client struct {
	api api
	cfg aws.Config
}

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{api: ec2.NewFromConfig(cfg), cfg: cfg} }

// In is a client for another region.
func (c *Client) In(region string) *Client {
	cfg := c.cfg.Copy()
	cfg.Region = region
	return New(cfg)
}

// The states of an image that matter.
const (
	Available = string(types.ImageStateAvailable)
	Pending   = string(types.ImageStatePending)
	Disabled  = string(types.ImageStateDisabled)
)

// Image is an AMI.
type Image struct {
	ID           string
	Name         string
	Description  string
	Architecture string // "x86_64", "arm64"
	State        string // Available, Pending, Disabled, "failed", "error" …
	Reason       string // why it is in that state, if EC2 says so
	Owner        string // an account
	RootDevice   string // the name of its root device: "/dev/sda1"
	Source       string // the image that it was made of or copied from, if EC2 knows
	SourceRegion string // where that one is
	Created      time.Time
	Deprecated   time.Time // when it is deprecated from, past or to come; zero for never
	LastLaunched time.Time // with a day's delay; zero for never
	Public       bool
	Encrypted    bool // all of its snapshots are
	Protected    bool // from being deregistered
	Tags         map[string]string
	Snapshots    []string
}

// Get reads an image, a deprecated or disabled one too. One that does not exist, does not show yet, or is not shared with this
// account, is awserr.ErrNotFound.
func (c *Client) Get(ctx context.Context, id string) (Image, error) {
	out, err := c.api.DescribeImages(ctx, &ec2.DescribeImagesInput{
		ImageIds: []string{id}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
	if err != nil {
		return Image{}, awserr.Wrap(err, "describe image %s", id)
	}
	if len(out.Images) != 1 {
		return Image{}, fmt.Errorf("describe image %s: %w", id, awserr.ErrNotFound)
	}
	i, err := fromSDK(out.Images[0])
	if err != nil {
		return Image{}, fmt.Errorf("describe image %s: %w", id, err)
	}
	return i, nil
}

func fromSDK(s types.Image) (Image, error) {
	i := Image{
		ID: aws.ToString(s.ImageId), Name: aws.ToString(s.Name), Description: aws.ToString(s.Description),
		Architecture: string(s.Architecture), State: string(s.State), Owner: aws.ToString(s.OwnerId),
		RootDevice: aws.ToString(s.RootDeviceName), Source: aws.ToString(s.SourceImageId), SourceRegion: aws.ToString(s.SourceImageRegion), Public: aws.ToBool(s.Public),
		Protected: protected(aws.ToString(s.DeregistrationProtection)), Tags: ec2tag.Map(s.Tags),
	}
	if s.StateReason != nil {
		i.Reason = aws.ToString(s.StateReason.Message)
	}
	encrypted := 0
	for _, b := range s.BlockDeviceMappings {
		if b.Ebs == nil || aws.ToString(b.Ebs.SnapshotId) == "" {
			continue
		}
		i.Snapshots = append(i.Snapshots, *b.Ebs.SnapshotId)
		if aws.ToBool(b.Ebs.Encrypted) {
			encrypted++
		}
	}
	i.Encrypted = encrypted > 0 && encrypted == len(i.Snapshots)
	for _, t := range []struct {
		to   *time.Time
		text *string
	}{{&i.Created, s.CreationDate}, {&i.Deprecated, s.DeprecationTime}, {&i.LastLaunched, s.LastLaunchedTime}} {
		if aws.ToString(t.text) == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, *t.text)
		if err != nil { // a date that is misread would make an image look old
			return Image{}, fmt.Errorf("read a date of image %s: %w", i.ID, err)
		}
		*t.to = at.UTC()
	}
	return i, nil
}

// protected reads what EC2 says of deregistration protection. A word that nobody knows yet counts as protection.
func protected(word string) bool { return word != "" && word != "disabled" }

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
