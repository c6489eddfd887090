package docker

import (
	"context"
	"fmt"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/client"
)

// digestLimit is how long a registry may take to say what a tag stands for.
const digestLimit = 30 * time.Second

// Digest asks a registry, through the daemon, what a reference stands for now: "sha256:…", of the manifest or of the list of
// manifests. An error is a *PullError, unless ctx was cancelled.
func (e *Engine) Digest(ctx context.Context, ref string, auth Auth) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", &PullError{Reference: ref, Kind: Other, Err: &Error{Op: "parse", Kind: ErrInvalid, Err: err}}
	}
	var options client.DistributionInspectOptions
	if auth != (Auth{}) {
		options.EncodedRegistryAuth, err = authconfig.Encode(registry.AuthConfig{
			Username: auth.Username, Password: auth.Password, ServerAddress: reference.Domain(named),
		})
		if err != nil {
			return "", &PullError{Reference: ref, Kind: Other, Err: err}
		}
	}
	var out client.DistributionInspectResult
	// The deadline is the registry's, not the daemon's: a daemon that waits for a registry is well.
	bounded, cancel := context.WithTimeoutCause(ctx, digestLimit, late{Timeout, fmt.Sprintf("the registry did not answer within %v", digestLimit)})
	defer cancel()
	r := request{doing: fmt.Sprintf("resolve %q", ref), limit: digestLimit}
	err = e.call(bounded, r, func(ctx context.Context, c *client.Client) (err error) {
		out, err = c.DistributionInspect(ctx, reference.TagNameOnly(named).String(), options)
		return err
	})
	if err != nil {
		return "", pullError(ctx, bounded, named, ref, err)
	}
	return out.Descriptor.Digest.String(), nil
}

// Tag gives an image another name, "repository:tag". One that has that name loses it.
func (e *Engine) Tag(ctx context.Context, image, ref string) error {
	r := request{doing: fmt.Sprintf("tag image %q as %q", image, ref), limit: e.limits.read}
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.ImageTag(ctx, client.ImageTagOptions{Source: image, Target: ref})
		return err
	})
}
