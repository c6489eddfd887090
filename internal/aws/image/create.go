package image

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/ec2tag"
)

// Request says what image to make of an instance.
type Request struct {
	Instance    string
	Name        string // no two images of an account in a region have the same
	Description string
	Tags        map[string]string // of the image and of its snapshots
	// Running makes the image of an instance that runs on: what it has not written to its disks by then is not in it. Otherwise
	// EC2 reboots an instance that is running.
	Running bool
}

// Create begins to make an image. The call has no token: where its answer got lost, the SDK's own retry or the next run finds the
// name taken, which is awserr.ErrExists. The image with that name is ours if it has our tags, and it may take a while to show.
func (c *Client) Create(ctx context.Context, r Request) (id string, err error) {
	in := &ec2.CreateImageInput{
		InstanceId: &r.Instance, Name: &r.Name,
		TagSpecifications: ec2tag.AtCreation(r.Tags, types.ResourceTypeImage, types.ResourceTypeSnapshot),
	}
	if r.Description != "" {
		in.Description = &r.Description
	}
	if r.Running {
		in.NoReboot = aws.Bool(true)
	}
	out, err := c.api.CreateImage(ctx, in)
	if err != nil {
		return "", awserr.Wrap(err, "create image %s of instance %s", r.Name, r.Instance)
	}
	return aws.ToString(out.ImageId), nil
}

// CopyRequest says what image to copy, and what to make of it.
type CopyRequest struct {
	Source       string
	SourceRegion string
	Name         string
	Description  string
	// Token makes the call safe to repeat.
	Token string
	// Encrypted has the copy's snapshots encrypted where the source's are not, by KMSKey, or by the account's key for disks when
	// that is empty. A copy of encrypted snapshots is encrypted in any case.
	Encrypted bool
	KMSKey    string            // of the region that the copy goes to
	Tags      map[string]string // of the copy and of its snapshots: the source's are not copied
}

// Copy begins to copy an image into the region of this client.
func (c *Client) Copy(ctx context.Context, r CopyRequest) (id string, err error) {
	in := &ec2.CopyImageInput{
		SourceImageId: &r.Source, SourceRegion: &r.SourceRegion, Name: &r.Name,
		TagSpecifications: ec2tag.AtCreation(r.Tags, types.ResourceTypeImage, types.ResourceTypeSnapshot),
	}
	if r.Description != "" {
		in.Description = &r.Description
	}
	if r.Token != "" {
		in.ClientToken = &r.Token
	}
	if r.Encrypted || r.KMSKey != "" {
		in.Encrypted = aws.Bool(true)
	}
	if r.KMSKey != "" {
		in.KmsKeyId = &r.KMSKey
	}
	out, err := c.api.CopyImage(ctx, in)
	if err != nil {
		return "", awserr.Wrap(err, "copy image %s from %s to %s", r.Source, r.SourceRegion, c.cfg.Region)
	}
	return aws.ToString(out.ImageId), nil
}

// Tag sets tags on an image, or on a snapshot. The others stay.
func (c *Client) Tag(ctx context.Context, id string, tags map[string]string) error {
	_, err := c.api.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: ec2tag.List(tags)})
	return awserr.Wrap(err, "tag %s", id)
}
