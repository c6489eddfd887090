package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/client"
	platforms "github.com/opencontainers/image-spec/specs-go/v1"
)

// PullOptions says what to pull and how long to wait.
type PullOptions struct {
	Reference  string
	Auth       Auth
	Begin      time.Duration  // until the first word of progress; 5 minutes when zero
	Inactivity time.Duration  // without a byte or a change of status; 2 minutes when zero
	Total      time.Duration  // for all of it; 2 hours when zero
	Platform   string         // e.g. "linux/arm64"; the engine's own when empty
	Progress   func(Progress) // gets each change, on the goroutine that reads them; may be nil
}

// Pull pulls an image. When one of its clocks ends it, it hangs up, and the daemon gives up too, so that the next pull
// does not wait for the same connection to the registry. An error is a *PullError, unless ctx was cancelled.
func (e *Engine) Pull(ctx context.Context, o PullOptions) error {
	named, options, err := o.parse()
	if err != nil {
		return &PullError{Reference: o.Reference, Kind: Other, Err: &Error{Op: "parse", Kind: ErrInvalid, Err: err}}
	}
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clocks := startClocks(o, cancel)
	defer clocks.stop()

	err = e.pull(bounded, named.String(), options, func(p Progress) {
		clocks.moved()
		if o.Progress != nil {
			o.Progress(p)
		}
	})
	if err == nil {
		err = e.pulled(bounded, o.Reference, options.Platforms)
	}
	if err == nil {
		return nil
	}
	return pullError(ctx, bounded, named, o.Reference, err)
}

// pulled looks whether the image is there: a stream that ends early looks like one that is complete. And engines that
// keep images themselves take one of any platform where the registry has just that.
func (e *Engine) pulled(ctx context.Context, ref string, wanted []platforms.Platform) error {
	image, err := e.inspect(ctx, ref)
	if errors.Is(err, ErrNotFound) {
		return errors.New("it ended before the image was complete")
	}
	if err != nil || len(wanted) == 0 || image.Descriptor != nil {
		return err
	}
	if w := wanted[0]; image.Os != w.OS || w.Architecture != "" && image.Architecture != w.Architecture {
		return fmt.Errorf("no matching manifest: the image is for %s/%s", image.Os, image.Architecture)
	}
	return nil
}

func (o PullOptions) parse() (reference.Named, client.ImagePullOptions, error) {
	named, err := reference.ParseNormalizedNamed(o.Reference)
	if err != nil {
		return nil, client.ImagePullOptions{}, err
	}
	var options client.ImagePullOptions
	if o.Auth != (Auth{}) {
		options.RegistryAuth, err = authconfig.Encode(registry.AuthConfig{
			Username: o.Auth.Username, Password: o.Auth.Password, ServerAddress: reference.Domain(named),
		})
		if err != nil {
			return nil, options, err
		}
	}
	if o.Platform != "" {
		os, rest, _ := strings.Cut(o.Platform, "/")
		arch, variant, _ := strings.Cut(rest, "/")
		options.Platforms = []platforms.Platform{{OS: os, Architecture: arch, Variant: variant}}
	}
	return named, options, nil
}

// pull follows the stream of one pull. The daemon answers 200 as soon as it has something to say, so most errors come
// in the stream.
func (e *Engine) pull(ctx context.Context, ref string, o client.ImagePullOptions, moved func(Progress)) error {
	conn := e.conn.Load()
	stream, err := conn.ImagePull(ctx, ref, o)
	if refusedVersion(err) {
		conn = e.renew(conn)
		stream, err = conn.ImagePull(ctx, ref, o)
	}
	if err == nil {
		err = follow(ctx, stream, moved)
	}
	if err != nil && ctx.Err() == nil && disconnected(err) {
		e.renew(conn)
		return &Error{Op: "docker", Kind: ErrUnavailable, Err: err}
	}
	return err
}

func follow(ctx context.Context, stream client.ImagePullResponse, moved func(Progress)) error {
	var layers layers
	for message, err := range stream.JSONMessages(ctx) {
		if err != nil {
			return err
		}
		if message.Error != nil {
			return message.Error
		}
		if layers.take(message) {
			moved(layers.progress())
		}
	}
	return ctx.Err()
}
