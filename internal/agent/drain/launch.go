package drain

import (
	"context"
	"fmt"
	"time"

	"bluegreen/internal/aws/imds"
	"bluegreen/internal/aws/lifecycle"
)

// mostLooks is how often a group is asked for an instance that it does not know, but that has a target in it, and for one that
// it says rests, but whose target is to serve: the group may say so a little later than the metadata service does.
const mostLooks = 12

// launchTurn does the next thing for an instance that a launch hook may hold.
func (d *Drainer) launchTurn(ctx context.Context) {
	d.lookAtGroup(ctx)
	switch {
	case d.launchOver():
		d.mu.Lock()
		d.launching, d.abandoned = false, false
		d.mu.Unlock()
		d.say("")
	case launchHeld(d.group.State):
		d.holdLaunch(ctx)
	}
}

// launchOver tells whether no launch hook holds the instance, and none is going to.
func (d *Drainer) launchOver() bool {
	switch {
	case !d.group.known:
		// Nobody has answered. A hook, if there is one, has long ended by then.
		return d.o.Uptime() > d.launchFrom+2*d.o.LaunchDeadline
	case d.group.Group == "":
		d.mu.Lock()
		defer d.mu.Unlock()
		// A group's own instances have a target, though not from the first second on.
		return d.group.looks >= mostLooks || d.seen.targets > 0 && d.seen.target == ""
	case resting(d.group.State):
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.group.looks >= mostLooks || d.seen.targets > 0 && d.seen.target != imds.InService
	}
	return !arriving(d.group.State)
}

// holdLaunch lets a launch go on when the app is healthy, abandons it at the deadline, and keeps the hook waiting till then.
func (d *Drainer) holdLaunch(ctx context.Context) {
	hook, ok := d.ourHook(ctx, lifecycle.Launching, d.o.LaunchHook)
	if !ok {
		return
	}
	left := d.launchDeadline(hook) - d.o.Uptime()
	switch {
	case d.abandoned || left <= 0:
		if !d.abandoned {
			d.o.Log.Error("the app did not get healthy in time: abandoning the launch", "hook", hook.Name)
		}
		d.abandoned = true // whatever happens to this call: there is no way back from one whose answer is lost
		d.endLaunch(ctx, hook, lifecycle.Abandon)
	case d.o.Healthy():
		d.endLaunch(ctx, hook, lifecycle.Continue)
	default:
		d.say(fmt.Sprintf("launch hook %s: waiting for the app to get healthy, for at most %s", hook.Name, span(left)))
		d.heartbeat(ctx, hook)
	}
}

func (d *Drainer) endLaunch(ctx context.Context, hook lifecycle.Hook, result lifecycle.Result) {
	if d.finishAction(ctx, hook, result) {
		d.mu.Lock()
		d.launching, d.abandoned = false, false
		d.facts.Launch = nil
		d.save()
		d.mu.Unlock()
		d.say("")
	}
}

// launchDeadline is the uptime at which a launch is abandoned. It lies before the hook's own end.
func (d *Drainer) launchDeadline(hook lifecycle.Hook) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.facts.Launch == nil {
		return d.o.Uptime() + d.o.LaunchDeadline
	}
	span := hook.GlobalLimit
	if d.group.denied {
		span = hook.Heartbeat
	}
	margin := min(d.lookPause("Pending")+callTimeout, span/4)
	return d.facts.Launch.Uptime + min(d.o.LaunchDeadline, span-margin)
}
