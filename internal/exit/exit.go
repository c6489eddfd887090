// Package exit is how the programs end: exit codes, and errors that know theirs.
package exit

import (
	"context"
	"errors"
)

// Code is the exit code of a command. It is part of the interface: scripts decide by it.
type Code int

// The exit codes.
const (
	Done        Code = 0
	Failed      Code = 1   // nothing is left behind
	Usage       Code = 2   // nothing was tried
	RolledBack  Code = 3   // it failed after traffic had moved, and traffic is back
	Dirty       Code = 4   // needs a human; the message says what to do
	Waiting     Code = 8   // for somebody's approval
	Locked      Code = 11  // another deployment is under way
	Interrupted Code = 130 // by Ctrl-C
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
		return Done
	case errors.As(err, &problem):
		return problem.Code
	case errors.Is(err, ErrInterrupted), errors.Is(err, context.Canceled):
		return Interrupted
	}
	return Failed
}
