package ecr

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"bluegreen/internal/sandbox/wire"
)

// maxBatch is how many images one request may name.
const maxBatch = 100

func (s *Service) putImage(_ context.Context, in *sdk.PutImageInput) (*sdk.PutImageOutput, error) {
	r, err := s.find(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	content, tag := []byte(aws.ToString(in.ImageManifest)), aws.ToString(in.ImageTag)
	digest := digestOf(content)
	if in.ImageDigest != nil && *in.ImageDigest != digest {
		return nil, wire.Errorf("ImageDigestDoesNotMatchException",
			"The provided digest '%s' does not match the digest '%s' calculated by Amazon ECR for the image.", *in.ImageDigest, digest)
	}
	if tag == "" && r.images[digest] != nil {
		return nil, wire.Errorf("ImageAlreadyExistsException",
			"Image with digest '%s' already exists in the repository with name '%s' in registry with id '%s'", digest, r.name(), s.acct.ID)
	}
	stored, err := s.put(r, content, aws.ToString(in.ImageManifestMediaType), tag)
	if err != nil {
		return nil, err
	}
	return &sdk.PutImageOutput{Image: s.describe(r, stored, in.ImageTag)}, nil
}

func (s *Service) describe(r *repository, i *image, tag *string) *types.Image {
	return &types.Image{
		RegistryId: r.RegistryId, RepositoryName: r.RepositoryName,
		ImageId:       &types.ImageIdentifier{ImageDigest: aws.String(i.digest), ImageTag: tag},
		ImageManifest: aws.String(string(i.manifest)), ImageManifestMediaType: aws.String(i.mediaType),
	}
}

// pick finds an image by digest, by tag, or by both.
func (r *repository) pick(id types.ImageIdentifier) (*image, types.ImageFailureCode, string) {
	digest, tag := aws.ToString(id.ImageDigest), aws.ToString(id.ImageTag)
	switch {
	case digest == "" && tag == "":
		return nil, types.ImageFailureCodeMissingDigestAndTag, "Invalid request parameters: both tag and digest cannot be null"
	case digest != "" && !isDigest(digest):
		return nil, types.ImageFailureCodeInvalidImageDigest, "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"
	}
	found := r.lookUp(cmp.Or(digest, tag))
	switch {
	case found == nil:
		return nil, types.ImageFailureCodeImageNotFound, "Requested image not found"
	case tag != "" && r.tags[tag] != found.digest:
		return nil, types.ImageFailureCodeImageTagDoesNotMatchDigest, "Requested image tag does not map to the requested image digest"
	}
	return found, "", ""
}

// must is pick for requests that fail as a whole.
func (r *repository) must(id types.ImageIdentifier) (*image, error) {
	found, code, _ := r.pick(id)
	switch code {
	case "":
		return found, nil
	case types.ImageFailureCodeImageNotFound, types.ImageFailureCodeImageTagDoesNotMatchDigest:
		return nil, wire.Errorf("ImageNotFoundException",
			"The image with imageId %s does not exist within the repository with name '%s' in the registry with id '%s'",
			spell(id), r.name(), *r.RegistryId)
	}
	return nil, invalid("Invalid parameter at 'imageIds' failed to satisfy constraint: %s", code)
}

// spell writes an identifier as ECR's messages do.
func spell(id types.ImageIdentifier) string {
	text := func(s *string) string {
		if s == nil {
			return "null"
		}
		return *s
	}
	return "{imageDigest:'" + text(id.ImageDigest) + "', imageTag:'" + text(id.ImageTag) + "'}"
}

func checkBatch(ids []types.ImageIdentifier) error {
	if len(ids) == 0 || len(ids) > maxBatch {
		return invalid("Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have length from 1 to %d'", maxBatch)
	}
	return nil
}

func (s *Service) batchGetImage(_ context.Context, in *sdk.BatchGetImageInput) (*sdk.BatchGetImageOutput, error) {
	r, err := s.find(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(in.ImageIds); err != nil {
		return nil, err
	}
	out := &sdk.BatchGetImageOutput{Images: []types.Image{}, Failures: []types.ImageFailure{}}
	for _, id := range in.ImageIds {
		found, code, reason := r.pick(id)
		if found == nil {
			out.Failures = append(out.Failures, failed(id, code, reason))
			continue
		}
		found.pulled = s.acct.Now()
		out.Images = append(out.Images, *s.describe(r, found, id.ImageTag))
	}
	return out, nil
}

func failed(id types.ImageIdentifier, code types.ImageFailureCode, reason string) types.ImageFailure {
	return types.ImageFailure{ImageId: &id, FailureCode: code, FailureReason: aws.String(reason)}
}

// batchDeleteImage takes tags away, and images by digest or with their last tag. An image that a list holds stays.
func (s *Service) batchDeleteImage(_ context.Context, in *sdk.BatchDeleteImageInput) (*sdk.BatchDeleteImageOutput, error) {
	r, err := s.find(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(in.ImageIds); err != nil {
		return nil, err
	}
	out := &sdk.BatchDeleteImageOutput{ImageIds: []types.ImageIdentifier{}, Failures: []types.ImageFailure{}}
	for _, id := range in.ImageIds {
		found, code, reason := r.pick(id)
		if found == nil {
			out.Failures = append(out.Failures, failed(id, code, reason))
			continue
		}
		tags := r.tagsOf(found.digest)
		whole := id.ImageTag == nil || len(tags) == 1
		if list := r.listing(found.digest); whole && list != "" {
			out.Failures = append(out.Failures, failed(id, types.ImageFailureCodeImageReferencedByManifestList,
				"Requested image referenced by manifest list: ["+list+"]"))
			continue
		}
		if !whole {
			delete(r.tags, *id.ImageTag)
			tags = []string{*id.ImageTag}
		} else {
			r.remove(found.digest)
		}
		out.ImageIds = append(out.ImageIds, identifiers(found.digest, tags)...)
	}
	return out, nil
}

// identifiers names an image once for each of its tags, or once by digest.
func identifiers(digest string, tags []string) []types.ImageIdentifier {
	if len(tags) == 0 {
		return []types.ImageIdentifier{{ImageDigest: aws.String(digest)}}
	}
	var ids []types.ImageIdentifier
	for _, tag := range tags {
		ids = append(ids, types.ImageIdentifier{ImageDigest: aws.String(digest), ImageTag: aws.String(tag)})
	}
	return ids
}
