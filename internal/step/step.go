// Package step runs a list of steps so that it can be killed at any moment and go on elsewhere.
//
// Before a step's first mutation its intent is in the journal, after its last one its result. A run that was cut off is
// resumed by doing the step that was under way again, or undone in reverse order. What a step does is the business of the
// packages above; this one knows the standard library only.
package step

import (
	"context"
	"errors"
	"fmt"
)

// Step is one thing that a run does to the world. S is the run's state: all that a later step, another process or an undo
// has to know, kept in the journal as JSON.
type Step[S any] struct {
	// Name is unique within a run and stable over releases: the journal refers to it.
	Name string
	// Title tells people what happens, in the imperative: "pin blue's minimum".
	Title string
	// Back tells people what Undo does: "unpin blue".
	Back string
	// Calls are the mutations that Do makes, for a plan; none for a step that only looks or waits.
	Calls []string
	// Do must be safe to call again after it was cut off anywhere.
	Do func(ctx context.Context, state *S) error
	// Undo restores what was found, whether Do ended, was cut off or never got to its first mutation. Nil: nothing to undo.
	Undo func(ctx context.Context, state *S) error
	// Commit marks a point of no return: once its intent is stored, nothing of the run is undone any more.
	Commit bool
}

// Status is how far a step has come.
type Status string

// The life of a step. The empty status is that of a step that was not begun.
const (
	Doing   Status = "doing"
	Done    Status = "done"
	Undoing Status = "undoing"
	Undone  Status = "undone"
)

// Phase is how far a run has come.
type Phase string

// The life of a run.
const (
	Running Phase = "running"
	Undo    Phase = "undoing"
	Ended   Phase = "ended"
)

// Outcome is how a run ended.
type Outcome string

// The ends of a run.
const (
	Succeeded   Outcome = "succeeded"
	RolledBack  Outcome = "rolled-back"  // undone after it had changed something that others see
	FailedClean Outcome = "failed-clean" // undone before that
	FailedDirty Outcome = "failed-dirty" // neither ended nor undone: needs a human
)

// Wait is returned by a Do that needs somebody else first. The run stops where it is; resume asks again.
type Wait struct{ Reason string }

func (w *Wait) Error() string { return "waiting: " + w.Reason }

// Error says which step failed, while it was being done or undone.
type Error struct {
	Step string // the step's name
	Undo bool   // it failed while it was being undone
	Err  error
}

func (e *Error) Error() string {
	if e.Undo {
		return fmt.Sprintf("undo %s: %v", e.Step, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Step, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// ErrCommitted says that a run is past its point of no return: it can only be resumed.
var ErrCommitted = errors.New("the run is past its point of no return")

// Stopper is an error after which a run is neither continued nor undone by this process: it was interrupted, or somebody
// else has taken it over.
type Stopper interface{ StopsRun() bool }

// stops says whether the run must be left as it is.
func stops(ctx context.Context, err error) bool {
	var wait *Wait
	if errors.As(err, &wait) {
		return true
	}
	var stopper Stopper
	if errors.As(err, &stopper) && stopper.StopsRun() {
		return true
	}
	return ctx.Err() != nil
}
