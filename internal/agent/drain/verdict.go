package drain

import (
	"fmt"
	"time"

	"bluegreen/internal/aws/lifecycle"
)

const (
	spotNotice = 2 * time.Minute  // from a spot notice to the end
	spotLeast  = 40 * time.Second // of it for clients, however long the container takes to stop
	margin     = 10 * time.Second // for calls that take long, between a bound of ours and the end that it keeps clear of
)

// view is all that decides whether the container may be stopped. Times are uptimes.
type view struct {
	now    time.Duration
	since  time.Duration           // of the drain
	causes map[Cause]time.Duration // since when

	known  bool // the group has answered
	member lifecycle.Instance
	held   time.Duration  // since when termination hooks hold
	hook   lifecycle.Hook // ours among them, or none
	denied bool           // no heartbeats can be sent
}

// mayStop tells whether the container may be stopped, or what is waited for. As long as the group still routes to the
// instance, only an end that comes anyway is a reason to stop.
func (o *Options) mayStop(v view) (stop bool, waiting string) {
	if v.known && released(v.member.State) {
		return true, ""
	}
	quiet, forQuiet := o.quiet(v)
	bounds := o.bounds(v)
	for _, b := range bounds {
		if v.now >= b.at {
			return true, ""
		}
	}
	_, shutdown := v.causes[Shutdown]
	switch {
	case v.known && endHeld(v.member.State):
		if quiet {
			return true, ""
		}
		waiting = forQuiet
	case shutdown && v.known && arriving(v.member.State):
		return true, "" // it has never been routed to
	case shutdown:
		noticed := v.since + o.Notice
		if v.known && leaving(v.member.State) {
			noticed = v.since // the group has told the load balancers
		}
		if quiet && v.now >= noticed {
			return true, ""
		}
		waiting = forQuiet
		if v.now < noticed {
			waiting = "load balancers to notice that /health fails, " + span(noticed-v.now)
		}
	default:
		waiting = v.forGroup()
	}
	return false, "waiting for " + waiting + soonest(v.now, bounds)
}

// quiet tells whether the deregistration delay is over, as far as this instance can know.
func (o *Options) quiet(v view) (quiet bool, waiting string) {
	end := v.since + o.Delay
	return v.now >= end, "the deregistration delay to pass, " + span(end-v.now)
}

// forGroup says what has to happen in the group before the container is stopped.
func (v view) forGroup() string {
	switch {
	case !v.known:
		return "the group to say Terminating:Wait (it has not answered)"
	case v.member.Group == "":
		return "the machine's end (it is in no group)"
	}
	return fmt.Sprintf("the group to say Terminating:Wait (it says %s)", v.member.State)
}

// bound is a time at which the container is stopped whatever else is waited for.
type bound struct {
	at  time.Duration
	why string
}

func (o *Options) bounds(v view) []bound {
	var all []bound
	if since, ok := v.causes[Spot]; ok {
		all = append(all, bound{since + max(spotNotice-o.Poll-margin-o.StopTimeout, spotLeast), "EC2 takes the instance back"})
	}
	if since, ok := v.causes[Shutdown]; ok {
		all = append(all, bound{since + o.ShutdownLimit, "the machine goes down"})
	}
	if v.known && endHeld(v.member.State) && v.hook.Name != "" {
		all = append(all, bound{v.held + max(v.hookSpan()-o.StopTimeout-o.GroupPoll-margin, 0), "the hook's time is over"})
	}
	return all
}

// hookSpan is for how long our hook can hold the instance.
func (v view) hookSpan() time.Duration {
	if v.denied {
		return v.hook.Heartbeat
	}
	return v.hook.GlobalLimit
}

func soonest(now time.Duration, bounds []bound) string {
	text, at := "", time.Duration(0)
	for _, b := range bounds {
		if text == "" || b.at < at {
			at, text = b.at, fmt.Sprintf("; at most %s because %s", span(b.at-now), b.why)
		}
	}
	return text
}

// span is a duration for people. It is coarse, so that a text with one does not change at every turn.
func span(d time.Duration) string {
	if d >= time.Minute {
		return d.Round(time.Minute).String()
	}
	return max(d, 0).Round(10 * time.Second).String()
}
