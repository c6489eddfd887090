package agent

import (
	"context"
	"errors"
	"runtime"
	"time"

	"bluegreen/internal/agent/publish"
	"bluegreen/internal/agent/serve"
	"bluegreen/internal/docker"
)

// publish measures the container, for /metrics and for CloudWatch: a rollout can be gated on its memory.
func (a *agent) publish(ctx context.Context) error {
	m := a.settings.Metrics
	o := publish.Options{
		Prefix: m.Namespace, App: a.settings.App, Cores: a.settings.Container.CPUs,
		Color: func() string { return a.board.Status().Color }, // which may come late
		Usage: a.usage, Healthy: func() bool { return a.monitor.Verdict().Ready }, Restarts: a.restarts,
		Measured: a.measured, Dropped: a.metrics.Dropped, Every: m.Interval, Log: a.Log,
	}
	if o.Cores == 0 {
		o.Cores = float64(runtime.NumCPU())
	}
	if m.Enabled && a.account != nil {
		o.Put = a.account.metrics.Put
	}
	publish.New(o).Run(ctx)
	return nil
}

func (a *agent) usage(ctx context.Context) (publish.Usage, error) {
	id, _ := a.watched.container()
	if id == "" {
		return publish.Usage{}, nil
	}
	s, err := a.engine.Stats(ctx, id)
	if errors.Is(err, docker.ErrNotFound) || errors.Is(err, docker.ErrNotRunning) {
		return publish.Usage{}, nil
	}
	u := publish.Usage{Container: id, Memory: s.Memory, CPU: s.CPU, PIDs: s.PIDs}
	if a.settings.Container.Memory > 0 {
		u.MemoryLimit = s.MemoryLimit
	}
	return u, err
}

func (a *agent) restarts() int {
	s := a.owner.Status()
	return s.Restarts + s.Container.Crashes
}

// measured shows what the container uses.
func (a *agent) measured(u publish.Usage) {
	a.board.Update(func(s *serve.Status) {
		if s.Container == nil || s.Container.ID != u.Container {
			return
		}
		c := *s.Container
		c.Usage = &serve.Usage{
			Measured: time.Now(), Memory: u.Memory, MemoryLimit: u.MemoryLimit, CPUSeconds: u.CPU.Seconds(), PIDs: u.PIDs,
		}
		s.Container = &c
	})
}
