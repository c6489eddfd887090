package image_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"bluegreen/internal/agent/image"
	"bluegreen/internal/docker"
)

// engine is a Docker Engine with a registry behind it and a disk below it, all in memory.
type engine struct {
	mu         sync.Mutex
	tags       map[string]string // what each tag stands for in the registry
	faults     []error           // of the next calls of the registry; nil for none
	always     error             // of all further ones
	user       docker.Auth       // who alone may pull, if anybody
	down       error             // of every call
	images     []docker.Image
	containers []docker.Container
	calls      []string // of the registry, and what changes something
	disk       image.Space
	root       string
}

func newEngine() *engine {
	return &engine{tags: map[string]string{}, root: "/var/lib/docker", disk: image.Space{Free: 50 << 30, Used: 50 << 30}}
}

// registry is how a call of it ends.
func (e *engine) registry(call, ref string, auth docker.Auth) error {
	e.calls = append(e.calls, call+" "+ref)
	if len(e.faults) > 0 {
		fault := e.faults[0]
		e.faults = e.faults[1:]
		if fault != nil {
			return fault
		}
	} else if e.always != nil {
		return e.always
	}
	if e.user != (docker.Auth{}) && auth != e.user {
		return refuse(docker.Expired)
	}
	return nil
}

func refuse(kind docker.PullKind) error {
	return &docker.PullError{Reference: "x", Kind: kind, Err: fmt.Errorf("it said so")}
}

func (e *engine) Info(context.Context) (docker.Info, error) {
	return docker.Info{Root: e.root, ImageRoot: "/var/lib/containerd"}, e.down
}

func (e *engine) Digest(_ context.Context, ref string, auth docker.Auth) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down != nil {
		return "", e.down
	}
	if err := e.registry("resolve", ref, auth); err != nil {
		return "", err
	}
	if e.tags[ref] == "" {
		return "", refuse(docker.NotFound)
	}
	return e.tags[ref], nil
}

func (e *engine) Pull(_ context.Context, o docker.PullOptions) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down != nil {
		return e.down
	}
	o.Progress(docker.Progress{Layers: 2, LayersDone: 1, Bytes: 3 << 20, TotalBytes: 9 << 20, Status: "Downloading"})
	if err := e.registry("pull", o.Reference, o.Auth); err != nil {
		return err
	}
	e.add(o.Reference, 1<<30)
	return nil
}

// add puts an image into the engine. Its id follows from its digest.
func (e *engine) add(ref string, size int64, tags ...string) {
	_, digest, _ := strings.Cut(ref, "@sha256:")
	e.images = append(e.images, docker.Image{
		ID: "sha256:id-" + digest, RepoDigests: []string{ref}, RepoTags: tags, Size: size,
		Created: time.Unix(int64(len(e.images)), 0),
	})
	e.disk.Free -= uint64(size)
	e.disk.Used += uint64(size)
}

func (e *engine) find(ref string) *docker.Image {
	for i := range e.images {
		if im := &e.images[i]; im.ID == ref || slices.Contains(im.RepoDigests, ref) || slices.Contains(im.RepoTags, ref) {
			return im
		}
	}
	return nil
}

func (e *engine) Tag(_ context.Context, id, ref string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.images {
		e.images[i].RepoTags = slices.DeleteFunc(e.images[i].RepoTags, func(t string) bool { return t == ref })
	}
	found := e.find(id)
	found.RepoTags = append(found.RepoTags, ref)
	return nil
}

func (e *engine) Image(_ context.Context, ref string) (docker.Image, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down != nil {
		return docker.Image{}, e.down
	}
	if found := e.find(ref); found != nil {
		return *found, nil
	}
	return docker.Image{}, fmt.Errorf("image %s: %w", ref, docker.ErrNotFound)
}

func (e *engine) Images(context.Context) ([]docker.Image, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.images), e.down
}

func (e *engine) RemoveImage(_ context.Context, id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	found := e.find(id)
	if found == nil {
		return docker.ErrNotFound
	}
	e.calls = append(e.calls, "remove "+id)
	for _, c := range e.containers {
		if c.ImageID == found.ID {
			return docker.ErrInUse
		}
	}
	e.disk.Free += uint64(found.Size)
	e.disk.Used -= uint64(found.Size)
	e.images = slices.DeleteFunc(e.images, func(i docker.Image) bool { return i.ID == id })
	return nil
}

func (e *engine) Containers(_ context.Context, labels map[string]string) ([]docker.Container, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []docker.Container
	for _, c := range e.containers {
		all := true
		for k, v := range labels {
			have, ok := c.Labels[k]
			all = all && ok && (v == "" || v == have)
		}
		if all {
			found = append(found, c)
		}
	}
	return found, e.down
}

// run puts a container of ours into the engine.
func (e *engine) run(configured, pinned, previous string, generation string) {
	_, digest, _ := strings.Cut(pinned, "@")
	e.containers = append(e.containers, docker.Container{
		Image: pinned, ImageID: "sha256:id-" + strings.TrimPrefix(digest, "sha256:"),
		Labels: map[string]string{
			"bluegreen.app": "shop", "bluegreen.image": configured, "bluegreen.digest": digest, "bluegreen.previous": previous,
			"bluegreen.generation": generation,
		},
	})
}
