package drain

import (
	"context"
	"errors"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/lifecycle"
)

const (
	// callTimeout is for one call to Auto Scaling, the SDK's own retries included. A drain must not wait for long for one:
	// other things bound it, too.
	callTimeout = 5 * time.Second
	// callMost is the longest pause after a call that failed: a hook may hold for 30 seconds only. deniedPause is that after
	// one that is not allowed.
	callMost    = 15 * time.Second
	deniedPause = time.Minute
	// heartbeatMost is the longest pause between two heartbeats.
	heartbeatMost = 5 * time.Minute
)

// groupView is what the group said last.
type groupView struct {
	lifecycle.Instance
	known bool          // it has said anything
	at    time.Duration // uptime of that
	looks int

	hooks  []lifecycle.Hook // of the group; nil when not asked yet
	ending lifecycle.Hook   // ours that holds the instance back from its end, or none
	barred bool             // the role may not ask the group
	denied bool             // the role may not send heartbeats

	look, list, beat, finish schedule
	refusals                 int // of a completion, in a row, because nothing was held
}

// schedule says when something is to be tried again.
type schedule struct {
	due   time.Duration // uptime
	pause time.Duration // after the last failure; 0 when it went well
}

// went sets when to try again: regularly after a success, and with growing pauses after failures. A missing permission is
// seldom granted within a minute.
func (s *schedule) went(now, regular time.Duration, err error) {
	switch {
	case err == nil:
		s.pause = 0
		s.due = now + regular
		return
	case errors.Is(err, awserr.ErrDenied):
		s.pause = deniedPause
	default:
		s.pause = min(max(2*s.pause, 5*time.Second), callMost)
	}
	s.due = now + s.pause
}

// calling bounds a call to Auto Scaling.
func calling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, callTimeout)
}

// lookAtGroup asks the group for this instance, if it is time to.
func (d *Drainer) lookAtGroup(ctx context.Context) {
	if d.o.Group.Describe == nil || d.o.Uptime() < d.group.look.due {
		return
	}
	bounded, cancel := calling(ctx)
	defer cancel()
	member, err := d.o.Group.Describe(bounded, d.o.Instance)
	if ctx.Err() != nil {
		return
	}
	if errors.Is(err, awserr.ErrNotFound) {
		member, err = lifecycle.Instance{ID: d.o.Instance}, nil // it is in no group
	}
	d.told.call(describeInstances, "ask the group for this instance's state", err)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.group.barred = errors.Is(err, awserr.ErrDenied)
	d.group.look.went(d.o.Uptime(), d.lookPause(member.State), err)
	if err != nil {
		return
	}
	if last := d.group.Instance; last.Group != member.Group || last.State != member.State {
		d.o.Log.Info("the group says", "group", member.Group, "state", member.State, "before", last.State)
	}
	if d.group.Group != member.Group {
		d.group.hooks = nil
	}
	d.group.Instance, d.group.known, d.group.at = member, true, d.o.Uptime()
	d.group.looks++
	d.noteHold(member.State)
}

// lookPause is until the next look: longer while only the app is waited for.
func (d *Drainer) lookPause(s lifecycle.State) time.Duration {
	switch {
	case launchHeld(s):
		return 3 * d.o.GroupPoll
	case arriving(s):
		return d.o.GroupPoll / 2
	}
	return d.o.GroupPoll
}

// noteHold notes since when hooks hold the instance, because that bounds how long they do. d.mu must be held.
func (d *Drainer) noteHold(s lifecycle.State) {
	launch, held := d.facts.Launch, d.facts.Held
	switch {
	case launchHeld(s) && launch == nil:
		e := d.happened(string(s))
		d.facts.Launch = &e
	case endHeld(s) && held == nil:
		e := d.happened(string(s))
		d.facts.Held = &e
	case !arriving(s) && launch != nil:
		d.facts.Launch = nil
	default:
		return
	}
	d.save()
}

// ourHook is the hook of ours that holds the instance in a transition; false where there is none, or nobody knows.
func (d *Drainer) ourHook(ctx context.Context, transition lifecycle.Transition, name string) (lifecycle.Hook, bool) {
	holds := map[lifecycle.Transition]func(lifecycle.State) bool{lifecycle.Launching: launchHeld, lifecycle.Terminating: endHeld}
	if !holds[transition](d.group.State) {
		return lifecycle.Hook{}, false
	}
	if d.group.hooks == nil {
		d.listHooks(ctx)
	}
	if d.group.hooks == nil {
		return lifecycle.Hook{}, false
	}
	hook, problem := ours(d.group.hooks, transition, name)
	if problem != "" {
		d.told.once(problem, "no lifecycle hook is completed by this agent", "group", d.group.Group, "why", problem)
	}
	return hook, hook.Name != ""
}

// action is what a hook holds this instance by.
func (d *Drainer) action(h lifecycle.Hook) lifecycle.Action {
	return lifecycle.Action{Group: d.group.Group, Hook: h.Name, InstanceID: d.o.Instance}
}

func (d *Drainer) listHooks(ctx context.Context) {
	if d.o.Uptime() < d.group.list.due {
		return
	}
	bounded, cancel := calling(ctx)
	defer cancel()
	hooks, err := d.o.Group.Hooks(bounded, d.group.Group)
	if ctx.Err() != nil {
		return
	}
	d.told.call(describeHooks, "ask for the group's lifecycle hooks", err)
	d.group.list.went(d.o.Uptime(), 0, err)
	if err == nil {
		d.group.hooks = append([]lifecycle.Hook{}, hooks...) // none is an answer, too
	}
}

// heartbeat keeps a hook holding, if it is time to.
func (d *Drainer) heartbeat(ctx context.Context, hook lifecycle.Hook) {
	if d.o.Uptime() < d.group.beat.due {
		return
	}
	bounded, cancel := calling(ctx)
	defer cancel()
	held, err := d.o.Group.Heartbeat(bounded, d.action(hook))
	if ctx.Err() != nil {
		return
	}
	if !held && err == nil {
		// It has ended, or Auto Scaling has not heard of it everywhere: the next look will tell.
		d.o.Log.Info("the lifecycle hook does not hold this instance", "hook", hook.Name)
	}
	d.told.call(recordHeartbeat, "keep the lifecycle hook "+hook.Name+" waiting", err)
	d.group.denied = errors.Is(err, awserr.ErrDenied)
	d.group.beat.went(d.o.Uptime(), min(hook.Heartbeat/3, heartbeatMost), err)
}

// finishAction ends what a hook holds, if it is time to, and tells whether it is ended now for certain.
func (d *Drainer) finishAction(ctx context.Context, hook lifecycle.Hook, result lifecycle.Result) (ended bool) {
	if d.o.Uptime() < d.group.finish.due {
		return false
	}
	bounded, cancel := calling(ctx)
	defer cancel()
	held, err := d.o.Group.Complete(bounded, d.action(hook), result)
	if ctx.Err() != nil {
		return false
	}
	d.group.finish.went(d.o.Uptime(), d.o.GroupPoll, err)
	if err == nil && !held {
		return d.nothingHeld(hook)
	}
	d.group.refusals = 0
	d.told.call(completeAction, "complete the lifecycle hook "+hook.Name, err)
	if err == nil {
		d.o.Log.Info("completed the lifecycle hook", "hook", hook.Name, "result", result)
	}
	return err == nil
}

// mostRefusals is how often in a row a hook must not hold an instance that the group says is held, before that is believed:
// the two answers may come from different ends of Auto Scaling.
const mostRefusals = 3

// nothingHeld is told of a completion that came to nothing: most often one before it, whose answer was lost, did it.
func (d *Drainer) nothingHeld(hook lifecycle.Hook) (ended bool) {
	d.group.refusals++
	if d.group.refusals < mostRefusals {
		return false
	}
	d.group.refusals = 0
	d.o.Log.Info("the lifecycle hook holds this instance no more", "hook", hook.Name)
	return true
}
