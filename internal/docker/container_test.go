package docker_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bluegreen/internal/docker"
)

func TestLifeOfAContainer(t *testing.T) {
	b := shared(t)
	before := time.Now()
	labels := map[string]string{"bluegreen.app": "life", "bluegreen.generation": "1"}
	id := b.create(t, docker.Spec{
		Name: "life-1", Labels: labels, Ports: []docker.Port{{HostIP: "127.0.0.1", Container: 8080}},
	})
	image, err := b.engine.Image(t.Context(), b.image)
	if err != nil {
		t.Fatal(err)
	}

	want := docker.Container{
		ID: id, Name: "life-1", ImageID: image.ID, Image: b.image, Labels: labels, State: docker.Created,
		Restart: docker.Restart{Policy: "no"},
		Ports:   []docker.Port{{HostIP: "127.0.0.1", Container: 8080, Protocol: "tcp"}},
	}
	times := cmpopts.IgnoreFields(docker.Container{}, "CreatedAt", "StartedAt", "FinishedAt")
	created := b.container(t, id)
	if diff := cmp.Diff(want, created, times); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	if created.CreatedAt.Before(before.Add(-time.Second)) || !created.StartedAt.IsZero() || !created.FinishedAt.IsZero() {
		t.Errorf("created: %v, started %v, finished %v", created.CreatedAt, created.StartedAt, created.FinishedAt)
	}

	for range 2 { // the second changes nothing
		if err := b.engine.Start(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	running := b.container(t, id)
	if running.Pid == 0 || running.IP == "" || len(running.Ports) != 1 || running.Ports[0].Host == 0 {
		t.Errorf("running: %+v", running)
	}
	want.State, want.Pid, want.IP, want.Ports = docker.Running, running.Pid, running.IP, running.Ports
	if diff := cmp.Diff(want, running, times); diff != "" {
		t.Errorf("running (-want +got):\n%s", diff)
	}
	if running.StartedAt.Before(created.CreatedAt) || !running.FinishedAt.IsZero() {
		t.Errorf("running since %v, finished %v", running.StartedAt, running.FinishedAt)
	}

	if err := b.engine.Rename(t.Context(), id, "life-renamed"); err != nil {
		t.Fatal(err)
	}
	if err := b.engine.Restart(t.Context(), "life-renamed", 10*time.Second); err != nil {
		t.Fatal(err)
	}
	restarted := b.container(t, id)
	if restarted.State != docker.Running || restarted.Pid == running.Pid || restarted.FinishedAt.IsZero() {
		t.Errorf("restarted: %+v", restarted)
	}

	url := fmt.Sprintf("http://127.0.0.1:%d", restarted.Ports[0].Host)
	eventually(t, "the app serves again", func() bool { return serves(url) })
	for range 2 {
		if err := b.engine.Stop(t.Context(), id, 10*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	stopped := b.container(t, id)
	want = docker.Container{
		ID: id, Name: "life-renamed", ImageID: image.ID, Image: b.image, Labels: labels, State: docker.Exited,
		Restart: docker.Restart{Policy: "no"},
		Ports:   []docker.Port{{HostIP: "127.0.0.1", Container: 8080, Protocol: "tcp"}},
	}
	if diff := cmp.Diff(want, stopped, times); diff != "" {
		t.Errorf("stopped (-want +got):\n%s", diff)
	}

	if err := b.engine.Remove(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := b.engine.Container(t.Context(), id); !errors.Is(err, docker.ErrNotFound) {
		t.Errorf("after its removal: %v", err)
	}
}

func TestContainersByLabels(t *testing.T) {
	b := shared(t)
	first := b.create(t, docker.Spec{Labels: map[string]string{"list.app": "shop", "list.instance": "i-1"}})
	second := b.create(t, docker.Spec{Labels: map[string]string{"list.app": "shop", "list.instance": "i-2"}})
	third := b.create(t, docker.Spec{Labels: map[string]string{"list.app": "other"}})
	if err := b.engine.Start(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		labels map[string]string
		want   []string
	}{
		{"one label, running or not, in order", map[string]string{"list.app": "shop"}, []string{first, second}},
		{"both labels", map[string]string{"list.app": "shop", "list.instance": "i-2"}, []string{second}},
		{"any value", map[string]string{"list.app": ""}, []string{first, second, third}},
		{"no such value", map[string]string{"list.app": "shops"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, err := b.engine.Containers(t.Context(), tt.labels)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range all {
				got = append(got, c.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestContainersSurvivesTheirRemoval(t *testing.T) {
	b := shared(t)
	labels := map[string]string{"churn": "yes"}
	b.create(t, docker.Spec{Labels: labels})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 15 {
			id, err := b.engine.Create(t.Context(), docker.Spec{Image: b.image, Labels: labels})
			if err == nil {
				err = b.engine.Remove(t.Context(), id)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		all, err := b.engine.Containers(t.Context(), labels)
		if err != nil || len(all) == 0 {
			t.Fatalf("%d containers, %v", len(all), err)
		}
	}
}

func TestHowContainersEnd(t *testing.T) {
	b := shared(t)
	type end struct {
		State     string
		ExitCode  int
		OOMKilled bool
	}
	for _, tt := range []struct {
		name string
		spec docker.Spec
		hog  bool
		do   func(id string) error
		want end
	}{
		{name: "exit code", spec: docker.Spec{Env: map[string]string{"APP_CRASH_AFTER": "10ms", "APP_EXIT_CODE": "7"}},
			want: end{docker.Exited, 7, false}},
		{name: "more memory than it may have", spec: docker.Spec{
			Memory: 64 << 20, MemorySwap: 64 << 20},
			hog: true, want: end{docker.Exited, 137, true}},
		{name: "killed", do: func(id string) error { return b.engine.Kill(t.Context(), id, "SIGKILL") },
			want: end{docker.Exited, 137, false}},
		{name: "stopped gently", do: func(id string) error { return b.engine.Stop(t.Context(), id, time.Minute) },
			want: end{docker.Exited, 0, false}},
		{name: "deaf to the stop signal", spec: docker.Spec{Env: map[string]string{"APP_IGNORE_TERM": "yes"}},
			do:   func(id string) error { return b.engine.Stop(t.Context(), id, 300*time.Millisecond) },
			want: end{docker.Exited, 137, false}},
		{name: "stopped at once", spec: docker.Spec{Env: map[string]string{"APP_IGNORE_TERM": "yes"}},
			do:   func(id string) error { return b.engine.Stop(t.Context(), id, 0) },
			want: end{docker.Exited, 137, false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ended := func() docker.Container {
				var id string
				switch {
				case tt.do != nil:
					id, _ = b.run(t, tt.spec)
					if err := tt.do(id); err != nil {
						t.Fatal(err)
					}
				case tt.hog:
					var url string
					id, url = b.run(t, tt.spec)
					hog(url)
				default:
					id = b.create(t, tt.spec)
					if err := b.engine.Start(t.Context(), id); err != nil {
						t.Fatal(err)
					}
				}
				return b.until(t, id, docker.Exited)
			}
			c := ended()
			// The engine does not always hear from containerd of what the kernel did before it hears of the end.
			for try := 1; tt.hog && !c.OOMKilled && try < 4; try++ {
				c = ended()
			}
			if diff := cmp.Diff(tt.want, end{c.State, c.ExitCode, c.OOMKilled}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestKillSendsSignals(t *testing.T) {
	b := shared(t)
	id, _ := b.run(t, docker.Spec{})
	if err := b.engine.Kill(t.Context(), id, "SIGUSR1"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the app has got the signal", func() bool {
		lines, err := b.engine.Logs(t.Context(), id, 10)
		return err == nil && slices.Contains(lines, "got user defined signal 1")
	})
}

func TestEngineRestartsCrashes(t *testing.T) {
	b := shared(t)
	id := b.create(t, docker.Spec{
		Env: map[string]string{"APP_CRASH_AFTER": "10ms"}, Restart: docker.Restart{Policy: "on-failure", Max: 2},
	})
	if err := b.engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if c := b.until(t, id, docker.Exited); c.RestartCount != 2 || c.ExitCode != 1 {
		t.Errorf("restarted %d times, exit code %d", c.RestartCount, c.ExitCode)
	}
}

func TestHealthOfAContainer(t *testing.T) {
	b := shared(t)
	id, url := b.run(t, docker.Spec{Healthcheck: &docker.Healthcheck{
		Test: []string{"CMD", "/app", "check", "http://127.0.0.1:8080/health"}, Interval: 500 * time.Millisecond,
		Timeout: 30 * time.Second, Retries: 1,
	}})
	eventually(t, "it is healthy", func() bool { return b.container(t, id).Health == "healthy" })
	post(t, url+"/unhealthy")
	eventually(t, "it is unhealthy", func() bool { return b.container(t, id).Health == "unhealthy" })
}

func TestErrorsOfContainerCalls(t *testing.T) {
	b := shared(t)
	running, _ := b.run(t, docker.Spec{Name: "errors-running"})
	idle := b.create(t, docker.Spec{Name: "errors-idle"})
	port := b.container(t, running).Ports[0]
	blocked := b.create(t, docker.Spec{Ports: []docker.Port{port}})
	lost := b.create(t, docker.Spec{Entrypoint: []string{"/no-such-program"}})
	create := func(s docker.Spec) error {
		id, err := b.engine.Create(t.Context(), s)
		if err == nil {
			b.engine.Remove(t.Context(), id)
		}
		return err
	}
	for _, tt := range []struct {
		name string
		call func() error
		want error
	}{
		{"read a missing one", func() error { _, err := b.engine.Container(t.Context(), "none"); return err }, docker.ErrNotFound},
		{"create without the image", func() error { return create(docker.Spec{Image: "none:1"}) }, docker.ErrNotFound},
		{"create with a taken name", func() error { return create(docker.Spec{Name: "errors-idle", Image: b.image}) }, docker.ErrConflict},
		{"create with a name that cannot be", func() error { return create(docker.Spec{Name: "a/b", Image: b.image}) }, docker.ErrInvalid},
		{"create with too little memory", func() error { return create(docker.Spec{Image: b.image, Memory: 4096}) }, docker.ErrInvalid},
		{"create with more CPUs than there are", func() error { return create(docker.Spec{Image: b.image, CPUs: 4096}) }, docker.ErrInvalid},
		{"create with a source that is missing", func() error {
			return create(docker.Spec{Image: b.image, Mounts: []docker.Mount{{Source: "/no/such", Target: "/x"}}})
		}, docker.ErrInvalid},
		{"create with a capability that does not exist", func() error {
			return create(docker.Spec{Image: b.image, CapAdd: []string{"FLY"}})
		}, docker.ErrInvalid},
		{"create with an address that is none", func() error {
			return create(docker.Spec{Image: b.image, Ports: []docker.Port{{HostIP: "localhost", Container: 80}}})
		}, docker.ErrInvalid},
		{"create with a resolver that is none", func() error { return create(docker.Spec{Image: b.image, DNS: []string{"one"}}) }, docker.ErrInvalid},
		{"create with a protocol that is none", func() error {
			return create(docker.Spec{Image: b.image, Ports: []docker.Port{{Container: 80, Protocol: "http"}}})
		}, docker.ErrInvalid},
		{"create with a restart policy that is none", func() error {
			return create(docker.Spec{Image: b.image, Restart: docker.Restart{Policy: "sometimes"}})
		}, docker.ErrInvalid},
		{"start a missing one", func() error { return b.engine.Start(t.Context(), "none") }, docker.ErrNotFound},
		{"start on a port of another container", func() error { return b.engine.Start(t.Context(), blocked) }, docker.ErrPortInUse},
		{"start a program that is missing", func() error { return b.engine.Start(t.Context(), lost) }, docker.ErrInvalid},
		{"stop a missing one", func() error { return b.engine.Stop(t.Context(), "none", 0) }, docker.ErrNotFound},
		{"restart a missing one", func() error { return b.engine.Restart(t.Context(), "none", 0) }, docker.ErrNotFound},
		{"signal a missing one", func() error { return b.engine.Kill(t.Context(), "none", "SIGHUP") }, docker.ErrNotFound},
		{"signal one that does not run", func() error { return b.engine.Kill(t.Context(), idle, "SIGHUP") }, docker.ErrNotRunning},
		{"a signal that is none", func() error { return b.engine.Kill(t.Context(), running, "SIGNOTHING") }, docker.ErrInvalid},
		{"rename a missing one", func() error { return b.engine.Rename(t.Context(), "none", "x") }, docker.ErrNotFound},
		{"rename to a taken name", func() error { return b.engine.Rename(t.Context(), idle, "errors-running") }, docker.ErrConflict},
		{"remove a missing one", func() error { return b.engine.Remove(t.Context(), "none") }, docker.ErrNotFound},
		{"remove one that runs", func() error { return b.engine.Remove(t.Context(), running) }, docker.ErrInUse},
		{"measure a missing one", func() error { _, err := b.engine.Stats(t.Context(), "none"); return err }, docker.ErrNotFound},
		{"measure one that does not run", func() error { _, err := b.engine.Stats(t.Context(), idle); return err }, docker.ErrNotRunning},
		{"logs of a missing one", func() error { _, err := b.engine.Logs(t.Context(), "none", 1); return err }, docker.ErrNotFound},
		{"read a missing image", func() error { _, err := b.engine.Image(t.Context(), "none:1"); return err }, docker.ErrNotFound},
		{"remove a missing image", func() error { return b.engine.RemoveImage(t.Context(), "none:1") }, docker.ErrNotFound},
		{"remove an image in use", func() error { return b.engine.RemoveImage(t.Context(), b.container(t, idle).ImageID) }, docker.ErrInUse},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.call()
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			for _, kind := range []error{
				docker.ErrNotFound, docker.ErrConflict, docker.ErrInUse, docker.ErrNotRunning, docker.ErrPortInUse,
				docker.ErrInvalid, docker.ErrUnavailable,
			} {
				if !errors.Is(kind, tt.want) && errors.Is(err, kind) {
					t.Errorf("is also %v", kind)
				}
			}
		})
	}
}

func TestPortOfAnotherProcess(t *testing.T) {
	b := shared(t)
	port := listen(t)
	id := b.create(t, docker.Spec{Ports: []docker.Port{{HostIP: "127.0.0.1", Host: port, Container: 8080}}})
	if err := b.engine.Start(t.Context(), id); !errors.Is(err, docker.ErrPortInUse) {
		t.Errorf("got %v", err)
	}
}
