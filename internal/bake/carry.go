package bake

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/event"
	"bluegreen/internal/exit"
	"bluegreen/internal/journal"
	"bluegreen/internal/step"
)

// carry does a run, or goes on with one that was cut off. One that was about something else is undone first: it is nobody's
// any more. Whether it was about the same, same says.
func carry[S any](ctx context.Context, b *Bakery, workflow string, state S, tag func(string, *S), steps func(*run[S]) []step.Step[S], same func(S) bool) error {
	for {
		t, err := b.free(ctx)
		if err != nil {
			return err
		}
		r := newRun[S](b, t.next())
		if t.Pending == nil {
			return r.begin(ctx, workflow, state, tag, steps)
		}
		if t.Pending.Workflow != workflow {
			if err := b.abandon(ctx, *t.Pending, t.next()); err != nil {
				return err
			}
			continue
		}
		var before S
		if err := json.Unmarshal(t.Pending.State, &before); err != nil {
			return fmt.Errorf("read the state of run %s: %w", t.Pending.Run, err)
		}
		wanted := t.Pending.Phase == step.Running && same(before)
		err = r.resume(ctx, *t.Pending, wanted, steps)
		if wanted || err != nil {
			return err
		}
	}
}

// begin claims a place in the journal, and only then the lease: of two that begin at the same moment one finds it taken, and
// the other never hears of it.
func (r *run[S]) begin(ctx context.Context, workflow string, state S, tag func(string, *S), steps func(*run[S]) []step.Step[S]) error {
	id := runID(r.epoch)
	// The random part also keeps two records from being one, if two processes begin at the very same moment.
	tag(id+"-"+time.Now().UTC().Format("20060102-150405")+"-"+strings.ToLower(rand.Text()[:4]), &state)
	r.Begin(id, workflow, r.epoch)
	r.State = state
	r.Steps = r.patiently(steps(r))
	if err := r.Save(ctx); err != nil {
		if errors.Is(err, journal.ErrTaken) {
			return &exit.Problem{Code: exit.Locked, Err: errors.New("another process has begun a run at this moment"), Try: "amibake plan"}
		}
		return err
	}
	return r.finish(ctx, r.leading(ctx, r.Run))
}

// resume goes on with a run, or undoes it.
func (r *run[S]) resume(ctx context.Context, record step.Record, forward bool, steps func(*run[S]) []step.Step[S]) error {
	if err := r.Continue(record, r.epoch); err != nil {
		return err
	}
	r.Steps = r.patiently(steps(r))
	if forward {
		r.tell(event.Event{Event: event.Note, Text: "going on with run " + record.Run + ", which was cut off"})
		return r.finish(ctx, r.leading(ctx, r.Run))
	}
	r.tell(event.Event{Event: event.Note, Text: "undoing run " + record.Run + ", which was cut off and is of no use any more"})
	if r.Committed() { // past its point of no return there is one way
		return r.finish(ctx, r.leading(ctx, r.runOrGiveUp))
	}
	err := r.leading(ctx, func(ctx context.Context) error { return r.Undo(ctx, "superseded") })
	if r.Record().Outcome == step.FailedClean {
		err = nil
	}
	return r.finish(ctx, err)
}

// runOrGiveUp brings a run to its end that another one waits for. What is not allowed, or is about things that are gone, may never
// be otherwise: that must not keep AMIs from being made for good.
func (r *run[S]) runOrGiveUp(ctx context.Context) error {
	err := r.Run(ctx)
	if r.Record().Outcome != step.FailedDirty || !errors.Is(err, awserr.ErrDenied) && !errors.Is(err, awserr.ErrNotFound) {
		return err
	}
	if failed := r.GiveUp(ctx); failed != nil {
		return errors.Join(err, failed)
	}
	r.tell(event.Event{Event: event.Warning, Text: fmt.Sprintf(
		"run %s, a %s, cannot be brought to its end and is given up: %v. Where it has not moved the pointer, %q does, once that is mended",
		r.Record().Run, r.Record().Workflow, err, again(r.Record().Workflow, r.State))})
	return nil
}

// again is the command that does again what a run was to do.
func again(workflow string, state any) string {
	if p, ok := state.(Promotion); ok && !p.Back {
		return "amibake promote " + p.Image
	} else if ok {
		return "amibake promote --rollback"
	}
	return "amibake " + workflow
}

func (r *run[S]) finish(ctx context.Context, err error) error {
	err = r.ended(ctx, err)
	e := event.Event{Event: event.Finished, Outcome: string(r.Record().Outcome), Text: string(r.Record().Outcome)}
	if e.Outcome == "" {
		e.Outcome, e.Text = "interrupted", "cut off"
	}
	r.tell(e)
	return err
}

// abandon undoes a run of any workflow.
func (b *Bakery) abandon(ctx context.Context, record step.Record, epoch int64) error {
	switch record.Workflow {
	case workflowBake:
		return newRun[Baking](b, epoch).resume(ctx, record, false, func(r *run[Baking]) []step.Step[Baking] { return bakeSteps(r, nil) })
	case "verify":
		return newRun[Baking](b, epoch).resume(ctx, record, false, verifySteps)
	case "promote", "promote-back":
		return newRun[Promotion](b, epoch).resume(ctx, record, false, promoteSteps)
	}
	return fmt.Errorf("run %s is a %q, which this release does not know: use the one that began it", record.Run, record.Workflow)
}
