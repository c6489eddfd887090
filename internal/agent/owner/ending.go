package owner

import (
	"context"
	"time"

	"bluegreen/internal/docker"
)

// ending is a run of a container that was told to end before this owner came to that: by an agent before it, which was killed
// while it waited. Docker goes on with such a stop by itself.
type ending struct {
	started time.Time // the run
	until   time.Time // when Docker has ended it at the latest; zero if it was not told
}

const (
	askLimit = 5 * time.Second
	// endSlack is what Docker may take beyond the container's own time.
	endSlack = 15 * time.Second
)

// unlessEnding waits in place of a stop that is under way already. A second signal is no harmless repetition: many apps take it
// for an order to drop what they are about to finish.
func (o *Owner) unlessEnding(ctx context.Context, d decision) decision {
	if d.deed != stop || d.on.State != docker.Running {
		return d
	}
	c := d.on
	e, known := o.ending[c.ID]
	if !known || !e.started.Equal(c.StartedAt) {
		e = ending{c.StartedAt, o.endOf(ctx, c)}
		o.ending[c.ID] = e
		if !e.until.IsZero() && d.hand && o.options.Quiesce != nil {
			o.busy(o.options.QuiesceFor)
			o.options.Quiesce(ctx)
		}
	}
	left := time.Until(e.until)
	if left <= 0 {
		return d
	}
	o.expected[c.ID], o.free[c.ID] = true, true
	o.swapping = o.swapping || d.hand
	return wait(left, d.phase, "waiting for %s to end, which was told to before", c.Name)
}

// endOf is when Docker has ended a container at the latest that it was told to; zero for one that it was not.
func (o *Owner) endOf(ctx context.Context, c docker.Container) time.Time {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	at, err := o.options.Engine.Signalled(ctx, c)
	if err != nil {
		o.options.Log.Warn("It is not known whether the container was told to end", "container", c.Name, "error", err)
	}
	if err != nil || at.IsZero() {
		return time.Time{}
	}
	passed := max(time.Since(at), 0) // the clock may have been set
	return time.Now().Add(stopTimeout(c) + endSlack - passed)
}
