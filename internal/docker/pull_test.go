package docker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
)

func TestPull(t *testing.T) {
	b := shared(t)
	registry := dockertest.StartRegistry(t)
	image := dockertest.BuildApp(t, dockertest.App{Version: "v2", Padding: 3 << 20, Labels: map[string]string{"a": "b"}})
	registry.Require("AWS", "t0ken")
	auth := docker.Auth{Username: "AWS", Password: "t0ken"}
	byTag, byDigest := registry.Push(t, image, "shop/web", "2")
	for _, ref := range []string{byTag, byDigest} {
		t.Run(ref, func(t *testing.T) {
			var all []docker.Progress
			err := b.engine.Pull(t.Context(), docker.PullOptions{
				Reference: ref, Auth: auth, Progress: func(p docker.Progress) { all = append(all, p) },
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { b.engine.RemoveImage(context.WithoutCancel(t.Context()), ref) })

			for i, p := range all {
				if p.Bytes > p.TotalBytes || p.LayersDone > p.Layers || i > 0 && p.Layers < all[i-1].Layers {
					t.Errorf("progress %d: %+v", i, p)
				}
			}
			last := all[len(all)-1]
			if last.Layers != 2 || last.LayersDone != 2 || !strings.HasPrefix(last.Status, "Status: Downloaded newer image for ") {
				t.Errorf("at the end: %+v", last)
			}
			if last.Bytes != last.TotalBytes || last.TotalBytes < 3<<20 {
				t.Errorf("received %d of %d bytes", last.Bytes, last.TotalBytes)
			}
			got, err := b.engine.Image(t.Context(), ref)
			if err != nil || !slices.Contains(got.RepoDigests, byDigest) {
				t.Errorf("%+v, %v", got, err)
			}
			if err := b.engine.Pull(t.Context(), docker.PullOptions{Reference: ref, Auth: auth}); err != nil {
				t.Errorf("again: %v", err)
			}
		})
	}
}

// refuseOn answers requests whose path has this in it as a registry that refuses them.
func refuseOn(part string, status int, code, message string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, part) {
				dockertest.Refuse(w, status, code, message)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// truncateBlobs delivers half of what it promises.
func truncateBlobs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Length", "100000")
		io.WriteString(w, "half")
	})
}

// falsifyLayers delivers other bytes than those that the digest says.
func falsifyLayers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorded := &recorder{header: http.Header{}}
		next.ServeHTTP(recorded, r)
		body := recorded.body.Bytes()
		if strings.Contains(r.URL.Path, "/blobs/") && len(body) > 1<<20 {
			body[len(body)/2] ^= 1
		}
		for name := range recorded.header {
			w.Header().Set(name, recorded.header.Get(name))
		}
		w.WriteHeader(recorded.status)
		w.Write(body)
	})
}

type recorder struct {
	header http.Header
	body   bytes.Buffer
	status int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *recorder) WriteHeader(status int)      { r.status = status }

func TestPullFails(t *testing.T) {
	b := private(t, dockertest.Args("--max-download-attempts", "1")) // else the daemon tries for a minute
	registry := dockertest.StartRegistry(t)
	ref, _ := registry.Push(t, dockertest.BuildApp(t, dockertest.App{Padding: 2 << 20}), "denied/throttled", "expired")
	name := registry.Host + "/denied/throttled"
	auth := docker.Auth{Username: "AWS", Password: "t0ken"}

	for _, tt := range []struct {
		name     string
		options  docker.PullOptions
		front    func(http.Handler) http.Handler
		require  docker.Auth
		want     docker.PullKind
		terminal bool
	}{
		{name: "no such tag", options: docker.PullOptions{Reference: name + ":2"}, want: docker.NotFound, terminal: true},
		{name: "no such digest", options: docker.PullOptions{Reference: name + "@sha256:" + strings.Repeat("0", 64)}, want: docker.NotFound, terminal: true},
		{name: "no such repository", options: docker.PullOptions{Reference: registry.Host + "/nothing:1"}, want: docker.NotFound, terminal: true},
		{name: "no such repository, says ECR", want: docker.NotFound, terminal: true, front: refuseOn("/manifests/", 404, "NAME_UNKNOWN",
			"The repository with name 'denied/throttled' does not exist in the registry with id '123456789012'")},
		{name: "not for this platform", options: docker.PullOptions{Platform: "linux/s390x"}, want: docker.NotFound, terminal: true},
		{name: "no credentials", require: auth, want: docker.Denied, terminal: true},
		{name: "wrong password", require: auth, options: docker.PullOptions{Auth: docker.Auth{Username: "AWS", Password: "other"}}, want: docker.Denied, terminal: true},
		{name: "not allowed, says ECR", want: docker.Denied, terminal: true, front: refuseOn("/manifests/", 403, "DENIED",
			"User: arn:aws:sts::123456789012:assumed-role/app/i-1 is not authorized to perform: ecr:BatchGetImage")},
		{name: "layer not allowed", want: docker.Denied, terminal: true, front: refuseOn("/blobs/", 403, "DENIED", "requested access to the resource is denied")},
		{name: "token expired, says ECR", want: docker.Expired, options: docker.PullOptions{Auth: auth}, front: refuseOn("/v2/", 403, "DENIED",
			"Your authorization token has expired. Reauthenticate and try again.")},
		{name: "throttled", want: docker.Throttled, front: refuseOn("/manifests/", 429, "TOOMANYREQUESTS", "Rate exceeded")},
		{name: "layer throttled", want: docker.Throttled, front: refuseOn("/blobs/", 429, "TOOMANYREQUESTS", "Rate exceeded")},
		{name: "registry broken", want: docker.Unreachable, front: refuseOn("/manifests/", 500, "UNKNOWN", "oops")},
		{name: "registry overloaded", want: docker.Unreachable, front: refuseOn("/blobs/", 503, "UNAVAILABLE", "oops")},
		{name: "nobody listens", options: docker.PullOptions{Reference: "127.0.0.1:1/shop:1"}, want: docker.Unreachable},
		{name: "no such host", options: docker.PullOptions{Reference: "registry.invalid/shop:1"}, want: docker.Unreachable},
		{name: "layers cut off", front: truncateBlobs, want: docker.Unreachable},
		{name: "layers elsewhere, by a signed URL", want: docker.Unreachable, front: elsewhere},
		{name: "layers falsified", front: falsifyLayers, want: docker.Other},
		{name: "a reference that cannot be", options: docker.PullOptions{Reference: "shop/web:a:b"}, want: docker.Other, terminal: true},
		{name: "a platform that cannot be", options: docker.PullOptions{Platform: "beos"}, want: docker.Other, terminal: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			registry.Intercept(tt.front)
			registry.Require(tt.require.Username, tt.require.Password)
			if tt.options.Reference == "" {
				tt.options.Reference = ref
			}
			err := b.engine.Pull(t.Context(), tt.options)
			var failed *docker.PullError
			if !errors.As(err, &failed) {
				t.Fatalf("got %v", err)
			}
			type outcome struct {
				Kind     docker.PullKind
				Terminal bool
			}
			if diff := cmp.Diff(outcome{tt.want, tt.terminal}, outcome{failed.Kind, failed.Terminal()}); diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if failed.Reference != tt.options.Reference || errors.Is(err, docker.ErrUnavailable) || strings.Contains(err.Error(), "t0ken") {
				t.Errorf("got %v", err)
			}
			if _, err := b.engine.Image(t.Context(), ref); tt.options.Platform == "" && !errors.Is(err, docker.ErrNotFound) {
				t.Errorf("the image: %v", err)
			}
			b.engine.RemoveImage(t.Context(), ref) // an engine took what is not for its platform
		})
	}
}

// elsewhere sends who wants a blob to a signed URL at which nobody listens.
func elsewhere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			next.ServeHTTP(w, r)
			return
		}
		http.Redirect(w, r, "http://user:t0ken@127.0.0.1:1/layer?X-Amz-Signature=t0ken&X-Amz-Date=1", http.StatusTemporaryRedirect)
	})
}

// hang answers what has this in its path with so many bytes at such a pace, and then with nothing.
func hang(part string, bytes int, pace time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, part) {
				next.ServeHTTP(w, r)
				return
			}
			if bytes > 0 {
				w.Header().Set("Content-Length", "1000000000")
			}
			for range bytes / 1024 {
				w.Write(make([]byte, 1024))
				w.(http.Flusher).Flush()
				select {
				case <-time.After(pace):
				case <-r.Context().Done():
				}
			}
			<-r.Context().Done()
		})
	}
}

func TestPullClocks(t *testing.T) {
	b := shared(t)
	front := newFront(t, b.Host)
	e, err := docker.Connect(front.host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	const long = time.Hour
	canceled, cancel := context.WithCancel(t.Context())
	for _, tt := range []struct {
		name    string
		ctx     context.Context
		within  time.Duration // of the caller
		part    string
		bytes   int
		pace    time.Duration
		options docker.PullOptions
		want    docker.PullKind
		says    string
	}{
		{name: "before it has begun", part: "/manifests/", options: docker.PullOptions{Begin: time.Second, Inactivity: long, Total: long},
			want: docker.Stalled, says: "no progress within 1s"},
		{name: "in a layer", part: "/blobs/", bytes: 10 << 10, options: docker.PullOptions{Begin: long, Inactivity: time.Second, Total: long},
			want: docker.Stalled, says: "no byte and no news for 1s"},
		{name: "slow and steady", part: "/blobs/", bytes: 100 << 20, pace: time.Millisecond,
			options: docker.PullOptions{Begin: long, Inactivity: time.Minute, Total: 4 * time.Second},
			want:    docker.Timeout, says: "not done after 4s"},
		{name: "the caller's deadline", within: 2 * time.Second, part: "/blobs/", bytes: 1 << 10,
			options: docker.PullOptions{Begin: long, Inactivity: long, Total: long}, want: docker.Timeout, says: "context deadline exceeded"},
		{name: "the caller's end", ctx: canceled, part: "/blobs/", bytes: 1 << 10,
			options: docker.PullOptions{Begin: long, Inactivity: long, Total: long, Progress: func(docker.Progress) { cancel() }},
			says:    "context canceled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			registry := dockertest.StartRegistry(t)
			tt.options.Reference, _ = registry.Push(t, dockertest.BuildApp(t, dockertest.App{Padding: 1 << 20}), "shop", "1")
			registry.Intercept(hang(tt.part, tt.bytes, tt.pace))
			ctx := tt.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			if tt.within > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tt.within)
				defer cancel()
			}
			err := e.Pull(ctx, tt.options)
			failed := &docker.PullError{}
			if errors.As(err, &failed); failed.Kind != tt.want || failed.Terminal() {
				t.Errorf("kind %q: %v", failed.Kind, err)
			}
			if !strings.HasSuffix(fmt.Sprint(err), tt.says) {
				t.Errorf("got %v, want … %s", err, tt.says)
			}
			if late := errors.Is(err, context.DeadlineExceeded); late != (tt.want != "") {
				t.Errorf("is a deadline: %v", late)
			}
			eventually(t, "no request to the daemon is left", func() bool { return front.active.Load() == 0 })

			// The daemon has given up too: the next pull does not wait for what this one waited for.
			registry.Intercept(nil)
			if err := e.Pull(t.Context(), docker.PullOptions{Reference: tt.options.Reference}); err != nil {
				t.Errorf("the next pull: %v", err)
			}
		})
	}
}

func TestPullOnAFullDisk(t *testing.T) {
	b := private(t, dockertest.Disk(40<<20), dockertest.Args("--max-download-attempts", "1"))
	registry := dockertest.StartRegistry(t)
	ref, _ := registry.Push(t, dockertest.BuildApp(t, dockertest.App{Padding: 60 << 20}), "shop", "1")
	err := b.engine.Pull(t.Context(), docker.PullOptions{Reference: ref})
	if failed := new(docker.PullError); !errors.As(err, &failed) || failed.Kind != docker.NoSpace || failed.Terminal() {
		t.Errorf("got %v", err)
	}
}

func TestPullAndTheDaemonsEnd(t *testing.T) {
	b := private(t)
	for _, down := range []struct {
		name string
		end  func(testing.TB)
	}{{"killed", b.Kill}, {"stopped", b.Stop}} {
		t.Run(down.name, func(t *testing.T) {
			registry := dockertest.StartRegistry(t)
			image := dockertest.BuildApp(t, dockertest.App{Version: down.name, Padding: 1 << 20})
			ref, _ := registry.Push(t, image, "shop", down.name)
			registry.Intercept(hang("/blobs/", 20<<10, 0))
			begun := make(chan struct{}, 1000)
			failed := make(chan error)
			go func() {
				failed <- b.engine.Pull(t.Context(), docker.PullOptions{Reference: ref, Progress: func(docker.Progress) { begun <- struct{}{} }})
			}()
			<-begun
			down.end(t)
			err := <-failed
			if pull := new(docker.PullError); !errors.As(err, &pull) || pull.Terminal() {
				t.Errorf("got %v", err)
			}
			if down.name == "killed" && !errors.Is(err, docker.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
			registry.Intercept(nil)
			b.Up(t)
			if err := b.engine.Pull(t.Context(), docker.PullOptions{Reference: ref}); err != nil {
				t.Errorf("after it came back: %v", err)
			}
		})
	}
}

// An engine that goes down ends its streams as if they were complete.
func TestPullThatEndsEarly(t *testing.T) {
	front := newFront(t, shared(t).Host)
	front.hasty.Store(true)
	e, err := docker.Connect(front.host)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	err = e.Pull(t.Context(), docker.PullOptions{Reference: "shop/web:1"})
	if failed := new(docker.PullError); !errors.As(err, &failed) || failed.Kind != docker.Other || failed.Terminal() {
		t.Errorf("got %v", err)
	}
}
