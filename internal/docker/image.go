package docker

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// Image is an image in the engine.
type Image struct {
	ID          string   // sha256:…
	RepoDigests []string // "repository@sha256:…", of what was pulled
	RepoTags    []string // "repository:tag"
	Created     time.Time
	Size        int64 // bytes
	Labels      map[string]string

	// What follows is known of a single Image, not of those in Images.
	User         string
	ExposedPorts []Port // with their Container and Protocol
	Healthcheck  bool
	Architecture string // e.g. "amd64"
	StopSignal   string
}

// Image reads an image by reference or id. A missing one is ErrNotFound.
func (e *Engine) Image(ctx context.Context, ref string) (Image, error) {
	out, err := e.inspect(ctx, ref)
	if err != nil {
		return Image{}, err
	}
	return fromImage(out), nil
}

func (e *Engine) inspect(ctx context.Context, ref string) (image.InspectResponse, error) {
	var out client.ImageInspectResult
	r := request{doing: fmt.Sprintf("read image %q", ref), limit: e.limits.read}
	err := e.call(ctx, r, func(ctx context.Context, c *client.Client) (err error) {
		out, err = c.ImageInspect(ctx, ref)
		return err
	})
	return out.InspectResponse, err
}

// Images lists all images, newest first.
func (e *Engine) Images(ctx context.Context) ([]Image, error) {
	var out client.ImageListResult
	r := request{doing: "list images", limit: e.limits.read}
	err := e.call(ctx, r, func(ctx context.Context, c *client.Client) (err error) {
		out, err = c.ImageList(ctx, client.ImageListOptions{})
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []Image
	for _, i := range out.Items {
		all = append(all, Image{
			ID: i.ID, RepoDigests: names(i.RepoDigests), RepoTags: names(i.RepoTags),
			Created: time.Unix(i.Created, 0), Size: i.Size, Labels: i.Labels,
		})
	}
	slices.SortFunc(all, func(a, b Image) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// RemoveImage removes one name of an image, and with its last name the image; an id stands for the image if its names
// are in one repository. It is neither forced nor does it touch anything else: an image that containers use, or whose
// id stands for names in several repositories, is ErrInUse, a missing one ErrNotFound.
func (e *Engine) RemoveImage(ctx context.Context, id string) error {
	r := request{doing: fmt.Sprintf("remove image %q", id), limit: e.limits.remove, conflict: ErrInUse}
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.ImageRemove(ctx, id, client.ImageRemoveOptions{})
		return err
	})
}

func fromImage(in image.InspectResponse) Image {
	out := Image{
		ID: in.ID, RepoDigests: names(in.RepoDigests), RepoTags: names(in.RepoTags),
		Created: moment(in.Created), Size: in.Size, Architecture: in.Architecture,
	}
	if c := in.Config; c != nil {
		out.Labels, out.User, out.StopSignal = c.Labels, c.User, c.StopSignal
		out.ExposedPorts = exposed(c.ExposedPorts)
		out.Healthcheck = c.Healthcheck != nil && len(c.Healthcheck.Test) > 0 && c.Healthcheck.Test[0] != "NONE"
	}
	return out
}

// names leaves out what old engines put in place of a name that an image does not have.
func names(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(n string) bool {
		return n == "<none>:<none>" || n == "<none>@<none>"
	})
}

// exposed reads "80/tcp" and the like. What is no port was written into the image by hand, and nobody can use it.
func exposed(in map[string]struct{}) []Port {
	var out []Port
	for _, text := range slices.Sorted(maps.Keys(in)) {
		if p, err := network.ParsePort(text); err == nil {
			out = append(out, Port{Container: p.Num(), Protocol: string(p.Proto())})
		}
	}
	return out
}
