package owner

import (
	"fmt"
	"time"

	"bluegreen/internal/docker"
)

// deed is one thing to do. Each is at most one call that changes something.
type deed string

const (
	nothing deed = ""
	create  deed = "create"
	start   deed = "start"
	restart deed = "restart"
	stop    deed = "stop"
	remove  deed = "remove"
	arm     deed = "arm"     // with a restart policy
	disarm  deed = "disarm"  // take it its restart policy, so that it stays down
	condemn deed = "condemn" // by its name, to be stopped and not to be tried again
)

// decision is what to do next, and what is going on.
type decision struct {
	deed   deed
	on     docker.Container
	charge bool          // it is one of the budget's restarts
	hand   bool          // it makes way for another container
	again  time.Duration // look again after that long; at the next tick when zero
	phase  Phase
	reason string
}

func do(what deed, on docker.Container, phase Phase, reason string, args ...any) decision {
	return decision{deed: what, on: on, phase: phase, reason: fmt.Sprintf(reason, args...)}
}

func wait(again time.Duration, phase Phase, reason string, args ...any) decision {
	return decision{again: max(again, time.Millisecond), phase: phase, reason: fmt.Sprintf(reason, args...)}
}

func rest(phase Phase, reason string, args ...any) decision {
	return decision{phase: phase, reason: fmt.Sprintf(reason, args...)}
}

// decide says what the next step is. The order of the cases is the order of what matters.
func (o *Owner) decide(v view) decision {
	switch {
	case o.stopping:
		return o.stopAll(v)
	case o.draining:
		return o.drained(v)
	case !o.set:
		return rest(Starting, "waiting for the configuration")
	}
	if d, some := o.tidy(v); some {
		return d
	}
	if d, some := o.judged(v); some {
		return d
	}
	switch {
	case v.wanted == nil:
		return o.make(v)
	case v.trial():
		return o.try(v)
	case o.again && time.Until(o.fetchAfter) <= 0:
		o.fetch() // if the answer is another image, what runs is not what is wanted any more
	}
	return o.keep(*v.wanted, "")
}

// tidy stops and removes containers that are of no use. One that resists is left for later: it must not keep the app down.
func (o *Owner) tidy(v view) (d decision, some bool) {
	for _, c := range v.foreign {
		if time.Until(o.attemptsAt(c.ID).after) <= 0 {
			return dismiss(c, Starting, "it was inherited from instance "+c.Labels[LabelInstance]), true
		}
	}
	for _, c := range v.extra {
		if time.Until(o.attemptsAt(c.ID).after) <= 0 {
			return dismiss(c, Replacing, "it is of no use"), true
		}
	}
	return decision{}, false
}

// dismiss stops a container and, at the next look, removes it.
func dismiss(c docker.Container, phase Phase, why string) decision {
	if up(c) {
		return do(stop, c, phase, "stop %s: %s", c.Name, why)
	}
	return do(remove, c, phase, "remove %s: %s", c.Name, why)
}

func (o *Owner) stopAll(v view) decision {
	for _, c := range v.ours {
		if !up(c) {
			continue
		}
		if d, some := o.disarmed(c, Draining); some { // at the next boot, it has to wait for its secrets
			return d
		}
		return do(stop, c, Draining, "stop %s", c.Name)
	}
	return rest(Stopped, "the container is stopped")
}

// drained leaves everything as it is, unless a replacement is at the point where nothing runs.
func (o *Owner) drained(v view) decision {
	resting := rest(Draining, "the instance is to get no more traffic")
	if !o.swapping || v.wanted == nil || up(*v.wanted) || v.good != nil && up(*v.good) {
		return resting
	}
	c := *v.wanted
	if o.attemptsAt(c.ID).failed >= startTries && v.good != nil {
		c = *v.good
	}
	if left := time.Until(o.attemptsAt(c.ID).after); left > 0 {
		return wait(left, Draining, "%v", o.attemptsAt(c.ID).last)
	}
	return do(start, c, Draining, "start %s: a replacement was under way", c.Name)
}

// judged deals with containers that were found unhealthy: each is stopped, the good one is put back, and the record of the
// failure goes when it says nothing any more.
func (o *Owner) judged(v view) (d decision, some bool) {
	for _, c := range v.failed {
		if d, some := o.disarmed(c, Replacing); some {
			return d, true
		}
		if up(c) {
			return do(stop, c, Replacing, "stop %s: it was not healthy in time", c.Name), true
		}
	}
	for _, c := range v.failed {
		if v.good != nil && !up(*v.good) && (v.wanted == nil || !v.trial()) {
			d := o.keep(*v.good, "put back, as "+c.Name+" was not healthy in time")
			return d, d.deed != nothing
		}
		obsolete := v.good == nil || v.wanted != nil || o.pardon || !o.matches(c) || o.cooling(c) <= 0
		if obsolete && time.Until(o.attemptsAt(c.ID).after) <= 0 {
			return do(remove, c, Replacing, "remove %s: that it failed is of no concern any more", c.Name), true
		}
	}
	o.pardon = o.pardon && len(v.failed) > 0
	return decision{}, false
}

// cooling is how long a failed container keeps its like from being tried.
func (o *Owner) cooling(c docker.Container) time.Duration {
	since, known := o.refusals[c.ID]
	if !known { // it failed before our time: only the clock says when, which may have been set since
		at := c.FinishedAt
		if at.IsZero() {
			at = c.CreatedAt
		}
		since = time.Now().Add(-max(time.Since(at), 0))
		o.refusals[c.ID] = since
	}
	return o.options.RetryAfter - time.Since(since)
}

// make gets the image and creates the container. Whatever served goes on serving.
func (o *Owner) make(v view) decision {
	if v.good != nil && !up(*v.good) {
		if d := o.keep(*v.good, ""); d.deed != nothing {
			return d
		}
	}
	if len(v.failed) > 0 && v.good != nil {
		c := v.failed[0]
		left := o.cooling(c)
		return o.keep(*v.good, fmt.Sprintf("%s was not healthy in time, and its like is not tried before %s unless something changes",
			c.Name, time.Now().Add(left).UTC().Format("15:04 MST"))).lookWithin(left)
	}
	if o.image == nil {
		return o.getting(v)
	}
	if left := time.Until(o.creating.after); left > 0 {
		return o.meanwhile(v, wait(left, Failed, "%v", o.creating.last))
	}
	phase := Creating
	if v.good != nil {
		phase = Replacing
	}
	return decision{deed: create, phase: phase, reason: "create " + name(o.options.App, o.next(v))}
}

// next is the generation of the next container.
func (o *Owner) next(v view) int { return max(v.top, o.generation) + 1 }

// getting waits for the image.
func (o *Owner) getting(v view) decision {
	if left := time.Until(o.fetchAfter); left > 0 {
		return o.meanwhile(v, wait(left, Failed, "%v", o.refused))
	}
	o.fetch()
	phase, reason := o.told()
	if v.good != nil {
		d := o.keep(*v.good, "")
		if d.deed == nothing {
			d.phase, d.reason = Replacing, reason
		}
		return d
	}
	return rest(phase, "%s", reason)
}

// meanwhile says what is wrong, while the good container goes on.
func (o *Owner) meanwhile(v view, d decision) decision {
	if v.good == nil {
		return d
	}
	kept := o.keep(*v.good, d.reason)
	return kept.lookWithin(d.again)
}

// lookWithin makes it look again earlier.
func (d decision) lookWithin(t time.Duration) decision {
	if d.deed == nothing && t > 0 && (d.again == 0 || t < d.again) {
		d.again = t
	}
	return d
}
