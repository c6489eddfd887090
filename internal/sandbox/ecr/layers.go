package ecr

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// layers are the blobs of every repository, in memory. They have a lock of their own: a layer is large, and takes long to
// come and to go.
type layers struct {
	mu           sync.Mutex
	repositories map[string]map[string][]byte // by repository and digest
}

func newLayers() *layers { return &layers{repositories: map[string]map[string][]byte{}} }

// size is the size of a blob, in bytes.
func (l *layers) size(repository, digest string) (int64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	content, ok := l.repositories[repository][digest]
	return int64(len(content)), ok
}

func (l *layers) get(repository, digest string) ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	content, ok := l.repositories[repository][digest]
	return content, ok
}

func (l *layers) add(repository, digest string, content []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.repositories[repository] == nil {
		l.repositories[repository] = map[string][]byte{}
	}
	l.repositories[repository][digest] = content
}

// drop forgets all blobs of a repository.
func (l *layers) drop(repository string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.repositories, repository)
}

// newUploads is what moves blobs in and out by the registry protocol.
func newUploads(l *layers) http.Handler {
	return registry.New(registry.WithBlobHandler(blobs{l}), registry.Logger(log.New(io.Discard, "", 0)))
}

// repositoryKey is under what a request's context has its repository.
type repositoryKey struct{}

// inRepository tells blobs what repository a request is for: the handler before them would guess it from the path, and guess
// differently for what is read and for what is written.
func inRepository(r *http.Request, repository string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), repositoryKey{}, repository))
}

func repositoryOf(ctx context.Context) string {
	name, _ := ctx.Value(repositoryKey{}).(string)
	return name
}

// blobs are the layers as the registry's handler wants them.
type blobs struct{ layers *layers }

func (b blobs) Stat(ctx context.Context, _ string, h v1.Hash) (int64, error) {
	size, ok := b.layers.size(repositoryOf(ctx), h.String())
	if !ok {
		return 0, registry.ErrNotFound
	}
	return size, nil
}

func (b blobs) Get(ctx context.Context, _ string, h v1.Hash) (io.ReadCloser, error) {
	content, ok := b.layers.get(repositoryOf(ctx), h.String())
	if !ok {
		return nil, registry.ErrNotFound
	}
	return blob{bytes.NewReader(content)}, nil
}

func (b blobs) Put(ctx context.Context, _ string, h v1.Hash, from io.ReadCloser) error {
	content, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	b.layers.add(repositoryOf(ctx), h.String(), content)
	return from.Close()
}

// blob can be read from anywhere in it, so that a pull can go on where it was cut.
type blob struct{ *bytes.Reader }

func (blob) Close() error { return nil }
