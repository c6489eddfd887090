package image_test

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"bluegreen/internal/agent/image"
	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
)

func TestMain(m *testing.M) { os.Exit(dockertest.Main(m)) }

// down is a registry that is out of order.
func down(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		dockertest.Refuse(w, http.StatusServiceUnavailable, "UNAVAILABLE", "out of order")
	})
}

// TestRealEngine takes an image from a real registry to a real engine, and goes on when the registry does not.
func TestRealEngine(t *testing.T) {
	d, r := dockertest.Start(t), dockertest.StartRegistry(t)
	r.Require("AWS", "hunter2")
	byTag, byDigest := r.Push(t, dockertest.BuildApp(t, dockertest.App{Version: "v1"}), "shop", "v1")
	options := image.Options{Engine: d.Engine(t), Patience: time.Second, MinFree: 1}
	login := docker.Auth{Username: "AWS", Password: "old"}
	options.Credentials = image.NewCredentials(image.CredentialsOptions{Jitter: -1, Fetch: func(context.Context, string) (image.Token, error) {
		defer func() { login.Password = "hunter2" }()
		return image.Token{Auth: login, Expires: time.Now().Add(time.Hour)}, nil
	}})
	images := image.New(options)
	if _, err := images.Ensure(t.Context(), byTag, nil); err == nil || !strings.Contains(err.Error(), "denied") {
		t.Fatalf("with a wrong password: %v", err)
	}
	got, err := images.Ensure(t.Context(), byTag, nil) // the wrong one is kept, and refused, and replaced
	if err != nil {
		t.Fatal(err)
	}
	if got.Pinned != byDigest || got.Reference != byTag || got.Stale != "" || !strings.HasPrefix(got.Facts.ID, "sha256:") {
		t.Errorf("%+v", got)
	}
	if _, err := images.Ensure(t.Context(), strings.Replace(byTag, ":v1", ":v2", 1), nil); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("a tag that is not there: %v", err)
	}

	r.Intercept(down)
	again, err := image.New(options).Ensure(t.Context(), byTag, nil) // a process that knows nothing
	if err != nil || again.Pinned != byDigest || again.Stale == "" {
		t.Errorf("while the registry is down: %+v, %v", again, err)
	}
	pulls := len(r.Requests())
	if _, err := image.New(options).Ensure(t.Context(), byDigest, nil); err != nil || len(r.Requests()) != pulls {
		t.Errorf("a digest that is here: %v, %d requests", err, len(r.Requests())-pulls)
	}
}

// TestRealCollection fills a small disk with versions of an app.
func TestRealCollection(t *testing.T) {
	const disk = 256 << 20
	d, r := dockertest.Start(t, dockertest.Disk(disk)), dockertest.StartRegistry(t)
	engine := d.Engine(t)
	build := func(version string) (byTag, byDigest string) {
		return r.Push(t, dockertest.BuildApp(t, dockertest.App{Version: version, Padding: 30 << 20}), "shop", version)
	}
	images := image.New(image.Options{Engine: engine, MinFree: 100 << 20, Patience: time.Second})
	old, _ := build("old")
	got, err := images.Ensure(t.Context(), old, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Create(t.Context(), docker.Spec{Name: "shop-1", Image: got.Pinned, Labels: map[string]string{
		"bluegreen.app": "shop", "bluegreen.image": old, "bluegreen.digest": strings.Split(got.Pinned, "@")[1],
	}}); err != nil {
		t.Fatal(err)
	}
	for n := range 8 { // more than the disk holds
		byTag, _ := build("v" + string(rune('0'+n)))
		if got, err = image.New(image.Options{Engine: engine, MinFree: 100 << 20, Patience: time.Second}).Ensure(t.Context(), byTag, nil); err != nil {
			t.Fatal(err)
		}
	}
	left, err := engine.Images(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	has := func(name string) bool {
		return slices.ContainsFunc(left, func(i docker.Image) bool { return slices.Contains(i.RepoTags, name) })
	}
	if len(left) > 5 || !has(old) || !has(got.Reference) || has(strings.Replace(got.Reference, ":v7", ":v0", 1)) {
		t.Errorf("%d images are left, for %s: %+v", len(left), got.Reference, left)
	}

	// Others have filled the disk: what nobody needs goes, and if that is not enough, nothing is pulled.
	f, err := os.Create(d.Root + "/filler")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for chunk := make([]byte, 1<<20); err == nil && free(t, d.Root) > 8<<20; _, err = f.Write(chunk) {
	}
	last, _ := build("last")
	if _, err := image.New(image.Options{Engine: engine, MinFree: 60 << 20}).Ensure(t.Context(), last, nil); err != nil {
		t.Errorf("on a full disk with old images: %v", err)
	}
	next, _ := build("next")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	var told []image.Progress
	if _, err := image.New(image.Options{Engine: engine, MinFree: disk}).Ensure(ctx, next, func(p image.Progress) { told = append(told, p) }); err == nil {
		t.Error("it was pulled to a disk that is full")
	}
	if text := strings.Join(reasons(told), "\n"); !strings.Contains(text, "256 MiB are needed: make room there") {
		t.Errorf("it said %s", text)
	}
	for _, p := range told {
		if p.Pull != (docker.Progress{}) {
			t.Errorf("it pulled: %s", p.Reason)
		}
	}
}

func free(t *testing.T, path string) uint64 {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Bavail * uint64(st.Bsize)
}
