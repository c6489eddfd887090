package agent

import (
	"context"
	"sync"
	"time"

	"bluegreen/internal/agent/health"
	"bluegreen/internal/agent/owner"
	"bluegreen/internal/agent/serve"
	"bluegreen/internal/docker"
)

func (a *agent) newMonitor() *health.Monitor {
	h := a.settings.Health
	start := h.StartPeriod
	if start == 0 {
		start = -1 // none, where zero would be the default
	}
	return health.New(health.Options{
		Interval: h.Interval, Timeout: h.Timeout, StartPeriod: start,
		HealthyThreshold: h.Healthy, UnhealthyThreshold: h.Unhealthy, MaxAge: h.MaxAge,
		Observe: func(took time.Duration, err error) { a.metrics.Probe(took, err) }, Log: a.Log,
	})
}

// watched is the container that is probed. A container's word on its own health is asked for beside the probes, which must not
// wait for Docker.
type watched struct {
	mu         sync.Mutex
	id         string
	generation uint64 // of the monitor
	health     string // Docker's word
	at         time.Time
}

func (w *watched) set(id string, generation uint64, health string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.id, w.generation, w.health, w.at = id, generation, health, time.Now()
}

func (w *watched) container() (id string, generation uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.id, w.generation
}

func (w *watched) state() (health string, age time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.health, time.Since(w.at)
}

// said notes what Docker says, unless another container is watched by now.
func (w *watched) said(id, health string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.id == id {
		w.health, w.at = health, time.Now()
	}
}

// watch has a container probed that has started.
func (a *agent) watch(c docker.Container) {
	prober, err := a.prober(c)
	if err != nil { // the settings were checked
		a.Log.Error("probe the container", "error", err)
		return
	}
	a.watched.set(c.ID, 0, c.Health)
	generation := a.monitor.Replace(health.Target{Name: c.Name, Prober: prober, Age: max(0, time.Since(c.StartedAt))})
	a.watched.set(c.ID, generation, c.Health)
	a.monitor.Resume() // what quiesce has begun
}

// unwatch says at once that nothing serves.
func (a *agent) unwatch(why string) {
	_, generation := a.watched.container()
	a.monitor.Down(generation, why)
}

// prober asks the app in a container that runs.
func (a *agent) prober(c docker.Container) (health.Prober, error) {
	h := a.settings.Health
	switch h.Probe {
	case "tcp":
		return a.connecting(c, h.Port), nil
	case "docker":
		d := health.Docker{State: a.watched.state, MaxAge: 3 * h.Interval}
		if first, some := a.settings.FirstPort(); some { // a Docker that hangs runs no HEALTHCHECK, and the app may be well
			d.Fallback = a.connecting(c, int(first.Host))
		}
		return d, nil
	}
	return health.HTTP{
		Addr: a.published(h.Port), Path: h.Path, Host: h.Host, Expect: h.Status, TLS: h.Probe == "https", Dial: a.dialer(c, h.Port),
	}.Prober()
}

func (a *agent) connecting(c docker.Container, port int) health.TCP {
	return health.TCP{Addr: a.published(port), Dial: a.dialer(c, port)}
}

// askDocker keeps Docker's word on the container's health fresh, where that is what counts.
func (a *agent) askDocker(ctx context.Context) {
	if a.settings.Health.Probe != "docker" {
		return
	}
	for sleep(ctx, a.settings.Health.Interval) {
		id, _ := a.watched.container()
		if id == "" {
			continue
		}
		asking, cancel := context.WithTimeout(ctx, a.settings.Health.Timeout)
		if c, err := a.engine.Container(asking, id); err == nil {
			a.watched.said(id, c.Health)
		}
		cancel()
	}
}

// health is the verdict for whoever asks over HTTP.
func (a *agent) health() serve.Health {
	v := a.monitor.Verdict()
	return serve.Health{Ready: v.Ready, Status: v.Status(), Reason: v.Reason, AgeMS: v.Age.Milliseconds(), Failures: v.Failures}
}

// verdict is the same for the owner.
func (a *agent) verdict() owner.Health {
	id, generation := a.watched.container()
	v := a.monitor.Verdict()
	h := owner.Health{Container: id, UnhealthyFor: v.UnhealthyFor, Reason: v.Reason}
	switch {
	case v.Generation != generation: // it is about another container
		return owner.Health{Container: id}
	case v.UnhealthyFor > 0:
		h.State = owner.Unhealthy
	case v.Ready, v.State == health.Draining && v.EverHealthy:
		h.State = owner.Healthy
	}
	return h
}
