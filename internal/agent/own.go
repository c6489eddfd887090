package agent

import (
	"context"
	"fmt"
	"path/filepath"

	"bluegreen/internal/agent/drain"
	"bluegreen/internal/agent/owner"
	"bluegreen/internal/agent/serve"
	"bluegreen/internal/aws/lifecycle"
	"bluegreen/internal/docker"
)

func (a *agent) newOwner() (err error) {
	r := a.settings.Restart
	o := owner.Options{
		Engine: a.engine, App: a.settings.App, Color: a.settings.Color, Instance: a.machine.id, Version: a.Version,
		Ensure: a.ensure, Health: a.verdict, Watch: a.watch, Unwatch: a.unwatch, Observe: a.observe, Redact: a.redact,
		Quiesce: a.quiesce, QuiesceFor: a.settings.Lifecycle.Notice,
		UnhealthyFor: r.After, CoolDown: r.Cooldown, Budget: r.Budget, Crashes: r.Crashes, Log: a.Log,
	}
	if r.Escalate && a.account != nil && a.machine.metadata != nil {
		o.Escalate = func(ctx context.Context, reason string) error {
			a.Log.Error("this instance cannot run the app: Auto Scaling is asked to replace it", "reason", reason)
			return a.account.groups.SetHealth(ctx, a.machine.id, lifecycle.Unhealthy)
		}
	}
	a.owner, err = owner.New(o)
	a.owned.Store(a.owner)
	return err
}

// quiesce lets load balancers look away before the container makes way for another one: they send what they have under way,
// and nothing new. The container that comes takes it back.
func (a *agent) quiesce(ctx context.Context) {
	if !a.monitor.Verdict().Ready || a.settings.Lifecycle.Notice <= 0 {
		return
	}
	a.monitor.Quiesce("another container takes its place")
	sleep(ctx, a.settings.Lifecycle.Notice)
}

func (a *agent) newDrainer() (err error) {
	l := a.settings.Lifecycle
	o := drain.Options{
		Instance: a.machine.id, File: filepath.Join(a.RunDir, filepath.Base(drain.DefaultFile)),
		Healthy: func() bool { return a.monitor.Verdict().Ready },
		Refuse: func(cause drain.Cause) {
			a.monitor.Drain(string(cause))
			a.owner.Drain()
		},
		Stop: a.owner.Stop, Extend: a.systemd.Extend, Tell: a.tellLifecycle, Log: a.Log,
		LaunchHook: l.LaunchHook, TerminationHook: l.TerminationHook, Rebalance: l.Rebalance,
		LaunchDeadline: l.LaunchDeadline, Delay: l.DeregistrationDelay, Notice: l.Notice,
		StopTimeout: a.settings.Container.StopTimeout, ShutdownLimit: l.ShutdownLimit, Poll: l.Poll, GroupPoll: l.GroupPoll,
	}
	if m := a.machine.metadata; m != nil {
		o.Metadata = drain.Metadata{Target: m.Target, Spot: m.Interruption, Rebalance: m.Rebalance}
		if a.account != nil {
			g := a.account.groups
			o.Group = drain.Group{Describe: g.Describe, Hooks: g.Hooks, Complete: g.Complete, Heartbeat: g.Heartbeat}
		}
	}
	if a.drainer, err = drain.New(o); err != nil {
		return err
	}
	if cause, draining := a.drainer.Draining(); draining { // an agent before this one had begun: nothing is started any more
		o.Refuse(cause)
	}
	return nil
}

// relay tells the owner of every change of the verdict, which it must not poll for.
func (a *agent) relay(ctx context.Context) {
	go a.askDocker(ctx)
	for {
		changed := a.monitor.Changed()
		a.owner.Wake()
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// observe shows what the owner does.
func (a *agent) observe(s owner.Status) {
	why := s.Reason
	if s.Docker != "" {
		why = fmt.Sprintf("Docker does not answer: %s; %s", s.Docker, why)
	}
	if s.Image != "" {
		a.board.Failed("image", fmt.Errorf("it may not be the one asked for: %s", s.Image))
	}
	for _, exit := range a.exits.fresh(s.Exits) {
		a.metrics.Restart("crash")
		a.board.Failed("app", fmt.Errorf("%s", exit))
	}
	var image docker.Image
	if s.Container.ImageID != "" {
		image = a.imageOf(s.Container.ImageID)
	}
	a.board.Update(func(b *serve.Status) {
		b.Config = s.Container.Config
		if s.Container.ID == "" {
			b.Container = nil
			return
		}
		c := &serve.Container{
			ID: s.Container.ID, Name: s.Container.Name, Generation: s.Container.Generation, State: s.Container.State,
			Started: s.Container.Started, Restarts: s.Restarts + s.Container.Crashes,
		}
		if before := b.Container; before != nil && before.ID == c.ID {
			c.Usage = before.Usage
		}
		b.Container, b.Image.Digest = c, s.Container.Digest
		showImage(b, image)
	})
	a.phase(serve.Phase(s.Phase), why)
	if s.Settled {
		a.pruneSecrets()
	}
}

// pruneSecrets removes the files of secrets that are no more, once no container is left that was made for them: neither one
// that could be put back, nor one that serves on because its successor cannot be made.
func (a *agent) pruneSecrets() {
	if err := a.secrets.Prune(); err != nil {
		a.Log.Warn("remove the files of secrets that are no more", "error", err)
	}
}

// phase shows what is going on: to systemd, to the log, at /status.
func (a *agent) phase(p serve.Phase, why string) {
	if cause, draining := a.draining(); draining && p != serve.Stopped {
		p, why = serve.Draining, fmt.Sprintf("%s: %s", cause, why)
	}
	a.board.Phase(p, why)
	a.systemd.Status(fmt.Sprintf("%s: %s", p, why))
}

func (a *agent) draining() (drain.Cause, bool) {
	if a.drainer == nil {
		return "", false
	}
	return a.drainer.Draining()
}

// tellLifecycle shows what the drainer waits for.
func (a *agent) tellLifecycle(text string) {
	a.board.Update(func(s *serve.Status) { s.Lifecycle = text })
	if cause, draining := a.draining(); draining {
		a.phase(serve.Draining, fmt.Sprintf("%s: %s", cause, text))
	}
}
