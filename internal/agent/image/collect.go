package image

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bluegreen/internal/docker"
)

// Collected is what a collection has done.
type Collected struct {
	Removed []string // ids of images
	Bytes   int64    // that they took, as far as they did not share them
	Disks   []Space  // afterwards
}

// Collect removes images that nobody needs while a disk of Docker's is above its high water mark, oldest first, until all
// are at the low one. It touches images only whose every name is in a repository that the app is, or was, configured with. It keeps
// those that a container has, whether it runs or not; those that run and those that ran before them, by the labels of our
// containers; and the one that Ensure has got last.
func (i *Images) Collect(ctx context.Context) (Collected, error) {
	disks, err := i.disks(ctx)
	if err != nil {
		return Collected{}, fmt.Errorf("collect images: %w", err)
	}
	if !anySpace(disks, func(s Space) bool { return s.Percent() >= i.options.HighWater }) {
		return Collected{Disks: disks}, nil
	}
	return i.collect(ctx, func(s Space) bool { return s.Percent() > i.options.LowWater })
}

// Watch collects every so often until ctx ends.
func (i *Images) Watch(ctx context.Context, every time.Duration) {
	for pause(ctx, every) == nil {
		if _, err := i.Collect(ctx); err != nil && ctx.Err() == nil {
			i.options.Log.Warn("Images not collected", "error", err)
		}
	}
}

// collect removes images while a disk is tight.
func (i *Images) collect(ctx context.Context, tight func(Space) bool) (Collected, error) {
	var c Collected
	candidates, err := i.candidates(ctx)
	if err != nil {
		return c, fmt.Errorf("collect images: %w", err)
	}
	var faults []error // of single images: a full disk makes some removals fail, and those that follow succeed
	for {
		if c.Disks, err = i.disks(ctx); err != nil {
			return c, fmt.Errorf("collect images: %w", err)
		}
		switch {
		case !anySpace(c.Disks, tight):
			return c, nil
		case len(candidates) == 0 && len(faults) > 0:
			return c, fmt.Errorf("collect images: %w", errors.Join(faults...))
		case len(candidates) == 0:
			return c, nil
		}
		next := candidates[0]
		candidates = candidates[1:]
		switch err := i.options.Engine.RemoveImage(ctx, next.ID); {
		case err == nil:
			c.Removed = append(c.Removed, next.ID)
			c.Bytes += next.Size
			i.options.Log.Info("Image removed", "id", next.ID, "names", append(next.RepoTags, next.RepoDigests...), "bytes", next.Size)
		case errors.Is(err, docker.ErrNotFound), errors.Is(err, docker.ErrInUse):
			i.options.Log.Debug("Image not removed", "id", next.ID, "error", err)
		case errors.Is(err, docker.ErrUnavailable), ctx.Err() != nil:
			return c, fmt.Errorf("collect images: %w", err)
		default:
			faults = append(faults, err)
		}
	}
}

// candidates lists what may be removed, oldest first.
func (i *Images) candidates(ctx context.Context) ([]docker.Image, error) {
	// Containers first: one that is created in between has its image kept by the engine.
	containers, err := i.options.Engine.Containers(ctx, nil)
	if err != nil {
		return nil, err
	}
	images, err := i.options.Engine.Images(ctx)
	if err != nil {
		return nil, err
	}
	n := i.needs(containers)
	images = slices.DeleteFunc(images, n.keep)
	slices.SortFunc(images, func(a, b docker.Image) int { return a.Created.Compare(b.Created) })
	return images, nil
}

// needs is what must not be collected.
type needs struct {
	repositories map[string]bool // that are ours
	ids          map[string]bool // of images that containers have
	digests      map[string]bool // that run, ran before or are to run
	names        map[string]bool // by which an image is found when the registry is down
}

func (i *Images) needs(containers []docker.Container) needs {
	n := needs{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, c := range containers {
		n.ids[c.ImageID] = true
		if c.Labels[labelApp] == "" {
			continue
		}
		n.repositories[repositoryOf(c.Image)] = true
		n.repositories[repositoryOf(c.Labels[labelImage])] = true
		n.digests[c.Labels[labelDigest]] = true
		n.digests[c.Labels[labelPrevious]] = true
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, ref := range i.wanted {
		n.repositories[ref.Repository] = true
		n.digests[ref.Digest] = true
		n.names[ref.Tagged()] = true
	}
	for _, digest := range i.latest {
		n.digests[digest] = true
	}
	delete(n.repositories, "")
	return n
}

func (n needs) keep(image docker.Image) bool {
	if n.ids[image.ID] || len(image.RepoTags)+len(image.RepoDigests) == 0 {
		return true
	}
	for _, name := range image.RepoTags {
		if n.names[name] || !n.repositories[repositoryOf(name)] {
			return true
		}
	}
	for _, name := range image.RepoDigests {
		repository, digest, _ := parsePinned(name)
		if n.digests[digest] || !n.repositories[repository] {
			return true
		}
	}
	return false
}
