package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/aws/awserr"
	awscall "bluegreen/internal/aws/call"
	"bluegreen/internal/step"
	"bluegreen/internal/wait"
)

const (
	// patience is how long a step is begun again while AWS keeps it from coming through.
	patience = 10 * time.Minute
	// hurry is how long the journal may take while traffic goes back.
	hurry = 5 * time.Second
	// toldLater is how long the journal may take for the end of a rollback.
	toldLater = 2 * time.Minute
)

// patiently makes steps begin again while AWS throttles or does not answer. Each may, wherever it was cut off; and a service
// that is busy for some minutes is no reason to roll back.
func (r *run) patiently(steps []step.Step[State]) []step.Step[State] {
	for i := range steps {
		s := &steps[i]
		s.Do = r.insisting(s.Name, s.Do)
		if s.Undo != nil {
			s.Undo = r.insisting(s.Name, s.Undo)
		}
	}
	return steps
}

func (r *run) insisting(name string, do func(context.Context, *State) error) func(context.Context, *State) error {
	return func(ctx context.Context, s *State) error {
		return r.insist(ctx, patience, name, func(ctx context.Context) error { return do(ctx, s) })
	}
}

// insist repeats what fails because of AWS, for so long as it fails in a row.
func (r *run) insist(ctx context.Context, limit time.Duration, name string, do func(context.Context) error) error {
	var since time.Time // the first of the failures in a row
	for {
		begun := time.Now()
		err := do(ctx)
		if !awserr.Transient(err) && !errors.Is(err, awscall.ErrLate) || ctx.Err() != nil || timedOut(err) {
			return err
		}
		if since.IsZero() || time.Since(begun) > limit {
			since = begun
		}
		left := limit - time.Since(since)
		if left <= 0 {
			return err
		}
		r.note(Waiting, name, "waiting for AWS: %v (at most %s)", err, left.Round(time.Second))
		if !pause(ctx, r.Config.Limits.Poll.Span()) {
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// timedOut says that something was waited for in vain, for as long as it may take.
func timedOut(err error) bool {
	var timeout *wait.TimeoutError
	return errors.As(err, &timeout)
}

// pause says whether d passed before ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// patientStore waits for a journal that cannot be written, but not while traffic goes back: an undo can do without.
type patientStore struct {
	step.Store
	run *run
}

// Append stores a record.
func (p patientStore) Append(ctx context.Context, record step.Record) error {
	if record.Phase == step.Undo {
		short, cancel := context.WithTimeoutCause(ctx, hurry, fmt.Errorf("the journal did not take it within %s", hurry))
		defer cancel()
		return p.Store.Append(short, record)
	}
	limit := patience
	if p.run.rescuing {
		limit = toldLater // all is put back, and a later rollback can tell the journal
	}
	return p.run.insist(ctx, limit, "journal", func(ctx context.Context) error { return p.Store.Append(ctx, record) })
}

// Trim forgets what nobody will ask for. It is never worth a wait.
func (p patientStore) Trim(ctx context.Context, run string) error {
	store, ok := p.Store.(step.Trimmer)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, hurry)
	defer cancel()
	return store.Trim(ctx, run)
}
