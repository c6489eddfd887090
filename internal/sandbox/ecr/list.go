package ecr

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"bluegreen/internal/sandbox/wire"
)

// sorted are the images that have tags, or have none, or all of them.
func (r *repository) sorted(status types.TagStatus) []*image {
	var images []*image
	for _, i := range r.images {
		tagged := len(r.tagsOf(i.digest)) > 0
		if status == types.TagStatusTagged && !tagged || status == types.TagStatusUntagged && tagged {
			continue
		}
		images = append(images, i)
	}
	slices.SortFunc(images, func(a, b *image) int { return strings.Compare(a.digest, b.digest) })
	return images
}

func (s *Service) listImages(_ context.Context, in *sdk.ListImagesInput) (*sdk.ListImagesOutput, error) {
	r, err := s.find(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	var status types.TagStatus
	if in.Filter != nil {
		status = in.Filter.TagStatus
	}
	all := []types.ImageIdentifier{}
	for _, i := range r.sorted(status) {
		all = append(all, identifiers(i.digest, r.tagsOf(i.digest))...)
	}
	ids, next, err := page(all, in.MaxResults, in.NextToken, func(id types.ImageIdentifier) string {
		return *id.ImageDigest + " " + aws.ToString(id.ImageTag)
	})
	if err != nil {
		return nil, err
	}
	return &sdk.ListImagesOutput{ImageIds: ids, NextToken: next}, nil
}

func (s *Service) describeImages(_ context.Context, in *sdk.DescribeImagesInput) (*sdk.DescribeImagesOutput, error) {
	r, err := s.find(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	var images []*image
	var next *string
	if len(in.ImageIds) > 0 {
		for _, id := range in.ImageIds {
			found, err := r.must(id)
			if err != nil {
				return nil, err
			}
			images = append(images, found)
		}
	} else {
		var status types.TagStatus
		if in.Filter != nil {
			status = in.Filter.TagStatus
		}
		images, next, err = page(r.sorted(status), in.MaxResults, in.NextToken, func(i *image) string { return i.digest })
		if err != nil {
			return nil, err
		}
	}
	out := &sdk.DescribeImagesOutput{ImageDetails: []types.ImageDetail{}, NextToken: next}
	for _, i := range images {
		out.ImageDetails = append(out.ImageDetails, r.detail(i))
	}
	return out, nil
}

func (r *repository) detail(i *image) types.ImageDetail {
	d := types.ImageDetail{
		RegistryId: r.RegistryId, RepositoryName: r.RepositoryName, ImageDigest: aws.String(i.digest), ImageTags: r.tagsOf(i.digest),
		ImageManifestMediaType: aws.String(i.mediaType), ImageSizeInBytes: aws.Int64(i.size), ImagePushedAt: aws.Time(i.pushed),
		ImageStatus: types.ImageStatusActive,
	}
	if i.artifact != "" {
		d.ArtifactMediaType = aws.String(i.artifact)
	}
	if !i.pulled.IsZero() {
		d.LastRecordedPullTime = aws.Time(i.pulled)
	}
	return d
}

// describeImageScanFindings finds none: nothing here scans.
func (s *Service) describeImageScanFindings(_ context.Context, in *sdk.DescribeImageScanFindingsInput) (*sdk.DescribeImageScanFindingsOutput, error) {
	r, err := s.find(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if in.ImageId == nil {
		return nil, invalid("Invalid parameter at 'imageId' failed to satisfy constraint: 'Member must not be null'")
	}
	if _, err := r.must(*in.ImageId); err != nil {
		return nil, err
	}
	return nil, wire.Errorf("ScanNotFoundException",
		"Image scan does not exist for the image with '%s' in the repository with name '%s' in the registry with id '%s'",
		spell(*in.ImageId), r.name(), s.acct.ID)
}
