package docker_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
)

func TestDigest(t *testing.T) {
	b := shared(t)
	registry := dockertest.StartRegistry(t)
	registry.Require("AWS", "t0ken")
	auth := docker.Auth{Username: "AWS", Password: "t0ken"}
	byTag, byDigest := registry.Push(t, dockertest.BuildApp(t, dockertest.App{Version: "v1"}), "shop/digest", "1")
	_, digest, _ := strings.Cut(byDigest, "@")

	if got, err := b.engine.Digest(t.Context(), byTag, auth); got != digest || err != nil {
		t.Errorf("%s, %v, want %s", got, err, digest)
	}
	hang := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	}
	for _, tt := range []struct {
		name  string
		ref   string
		auth  docker.Auth
		front func(http.Handler) http.Handler
		limit time.Duration
		want  docker.PullKind
	}{
		{name: "no such tag", ref: byTag + "0", auth: auth, want: docker.NotFound},
		{name: "nobody", ref: byTag, want: docker.Denied},
		{name: "wrong password", ref: byTag, auth: docker.Auth{Username: "AWS", Password: "x"}, want: docker.Denied},
		{name: "expired", ref: byTag, auth: auth, want: docker.Expired,
			front: refuseOn("/manifests/", http.StatusForbidden, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")},
		{name: "throttled", ref: byTag, auth: auth, want: docker.Throttled,
			front: refuseOn("/manifests/", http.StatusTooManyRequests, "TOOMANYREQUESTS", "Rate exceeded")},
		{name: "out of order", ref: byTag, auth: auth, want: docker.Unreachable,
			front: refuseOn("/v2/", http.StatusServiceUnavailable, "UNAVAILABLE", "out of order")},
		{name: "nobody there", ref: "127.0.0.1:1/shop:1", want: docker.Unreachable},
		{name: "hangs", ref: byTag, auth: auth, front: hang, limit: 300 * time.Millisecond, want: docker.Timeout},
		{name: "no reference", ref: "SHOP:1", want: docker.Other},
	} {
		t.Run(tt.name, func(t *testing.T) {
			registry.Intercept(tt.front)
			ctx := t.Context()
			if tt.limit != 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tt.limit)
				defer cancel()
			}
			got, err := b.engine.Digest(ctx, tt.ref, tt.auth)
			var failed *docker.PullError
			if !errors.As(err, &failed) || failed.Kind != tt.want || got != "" || errors.Is(err, docker.ErrUnavailable) {
				t.Errorf("%q, %v, want %s", got, err, tt.want)
			}
			if strings.Contains(err.Error(), "t0ken") {
				t.Errorf("the password is in it: %v", err)
			}
		})
	}
}

func TestTag(t *testing.T) {
	b := shared(t)
	image, err := b.engine.Image(t.Context(), b.image)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // again is fine
		if err := b.engine.Tag(t.Context(), image.ID, "tag.test/app:1"); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { b.engine.RemoveImage(context.WithoutCancel(t.Context()), "tag.test/app:1") })
	got, err := b.engine.Image(t.Context(), "tag.test/app:1")
	if err != nil || got.ID != image.ID || !slices.Contains(got.RepoTags, "tag.test/app:1") {
		t.Errorf("%+v, %v", got, err)
	}
	if err := b.engine.Tag(t.Context(), "tag.test/none:1", "tag.test/app:2"); !errors.Is(err, docker.ErrNotFound) {
		t.Errorf("of an image that is not there: %v", err)
	}
}
