package owner

import (
	"context"
	"errors"
	"slices"
	"time"

	"bluegreen/internal/docker"
)

// Run owns the container until ctx ends. The container is left as it is, but for a replacement that is at the point where
// nothing runs: that one is brought to its other side.
func (o *Owner) Run(ctx context.Context) {
	running, cancel := context.WithCancel(ctx)
	o.ctx = running
	o.background(o.listen)
	for {
		if !o.sleep(ctx, o.turn(ctx)) {
			break
		}
	}
	o.land(ctx)
	cancel()
	o.work.Wait()
}

// landing is how long a replacement may take to be brought to its other side, and how many steps that is at most.
const (
	landing      = time.Minute
	landingSteps = 5
)

func (o *Owner) land(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), landing)
	defer cancel()
	for range landingSteps {
		if !o.swapping || ctx.Err() != nil {
			return
		}
		o.turn(ctx)
	}
}

// background does something beside the turns. It ends when Run does.
func (o *Owner) background(do func(context.Context)) {
	o.work.Go(func() { do(o.ctx) })
}

// sleep waits for something to happen, or for so long, and says whether Run goes on.
func (o *Owner) sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-o.wake:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// turn looks, decides and does one thing. It returns how long to wait for the next turn if nothing happens.
func (o *Owner) turn(ctx context.Context) time.Duration {
	o.busy(0)
	defer o.idle()
	o.read()
	all, err := o.options.Engine.Containers(ctx, map[string]string{LabelApp: ""})
	if err != nil {
		return o.unreachable(ctx, err)
	}
	o.returned()
	o.forget(all)
	o.note(ctx, all)
	v := o.look(all)
	o.watch(v)
	d := o.unlessEnding(ctx, o.decide(v))
	o.publish(o.status(v, d))
	if d.phase == Serving {
		o.well()
	}
	if d.deed == nothing {
		o.stumbles = attempts{}
		if d.phase == Stopped {
			o.close.Do(func() { close(o.stopped) })
		}
		if d.again == 0 {
			return o.options.Tick
		}
		return min(d.again, o.options.Tick)
	}
	return o.step(ctx, v, d)
}

// step does what was decided.
func (o *Owner) step(ctx context.Context, v view, d decision) time.Duration {
	begun := time.Now()
	err := o.perform(ctx, v, d)
	switch {
	case err == nil, errors.Is(err, docker.ErrNotFound) && d.deed != create: // somebody was faster
		o.options.Log.Info("Step done", "deed", d.deed, "container", d.on.Name, "took", time.Since(begun).Round(time.Millisecond), "reason", d.reason)
		o.stumbles = attempts{}
		return 0
	case errors.Is(err, docker.ErrUnavailable):
		return o.unreachable(ctx, err)
	}
	o.options.Log.Error("Step failed", "deed", d.deed, "container", d.on.Name, "error", err)
	switch d.deed {
	case create, start, remove, arm, disarm:
		return 0 // these keep count of their failures, and something else may be to do
	}
	o.stumbles.fail(err)
	return time.Until(o.stumbles.after)
}

// unreachable says that there is no daemon, and how long to wait for it.
func (o *Owner) unreachable(ctx context.Context, err error) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	o.mu.Lock()
	o.inbox.lost = true
	o.mu.Unlock()
	s := o.Status()
	if s.Docker == "" {
		o.options.Log.Error("Docker is not to be reached", "error", err)
	}
	s.Docker = err.Error()
	if s.Phase == Starting {
		s.Reason = "waiting for Docker: " + s.Docker
	}
	o.publish(s)
	o.stumbles.fail(err)
	return min(time.Until(o.stumbles.after), maxDaemonPause)
}

// maxDaemonPause is the longest pause between two looks for the daemon, which is on this machine.
const maxDaemonPause = 5 * time.Second

// listen has a look whenever something happens to a container, and whenever that was not to be known for a while.
func (o *Owner) listen(ctx context.Context) {
	var lost attempts
	for ctx.Err() == nil {
		begun := time.Now()
		events, failed := o.options.Engine.Events(ctx, map[string]string{LabelApp: o.options.App})
		o.Wake() // what happened before this is in the list
		for e := range events {
			o.tell(func(in *inbox) { in.heard(e) })
		}
		err := <-failed
		if ctx.Err() != nil {
			return
		}
		o.options.Log.Debug("No events from Docker", "error", err)
		o.tell(func(in *inbox) { in.lost = true })
		if time.Since(begun) > time.Minute {
			lost = attempts{}
		}
		lost.fail(err)
		timer := time.NewTimer(min(time.Until(lost.after), maxDaemonPause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// watch has the container that runs probed: anew after each start.
func (o *Owner) watch(v view) {
	c := v.main()
	if c == nil || c.State != docker.Running {
		if o.watched.id != "" {
			o.watched = watched{}
			o.options.Unwatch("no container runs")
		}
		return
	}
	if now := (watched{c.ID, c.StartedAt}); now.id != o.watched.id || !now.started.Equal(o.watched.started) {
		o.watched = now
		o.options.Watch(*c)
	}
}

// status is what there is to be seen.
func (o *Owner) status(v view, d decision) Status {
	s := Status{
		Phase: d.phase, Reason: d.reason, Restarts: len(o.budget.spent), Escalated: o.memory.appeal.reason, Exits: slices.Clone(o.exits),
		Settled: d.phase == Serving && v.wanted != nil && v.wanted == v.good && len(v.ours) == 1,
	}
	if c := v.main(); c != nil {
		s.Container = shown(*c)
	}
	if o.image != nil {
		s.Image = o.image.Stale
	}
	for _, c := range v.failed {
		refused := shown(c)
		s.Refused = &refused
	}
	o.showing.Lock()
	o.pulled.shown = o.fetching != nil && d.deed == nothing
	o.showing.Unlock()
	return s
}

func shown(c docker.Container) Container {
	return Container{
		ID: c.ID, Name: c.Name, Generation: generation(c), Image: c.Labels[LabelImage], ImageID: c.ImageID, Digest: c.Labels[LabelDigest],
		Config: c.Labels[LabelConfig], State: c.State, Started: c.StartedAt, Crashes: c.RestartCount,
	}
}
