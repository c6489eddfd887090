package drain

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bluegreen/internal/aws/lifecycle"
)

const (
	stopRetry = 5 * time.Second  // between two tries to stop the container
	stopSlack = 30 * time.Second // beyond its own timeout, until a try is given up
	stopTries = 5 * time.Minute  // for so long a hook is kept waiting for a container that will not stop
)

// drainTurn does the next thing for an instance that goes out of service: it keeps the hook waiting, stops the container
// when nobody is sent here any more, and then, and only then, completes the hook.
func (d *Drainer) drainTurn(ctx context.Context, work *sync.WaitGroup) {
	d.tryStop(ctx, work) // before any call: some bounds do not wait for answers
	d.lookAtGroup(ctx)
	hook, ok := d.ourHook(ctx, lifecycle.Terminating, d.o.TerminationHook)
	d.group.ending = hook
	d.tryStop(ctx, work)
	if ok && d.patient() {
		d.heartbeat(ctx, hook)
	}
	d.tryComplete(ctx, hook, ok)
}

// view is what is known now.
func (d *Drainer) view() view {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := view{
		now: d.o.Uptime(), since: d.facts.Causes[0].Uptime, causes: map[Cause]time.Duration{},
		known: d.group.known, member: d.group.Instance, hook: d.group.ending, denied: d.group.denied,
	}
	for _, e := range d.facts.Causes {
		v.causes[Cause(e.What)] = e.Uptime
	}
	if d.facts.Held != nil {
		v.held = d.facts.Held.Uptime
	}
	return v
}

// tryStop has the container stopped if it may be. That goes on beside the turns, so that heartbeats do, too.
func (d *Drainer) tryStop(ctx context.Context, work *sync.WaitGroup) {
	v := d.view()
	may, waiting := d.o.mayStop(v)
	d.mu.Lock()
	idle := !d.stop.done && !d.stop.running && (d.stop.first == 0 || v.now >= d.stop.ended+stopRetry)
	if idle && may {
		if d.stop.first == 0 {
			d.stop.first = v.now
			d.o.Log.Info("stopping the container", "drained", (v.now - v.since).Round(time.Millisecond), "state", v.member.State)
		}
		d.stop.running = true
	}
	d.mu.Unlock()
	switch {
	case !idle:
	case !may:
		d.say(waiting)
	default:
		d.say("stopping the container")
		work.Go(func() { d.stopContainer(ctx) })
	}
}

func (d *Drainer) stopContainer(ctx context.Context) {
	limit := d.o.StopTimeout + stopSlack
	bounded, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it has not stopped within %s", limit))
	defer cancel()
	err := d.o.Stop(bounded)
	if err != nil && bounded.Err() != nil {
		err = errors.Join(err, context.Cause(bounded))
	}
	if err == nil {
		d.say("the container is stopped")
	}
	d.mu.Lock()
	d.stop.running, d.stop.done, d.stop.ended = false, err == nil, d.o.Uptime()
	d.ask = d.ask || err == nil // the hook may have come to hold in the meantime
	took := d.stop.ended - d.stop.first
	d.mu.Unlock()
	if err != nil && ctx.Err() != nil {
		return // the agent ends, and leaves the container to the next
	}
	d.told.result("stop the container", err)
	if err == nil {
		d.o.Log.Info("the container is stopped", "took", took.Round(time.Millisecond))
	}
	d.nudge()
}

// patient tells whether the hook is to be kept waiting: not for ever when the container does not stop.
func (d *Drainer) patient() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stop.first == 0 || d.o.Uptime() < d.stop.first+stopTries+d.o.StopTimeout
}

// tryComplete completes our hook, if it holds the instance and the container is stopped.
func (d *Drainer) tryComplete(ctx context.Context, hook lifecycle.Hook, held bool) {
	d.mu.Lock()
	stopped, completed, ended := d.stop.done, d.facts.Completed, d.stop.ended
	d.mu.Unlock()
	if !stopped {
		return
	}
	if held && !completed && d.finishAction(ctx, hook, lifecycle.Continue) {
		d.mu.Lock()
		d.facts.Completed = true
		d.save()
		d.mu.Unlock()
		d.say("the container is stopped and the lifecycle hook is completed")
		completed = true
	}
	if completed || !held && d.sure(ended) || d.o.Uptime() > ended+outPatience {
		d.leave()
	}
}

// sure tells whether it is known, or never will be, which hook of ours has held the instance since the container stopped.
func (d *Drainer) sure(stopped time.Duration) bool {
	if d.o.Group.Describe == nil || d.group.barred {
		return true
	}
	return d.group.known && d.group.at >= stopped && (d.group.hooks != nil || !endHeld(d.group.State))
}

// outPatience is how long the machine's end is kept waiting for the completion of a hook.
const outPatience = 30 * time.Second

// leave tells those who wait for it that there is nothing more to wait for.
func (d *Drainer) leave() {
	select {
	case <-d.out:
	default:
		close(d.out)
	}
}

// say tells what is waited for. d.mu must not be held: who is told may ask.
func (d *Drainer) say(text string) {
	d.telling.Lock()
	defer d.telling.Unlock()
	d.mu.Lock()
	same := text == d.text
	d.text = text
	d.mu.Unlock()
	if !same && d.o.Tell != nil {
		d.o.Tell(text)
	}
}
