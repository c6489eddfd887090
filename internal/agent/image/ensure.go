package image

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/docker"
)

// Ensure sees to it that an image is in the engine, by "repository:tag", "repository@digest" or "ssm:parameter". It goes
// on for as long as that may come to be, and fails with a *TerminalError when it cannot, or when ctx ends. A tag is
// resolved once in a call: what is pulled is the digest that it had then. tell may be nil.
func (i *Images) Ensure(ctx context.Context, configured string, tell func(Progress)) (Image, error) {
	if tell == nil {
		tell = func(Progress) {}
	}
	r := &run{Images: i, configured: configured, tell: tell, begun: time.Now()}
	pauses := backoff{first: time.Second, most: i.options.MaxPause, rand: i.options.Rand}
	for {
		r.attempt++
		found, err := r.try(ctx)
		switch {
		case err == nil:
			i.remember(configured, found.Digest)
			return found, nil
		case ctx.Err() != nil:
			return Image{}, fmt.Errorf("get image %s: %w", configured, context.Cause(ctx))
		case i.terminal(err):
			return Image{}, &TerminalError{Configured: configured, Err: err}
		}
		wait := pauses.next()
		if registryDown(err) {
			left := i.options.Patience - time.Since(r.begun)
			stale, have := i.here(ctx, configured)
			if have && left <= 0 {
				stale.Stale = err.Error()
				i.options.Log.Error("The registry is of no use: running the image that is here already",
					"image", configured, "digest", stale.Digest, "attempts", r.attempt, "error", err)
				i.remember(configured, stale.Digest)
				return stale, nil
			}
			if have {
				wait = min(wait, left)
			}
		}
		i.options.Log.Warn("Image not there yet", "image", configured, "attempt", r.attempt, "next", wait.Round(time.Millisecond), "error", err)
		r.say(Progress{Phase: r.phase, Reason: fmt.Sprintf("%v; next attempt in %v", err, wait.Round(time.Second)), Err: err})
		if err := pause(ctx, wait); err != nil {
			return Image{}, fmt.Errorf("get image %s: %w", configured, err)
		}
	}
}

// TerminalError says that an image is not to be had until somebody changes the reference, the registry or the credentials.
type TerminalError struct {
	Configured string
	Err        error
}

func (e *TerminalError) Error() string { return fmt.Sprintf("get image %s: %v", e.Configured, e.Err) }
func (e *TerminalError) Unwrap() error { return e.Err }

// errInvalid marks references that make no sense, and errMissing images that the policy forbids to pull.
var (
	errInvalid = errors.New("invalid reference")
	errMissing = errors.New("not in the engine")
)

func (i *Images) terminal(err error) bool {
	var pull *docker.PullError
	var parameter *parameterError
	switch {
	case errors.Is(err, errInvalid), errors.Is(err, errMissing):
		return true
	case errors.As(err, &pull):
		return pull.Terminal()
	case errors.As(err, &parameter):
		return i.options.Terminal(parameter.err)
	}
	return false
}

// registryDown says whether the image's source is out of order, as opposed to the image, Docker or the disk.
func registryDown(err error) bool {
	var pull *docker.PullError
	var login *loginError
	var parameter *parameterError
	switch {
	case errors.Is(err, docker.ErrUnavailable):
		return false
	case errors.As(err, &pull):
		return pull.Kind != docker.NoSpace
	}
	return errors.As(err, &login) || errors.As(err, &parameter)
}

// remember keeps the image from being collected.
func (i *Images) remember(configured, digest string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.latest[configured] = digest
}
