package bake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/event"
	"bluegreen/internal/exit"
	"bluegreen/internal/journal"
	"bluegreen/internal/step"
	"bluegreen/internal/wait"
)

// run is one process that carries one run.
type run[S any] struct {
	*Bakery
	step.Runner[S]
	lease *journal.Lease
	epoch int64
}

func newRun[S any](b *Bakery, epoch int64) *run[S] {
	r := &run[S]{Bakery: b, lease: b.lease(), epoch: epoch}
	r.Runner.Store = patient{b.store(), r.insist}
	r.Runner.Observer = r
	r.Runner.Served = func(*S) bool { return false }
	return r
}

// StepBegins tells people that a step is under way.
func (r *run[S]) StepBegins(name, title string, undo bool) {
	r.tell(event.Event{Event: event.StepBegan, Step: name, Undo: undo, Text: title})
}

// StepEnds tells people how a step ended.
func (r *run[S]) StepEnds(name, title string, undo bool, err error) {
	e := event.Event{Event: event.StepEnded, Step: name, Undo: undo, Text: title}
	if err != nil {
		e.Event, e.Text = event.Failed, err.Error()
	}
	r.tell(e)
}

func (r *run[S]) tell(e event.Event) {
	e.Time, e.Deployment = time.Now().UTC(), r.Record().Run
	if e.Event == event.Waiting || e.Event == event.StepBegan {
		r.lease.Doing(e.Text)
	}
	r.Report.Report(e)
}

// leading does work while the lease is kept. Losing the lease ends the context of the work.
func (r *run[S]) leading(ctx context.Context, work func(context.Context) error) error {
	err := r.insist(ctx, "lease", func(ctx context.Context) error { return r.lease.Take(ctx, r.Record().Run, r.Owner, r.epoch) })
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		if err := r.lease.Keep(ctx); err != nil {
			stop(err)
		}
	}()
	err = work(ctx)
	stop(nil)
	<-kept
	free, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if left := r.lease.Release(free); left != nil {
		r.tell(event.Event{Event: event.Warning, Text: fmt.Sprintf("the lease stays until it runs out: %v", left)})
	}
	return err
}

// patience is how long what AWS keeps from coming through is tried again.
const patience = 10 * time.Minute

// insist repeats what fails because AWS throttles or does not answer, for so long as it fails in a row.
func (r *run[S]) insist(ctx context.Context, name string, do func(context.Context) error) error {
	var since time.Time
	for {
		begun := time.Now()
		err := do(ctx)
		var timeout *wait.TimeoutError
		if !awserr.Transient(err) || ctx.Err() != nil || errors.As(err, &timeout) {
			return err
		}
		if since.IsZero() || time.Since(begun) > patience {
			since = begun
		}
		left := patience - time.Since(since)
		if left <= 0 {
			return err
		}
		r.tell(event.Event{Event: event.Waiting, Step: name, Text: fmt.Sprintf("waiting for AWS: %v (at most %s)", err, left.Round(time.Second))})
		if !sleep(ctx, min(r.poll(), left)) {
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// patiently makes steps begin again while AWS keeps them from coming through. Each may, wherever it was cut off.
func (r *run[S]) patiently(steps []step.Step[S]) []step.Step[S] {
	for i := range steps {
		s := &steps[i]
		s.Do = r.insisting(s.Name, s.Do)
		if s.Undo != nil {
			s.Undo = r.insisting(s.Name, s.Undo)
		}
	}
	return steps
}

func (r *run[S]) insisting(name string, do func(context.Context, *S) error) func(context.Context, *S) error {
	return func(ctx context.Context, s *S) error {
		return r.insist(ctx, name, func(ctx context.Context) error { return do(ctx, s) })
	}
}

// until polls for a step, and tells what it waits for. An API that throttles or does not answer is no reason to give up.
func (r *run[S]) until(ctx context.Context, stepName, what string, limit time.Duration, check wait.Check) error {
	return wait.Until(ctx, wait.Poll{
		What: what, Timeout: limit, Interval: r.poll(), Jitter: 0.4, Growth: 1,
		Observe: func(p wait.Progress) {
			text := fmt.Sprintf("waiting for %s: %s (at most %s)", what, p.Value, p.Remaining.Round(time.Second))
			r.tell(event.Event{Event: event.Waiting, Step: stepName, Text: text})
		},
	}, func(ctx context.Context) (bool, string, error) {
		done, status, err := check(ctx)
		if awserr.Transient(err) {
			err = wait.Soft(err)
		}
		return done, status, err
	})
}

// patient is a journal that is written to again while AWS throttles.
type patient struct {
	step.Store
	insist func(ctx context.Context, name string, do func(context.Context) error) error
}

func (p patient) Append(ctx context.Context, record step.Record) error {
	return p.insist(ctx, "journal", func(ctx context.Context) error { return p.Store.Append(ctx, record) })
}

// Trim removes all records of a run but its newest.
func (p patient) Trim(ctx context.Context, run string) error {
	trimmer, ok := p.Store.(step.Trimmer)
	if !ok {
		return nil
	}
	if err := trimmer.Trim(ctx, run); err != nil {
		return err
	}
	return p.forget(ctx, run)
}

const (
	keptRuns = 500 // an account has room for 10,000 parameters, and a timer may bake every hour
	numbers  = 4   // that a run may use up: one, and one for each time that it was gone on with
)

// forget removes the runs that came so many before this one. Each run that ends takes its own away, so that none has to be looked
// for among all of them.
func (p patient) forget(ctx context.Context, run string) error {
	store, ok := p.Store.(*journal.Params)
	if !ok {
		return nil
	}
	var number int64
	if _, err := fmt.Sscanf(run, "bake-%d", &number); err != nil {
		return fmt.Errorf("read the number of run %s: %w", run, err)
	}
	for old := number - keptRuns; old > 0 && old > number-keptRuns-numbers; old-- {
		if err := store.Forget(ctx, runID(old)); err != nil {
			return err
		}
	}
	return nil
}

// ended turns the end of a run into the error of its command.
func (r *run[S]) ended(ctx context.Context, err error) error {
	record := r.Record()
	if err == nil {
		return nil
	}
	var lost *journal.LeaseLostError
	switch {
	case errors.As(err, &lost), errors.Is(err, journal.ErrTaken):
		return &exit.Problem{Code: exit.Locked, Err: err, Try: "amibake plan"}
	case ctx.Err() != nil && record.Outcome != step.FailedClean:
		return &exit.Problem{Code: exit.Interrupted, Err: errors.Join(context.Cause(ctx), err), Try: "the same command again: it goes on where this one was cut off"}
	case record.Outcome == step.FailedClean:
		return &exit.Problem{Code: exit.Failed, Err: err}
	}
	return &exit.Problem{Code: exit.Dirty, Err: err, Try: "the same command again, or amibake sweep"}
}
