package owner

import (
	"context"
	"errors"
	"time"

	"bluegreen/internal/docker"
)

// perform does what was decided. It is not cut short when the agent ends, since Docker would go on with it anyway; only
// the wait before a container is stopped for another one is.
func (o *Owner) perform(ctx context.Context, v view, d decision) error {
	engine, c := o.options.Engine, d.on
	lasting := context.WithoutCancel(ctx)
	if d.charge {
		o.budget.spend(time.Now())
	}
	switch d.deed {
	case create:
		return o.create(lasting, v)
	case start:
		return o.start(lasting, c)
	case stop:
		return o.stop(ctx, c, d.hand)
	case restart:
		o.expected[c.ID] = true
		o.busy(stopTimeout(c))
		return engine.Restart(lasting, c.ID, stopTimeout(c))
	case remove:
		return o.counted(c, engine.Remove(lasting, c.ID))
	case disarm:
		return o.counted(c, engine.SetRestart(lasting, c.ID, docker.Restart{}))
	case arm:
		return o.counted(c, engine.SetRestart(lasting, c.ID, o.restart()))
	case condemn:
		err := engine.Rename(lasting, c.ID, c.Name+failedSuffix)
		if errors.Is(err, docker.ErrConflict) { // with something that is not ours
			err = engine.Rename(lasting, c.ID, c.Name+"-"+c.ID[:min(len(c.ID), 12)]+failedSuffix)
		}
		if err == nil {
			o.refusals[c.ID] = time.Now()
		}
		return err
	case nothing:
	}
	return nil
}

func (o *Owner) create(ctx context.Context, v view) error {
	o.generation = o.next(v)
	_, err := o.options.Engine.Create(ctx, o.spec(v))
	switch {
	case err == nil:
		o.creating = attempts{}
	case errors.Is(err, docker.ErrUnavailable):
	case errors.Is(err, docker.ErrConflict): // something that is not ours has the name: the next one is tried
		o.creating.fail(err)
	case errors.Is(err, docker.ErrNotFound): // most likely the image, which was there a moment ago
		o.creating.fail(err)
		o.image = nil
	default:
		o.creating.fail(err)
	}
	return err
}

func (o *Owner) start(ctx context.Context, c docker.Container) error {
	err := o.options.Engine.Start(ctx, c.ID)
	switch {
	case err == nil:
		o.seen[c.ID] = time.Now()
		o.swapping = false
		delete(o.attempts, c.ID)
		delete(o.free, c.ID)
		delete(o.expected, c.ID)
	default:
		return o.counted(c, err)
	}
	return nil
}

// counted notes that a call that was about a container failed.
func (o *Owner) counted(c docker.Container, err error) error {
	if err != nil && !errors.Is(err, docker.ErrUnavailable) && !errors.Is(err, docker.ErrNotFound) {
		o.attemptsAt(c.ID).fail(err)
	}
	return err
}

// stop stops a container. One that makes way for another is free to start again: it has done nothing wrong.
func (o *Owner) stop(ctx context.Context, c docker.Container, hand bool) error {
	if hand && c.State == docker.Running && o.options.Quiesce != nil {
		o.busy(o.options.QuiesceFor)
		o.options.Quiesce(ctx)
		select {
		case <-ctx.Done():
			return nil
		default:
		}
		if o.isDraining() {
			return nil
		}
	}
	o.expected[c.ID] = true
	o.busy(stopTimeout(c))
	if err := o.options.Engine.Stop(context.WithoutCancel(ctx), c.ID, stopTimeout(c)); err != nil {
		return o.counted(c, err)
	}
	o.free[c.ID] = true
	o.swapping = o.swapping || hand
	return nil
}

func (o *Owner) isDraining() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.inbox.draining
}
