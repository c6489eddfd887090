package owner

import (
	"fmt"
	"time"

	"bluegreen/internal/docker"
)

// keep has a container run and be healthy. What there is to say beside its health is in note.
func (o *Owner) keep(c docker.Container, note string) decision {
	if d, some := o.armed(c); some {
		return d
	}
	if !up(c) {
		return o.revive(c, note)
	}
	delete(o.free, c.ID)
	h := o.health(c)
	switch {
	case c.State == docker.Paused:
		return o.nurse(c, h, "it is paused")
	case c.State == docker.Restarting:
		return rest(Sick, "%s", joined(o.lastExit(c), note))
	case h.State == Unhealthy:
		return o.nurse(c, h, h.Reason)
	case h.State == Unknown:
		return rest(Waiting, "%s", joined(fmt.Sprintf("waiting for %s to be healthy%s", c.Name, because(h.Reason)), note))
	}
	return rest(Serving, "%s", note)
}

// revive starts a container that does not run. The first time is free after whatever has stopped it was not its own doing:
// the boot of the instance, the daemon, a replacement.
func (o *Owner) revive(c docker.Container, note string) decision {
	a := o.attemptsAt(c.ID)
	why := joined(o.lastExit(c), note)
	switch left := time.Until(a.after); {
	case left > 0:
		return wait(left, Failed, "%s", joined(a.last.Error(), note))
	case !ran(c) || o.free[c.ID]:
		return do(start, c, Starting, "start %s%s", c.Name, because(note))
	}
	d := do(start, c, Sick, "start %s again%s", c.Name, because(why))
	return o.charged(d, Failed, why)
}

// nurse restarts a container that has been unhealthy for long enough, while the daemon was there: without it a container may
// have been out of the probes' reach, and well.
func (o *Owner) nurse(c docker.Container, h Health, why string) decision {
	if left := o.options.UnhealthyFor - min(h.UnhealthyFor, time.Since(o.back)); h.State == Unhealthy && left > 0 {
		return wait(left, Sick, "%s", why)
	}
	if h.State != Unhealthy { // paused, and not yet known to be of no use
		return rest(Sick, "%s", why)
	}
	d := do(restart, c, Sick, "restart %s: it has been unhealthy for %v: %s", c.Name, h.UnhealthyFor.Round(time.Second), why)
	return o.charged(d, Sick, why)
}

// charged does what is one of the budget's restarts, or waits until it may. When the budget is spent, somebody else has to
// see to the instance.
func (o *Owner) charged(d decision, otherwise Phase, why string) decision {
	left, spent := o.budget.left(time.Now())
	if left <= 0 {
		d.charge = true
		return d
	}
	if spent {
		o.escalate(fmt.Sprintf("%s: %d restarts in an hour did not help: %s", d.on.Name, o.options.Budget, why))
	}
	return wait(left, otherwise, "%s", joined(why, fmt.Sprintf("no restart for %v", left.Round(time.Second))))
}

func joined(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "; " + b
}

// budget is how many restarts there may be in an hour.
type budget struct {
	perHour  int
	coolDown time.Duration
	spent    []time.Time
}

// left is how long it takes until there may be another restart, and whether that is because the budget is spent.
func (b *budget) left(now time.Time) (left time.Duration, spent bool) {
	b.expire(now)
	n := len(b.spent)
	switch {
	case n == 0:
		return 0, false
	case n >= b.perHour:
		return b.spent[n-b.perHour].Add(time.Hour).Sub(now), true
	}
	return b.spent[n-1].Add(b.coolDown).Sub(now), false
}

func (b *budget) spend(now time.Time) { b.spent = append(b.spent, now) }

func (b *budget) expire(now time.Time) {
	for len(b.spent) > 0 && now.Sub(b.spent[0]) >= time.Hour {
		b.spent = b.spent[1:]
	}
}
