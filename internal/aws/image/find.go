package image

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/ec2tag"
)

// Self is this account as an owner.
const Self = "self"

// Query says which images to find. Empty fields ask for nothing.
type Query struct {
	Owners       []string // accounts, Self, "amazon"
	NamePattern  string   // * and ? are wildcards, and a backslash takes that away from them
	Architecture string
	Tags         map[string]string
	Tagged       string // key of a tag that is there, whatever its value
	// Everything includes disabled images, and other accounts' deprecated ones. An account's own deprecated images are always
	// found.
	Everything bool
}

// perPage is how many items to ask for at once: the most that EC2 gives.
const perPage = 1000

// Find lists images in any state, the newest first.
func (c *Client) Find(ctx context.Context, q Query) ([]Image, error) {
	in := &ec2.DescribeImagesInput{
		Owners: q.Owners, Filters: ec2tag.Filters(q.Tags), MaxResults: aws.Int32(perPage),
		IncludeDeprecated: &q.Everything, IncludeDisabled: &q.Everything,
	}
	if q.NamePattern != "" {
		in.Filters = append(in.Filters, filter("name", q.NamePattern))
	}
	if q.Tagged != "" {
		in.Filters = append(in.Filters, filter("tag-key", q.Tagged))
	}
	if q.Architecture != "" {
		in.Filters = append(in.Filters, filter("architecture", q.Architecture))
	}
	found, err := c.list(ctx, in)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b Image) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

func (c *Client) list(ctx context.Context, in *ec2.DescribeImagesInput) ([]Image, error) {
	var all []Image
	pages := ec2.NewDescribeImagesPaginator(c.api, in)
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list images")
		}
		for _, s := range out.Images {
			i, err := fromSDK(s)
			if err != nil {
				return nil, fmt.Errorf("list images: %w", err)
			}
			all = append(all, i)
		}
	}
	return all, nil
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}
