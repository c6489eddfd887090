package dockertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Registry is an image registry in this process. Docker talks plain HTTP to it, because it is on the loopback interface.
type Registry struct {
	Host string // "127.0.0.1:port"

	store  http.Handler
	server *httptest.Server

	mu       sync.Mutex
	username string
	password string
	inFront  func(http.Handler) http.Handler
	requests []string
}

// StartRegistry starts a registry, which is closed when the test ends. Anybody may pull from it until Require.
func StartRegistry(t testing.TB) *Registry {
	r := &Registry{store: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	r.server = httptest.NewServer(http.HandlerFunc(r.serve))
	r.Host = strings.TrimPrefix(r.server.URL, "http://")
	t.Cleanup(func() {
		r.server.CloseClientConnections() // of handlers that hang on purpose
		r.server.Close()
	})
	return r
}

// Require lets nobody else in from now on.
func (r *Registry) Require(username, password string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.username, r.password = username, password
}

// Intercept puts a handler in front of the registry, e.g. one that fails. Nil takes it away.
func (r *Registry) Intercept(inFront func(registry http.Handler) http.Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFront = inFront
}

// Requests lists what was asked for so far, e.g. "GET /v2/".
func (r *Registry) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.requests...)
}

func (r *Registry) serve(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.requests = append(r.requests, req.Method+" "+req.URL.Path)
	username, password, inFront := r.username, r.password, r.inFront
	r.mu.Unlock()

	if u, p, _ := req.BasicAuth(); username != "" && (u != username || p != password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		Refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
		return
	}
	handler := r.store
	if inFront != nil {
		handler = inFront(handler)
	}
	handler.ServeHTTP(w, req)
}

// Refuse answers as registries do when they do not do what was asked.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	type fault struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string][]fault{"errors": {{code, message}}}) // the client may have left
}

// Push puts an image into a repository under a tag. It returns the references by tag and by digest.
func (r *Registry) Push(t testing.TB, i *Image, repository, tag string) (byTag, byDigest string) {
	t.Helper()
	manifest, blobs := i.manifest(t)
	for _, blob := range blobs {
		r.put(t, http.MethodPost, fmt.Sprintf("/v2/%s/blobs/uploads/?digest=%s", repository, digest(blob)), "application/octet-stream", blob)
	}
	r.put(t, http.MethodPut, fmt.Sprintf("/v2/%s/manifests/%s", repository, tag), manifestType, manifest)
	name := r.Host + "/" + repository
	return name + ":" + tag, name + "@" + digest(manifest)
}

// put goes past the front of the registry.
func (r *Registry) put(t testing.TB, method, target, contentType string, body []byte) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, target, bytes.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	r.store.ServeHTTP(w, req)
	if w.Code != http.StatusCreated {
		t.Fatalf("push: %s %s: %d: %s", method, target, w.Code, w.Body)
	}
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

// manifest makes the image's manifest, and lists the blobs in it.
func (i *Image) manifest(t testing.TB) (manifest []byte, blobs [][]byte) {
	t.Helper()
	type descriptor struct {
		MediaType string `json:"mediaType"`
		Size      int    `json:"size"`
		Digest    string `json:"digest"`
	}
	all := struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Config        descriptor   `json:"config"`
		Layers        []descriptor `json:"layers"`
	}{2, manifestType, descriptor{"application/vnd.docker.container.image.v1+json", len(i.config), digest(i.config)}, nil}
	blobs = append(blobs, i.config)
	for _, l := range i.layers {
		all.Layers = append(all.Layers, descriptor{"application/vnd.docker.image.rootfs.diff.tar.gzip", len(l.packed), digest(l.packed)})
		blobs = append(blobs, l.packed)
	}
	manifest, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return manifest, blobs
}
