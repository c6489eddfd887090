package image

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bluegreen/internal/docker"
)

// run is one call of Ensure.
type run struct {
	*Images
	configured string
	tell       func(Progress)
	begun      time.Time
	attempt    int
	phase      string

	ref    Reference // what was configured stands for
	digest string    // what that was resolved to
}

func (r *run) say(p Progress) {
	r.phase = p.Phase
	p.Attempt = r.attempt
	r.tell(p)
}

// try gets the image. What an attempt before it has found out about the reference holds for this one.
func (r *run) try(ctx context.Context) (Image, error) {
	r.say(Progress{Phase: "resolving", Reason: "find out what " + r.configured + " is"})
	if r.ref == (Reference{}) {
		ref, err := r.reference(ctx)
		if err != nil {
			return Image{}, err
		}
		r.ref = ref
	}
	if r.options.Policy != Always {
		if found, have := r.here(ctx, r.configured); have {
			return found, nil
		}
	}
	if r.options.Policy == Never {
		if _, err := r.options.Engine.Image(ctx, r.ref.String()); err == nil {
			return Image{}, fmt.Errorf("%w with a digest: %s was built or loaded there, and not pulled: push it to a registry, and pull it", errMissing, r.ref)
		}
		return Image{}, fmt.Errorf("%w: %s, and it must not be pulled", errMissing, r.ref)
	}
	if err := r.resolve(ctx); err != nil {
		return Image{}, err
	}
	found, err := r.options.Engine.Image(ctx, r.ref.Pinned(r.digest))
	if errors.Is(err, docker.ErrNotFound) {
		found, err = r.pull(ctx)
	}
	if err != nil {
		return Image{}, err
	}
	r.tag(ctx, found)
	return r.image(found), nil
}

// reference reads what was configured.
func (r *run) reference(ctx context.Context) (Reference, error) {
	text := r.configured
	if name, ok := strings.CutPrefix(text, "ssm:"); ok {
		if r.options.Parameter == nil {
			return Reference{}, fmt.Errorf("%w: parameters such as %s cannot be read here", errInvalid, name)
		}
		value, err := r.options.Parameter(ctx, name)
		if err != nil {
			return Reference{}, &parameterError{name, err}
		}
		text = strings.TrimSpace(value)
	}
	ref, err := Parse(text)
	if err != nil {
		return Reference{}, fmt.Errorf("%w: %w", errInvalid, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wanted[r.configured] = ref
	return ref, nil
}

type parameterError struct {
	name string
	err  error
}

func (e *parameterError) Error() string {
	return fmt.Sprintf("read the reference in %s: %v", e.name, e.err)
}
func (e *parameterError) Unwrap() error { return e.err }

// resolve asks the registry what the tag stands for, once.
func (r *run) resolve(ctx context.Context) error {
	if r.digest == "" {
		r.digest = r.ref.Digest
	}
	if r.digest != "" {
		return nil
	}
	return r.loggedIn(ctx, func(auth docker.Auth) (err error) {
		r.digest, err = r.options.Engine.Digest(ctx, r.ref.Tagged(), auth)
		return err
	})
}

// pull pulls the digest.
func (r *run) pull(ctx context.Context) (docker.Image, error) {
	if err := r.makeRoom(ctx); err != nil {
		return docker.Image{}, err
	}
	pinned := r.ref.Pinned(r.digest)
	r.say(Progress{Phase: "pulling", Reason: pinned})
	r.options.Log.Info("Pulling the image", "image", r.ref.String(), "digest", r.digest, "attempt", r.attempt)
	begun := time.Now()
	err := r.loggedIn(ctx, func(auth docker.Auth) error {
		return r.options.Engine.Pull(ctx, docker.PullOptions{
			Reference: pinned, Auth: auth,
			Begin: r.options.Begin, Inactivity: r.options.Inactivity, Total: r.options.Total,
			Progress: func(p docker.Progress) {
				r.say(Progress{Phase: "pulling", Reason: progress(p), Pull: p})
			},
		})
	})
	if err != nil {
		return docker.Image{}, err
	}
	r.options.Log.Info("Pulled the image", "image", r.ref.String(), "digest", r.digest, "took", time.Since(begun).Round(time.Millisecond))
	return r.options.Engine.Image(ctx, pinned)
}

func progress(p docker.Progress) string {
	const mega = 1 << 20
	return fmt.Sprintf("%s: %d of %d layers, %d of %d MiB", p.Status, p.LayersDone, p.Layers, p.Bytes/mega, p.TotalBytes/mega)
}

// loggedIn does something with the registry's credentials. If the registry does not take those from the cache, there is
// one more try with new ones.
func (r *run) loggedIn(ctx context.Context, do func(docker.Auth) error) error {
	auth, cached, err := r.options.Credentials.Get(ctx, r.ref.Registry)
	if err != nil {
		return err
	}
	err = do(auth)
	var pull *docker.PullError
	if !errors.As(err, &pull) || pull.Kind != docker.Expired && pull.Kind != docker.Denied || !cached && pull.Kind == docker.Denied {
		return err
	}
	again, fresh, renewal := r.options.Credentials.Renew(ctx, r.ref.Registry, auth)
	switch {
	case renewal != nil: // why there is no other login is what can be mended
		return fmt.Errorf("%w (and the registry refused the last one: %s)", renewal, pull.Kind)
	case !fresh:
		return err
	}
	return do(again)
}

// tag gives the image its tag here, too. It is how one finds out what a tag stood for when the registry is down, and a
// name for people; nothing else depends on it.
func (r *run) tag(ctx context.Context, found docker.Image) {
	tagged := r.ref.Tagged()
	if tagged == "" {
		return
	}
	for _, name := range found.RepoTags {
		if name == tagged {
			return
		}
	}
	if err := r.options.Engine.Tag(ctx, found.ID, tagged); err != nil {
		r.options.Log.Warn("Image not tagged", "image", tagged, "error", err)
	}
}

func (r *run) image(found docker.Image) Image {
	return Image{
		Configured: r.configured, Reference: r.ref.String(), Digest: r.digest, Pinned: r.ref.Pinned(r.digest), Facts: found,
	}
}
