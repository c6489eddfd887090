package docker_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/docker"
)

// calls are all calls that are not streams.
func calls(e *docker.Engine) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Info":        func(ctx context.Context) error { _, err := e.Info(ctx); return err },
		"Image":       func(ctx context.Context) error { _, err := e.Image(ctx, "x"); return err },
		"Images":      func(ctx context.Context) error { _, err := e.Images(ctx); return err },
		"RemoveImage": func(ctx context.Context) error { return e.RemoveImage(ctx, "x") },
		"Create":      func(ctx context.Context) error { _, err := e.Create(ctx, docker.Spec{Image: "x"}); return err },
		"Start":       func(ctx context.Context) error { return e.Start(ctx, "x") },
		"Stop":        func(ctx context.Context) error { return e.Stop(ctx, "x", 0) },
		"Restart":     func(ctx context.Context) error { return e.Restart(ctx, "x", 0) },
		"Kill":        func(ctx context.Context) error { return e.Kill(ctx, "x", "SIGHUP") },
		"Rename":      func(ctx context.Context) error { return e.Rename(ctx, "x", "y") },
		"Remove":      func(ctx context.Context) error { return e.Remove(ctx, "x") },
		"SetRestart":  func(ctx context.Context) error { return e.SetRestart(ctx, "x", docker.Restart{}) },
		"Container":   func(ctx context.Context) error { _, err := e.Container(ctx, "x"); return err },
		"Containers":  func(ctx context.Context) error { _, err := e.Containers(ctx, nil); return err },
		"Stats":       func(ctx context.Context) error { _, err := e.Stats(ctx, "x"); return err },
		"Logs":        func(ctx context.Context) error { _, err := e.Logs(ctx, "x", 1); return err },
		"Events": func(ctx context.Context) error {
			_, failed := e.Events(ctx, nil)
			return <-failed
		},
	}
}

func TestDaemonThatIsNotThere(t *testing.T) {
	e, err := docker.Connect("unix://" + filepath.Join(t.TempDir(), "docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range calls(e) {
		if err := call(t.Context()); !errors.Is(err, docker.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	err = e.Pull(t.Context(), docker.PullOptions{Reference: "shop/web:1"})
	if pull := new(docker.PullError); !errors.Is(err, docker.ErrUnavailable) || !errors.As(err, &pull) || pull.Kind != docker.Unreachable {
		t.Errorf("Pull: %v", err)
	}
}

func TestDaemonThatHangs(t *testing.T) {
	b := private(t)
	b.Freeze(t)
	defer b.Thaw(t)
	b.engine.SetLimits(100 * time.Millisecond)
	for name, call := range calls(b.engine) {
		t.Run(name, func(t *testing.T) {
			err := call(t.Context())
			if !errors.Is(err, docker.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if text := fmt.Sprint(err); !strings.Contains(text, ": the daemon did not answer within ") {
				t.Errorf("says %q", text)
			}
		})
	}

	t.Run("the caller's deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := b.engine.Info(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, docker.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the caller's end", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.engine.Info(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, docker.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("Pull", func(t *testing.T) {
		err := b.engine.Pull(t.Context(), docker.PullOptions{Reference: "shop/web:1", Begin: 50 * time.Millisecond})
		if pull := new(docker.PullError); !errors.As(err, &pull) || pull.Kind != docker.Stalled {
			t.Errorf("got %v", err)
		}
	})

	b.Thaw(t)
	b.engine.SetLimits(time.Minute)
	if _, err := b.engine.Info(t.Context()); err != nil {
		t.Errorf("after it went on: %v", err)
	}
}

func TestConnect(t *testing.T) {
	for _, tt := range []struct {
		name, host, env, want string
		fails                 bool
	}{
		{name: "default", want: "unix:///var/run/docker.sock"},
		{name: "environment", env: "unix:///env.sock", want: "unix:///env.sock"},
		{name: "told", host: "unix:///told.sock", env: "unix:///env.sock", want: "unix:///told.sock"},
		{name: "no URL", host: "/var/run/docker.sock", fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("DOCKER_HOST", tt.env)
			e, err := docker.Connect(tt.host)
			if (err != nil) != tt.fails {
				t.Fatal(err)
			}
			if err == nil && e.Host() != tt.want {
				t.Errorf("got %s", e.Host())
			}
		})
	}
}

// An engine may be upgraded under the agent to one that refuses the version they had agreed on, and a version in the
// environment is for people's own clients.
func TestVersionIsAgreedOnAgain(t *testing.T) {
	b := shared(t)
	t.Setenv("DOCKER_API_VERSION", "1.12")
	front := newFront(t, b.Host)
	e, err := docker.Connect(front.host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	for _, version := range []string{"1.41", "1.40", "1.41"} {
		front.version.Store(&version)
		id, err := e.Create(t.Context(), docker.Spec{Image: b.image})
		if err != nil {
			t.Fatalf("with %s: %v", version, err)
		}
		if err = e.Remove(t.Context(), id); err != nil {
			t.Fatalf("with %s: %v", version, err)
		}
		if info, err := e.Info(t.Context()); err != nil || info.APIVersion != version {
			t.Errorf("with %s: %s, %v", version, info.APIVersion, err)
		}
	}
}

// What the agent has to reckon with when the daemon or the machine starts again.
func TestWhatTheDaemonStartsByItself(t *testing.T) {
	b := private(t)
	deaf := map[string]string{"APP_IGNORE_TERM": "yes"} // ends with 137
	onFailure := docker.Restart{Policy: "on-failure"}
	specs := map[string]docker.Spec{
		"runs, no policy":              {Env: deaf},
		"runs, on-failure, ends by 0":  {Restart: onFailure},
		"runs, on-failure, is killed":  {Restart: onFailure, Env: deaf},
		"stopped, on-failure":          {Restart: onFailure, Env: deaf},
		"stopped, on-failure taken":    {Restart: onFailure, Env: deaf},
		"never started, on-failure":    {Restart: onFailure},
		"stopped, on-failure, ended 0": {Restart: onFailure},
	}
	timeout := func(s docker.Spec) time.Duration {
		if s.Env == nil {
			return time.Minute // it ends by itself
		}
		return time.Second
	}
	ids := map[string]string{}
	for name, s := range specs {
		if strings.HasPrefix(name, "never") {
			ids[name] = b.create(t, s)
			continue
		}
		s.StopTimeout = timeout(s) // which the daemon gives it when it starts
		ids[name], _ = b.run(t, s)
	}
	if err := b.engine.SetRestart(t.Context(), ids["stopped, on-failure taken"], docker.Restart{}); err != nil {
		t.Fatal(err)
	}
	for name, id := range ids {
		if strings.HasPrefix(name, "stopped") {
			if err := b.engine.Stop(t.Context(), id, timeout(specs[name])); err != nil {
				t.Fatal(err)
			}
		}
	}

	b.Kill(t)
	b.Up(t)
	b.until(t, ids["runs, on-failure, is killed"], docker.Running)
	b.until(t, ids["stopped, on-failure"], docker.Running)

	got := map[string]string{}
	for name, id := range ids {
		got[name] = b.container(t, id).State
	}
	want := map[string]string{
		"runs, no policy":              docker.Exited,
		"runs, on-failure, ends by 0":  docker.Exited,
		"runs, on-failure, is killed":  docker.Running,
		"stopped, on-failure":          docker.Running,
		"stopped, on-failure taken":    docker.Exited,
		"never started, on-failure":    docker.Created,
		"stopped, on-failure, ended 0": docker.Exited,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
