package bluegreen

import (
	"context"
	"errors"

	"bluegreen/internal/exit"
	"bluegreen/internal/journal"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// ended turns the end of a run into the error of its command.
func ended(ctx context.Context, id string, outcome step.Outcome, err error) error {
	if err == nil {
		return nil
	}
	var preempted *traffic.PreemptedError
	var lost *journal.LeaseLostError
	var foreign *traffic.ForeignError
	var wait *step.Wait
	switch {
	case errors.As(err, &wait):
		return &exit.Problem{Code: exit.Waiting, Err: err, Try: "switcher resume"}
	case errors.As(err, &preempted), errors.As(err, &lost): // whichever of the two it saw first
		return &exit.Problem{Code: exit.RolledBack, Err: err, Try: "switcher status"}
	case errors.As(err, &foreign):
		return &exit.Problem{Code: exit.Dirty, Err: err, Try: "switcher rollback (sets the weights that deployment " + id + " found), or put the records back and switcher resume"}
	case ctx.Err() != nil && outcome != step.RolledBack && outcome != step.FailedClean:
		return &exit.Problem{Code: exit.Interrupted, Err: errors.Join(context.Cause(ctx), err), Try: "switcher resume, or switcher rollback"}
	case outcome == step.RolledBack:
		return &exit.Problem{Code: exit.RolledBack, Err: err}
	case outcome == step.FailedClean:
		return failedClean(err)
	}
	return &exit.Problem{Code: exit.Dirty, Err: err, Try: "switcher status, then switcher resume or switcher rollback"}
}

// failedClean is the end of a run that has taken back all that it did. A step may know what to type next; or that the same
// will do later, because somebody else is at work.
func failedClean(err error) error {
	end := &exit.Problem{Code: exit.Failed, Err: err}
	var of *exit.Problem
	if errors.As(err, &of) {
		if end.Try = of.Try; of.Code == exit.Locked {
			end.Code = exit.Locked
		}
	}
	return end
}
