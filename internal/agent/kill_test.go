package agent_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
	"bluegreen/internal/sandbox"
)

var (
	killEvery = flag.Int("agent.every", 20, "of the calls at which something can be killed, one in so many is tried; all when 1")
	killFrom  = flag.Int("agent.from", 4, "the first of them")
)

// duty is something that an agent does, and may die of.
type duty struct {
	name   string
	before func() // brings the world to where it begins
	check  func() // what else has to be so in the end; may be nil
}

// mortal is a world in which agents and engines are killed.
type mortal struct {
	*world
	front    *front
	versions []string          // of the app, that are good
	images   map[string]string // their references, and that of "bad"
	digests  map[string]string

	now     string // the version that is to serve in the end
	refused string // the version that is to be kept as the one that failed, or ""
	before  docker.Container
}

func newMortal(t *testing.T) *mortal {
	own := func(*sandbox.Sandbox) *dockertest.Daemon { return dockertest.Start(t) }
	m := &mortal{world: newWorldOn(t, own), versions: []string{"v1", "v2"}, images: map[string]string{}, digests: map[string]string{}}
	m.front = newFront(t, m.daemon.Host)
	for version, env := range map[string]map[string]string{"v1": nil, "v2": nil, "bad": {"APP_HEALTHY_AFTER": "1h"}} {
		byTag, byDigest := m.registry.Push(t, dockertest.BuildApp(t, dockertest.App{Version: version, Env: env}), m.app, version)
		m.images[version], m.digests[version] = byTag, byDigest[strings.Index(byDigest, "@")+1:]
	}
	return m
}

// want has the settings say that a version is to run.
func (m *mortal) want(version string) {
	m.configure(m.images[version], "")
	m.setting("stop_timeout", `"1s"`)
	m.setting("interval", `"100ms"`)
	if version == "bad" {
		m.setting("start_period", `"500ms"`) // how soon it is given up
	}
}

// duties are what an agent does with containers.
func (m *mortal) duties() []duty {
	toggle := func() {
		m.now = m.versions[(slices.Index(m.versions, m.now)+1)%len(m.versions)]
		m.want(m.now)
	}
	return []duty{
		{name: "boot", before: func() {
			m.removeContainers()
			m.removeImages()
			m.now = "v1"
			m.want(m.now)
		}},
		{name: "adoption", before: func() { m.before = m.one() }, check: func() {
			if c := m.one(); c.ID != m.before.ID {
				m.t.Errorf("%s was replaced by %s", m.before.Name, c.Name)
			}
		}},
		{name: "replacement", before: toggle},
		{name: "replacement by one that is never healthy", before: func() {
			m.removeFailed()
			m.refused = "bad"
			m.want("bad")
		}},
	}
}

func (m *mortal) removeImages() {
	m.t.Helper()
	all, err := m.engine.Images(m.t.Context())
	for _, i := range all {
		for _, name := range slices.Concat(i.RepoTags, i.RepoDigests) {
			if err == nil {
				err = m.engine.RemoveImage(m.t.Context(), name)
			}
			if errors.Is(err, docker.ErrNotFound) { // it went with its last tag
				err = nil
			}
		}
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *mortal) removeFailed() {
	m.t.Helper()
	for _, c := range m.containers(m.t.Context()) {
		if strings.HasSuffix(c.Name, "-failed") {
			if err := m.engine.Remove(m.t.Context(), c.ID); err != nil {
				m.t.Fatal(err)
			}
		}
	}
}

// lacks says what is not yet as it is to be: exactly one container runs, the right one, and it serves; beside it there is
// only the record of what failed, if something has.
func (m *mortal) lacks() string {
	if code, body := m.get("/health"); code != http.StatusOK {
		return fmt.Sprintf("/health says %d: %s", code, body)
	}
	all, err := m.engine.Containers(context.Background(), map[string]string{owner.LabelApp: ""})
	if err != nil {
		return err.Error()
	}
	want := map[string]string{m.digests[m.now]: "running on-failure"}
	if m.refused != "" {
		want[m.digests[m.refused]] = "exited no"
	}
	got := map[string]string{}
	for _, c := range all {
		got[c.Labels[owner.LabelDigest]] += c.State + " " + c.Restart.Policy
	}
	if !maps.Equal(want, got) {
		return fmt.Sprintf("containers are %v, and not %v", got, want)
	}
	if s := m.status(); m.refused == "" && (s.Config == "" || s.Config != all[0].Labels[owner.LabelConfig] || s.Container.ID != all[0].ID) {
		return fmt.Sprintf("its configuration is %s, and the status is %+v", all[0].Labels[owner.LabelConfig], s)
	}
	if a, err := m.tryAnswer(); err != nil || a.Version != m.now {
		return fmt.Sprintf("%s serves: %v", a.Version, err)
	}
	return ""
}

// settled waits until nothing lacks, and goes on doing so for a moment, or until enough says so.
func (m *mortal) settled(who string, enough func() bool, agents ...*process) {
	m.t.Helper()
	late := time.After(time.Minute)
	for good := 0; good < 3 && !enough(); {
		lacks := m.lacks()
		if good++; lacks != "" {
			good = 0
		}
		select {
		case <-time.After(30 * time.Millisecond):
		case <-late:
			for _, a := range agents {
				m.t.Log(a.log.String())
			}
			m.t.Fatalf("%s: not after a minute: %s", who, lacks)
		}
	}
}

func never() bool { return false }

// each tries a way to die before each call of a duty, or a sample of them, until there is no such call any more; and after
// those that change something. After others is before the next.
func (m *mortal) each(d duty, try func(d duty, call int, after bool) (fatal string)) (tried int) {
	for call := *killFrom; ; call += *killEvery {
		for _, after := range []bool{false, true} {
			m.refused = ""
			d.before()
			fatal := try(d, call, after)
			if m.t.Failed() {
				m.t.Fatalf("killed at call %d, %s, after it: %v", call, fatal, after)
			}
			if fatal == "" {
				if tried == 0 {
					m.t.Errorf("%s: no call to be killed at from call %d on", d.name, *killFrom)
				}
				return tried
			}
			tried++
			if d.check != nil {
				d.check()
			}
			if !after && (strings.HasPrefix(fatal, http.MethodGet) || strings.HasPrefix(fatal, http.MethodHead)) {
				break
			}
		}
	}
}

// TestAgentKilledAtEveryCall kills an agent with SIGKILL before and after its calls of Docker. The next one makes of it what
// the first would have.
func TestAgentKilledAtEveryCall(t *testing.T) {
	m := newMortal(t)
	for _, d := range m.duties() {
		begun := time.Now()
		tried := m.each(d, func(d duty, call int, after bool) string {
			var first *process
			started := make(chan struct{})
			m.front.arm(call, after, func() {
				<-started
				first.kill()
			})
			first = m.spawn(m.front.host)
			close(started)
			m.settled("the first agent", first.dead, first)
			fatal := m.front.victim()
			m.front.arm(0, false, nil)
			first.kill()
			if fatal == "" {
				return ""
			}
			second := m.spawn(m.daemon.Host)
			m.settled("the second agent, after the first was killed at "+fatal, never, first, second)
			second.kill()
			return fatal
		})
		// Passing tests print what goes to the log only if they are asked to.
		fmt.Printf("%s: %d agents killed in %s\n", d.name, tried, time.Since(begun).Round(time.Second))
	}
}

// TestDockerKilledAtEveryCall kills dockerd with SIGKILL before and after calls of an agent that lives, and starts it again.
func TestDockerKilledAtEveryCall(t *testing.T) {
	m := newMortal(t)
	for _, d := range m.duties() {
		begun := time.Now()
		tried := m.each(d, func(d duty, call int, after bool) string {
			killed := make(chan struct{})
			m.front.arm(call, after, func() {
				m.daemon.Kill(t)
				close(killed)
			})
			a := m.spawn(m.front.host)
			gone := func() bool {
				select {
				case <-killed:
					return true
				default:
					return false
				}
			}
			m.settled("the agent", gone, a)
			fatal := m.front.victim()
			m.front.arm(0, false, nil)
			if fatal != "" {
				m.front.down()
				m.daemon.Up(t)
				m.front.up(t)
				m.settled("the agent, after dockerd was killed at "+fatal, never, a)
			}
			a.kill()
			return fatal
		})
		fmt.Printf("%s: dockerd killed %d times in %s\n", d.name, tried, time.Since(begun).Round(time.Second))
	}
}
