package image

import (
	"context"
	"slices"
	"strconv"

	"bluegreen/internal/docker"
)

// here finds the image that a configured reference stood for when last somebody knew, if the engine still has it.
func (i *Images) here(ctx context.Context, configured string) (Image, bool) {
	i.mu.Lock()
	ref, known := i.wanted[configured]
	i.mu.Unlock()
	if known && ref.Digest != "" {
		return i.pinned(ctx, configured, ref, ref.Pinned(ref.Digest))
	}
	if found, have := i.labelled(ctx, configured, ref); have {
		return found, true
	}
	if !known {
		return Image{}, false
	}
	local, err := i.options.Engine.Image(ctx, ref.Tagged())
	if err != nil {
		return Image{}, false
	}
	for _, name := range local.RepoDigests {
		if repository, _, ok := parsePinned(name); ok && repository == ref.Repository {
			return i.pinned(ctx, configured, ref, name)
		}
	}
	return Image{}, false
}

// labelled finds the image by the youngest container that was made for the same reference.
func (i *Images) labelled(ctx context.Context, configured string, ref Reference) (Image, bool) {
	all, err := i.options.Engine.Containers(ctx, map[string]string{labelApp: "", labelImage: configured})
	if err != nil {
		return Image{}, false
	}
	slices.SortStableFunc(all, func(a, b docker.Container) int { return generation(b) - generation(a) })
	for _, c := range all {
		repository, digest, ok := parsePinned(c.Image)
		if !ok || digest != c.Labels[labelDigest] {
			continue
		}
		if ref == (Reference{}) { // the parameter that names it cannot be read
			ref = Reference{Repository: repository, Digest: digest}
		}
		if found, have := i.pinned(ctx, configured, ref, c.Image); have {
			return found, true
		}
	}
	return Image{}, false
}

func generation(c docker.Container) int {
	n, _ := strconv.Atoi(c.Labels["bluegreen.generation"])
	return n
}

// pinned looks for "repository@sha256:…" in the engine.
func (i *Images) pinned(ctx context.Context, configured string, ref Reference, name string) (Image, bool) {
	found, err := i.options.Engine.Image(ctx, name)
	if err != nil {
		return Image{}, false
	}
	_, digest, _ := parsePinned(name)
	return Image{Configured: configured, Reference: ref.String(), Digest: digest, Pinned: name, Facts: found}, true
}
