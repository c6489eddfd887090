// Package template reads launch templates.
package template

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	DescribeLaunchTemplateVersions(context.Context, *ec2.DescribeLaunchTemplateVersionsInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplateVersionsOutput, error)
}

// Client calls EC2.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{ec2.NewFromConfig(cfg)} }

// Version is one numbered version of a launch template.
type Version struct {
	TemplateID   string
	Number       int64
	Image        string
	InstanceType string
}

// Get reads a version: a number, "$Latest" or "$Default". A missing one is awserr.ErrNotFound.
func (c *Client) Get(ctx context.Context, templateID, version string) (Version, error) {
	out, err := c.api.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: &templateID, Versions: []string{version},
	})
	if err != nil {
		return Version{}, awserr.Wrap(err, "describe version %s of launch template %s", version, templateID)
	}
	if len(out.LaunchTemplateVersions) != 1 {
		return Version{}, fmt.Errorf("describe version %s of launch template %s: %w", version, templateID, awserr.ErrNotFound)
	}
	v := out.LaunchTemplateVersions[0]
	found := Version{TemplateID: templateID, Number: aws.ToInt64(v.VersionNumber)}
	if d := v.LaunchTemplateData; d != nil {
		found.Image, found.InstanceType = aws.ToString(d.ImageId), string(d.InstanceType)
	}
	return found, nil
}

// Pinned says whether a group that refers to this version gets the same one tomorrow.
func Pinned(version string) bool {
	_, err := strconv.ParseInt(version, 10, 64)
	return err == nil
}
