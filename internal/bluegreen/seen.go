package bluegreen

import (
	"context"
	"errors"
	"strings"
	"time"

	"bluegreen/internal/aws/awserr"
)

// seenWithin is how long AWS may take to know everywhere what it has just made.
const seenWithin = time.Minute

// seen does what rests on something that was made a moment ago, again and again while AWS does not know that yet.
func (r *run) seen(ctx context.Context, stepName string, do func(context.Context) error) error {
	end := time.Now().Add(seenWithin)
	for {
		err := do(ctx)
		left := time.Until(end)
		if !unseen(err) || left <= 0 {
			return err
		}
		r.note(Waiting, stepName, "waiting for AWS to know what was just made: %v (at most %s)", err, left.Round(time.Second))
		if !pause(ctx, r.Config.Limits.Poll.Span()) {
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// unseen says that a call failed for want of what was just made. Auto Scaling has one code for all that it finds wrong.
func unseen(err error) bool {
	if errors.Is(err, awserr.ErrNotFound) {
		return true
	}
	return awserr.Code(err) == "ValidationError" && strings.Contains(strings.ToLower(err.Error()), "launch template")
}
