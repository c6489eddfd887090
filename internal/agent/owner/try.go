package owner

import (
	"time"

	"bluegreen/internal/docker"
)

// startTries is how often a container on trial may fail to start before it is given up.
const startTries = 3

// try has the wanted container take the place of the good one, which is not removed before the other is healthy.
func (o *Owner) try(v view) decision {
	good, wanted := *v.good, *v.wanted
	if up(good) {
		if d, some := o.disarmed(good, Replacing); some {
			return d
		}
		d := do(stop, good, Replacing, "stop %s for %s", good.Name, wanted.Name)
		d.hand = true
		return d
	}
	if !up(wanted) {
		return o.startTrial(wanted)
	}
	since, known := o.seen[wanted.ID]
	if !known {
		since = time.Now()
		o.seen[wanted.ID] = since
	}
	delete(o.free, wanted.ID)
	health := o.health(wanted)
	left := o.desired.HealthyWithin - time.Since(since)
	resists := o.attemptsAt(good.ID)
	switch {
	case wanted.State == docker.Running && health.State == Healthy && time.Until(resists.after) > 0:
		return wait(time.Until(resists.after), Serving, "%v", resists.last)
	case wanted.State == docker.Running && health.State == Healthy:
		return do(remove, good, Replacing, "remove %s: %s is healthy", good.Name, wanted.Name)
	case left <= 0:
		return do(condemn, wanted, Replacing, "%s was not healthy within %v%s", wanted.Name, o.desired.HealthyWithin, because(health.Reason))
	}
	return wait(left, Replacing, "waiting for %s to be healthy%s", wanted.Name, because(health.Reason))
}

// startTrial starts a container on trial, or gives it up: it has ended although Docker has restarted it, or cannot be
// started.
func (o *Owner) startTrial(c docker.Container) decision {
	_, begun := o.seen[c.ID]
	a := o.attemptsAt(c.ID)
	switch {
	case begun && !o.free[c.ID]:
		return do(condemn, c, Replacing, "%s does not stay up%s", c.Name, because(o.lastExit(c)))
	case a.failed >= startTries:
		return do(condemn, c, Replacing, "%v", a.last)
	case time.Until(a.after) > 0:
		return wait(time.Until(a.after), Replacing, "%v", a.last)
	}
	return do(start, c, Replacing, "start %s", c.Name)
}

// health is what is known of a container.
func (o *Owner) health(c docker.Container) Health {
	if h := o.options.Health(); h.Container == c.ID && o.watched.id == c.ID && o.watched.started.Equal(c.StartedAt) {
		return h
	}
	return Health{Container: c.ID}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// lastExit is how a container has ended last.
func (o *Owner) lastExit(c docker.Container) string {
	for i := len(o.exits) - 1; i >= 0; i-- {
		if o.exits[i].Container == c.Name {
			return o.exits[i].String()
		}
	}
	return c.Error
}
