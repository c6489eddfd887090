package prune

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bluegreen/internal/aws/awserr"
)

// Outcome is what has become of one step of a plan.
type Outcome string

// The outcomes.
const (
	Done      Outcome = "done"
	Gone      Outcome = "gone"        // already: somebody else was faster, or an earlier run
	Kept      Outcome = "kept"        // things have changed since the plan was made
	Failed    Outcome = "failed"      // the next run tries again
	Unreached Outcome = "not reached" // the run ended before
)

// Step is one step of a plan, carried out or not.
type Step struct {
	Ref
	Name    string   `json:"name,omitempty"`
	Action  Action   `json:"action"`
	Outcome Outcome  `json:"outcome"`
	Reasons []string `json:"reasons,omitempty"` // for keeping it
	Error   string   `json:"error,omitempty"`
}

// Apply carries a plan out, deregistrations last, and tells progress of every step. It goes on after a failure and joins what
// went wrong. It may be killed at any point: what is done shows in the account, and the next plan is about the rest.
//
// Nothing is done on the plan's word alone. Before each rung of the ladder images and uses are read again, and once more, for
// one image, before it is disabled or deregistered; the step is taken only if the decision is still the same. What remains is
// a window from what a check's answer is about to the call's arrival: seconds within the account, unless calls are slow or retried,
// and a day or some for what a usage report says of other accounts. A use that begins in it finds the image disabled, which can be
// undone. Deregistering, which cannot, comes only to images from which nothing could be launched for the whole of
// Policy.Deregister, which therefore has to be longer than reports are behind.
func (p Pruner) Apply(ctx context.Context, plan Plan, progress func(Step)) ([]Step, error) {
	if err := p.Policy.Validate(); err != nil {
		return nil, err
	}
	r := &run{Pruner: p, progress: progress, told: map[string]bool{}}
	for _, rung := range []Action{Deprecate, Disable, Deregister} {
		r.rung(ctx, rung, plan.with(rung))
	}
	r.orphans(ctx, plan)
	if err := ctx.Err(); err != nil {
		r.fail(context.Cause(ctx))
	}
	return r.steps, errors.Join(r.errs...)
}

func (p Plan) with(a Action) []Image {
	var images []Image
	for _, v := range p.Images {
		if v.Action == a {
			images = append(images, v.Image)
		}
	}
	return images
}

// run is one Apply.
type run struct {
	Pruner
	progress func(Step)
	steps    []Step
	errs     []error
	told     map[string]bool // of errs
}

// survey is the account at one moment.
type survey struct {
	images []Image
	uses   Uses
	err    error // images could not be read
}

// look reads images and, side by side, the uses of some.
func (r *run) look(ctx context.Context, of ...Image) survey {
	var s survey
	refs := make([]Ref, len(of))
	for n, i := range of {
		refs[n] = i.Ref
	}
	var both sync.WaitGroup
	both.Go(func() { s.images, s.err = r.images(ctx) })
	both.Go(func() { s.uses = Collect(ctx, r.Checks, refs) })
	both.Wait()
	if ctx.Err() == nil {
		r.fail(s.err)
		r.fail(s.uses.err())
	}
	return s
}

// verdict decides again on one image.
func (s survey) verdict(i Image, policy Policy) (Verdict, bool) {
	for _, v := range Decide(s.images, s.uses, policy, time.Now()) {
		if v.Image.Ref == i.Ref {
			return v, v.Image.State != "deregistered"
		}
	}
	return Verdict{}, false
}

func (r *run) rung(ctx context.Context, rung Action, images []Image) {
	if len(images) == 0 {
		return
	}
	s := r.look(ctx, images...)
	for _, i := range images {
		step := Step{Ref: i.Ref, Name: i.Name, Action: rung}
		fresh, ok := r.confirm(ctx, s, i, &step)
		if ok && rung != Deprecate {
			fresh, ok = r.confirm(ctx, r.look(ctx, i), i, &step)
		}
		if ok {
			r.act(&step, r.do(ctx, rung, fresh))
		}
		r.done(step)
	}
}

// confirm says whether a step is still to be taken. If it is not, the step says why. The image is as it is now.
func (r *run) confirm(ctx context.Context, s survey, i Image, step *Step) (Image, bool) {
	if ctx.Err() != nil {
		step.Outcome = Unreached
		return i, false
	}
	if s.err != nil {
		step.Outcome, step.Reasons = Kept, []string{"in use by unknown: " + s.err.Error()}
		return i, false
	}
	v, there := s.verdict(i, r.Policy)
	switch {
	case !there:
		step.Outcome = Gone
	case v.Action == Keep:
		step.Outcome, step.Reasons = Kept, v.Reasons
	case v.Action != step.Action:
		step.Outcome, step.Reasons = Kept, []string{fmt.Sprintf("by now the next step would be to %s it", v.Action)}
	default:
		return v.Image, true
	}
	return i, false
}

func (r *run) do(ctx context.Context, rung Action, i Image) error {
	now := time.Now().UTC()
	switch rung {
	case Deprecate:
		return r.Actor.Deprecate(ctx, i, now.Add(lead).Truncate(time.Minute))
	case Disable:
		return r.Actor.Disable(ctx, i, now.Truncate(time.Second))
	default:
		return r.Actor.Deregister(ctx, i)
	}
}

// act notes how a step went.
func (r *run) act(step *Step, err error) {
	switch {
	case err == nil:
		step.Outcome = Done
	case errors.Is(err, awserr.ErrNotFound):
		step.Outcome = Gone
	default:
		step.Outcome, step.Error = Failed, err.Error()
		r.fail(fmt.Errorf("%s %s: %w", step.Action, step.Ref, err))
	}
}

func (r *run) orphans(ctx context.Context, plan Plan) {
	var images []Image
	var err error
	first := true
	for _, v := range plan.Snapshots {
		if v.Action != Delete {
			continue
		}
		step := Step{Ref: v.Snapshot.Ref, Action: Delete}
		if first && ctx.Err() == nil {
			images, err = r.images(ctx)
			r.fail(err)
			first = false
		}
		switch again := DecideSnapshots([]Snapshot{v.Snapshot}, images, r.Policy, time.Now())[0]; {
		case ctx.Err() != nil:
			step.Outcome = Unreached
		case err != nil:
			step.Outcome, step.Reasons = Kept, []string{"unknown: " + err.Error()}
		case again.Action == Keep:
			step.Outcome, step.Reasons = Kept, again.Reasons
		default:
			r.act(&step, r.Actor.DeleteSnapshot(ctx, v.Snapshot))
		}
		r.done(step)
	}
}

func (r *run) done(step Step) {
	r.steps = append(r.steps, step)
	if r.progress != nil {
		r.progress(step)
	}
}

// fail remembers what went wrong, each thing once: a check that is broken fails before every image.
func (r *run) fail(err error) {
	if err == nil || r.told[err.Error()] {
		return
	}
	r.told[err.Error()] = true
	r.errs = append(r.errs, err)
}
