package docker_test

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
)

func TestImages(t *testing.T) {
	b := private(t)
	image := dockertest.BuildApp(t, dockertest.App{
		Version: "v7", User: "1000:1000", Labels: map[string]string{"team": "shop"}, Healthcheck: true,
	})
	registry := dockertest.StartRegistry(t)
	byTag, byDigest := registry.Push(t, image, "shop/web", "7")
	if err := b.engine.Pull(t.Context(), docker.PullOptions{Reference: byTag}); err != nil {
		t.Fatal(err)
	}

	got, err := b.engine.Image(t.Context(), byTag)
	if err != nil {
		t.Fatal(err)
	}
	want := docker.Image{
		ID: got.ID, RepoDigests: []string{byDigest}, RepoTags: []string{byTag}, Created: got.Created, Size: got.Size,
		Labels: map[string]string{"team": "shop"}, User: "1000:1000", Architecture: runtime.GOARCH, Healthcheck: true,
		ExposedPorts: []docker.Port{{Container: 8080, Protocol: "tcp"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if time.Since(got.Created) > time.Hour || got.Size < 1<<20 {
		t.Errorf("created %v, %d bytes", got.Created, got.Size)
	}
	for _, ref := range []string{byDigest, got.ID} {
		if other, err := b.engine.Image(t.Context(), ref); err != nil || other.ID != got.ID {
			t.Errorf("%s: %s, %v", ref, other.ID, err)
		}
	}

	all, err := b.engine.Images(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	listed := all[slices.IndexFunc(all, func(i docker.Image) bool { return i.ID == got.ID })]
	want.User, want.Architecture, want.Healthcheck, want.ExposedPorts = "", "", false, nil
	want.Created = got.Created.Truncate(time.Second)
	if diff := cmp.Diff(want, listed, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("in the list (-want +got):\n%s", diff)
	}
	if len(all) != 2 || all[0].Created.Before(all[1].Created) {
		t.Errorf("%d images", len(all))
	}
}

func TestRemoveImage(t *testing.T) {
	b := private(t)
	image := dockertest.BuildApp(t, dockertest.App{Version: "v8"})
	registry := dockertest.StartRegistry(t)
	pull := func(t *testing.T, repository, tag string) (byTag, byDigest, id string) {
		t.Helper()
		byTag, byDigest = registry.Push(t, image, repository, tag)
		if err := b.engine.Pull(t.Context(), docker.PullOptions{Reference: byTag}); err != nil {
			t.Fatal(err)
		}
		i, err := b.engine.Image(t.Context(), byTag)
		if err != nil {
			t.Fatal(err)
		}
		return byTag, byDigest, i.ID
	}
	gone := func(t *testing.T, ref string) {
		t.Helper()
		if _, err := b.engine.Image(t.Context(), ref); !errors.Is(err, docker.ErrNotFound) {
			t.Errorf("%s: %v", ref, err)
		}
	}

	t.Run("by id, with all names of one repository", func(t *testing.T) {
		_, _, id := pull(t, "shop/web", "8")
		pull(t, "shop/web", "latest")
		if err := b.engine.RemoveImage(t.Context(), id); err != nil && !errors.Is(err, docker.ErrInUse) {
			t.Fatal(err)
		}
		removeNames(t, b, id)
		gone(t, id)
	})
	t.Run("by id, with names of two repositories", func(t *testing.T) {
		byTag, _, id := pull(t, "shop/web", "8")
		pull(t, "shop/other", "8")
		if err := b.engine.RemoveImage(t.Context(), id); !errors.Is(err, docker.ErrInUse) {
			t.Errorf("got %v", err)
		}
		if i, err := b.engine.Image(t.Context(), byTag); err != nil || len(i.RepoTags) != 2 {
			t.Errorf("afterwards: %+v, %v", i, err)
		}
		removeNames(t, b, id)
		gone(t, id)
	})
	t.Run("by digest, of a container that has ended", func(t *testing.T) {
		byTag, byDigest, id := pull(t, "shop/web", "8")
		container := b.create(t, docker.Spec{Image: id})
		for _, ref := range []string{byTag, byDigest, id} {
			if err := b.engine.RemoveImage(t.Context(), ref); !errors.Is(err, docker.ErrInUse) {
				t.Errorf("%s: %v", ref, err)
			}
		}
		if err := b.engine.Remove(t.Context(), container); err != nil {
			t.Fatal(err)
		}
		if err := b.engine.RemoveImage(t.Context(), byDigest); err != nil {
			t.Fatal(err)
		}
		gone(t, byDigest)
		if err := b.engine.RemoveImage(t.Context(), byTag); err != nil {
			t.Fatal(err)
		}
		gone(t, id)
	})
}

// removeNames removes an image name by name, if it is still there.
func removeNames(t *testing.T, b bench, id string) {
	t.Helper()
	i, err := b.engine.Image(t.Context(), id)
	if errors.Is(err, docker.ErrNotFound) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(i.RepoTags, i.RepoDigests...) {
		if err := b.engine.RemoveImage(t.Context(), name); err != nil && !errors.Is(err, docker.ErrNotFound) {
			t.Fatal(err)
		}
	}
}
