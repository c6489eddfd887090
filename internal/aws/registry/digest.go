package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"bluegreen/internal/aws/awserr"
)

// ErrForeign says that a reference is one of no private registry of ECR, whose API knows nothing about it.
var ErrForeign = errors.New("not in a private ECR registry")

// manifests are the kinds of what a tag can stand for. ECR gives it as it is only to who takes its kind.
var manifests = []string{
	"application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
}

// Digest is the digest that a reference of an image stands for, "sha256:…": for one of several architectures that of the list of
// them. A reference to nothing is awserr.ErrNotFound. It takes the rights that a pull takes, and finds what a pull would find.
func (c *Client) Digest(ctx context.Context, reference string) (digest string, err error) {
	where, repository, id, err := parseReference(reference)
	if err != nil {
		return "", fmt.Errorf("find the digest of %s: %w", reference, err)
	}
	out, err := c.api.BatchGetImage(ctx, &ecr.BatchGetImageInput{
		RegistryId: &where.Account, RepositoryName: &repository, ImageIds: []types.ImageIdentifier{id}, AcceptedMediaTypes: manifests,
	}, where.endpoint)
	if err != nil {
		return "", awserr.Wrap(err, "find the digest of %s", reference)
	}
	if digest, err = only(out); err != nil {
		return "", fmt.Errorf("find the digest of %s: %w", reference, err)
	}
	return digest, nil
}

// only is the digest in the answer to a question for one image.
func only(out *ecr.BatchGetImageOutput) (digest string, err error) {
	switch {
	case len(out.Failures) > 0 && out.Failures[0].FailureCode == types.ImageFailureCodeImageNotFound:
		return "", awserr.ErrNotFound
	case len(out.Failures) > 0:
		return "", fmt.Errorf("%s (%s)", aws.ToString(out.Failures[0].FailureReason), out.Failures[0].FailureCode)
	case len(out.Images) == 0 || out.Images[0].ImageId == nil || aws.ToString(out.Images[0].ImageId.ImageDigest) == "":
		return "", errors.New("ECR answered without one")
	}
	return *out.Images[0].ImageId.ImageDigest, nil
}

// parseReference reads host/repository[:tag][@digest]. Where there are both, the digest counts, as in a pull.
func parseReference(reference string) (where Registry, repository string, id types.ImageIdentifier, err error) {
	host, rest, found := strings.Cut(reference, "/")
	where, ok := ParseHost(host)
	if !found || !ok {
		return Registry{}, "", id, ErrForeign
	}
	repository, digest, byDigest := strings.Cut(rest, "@")
	repository, tag, byTag := strings.Cut(repository, ":")
	switch {
	case repository == "" || byDigest && digest == "" || byTag && tag == "":
		return Registry{}, "", id, errors.New("want host/repository:tag or host/repository@digest")
	case byDigest:
		id.ImageDigest = &digest
	case byTag:
		id.ImageTag = &tag
	default:
		id.ImageTag = aws.String("latest")
	}
	return where, repository, id, nil
}
