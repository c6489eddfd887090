package prune

import (
	"fmt"
	"time"
)

// lead is how far ahead a deprecation is set: EC2 takes no time in the past, and rounds to the minute.
const lead = 2 * time.Minute

// rung is the next step for an image that nobody uses and that the policy lets go. Each run takes one step at most, so that
// somebody has the time of the rung to notice what they miss.
func (j judge) rung(i Image) (Action, []string) {
	free := j.free(i)
	switch {
	case i.State == Disabled && i.DisabledAt.IsZero():
		return Disable, append(free, "disabled by somebody else: since when has to be noted")
	case i.State == Disabled:
		return j.disabled(i, free)
	case !i.Deprecated.IsZero() && !i.Deprecated.After(j.now.Add(lead)):
		since := j.now.Sub(i.Deprecated)
		if since < 0 || since < j.policy.Disable {
			return Keep, append(free, "deprecated; may be disabled from "+stamp(i.Deprecated.Add(j.policy.Disable))+" on")
		}
		return Disable, append(free, "deprecated since "+stamp(i.Deprecated))
	}
	return Deprecate, free
}

func (j judge) disabled(i Image, free []string) (Action, []string) {
	since := j.now.Sub(i.DisabledAt)
	switch {
	case i.Protected:
		return Keep, append(free, "disabled, but protected from being deregistered")
	case since < 0 || since < j.policy.Deregister:
		return Keep, append(free, "disabled; may be deregistered from "+stamp(i.DisabledAt.Add(j.policy.Deregister))+" on")
	}
	return Deregister, append(free, "disabled since "+stamp(i.DisabledAt))
}

// free says why an image may go.
func (j judge) free(i Image) []string {
	reasons := []string{"nobody uses it", span(j.now.Sub(i.Created)) + " old"}
	switch n := j.rank[i.Ref]; {
	case n > 0:
		reasons = append(reasons, fmt.Sprintf("%d verified images are newer", n-1))
	case i.Status != Verified:
		reasons = append(reasons, "never verified")
	}
	return reasons
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
