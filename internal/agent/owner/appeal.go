package owner

import (
	"context"
	"time"
)

// appeal is what was said of the instance to those who can replace it.
type appeal struct {
	reason string    // why; empty if nothing was said
	heard  bool      // it was taken
	asking bool      // it is under way
	after  time.Time // the earliest time to say it again, if it was not
}

const (
	appealLimit = 2 * time.Minute
	appealAfter = 30 * time.Second
)

// escalate says once that the instance is no good: again only if nobody has heard it, or after it was well for an hour.
func (o *Owner) escalate(reason string) {
	a := &o.memory.appeal
	if o.options.Escalate == nil || a.heard || a.asking || time.Now().Before(a.after) {
		return
	}
	*a = appeal{reason: reason, asking: true}
	o.options.Log.Error("Giving up on this instance", "reason", reason)
	o.background(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, appealLimit)
		defer cancel()
		answer := appeal{reason: reason, heard: true}
		if err := o.options.Escalate(ctx, reason); err != nil {
			o.options.Log.Error("Nobody was told that this instance is no good", "error", err)
			answer = appeal{reason: reason, after: time.Now().Add(appealAfter)}
		}
		o.tell(func(in *inbox) { in.appeal = &answer })
	})
}

// well forgets what was said when there was no restart for an hour.
func (o *Owner) well() {
	o.budget.expire(time.Now())
	if o.memory.appeal.heard && len(o.budget.spent) == 0 {
		o.memory.appeal = appeal{}
	}
}
