package image_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/image"
	"bluegreen/internal/docker"
)

const (
	repository = "registry.example.com/shop"
	tagged     = repository + ":v1"
	one        = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	two        = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

func pinned(digest string) string { return repository + "@" + digest }

func id(digest string) string { return "sha256:id-" + strings.TrimPrefix(digest, "sha256:") }

// outcome is all that there is to be seen of a call of Ensure.
type outcome struct {
	Image image.Image
	Err   string
	Took  time.Duration
	Calls []string // of the registry
}

func TestEnsure(t *testing.T) {
	const s = time.Second
	got := image.Image{Configured: tagged, Reference: tagged, Digest: one, Pinned: pinned(one), Facts: docker.Image{ID: id(one)}}
	stale := func(why string) image.Image { i := got; i.Stale = why; return i }
	down := refuse(docker.Unreachable)
	options := func(change func(*image.Options)) func(*image.Options) { return change }
	for _, c := range []struct {
		name    string
		before  func(*engine)
		options func(*image.Options)
		ask     string
		want    outcome
	}{
		{name: "a tag is resolved, and its digest pulled", want: outcome{Image: got, Calls: []string{"resolve " + tagged, "pull " + pinned(one)}}},
		{name: "what is here is not pulled", before: func(e *engine) { e.add(pinned(one), 1) },
			want: outcome{Image: got, Calls: []string{"resolve " + tagged}}},
		{name: "a digest that is here needs no registry", before: func(e *engine) { e.add(pinned(one), 1); e.always = down }, ask: pinned(one),
			want: outcome{Image: image.Image{Configured: pinned(one), Reference: pinned(one), Digest: one, Pinned: pinned(one), Facts: docker.Image{ID: id(one)}}}},
		{name: "a tag is resolved once", before: func(e *engine) { e.faults = []error{nil, down, down} },
			want: outcome{Image: got, Took: 3 * s, Calls: []string{"resolve " + tagged, "pull " + pinned(one), "pull " + pinned(one), "pull " + pinned(one)}}},
		{name: "no such image", ask: repository + ":no",
			want: outcome{Err: "get image " + repository + ":no: pull x: not found: it said so", Calls: []string{"resolve " + repository + ":no"}}},
		{name: "not allowed to", before: func(e *engine) { e.always = refuse(docker.Denied) },
			want: outcome{Err: "get image " + tagged + ": pull x: denied: it said so", Calls: []string{"resolve " + tagged}}},
		{name: "no reference", ask: "https://example.com/shop",
			want: outcome{Err: `get image https://example.com/shop: invalid reference: image "https://example.com/shop": a reference has no https://, write "example.com/shop"`}},
		{name: "the registry is down, and the tag is known here", before: func(e *engine) { e.add(pinned(one), 1, tagged); e.always = down },
			options: options(func(o *image.Options) { o.Patience = 4 * s }),
			want: outcome{Image: stale("pull x: unreachable: it said so"), Took: 4 * s,
				Calls: []string{"resolve " + tagged, "resolve " + tagged, "resolve " + tagged, "resolve " + tagged}}},
		{name: "the registry is down, and a container knows the tag",
			before: func(e *engine) {
				e.add(pinned(one), 1)
				e.add(pinned(two), 1)
				e.run(tagged, pinned(two), "", "3")
				e.run(tagged, pinned(one), two, "10")
				e.run(repository+":v2", pinned(two), one, "11")
				e.always = down
			},
			options: options(func(o *image.Options) { o.Patience = s }),
			want:    outcome{Image: stale("pull x: unreachable: it said so"), Took: s, Calls: []string{"resolve " + tagged, "resolve " + tagged}}},
		{name: "the registry throttles, and comes back in time", before: func(e *engine) {
			e.add(pinned(two), 1, tagged)
			e.faults = []error{refuse(docker.Throttled), refuse(docker.Stalled)}
		}, want: outcome{Image: got, Took: 3 * s, Calls: []string{"resolve " + tagged, "resolve " + tagged, "resolve " + tagged, "pull " + pinned(one)}}},
		{name: "missing: what is here does", before: func(e *engine) { e.add(pinned(one), 1, tagged) },
			options: options(func(o *image.Options) { o.Policy = image.Missing }), want: outcome{Image: got}},
		{name: "missing: what is not here is pulled",
			options: options(func(o *image.Options) { o.Policy = image.Missing }),
			want:    outcome{Image: got, Calls: []string{"resolve " + tagged, "pull " + pinned(one)}}},
		{name: "never", options: options(func(o *image.Options) { o.Policy = image.Never }),
			want: outcome{Err: "get image " + tagged + ": not in the engine: " + tagged + ", and it must not be pulled"}},
		{name: "never, and what is here has no digest", before: func(e *engine) {
			e.images = append(e.images, docker.Image{ID: "sha256:built", RepoTags: []string{tagged}})
		},
			options: options(func(o *image.Options) { o.Policy = image.Never }),
			want:    outcome{Err: "get image " + tagged + ": not in the engine with a digest: " + tagged + " was built or loaded there, and not pulled: push it to a registry, and pull it"}},
		{name: "a parameter", ask: "ssm:/shop/image",
			options: options(func(o *image.Options) {
				o.Parameter = func(context.Context, string) (string, error) { return tagged + "\n", nil }
			}),
			want: outcome{
				Image: image.Image{Configured: "ssm:/shop/image", Reference: tagged, Digest: one, Pinned: pinned(one), Facts: docker.Image{ID: id(one)}},
				Calls: []string{"resolve " + tagged, "pull " + pinned(one)},
			}},
		{name: "a parameter that cannot be read, and a container knows", ask: "ssm:/shop/image",
			before: func(e *engine) { e.add(pinned(one), 1); e.run("ssm:/shop/image", pinned(one), "", "1") },
			options: options(func(o *image.Options) {
				o.Patience = s
				o.Parameter = func(context.Context, string) (string, error) { return "", errors.New("throttled") }
			}),
			want: outcome{Image: image.Image{
				Configured: "ssm:/shop/image", Reference: pinned(one), Digest: one, Pinned: pinned(one), Facts: docker.Image{ID: id(one)},
				Stale: "read the reference in /shop/image: throttled",
			}, Took: s}},
		{name: "a parameter that is not there", ask: "ssm:/shop/image",
			options: options(func(o *image.Options) {
				o.Parameter = func(context.Context, string) (string, error) { return "", errors.New("not found") }
				o.Terminal = func(error) bool { return true }
			}),
			want: outcome{Err: "get image ssm:/shop/image: read the reference in /shop/image: not found"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEngine()
				e.tags[tagged] = one
				if c.before != nil {
					c.before(e)
				}
				o := plain(e)
				if c.options != nil {
					c.options(&o)
				}
				ask := c.ask
				if ask == "" {
					ask = tagged
				}
				begun := time.Now()
				found, err := image.New(o).Ensure(t.Context(), ask, nil)
				found.Facts = docker.Image{ID: found.Facts.ID} // the rest is the engine's
				got := outcome{Image: found, Took: time.Since(begun), Calls: e.calls}
				if err != nil {
					got.Err = err.Error()
					if terminal := (*image.TerminalError)(nil); !errors.As(err, &terminal) {
						t.Errorf("not terminal: %v", err)
					}
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
				if c.want.Image.Stale == "" && err == nil && o.Policy == "" && strings.Contains(found.Reference, ":v1") && e.find(tagged).ID != id(one) {
					t.Error("the image has not got its tag")
				}
			})
		})
	}
}

// plain are options whose pauses are exact.
func plain(e *engine) image.Options {
	return image.Options{Engine: e, Rand: func() float64 { return 0.5 }, DiskUsage: func(string) (image.Space, error) { return e.disk, nil }}
}

// A registry that stays down is asked for ever, with pauses of a minute at most.
func TestEnsureGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		e.tags[tagged], e.always = one, refuse(docker.Unreachable)
		images := image.New(plain(e))
		done := make(chan error, 1)
		var told []image.Progress
		go func() {
			_, err := images.Ensure(t.Context(), tagged, func(p image.Progress) { told = append(told, p) })
			done <- err
		}()
		time.Sleep(63*time.Second + time.Hour)
		synctest.Wait()
		e.mu.Lock()
		n := len(e.calls)
		e.always = nil
		e.mu.Unlock()
		if n != 67 { // at 0, 1, 3, 7, 15, 31, 63 s, and then each minute
			t.Errorf("asked %d times", n)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		last := told[len(told)-1]
		want := image.Progress{
			Phase: "pulling", Reason: "Downloading: 1 of 2 layers, 3 of 9 MiB", Attempt: 68,
			Pull: docker.Progress{Layers: 2, LayersDone: 1, Bytes: 3 << 20, TotalBytes: 9 << 20, Status: "Downloading"},
		}
		if diff := cmp.Diff(want, last); diff != "" {
			t.Error(diff)
		}
		if got := told[1].Reason; got != "pull x: unreachable: it said so; next attempt in 1s" {
			t.Errorf("it said %q", got)
		}
	})
}

// A daemon that is away, and a disk that is full, are no reason to run an old image.
func TestNoFallback(t *testing.T) {
	for name, fault := range map[string]error{"daemon": docker.ErrUnavailable, "disk": refuse(docker.NoSpace)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEngine()
				e.tags[tagged] = one
				e.add(pinned(two), 1, tagged)
				e.always = fault
				time.AfterFunc(10*time.Minute, func() { e.mu.Lock(); e.always = nil; e.mu.Unlock() })
				found, err := image.New(plain(e)).Ensure(t.Context(), tagged, nil)
				if err != nil || found.Digest != one || found.Stale != "" {
					t.Errorf("%+v, %v", found, err)
				}
			})
		})
	}
}

func TestEnsureEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		e.always = refuse(docker.Unreachable)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(errors.New("interrupted")) })
		_, err := image.New(plain(e)).Ensure(ctx, tagged, nil)
		if err == nil || err.Error() != "get image "+tagged+": interrupted" {
			t.Errorf("%v", err)
		}
	})
}

// No token and no password is in a log or in what is told, whatever happens to it.
func TestNothingSecretIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		e.tags[tagged] = one
		e.user = docker.Auth{Username: "AWS", Password: "hunter2-new"}
		e.faults = []error{refuse(docker.Denied), refuse(docker.Throttled), refuse(docker.Unreachable)}
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		passwords := []string{"hunter2-old", "hunter2-new"}
		o := plain(e)
		o.Log = logger
		fetched := 0
		o.Credentials = image.NewCredentials(image.CredentialsOptions{Jitter: -1, Log: logger, Fetch: func(context.Context, string) (image.Token, error) {
			fetched++
			if fetched == 2 {
				return image.Token{}, errors.New("throttled")
			}
			return image.Token{Auth: docker.Auth{Username: "AWS", Password: passwords[min(fetched/2, 1)]}}, nil
		}})
		var told []image.Progress
		if _, err := image.New(o).Ensure(t.Context(), tagged, func(p image.Progress) { told = append(told, p) }); err == nil {
			t.Fatal("the first denial was terminal, as the login was new")
		}
		if _, err := image.New(o).Ensure(t.Context(), tagged, func(p image.Progress) { told = append(told, p) }); err != nil {
			t.Fatal(err)
		}
		if text := log.String() + strings.Join(reasons(told), "\n"); strings.Contains(text, "hunter2") || len(told) == 0 || log.Len() == 0 {
			t.Errorf("%s", text)
		}
	})
}

func reasons(told []image.Progress) (all []string) {
	for _, p := range told {
		all = append(all, p.Reason)
	}
	return all
}
