package sweep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/aws/awserr"
)

// Outcome is what has become of one leftover that was to be removed.
type Outcome string

// The outcomes.
const (
	Done      Outcome = "done"
	Gone      Outcome = "gone"        // already, or no leftover any more
	Kept      Outcome = "kept"        // things have changed since the plan was made
	Failed    Outcome = "failed"      // the next sweep tries again
	Unreached Outcome = "not reached" // the sweep ended before
)

// Step is the removal of one leftover, carried out or not.
type Step struct {
	Kind Kind `json:"kind"`
	Ref
	Run     string   `json:"run,omitempty"`
	Outcome Outcome  `json:"outcome"`
	Reasons []string `json:"reasons,omitempty"` // for keeping it
	Error   string   `json:"error,omitempty"`
}

// Apply removes what a plan says, kind by kind, and tells progress of every step. It goes on after a failure and joins what
// went wrong. It may be killed at any point: what is gone is gone, and the next plan is about the rest.
//
// Nothing is removed on the plan's word alone. Right before each removal the thing, the life of its run and the uses of an
// image are read again. A run that begins to live in the instant between that and the call loses what it left; the
// next thing it does then fails, and it can be started anew.
func (s Sweeper) Apply(ctx context.Context, plan Plan, progress func(Step)) ([]Step, error) {
	if err := s.Policy.Validate(); err != nil {
		return nil, err
	}
	var steps []Step
	var errs []error
	told := map[string]bool{} // one fault shows before many removals
	fail := func(faults ...error) {
		for _, err := range faults {
			if !told[err.Error()] {
				told[err.Error()] = true
				errs = append(errs, err)
			}
		}
	}
	for _, f := range plan.Findings {
		if f.Action != Remove {
			continue
		}
		step, faults := s.remove(ctx, f.Item)
		fail(faults...)
		steps = append(steps, step)
		if progress != nil {
			progress(step)
		}
	}
	if ctx.Err() != nil {
		fail(context.Cause(ctx))
	}
	return steps, errors.Join(errs...)
}

// remove looks again and removes one thing. The errors say what went wrong, the step what that led to.
func (s Sweeper) remove(ctx context.Context, item Item) (Step, []error) {
	step := Step{Kind: item.Kind, Ref: item.Ref, Run: item.Run}
	found, errs := s.again(ctx, item)
	switch {
	case ctx.Err() != nil:
		step.Outcome = Unreached
		return step, nil
	case found.Action == Keep:
		step.Outcome, step.Reasons = Kept, found.Reasons
		return step, errs
	case found.Action != Remove:
		step.Outcome = Gone
		return step, errs
	}
	switch err := s.Remove(ctx, found.Item); {
	case err == nil:
		step.Outcome = Done
	case errors.Is(err, awserr.ErrNotFound):
		step.Outcome = Gone
	default:
		step.Outcome, step.Error = Failed, err.Error()
		errs = append(errs, fmt.Errorf("remove %s %s: %w", item.Kind, item.Ref, err))
	}
	return step, errs
}

// again decides once more on one thing, on what is read now; it finds nothing if that is no leftover any more. What its kind is
// judged by is read with it: instances that go do not use an image, and an image may have a snapshot.
func (s Sweeper) again(ctx context.Context, item Item) (Finding, []error) {
	var of []Kind
	var known []Item
	switch item.Kind {
	case Instance:
		of = []Kind{Instance}
	case Image:
		of = []Kind{Instance, Image}
	case Snapshot:
		of = []Kind{Image, Snapshot}
	case Object:
		known = []Item{item} // nothing about an object changes but the life of its run, and there are many of them
	}
	same := func(i Item) bool { return i.Kind == item.Kind && i.Ref == item.Ref }
	facts, errs := s.look(ctx, of, same, known...)
	if err := facts.Failed[item.Kind]; err != nil {
		return Finding{Item: item, Action: Keep, Reasons: []string{fmt.Sprintf("list %ss: %v", item.Kind, err)}}, errs
	}
	for _, f := range Decide(facts, s.Policy, time.Now()) {
		if same(f.Item) {
			return f, errs
		}
	}
	return Finding{}, errs
}
