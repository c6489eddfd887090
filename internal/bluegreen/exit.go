package bluegreen

import (
	"context"
	"errors"

	"bluegreen/internal/journal"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// Code is the exit code of a command. It is part of the interface: scripts decide by it.
type Code int

// The exit codes.
const (
	CodeDone        Code = 0
	CodeFailed      Code = 1   // nothing is left behind
	CodeUsage       Code = 2   // nothing was tried
	CodeRolledBack  Code = 3   // it failed after traffic had moved, and traffic is back
	CodeDirty       Code = 4   // needs a human; the message says what to do
	CodeWaiting     Code = 8   // for somebody's approval
	CodeLocked      Code = 11  // another deployment is under way
	CodeInterrupted Code = 130 // by Ctrl-C
)

// Problem is an error that knows its exit code and the next thing to type.
type Problem struct {
	Code Code
	Err  error
	Try  string // a command line; "" when there is none
}

func (p *Problem) Error() string { return p.Err.Error() }

func (p *Problem) Unwrap() error { return p.Err }

// ErrInterrupted is the cause of a context that Ctrl-C has ended.
var ErrInterrupted = errors.New("interrupted")

// CodeOf is the exit code of an error.
func CodeOf(err error) Code {
	var problem *Problem
	switch {
	case err == nil:
		return CodeDone
	case errors.As(err, &problem):
		return problem.Code
	case errors.Is(err, ErrInterrupted), errors.Is(err, context.Canceled):
		return CodeInterrupted
	}
	return CodeFailed
}

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
		return &Problem{Code: CodeWaiting, Err: err, Try: "switcher resume"}
	case errors.As(err, &preempted), errors.As(err, &lost): // whichever of the two it saw first
		return &Problem{Code: CodeRolledBack, Err: err, Try: "switcher status"}
	case errors.As(err, &foreign):
		return &Problem{Code: CodeDirty, Err: err, Try: "switcher rollback (sets the weights that deployment " + id + " found), or put the records back and switcher resume"}
	case ctx.Err() != nil && outcome != step.RolledBack && outcome != step.FailedClean:
		return &Problem{Code: CodeInterrupted, Err: errors.Join(context.Cause(ctx), err), Try: "switcher resume, or switcher rollback"}
	case outcome == step.RolledBack:
		return &Problem{Code: CodeRolledBack, Err: err}
	case outcome == step.FailedClean:
		return &Problem{Code: CodeFailed, Err: err}
	}
	return &Problem{Code: CodeDirty, Err: err, Try: "switcher status, then switcher resume or switcher rollback"}
}
