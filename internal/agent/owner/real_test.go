package owner_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
)

func TestMain(m *testing.M) { os.Exit(dockertest.Main(m)) }

// TestRealEngine kills owners, and the daemon, at each step of replacements on a real engine.
func TestRealEngine(t *testing.T) {
	s := newSite(t)
	type history struct {
		good bool
		deed string
	}
	deeds := []history{
		{true, "create"}, {true, "stop"}, {true, "start"}, {true, "remove"}, {false, "start"}, {false, "rename"},
	}
	ends := map[bool][]sight{
		true:  {{State: docker.Running, Config: "v2true"}},
		false: {{State: docker.Running, Config: "v1true"}, {Failed: true, State: docker.Exited, Config: "v2false"}},
	}
	serving := map[bool]string{true: "v2", false: "v1"}
	for n, h := range deeds {
		for _, after := range []bool{false, true} {
			if !after && h.deed != "stop" && h.deed != "rename" {
				continue // to be tried with the model; a real engine takes its time
			}
			t.Run(fmt.Sprintf("owner killed at %s, after %v, good %v", h.deed, after, h.good), func(t *testing.T) {
				s.t = t
				defer s.end()
				s.begin()
				first := s.agent(h.deed, after, nil)
				first.Set(s.want("v2", h.good))
				select {
				case <-first.plug.pulled:
				case <-time.After(time.Minute):
					t.Fatal("it was not killed")
				}
				second := s.agent("", false, nil)
				second.Set(s.want("v2", h.good))
				s.eventually("the right one runs", func() string { return s.containers(ends[h.good]...) + s.serves(serving[h.good]) })
				second.quit()
			})
		}
		if n%2 == 1 {
			continue // a daemon takes its time to come up
		}
		t.Run(fmt.Sprintf("daemon killed at %s, good %v", h.deed, h.good), func(t *testing.T) {
			s.t = t
			defer s.end()
			s.begin()
			killed := make(chan struct{})
			a := s.agent(h.deed, true, func() {
				s.daemon.Kill(t)
				close(killed)
			})
			a.Set(s.want("v2", h.good))
			select {
			case <-killed:
			case <-time.After(time.Minute):
				t.Fatal("it was not killed")
			}
			s.eventually("it says so", func() string {
				if a.Status().Docker == "" {
					return "it does not"
				}
				return ""
			})
			s.daemon.Up(t)
			s.eventually("the right one runs", func() string { return s.containers(ends[h.good]...) + s.serves(serving[h.good]) })
			a.quit()
		})
	}
}

// TestRealStoppedStaysDown has dockerd killed in the middle of a replacement, with nobody there who would own anything then: it
// brings up what is on trial, and not what was stopped for it. Both end with an error when they are stopped, and neither has
// a port that would keep it from running beside the other.
func TestRealStoppedStaysDown(t *testing.T) {
	s := newSite(t)
	defer s.end()
	worker := func(version string) owner.Desired {
		d := s.want(version, true)
		d.Spec.Ports, d.StopTimeout = nil, time.Second
		d.Spec.Env = map[string]string{"APP_IGNORE_TERM": "yes"}
		return d
	}
	states := func(want ...string) func() string {
		return func() string {
			all, err := s.engine.Containers(t.Context(), map[string]string{owner.LabelApp: ""})
			var got []string
			for _, c := range all {
				got = append(got, c.Labels[owner.LabelConfig]+" "+c.State)
			}
			if err != nil || !slices.Equal(got, want) {
				return fmt.Sprintf("%q, %v", got, err)
			}
			return ""
		}
	}
	a := s.agent("", false, nil)
	a.Set(worker("v1"))
	s.eventually("v1 runs", states("v1true running"))
	a.quit()
	first := s.agent("start", true, nil)
	first.Set(worker("v2"))
	<-first.plug.pulled
	s.eventually("v2 is on trial", states("v1true exited", "v2true running"))

	s.daemon.Kill(t)
	s.daemon.Up(t)
	s.eventually("only v2 runs again", states("v1true exited", "v2true running"))

	second := s.agent("", false, nil)
	d := worker("v2")
	d.HealthyWithin = time.Second // which it never is, as nobody reaches it
	second.Set(d)
	s.eventually("only v1 runs again", states("v1true running", "v2true exited"))
	second.quit()
	s.daemon.Kill(t)
	s.daemon.Up(t)
	s.eventually("and goes on", states("v1true running", "v2true exited"))
}

// TestRealMishaps does to an app on a real engine what happens to apps.
func TestRealMishaps(t *testing.T) {
	s := newSite(t, dockertest.Measured())
	defer s.end()
	a := s.agent("", false, nil)
	d := s.want("v1", true)
	d.Spec.Memory, d.Spec.MemorySwap = 64<<20, 64<<20
	a.Set(d)
	up := func() string { return s.containers(sight{State: docker.Running, Config: "v1true"}) + s.serves("v1") }
	s.eventually("v1 serves", up)

	noMemory := func(e owner.Exit) bool { return e.OOM && e.Code == 137 }
	ends := 0
	// Docker does not always hear of what the kernel did before it hears of the end.
	for ends == 0 || ends < 4 && !slices.ContainsFunc(a.Status().Exits, noMemory) {
		ends++
		resp, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/hog?bytes=500000000", s.port), "", nil)
		if err == nil {
			resp.Body.Close()
		}
		s.eventually("the end is told", func() string {
			if exits := a.Status().Exits; len(exits) < ends {
				return fmt.Sprintf("%+v", exits)
			}
			return ""
		})
		s.eventually("it serves again after it had no memory left", up)
	}
	if got := a.Status(); got.Restarts != 0 || got.Container.Crashes != ends || !slices.ContainsFunc(got.Exits, noMemory) {
		t.Errorf("it ended for want of memory, and Docker should have restarted it: %+v", got)
	}

	id := a.Status().Container.ID
	if err := s.engine.Stop(t.Context(), id, 0); err != nil {
		t.Fatal(err)
	}
	s.eventually("it serves again after somebody has stopped it", up)

	a.Drain() // for a moment in which it does not notice
	s.eventually("it drains", func() string {
		if a.Status().Phase == owner.Draining {
			return ""
		}
		return string(a.Status().Phase)
	})
	a.quit()
	if err := s.engine.Stop(t.Context(), id, 0); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.Remove(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.RemoveImage(context.Background(), s.images["shop:v1"]); err != nil {
		t.Fatal(err)
	}
	a = s.agent("", false, nil)
	a.Set(d)
	s.eventually("it serves again after somebody has removed it with its image", up)
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := s.containers(sight{State: docker.Exited, Config: "v1true"}); diff != "" {
		t.Error(diff)
	}
	a.quit()
}
