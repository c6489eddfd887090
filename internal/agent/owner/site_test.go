package owner_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
)

// site is a real engine, a registry with versions of an app, and a port to reach it at.
type site struct {
	t      *testing.T
	daemon *dockertest.Daemon
	engine *docker.Engine
	images map[string]string // by digest, of each version
	port   uint16
	over   chan struct{}

	mu      sync.Mutex
	watched docker.Container
	health  owner.Health
}

func newSite(t *testing.T, options ...dockertest.Option) *site {
	t.Helper()
	d, r := dockertest.Start(t, options...), dockertest.StartRegistry(t)
	s := &site{t: t, daemon: d, engine: d.Engine(t), images: map[string]string{}, over: make(chan struct{})}
	for _, v := range []string{"v1", "v2"} {
		_, s.images["shop:"+v] = r.Push(t, dockertest.BuildApp(t, dockertest.App{Version: v}), "shop", v)
	}
	s.port = dockertest.FreePort(t)
	t.Cleanup(func() { close(s.over) })
	go s.probe()
	return s
}

// probe asks the app how it is.
func (s *site) probe() {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-s.over:
			return
		}
		s.mu.Lock()
		id := s.watched.ID
		s.mu.Unlock()
		h := owner.Health{Container: id}
		resp, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/health", s.port))
		switch {
		case err != nil:
			h.Reason = err.Error()
		case resp.StatusCode == http.StatusOK:
			h.State = owner.Healthy
			fallthrough
		default:
			resp.Body.Close()
		}
		s.mu.Lock()
		if s.watched.ID == id {
			s.health = h
		}
		s.mu.Unlock()
	}
}

// agent starts an owner on the real engine.
func (s *site) agent(deed string, after bool, killed func()) *agent {
	a := &agent{done: make(chan struct{})}
	a.plug = &plug{Engine: s.engine, deed: deed, after: after, killed: killed, over: s.over, pulled: make(chan struct{})}
	var err error
	a.Owner, err = owner.New(owner.Options{
		Engine: a.plug, App: app, Instance: instance, Tick: time.Second,
		Ensure: func(ctx context.Context, image string, _ func(owner.Phase, string)) (owner.Image, error) {
			pinned := s.images[image]
			_, digest, _ := strings.Cut(pinned, "@")
			return owner.Image{Pinned: pinned, Digest: digest}, s.engine.Pull(ctx, docker.PullOptions{Reference: pinned})
		},
		Watch: func(c docker.Container) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.watched, s.health = c, owner.Health{}
		},
		Health: func() owner.Health {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.health
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.stop = cancel
	go func() {
		defer close(a.done)
		a.Run(ctx)
	}()
	go func() {
		for {
			select {
			case <-time.After(50 * time.Millisecond):
				a.Wake()
			case <-s.over:
				cancel()
				return
			}
		}
	}()
	return a
}

// want is an app of a version; one that is not good is never healthy.
func (s *site) want(version string, good bool) owner.Desired {
	d := owner.Desired{
		Image: "shop:" + version, Config: fmt.Sprint(version, good), StopTimeout: 5 * time.Second, HealthyWithin: 3 * time.Second,
		Spec: docker.Spec{Ports: []docker.Port{{HostIP: "127.0.0.1", Host: s.port, Container: 8080}}},
	}
	if good {
		d.HealthyWithin = time.Minute
	} else {
		d.Spec.Env = map[string]string{"APP_HEALTHY_AFTER": "1h"}
	}
	return d
}

// eventually waits for something to be so, and to stay so.
func (s *site) eventually(what string, so func() string) {
	s.t.Helper()
	late := time.After(90 * time.Second)
	good := 0
	for good < 3 {
		if so() == "" {
			good++
		} else {
			good = 0
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-late:
			s.t.Fatalf("%s: not after 90 s: %s", what, so())
		}
	}
}

// containers says how what there is differs from what there is to be.
func (s *site) containers(want ...sight) string {
	all, err := s.engine.Containers(context.Background(), map[string]string{owner.LabelApp: ""})
	if err != nil {
		return err.Error()
	}
	var got []sight
	for _, c := range all {
		if up, restarts := c.State == docker.Running, c.Restart.Policy == "on-failure"; up != restarts {
			return fmt.Sprintf("%s is %s, and its policy is %+v", c.Name, c.State, c.Restart)
		}
		got = append(got, sight{Failed: strings.HasSuffix(c.Name, "-failed"), State: c.State, Config: c.Labels[owner.LabelConfig]})
	}
	return cmp.Diff(want, got)
}

func (s *site) serves(version string) string {
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", s.port))
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(text), `"`+version+`"`) {
		return fmt.Sprintf("%s %v", text, err)
	}
	return ""
}

// begin has v1 run, and nobody own it.
func (s *site) begin() {
	s.t.Helper()
	a := s.agent("", false, nil)
	a.Set(s.want("v1", true))
	s.eventually("v1 serves", func() string {
		return s.containers(sight{State: docker.Running, Config: "v1true"}) + s.serves("v1")
	})
	a.quit()
}

// end removes all.
func (s *site) end() {
	ctx := context.Background()
	all, err := s.engine.Containers(ctx, map[string]string{owner.LabelApp: ""})
	for _, c := range all {
		if err == nil {
			err = s.engine.Stop(ctx, c.ID, 0)
		}
		if err == nil {
			err = s.engine.Remove(ctx, c.ID)
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
}
