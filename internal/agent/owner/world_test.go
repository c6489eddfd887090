package owner_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/docker"
)

const (
	app      = "shop"
	instance = "i-1"
)

// world is an engine, a registry and whoever looks at the owner, in a bubble.
type world struct {
	t      *testing.T
	engine *model
	over   chan struct{} // closed at the end of the world

	mu       sync.Mutex
	agents   []*agent
	watched  docker.Container
	tags     map[string]string // what each image stands for now
	refused  map[string]error  // images that are not to be had
	slow     time.Duration     // a pull
	asked    []string
	escalate []string
	deaf     int // that many escalations fail
	phases   []owner.Phase
	reasons  []string
	log      strings.Builder
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, engine: newModel(), over: make(chan struct{}), tags: map[string]string{}, refused: map[string]error{}}
	for _, v := range []string{"v1", "v2", "v3"} {
		w.publish("shop:"+v, v)
	}
	return w
}

// publish lets a tag stand for a build.
func (w *world) publish(tag, build string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tags[tag] = "sha256:" + build
}

// in runs a test in a bubble with a world, which keeps its invariants.
func in(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.engine.moved = w.moved
		defer w.end()
		test(w)
	})
}

func (w *world) end() {
	close(w.over)
	synctest.Wait()
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	for _, f := range w.engine.faults {
		w.t.Error(f)
	}
	for _, text := range append(w.reasons, w.log.String()) {
		if strings.Contains(text, "hunter2") {
			w.t.Errorf("a secret is to be seen: %s", text)
		}
	}
}

// moved is told of what happens to containers, and how they are.
func (w *world) moved(b *box, action string) {
	w.invariants(b)
	if action != "health" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.agents {
		a.Wake()
	}
}

// invariants hold at any moment: at most one of our containers runs, and what was good is not removed before another one
// is, unless it was somebody else who did it.
func (w *world) invariants(b *box) {
	var running []string
	good := false
	for _, o := range w.engine.boxes {
		if o.Labels[owner.LabelInstance] == instance && o.State == docker.Running {
			running = append(running, o.Name)
		}
		good = good || w.engine.good[o.ID]
	}
	ours := b.Labels[owner.LabelInstance] == instance
	if len(running) > 1 {
		w.engine.fault("at %v these ran together: %v", time.Now(), running)
	}
	if b.State == docker.Removing && ours && w.engine.good[b.ID] && !good && !b.byOthers {
		w.engine.fault("%s was removed, and it was the only good one", b.Name)
	}
}

// ensure is a registry.
func (w *world) ensure(ctx context.Context, image string, tell func(owner.Phase, string)) (owner.Image, error) {
	tell(owner.Resolving, image)
	w.mu.Lock()
	w.asked = append(w.asked, image)
	digest, refused, slow := w.tags[image], w.refused[image], w.slow
	w.mu.Unlock()
	tell(owner.Pulling, digest)
	select {
	case <-time.After(slow):
	case <-ctx.Done():
		return owner.Image{}, ctx.Err()
	}
	if refused != nil {
		return owner.Image{}, refused
	}
	if digest == "" {
		return owner.Image{}, errors.New("no such image: " + image)
	}
	pinned := "shop@" + digest
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	w.engine.images[pinned] = true
	return owner.Image{Pinned: pinned, Digest: digest}, nil
}

// health is a loop of probes.
func (w *world) health() owner.Health {
	w.mu.Lock()
	watched := w.watched
	w.mu.Unlock()
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	b, err := w.engine.box(watched.ID)
	if err != nil || b.State != docker.Running || !b.StartedAt.Equal(watched.StartedAt) {
		return owner.Health{}
	}
	h := owner.Health{Container: b.ID}
	age := time.Since(b.began)
	switch {
	case b.healthy:
		h.State = owner.Healthy
	case b.spec.Env["APP"] == "sick" && age >= healthyAfter+sickAfter:
		h.State, h.UnhealthyFor, h.Reason = owner.Unhealthy, age-healthyAfter-sickAfter, "503"
	case age >= unhealthyAfter:
		h.State, h.UnhealthyFor, h.Reason = owner.Unhealthy, age-unhealthyAfter, "connection refused"
	}
	return h
}

// agent is one process.
type agent struct {
	*owner.Owner
	plug *plug
	done chan struct{}
	stop context.CancelFunc
}

// agent starts a process that is killed at its nth call of Docker; never when that is 0.
func (w *world) agent(at int, after bool, change ...func(*owner.Options)) *agent {
	return w.agentOn(w.plug(at, after), change...)
}

func (w *world) plug(at int, after bool) *plug {
	return &plug{Engine: w.engine, at: at, after: after, over: w.over, pulled: make(chan struct{})}
}

func (w *world) agentOn(p *plug, change ...func(*owner.Options)) *agent {
	a := &agent{plug: p, done: make(chan struct{})}
	o := owner.Options{
		Engine: a.plug, App: app, Color: "green", Instance: instance, Version: "1.0.0",
		Ensure: w.ensure, Health: w.health,
		Watch: func(c docker.Container) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.watched = c
		},
		Escalate: func(_ context.Context, reason string) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.escalate = append(w.escalate, reason)
			if len(w.escalate) <= w.deaf {
				return errors.New("throttled")
			}
			return nil
		},
		Observe: func(s owner.Status) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if s.Reason == "waiting for the configuration" { // as is seen where the owner is quicker than the test
				return
			}
			if n := len(w.phases); n == 0 || w.phases[n-1] != s.Phase {
				w.phases = append(w.phases, s.Phase)
			}
			w.reasons = append(w.reasons, fmt.Sprintf("%+v", s))
		},
		Redact: func(line string) string { return strings.ReplaceAll(line, "hunter2", "***") },
		Log:    slog.New(slog.NewTextHandler(testWriter{w}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	if a.Owner, err = owner.New(o); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.stop = cancel
	go func() {
		defer close(a.done)
		a.Run(ctx)
	}()
	go func() {
		<-w.over
		cancel()
	}()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.agents = append(w.agents, a)
	return a
}

// quit ends a process in an orderly way.
func (a *agent) quit() {
	a.stop()
	<-a.done
	a.plug.pull()
}

type testWriter struct{ w *world }

func (t testWriter) Write(p []byte) (int, error) {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	t.w.log.Write(p)
	if verbose {
		t.w.t.Log(time.Now().Format("04:05.000 ") + strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

// want is an app of a version that behaves in a way.
func want(version, behaviour string) owner.Desired {
	return owner.Desired{
		Image: "shop:" + version, Config: version + "-" + behaviour,
		Spec: docker.Spec{
			Env: map[string]string{"APP": behaviour}, Ports: []docker.Port{{Host: 80, Container: 8080}},
			Labels: map[string]string{"team": "web"},
		},
		HealthyWithin: time.Minute,
	}
}

// sight is all that there is to be seen of a container.
type sight struct {
	Failed                bool
	State, Digest, Config string
}

func (w *world) see() []sight {
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	var all []sight
	for _, b := range w.engine.boxes {
		all = append(all, sight{strings.HasSuffix(b.Name, "-failed"), b.State, b.Labels[owner.LabelDigest], b.Labels[owner.LabelConfig]})
	}
	return all
}

// expectPolicies says whether Docker restarts what is to run, and only that.
func (w *world) expectPolicies() {
	w.t.Helper()
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	for _, b := range w.engine.boxes {
		if up, restarts := b.State == docker.Running, b.Restart.Policy == "on-failure"; up != restarts {
			w.t.Errorf("%s is %s, and its policy is %+v", b.Name, b.State, b.Restart)
		}
	}
}

// settle lets time pass.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) named(name string) *box {
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	b := w.engine.named(name)
	if b == nil {
		w.t.Fatalf("there is no container %s", name)
	}
	return b
}

// crash ends the app in a container.
func (w *world) crash(name string, code int, oom bool) {
	b := w.named(name)
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	w.engine.exit(b, code, oom)
}

func (w *world) escalations() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.escalate...)
}

func running(version, behaviour string) sight {
	return sight{false, docker.Running, "sha256:" + version, version + "-" + behaviour}
}

// look is the container of a name.
func (w *world) look(name string) docker.Container { return w.named(name).Container }

// others does something to the engine that the owner has not asked for.
func (w *world) others(name string, do func(*box)) {
	b := w.named(name)
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	b.byOthers = true
	do(b)
}

func (w *world) count(calls []string, name string) (n int) {
	for _, c := range calls {
		if c == name {
			n++
		}
	}
	return n
}
