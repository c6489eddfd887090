package references

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
)

const (
	templatesPerPage = 200 // the most that EC2 gives
	versionsPerPage  = 200
	sideBySide       = 8 // templates whose versions are listed at a time: EC2 throttles beyond
)

// Version is a version of a launch template that launches an image.
type Version struct {
	Template, Name  string // the template's id and name
	Number          int64
	Image           string // what launches now, where the template names it by a parameter
	Description     string
	Default, Latest bool
}

// Versions lists all versions of all launch templates that name an image.
func (c *Client) Versions(ctx context.Context) ([]Version, error) {
	ids, err := c.templates(ctx)
	if err != nil {
		return nil, err
	}
	versions := make([][]types.LaunchTemplateVersion, len(ids))
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(sideBySide)
	for n, id := range ids {
		all.Go(func() (err error) { versions[n], err = c.versions(ctx, id); return err })
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	var found []Version
	for _, list := range versions {
		latest := latest(list)
		for _, v := range list {
			if v.LaunchTemplateData == nil || aws.ToString(v.LaunchTemplateData.ImageId) == "" {
				continue // groups may name an image beside it
			}
			number := aws.ToInt64(v.VersionNumber)
			found = append(found, Version{
				Template: aws.ToString(v.LaunchTemplateId), Name: aws.ToString(v.LaunchTemplateName), Number: number,
				Image: *v.LaunchTemplateData.ImageId, Description: aws.ToString(v.VersionDescription),
				Default: aws.ToBool(v.DefaultVersion), Latest: number == latest,
			})
		}
	}
	return found, nil
}

func (c *Client) templates(ctx context.Context) (ids []string, err error) {
	pages := ec2.NewDescribeLaunchTemplatesPaginator(c.api, &ec2.DescribeLaunchTemplatesInput{MaxResults: aws.Int32(templatesPerPage)})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list launch templates")
		}
		for _, t := range out.LaunchTemplates {
			ids = append(ids, aws.ToString(t.LaunchTemplateId))
		}
	}
	return ids, nil
}

// versions lists all of a template's. One that was deleted in the meantime launches nothing any longer.
func (c *Client) versions(ctx context.Context, template string) (list []types.LaunchTemplateVersion, err error) {
	pages := ec2.NewDescribeLaunchTemplateVersionsPaginator(c.api, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: &template, ResolveAlias: aws.Bool(true), MaxResults: aws.Int32(versionsPerPage),
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		err = awserr.Wrap(err, "list the versions of launch template %s", template)
		if errors.Is(err, awserr.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, out.LaunchTemplateVersions...)
	}
	return list, nil
}

func latest(list []types.LaunchTemplateVersion) (n int64) {
	for _, v := range list {
		n = max(n, aws.ToInt64(v.VersionNumber))
	}
	return n
}
