package step

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ErrNoRun says that a journal does not know a run.
var ErrNoRun = errors.New("no such run in the journal")

// saveTimeout is how long the record of what just happened may take to be stored when the run itself is being stopped.
const saveTimeout = 30 * time.Second

// intentTimeout is how long an undo may wait for its intent to be stored.
const intentTimeout = 10 * time.Second

// Observer is told what a run does, as it happens.
type Observer interface {
	StepBegins(name, title string, undo bool)
	StepEnds(name, title string, undo bool, err error)
}

// Runner carries one run forward or back.
type Runner[S any] struct {
	Store    Store
	Steps    []Step[S]
	Observer Observer
	// Served says whether others have seen the run's effects; it tells RolledBack from FailedClean.
	Served func(state *S) bool

	State  S
	record Record
}

// Begin prepares a new run. Nothing is stored before Run.
func (r *Runner[S]) Begin(run, workflow string, epoch int64) {
	r.record = Record{
		Version: RecordVersion, Run: run, Workflow: workflow, Epoch: epoch, Seq: -1,
		Phase: Running, Steps: map[string]Status{},
	}
}

// Continue takes over a run from its newest record, under a higher epoch. Steps must be built from the record's state.
func (r *Runner[S]) Continue(record Record, epoch int64) error {
	if record.Version != RecordVersion {
		return fmt.Errorf("run %s was written by another release (version %d, this one reads %d)", record.Run, record.Version, RecordVersion)
	}
	var state S // a fresh one: what is unmarshalled into an old one is mixed with it
	if err := json.Unmarshal(record.State, &state); err != nil {
		return fmt.Errorf("read the state of run %s: %w", record.Run, err)
	}
	r.State = state
	if record.Steps = maps.Clone(record.Steps); record.Steps == nil {
		record.Steps = map[string]Status{}
	}
	if epoch != record.Epoch {
		record.Epoch, record.Seq = epoch, -1
	}
	r.record = record
	return nil
}

// Record is the run as this process knows it: what was last stored, or what a journal that failed should hold.
func (r *Runner[S]) Record() Record {
	record := r.record
	record.Steps = maps.Clone(record.Steps) // the run goes on writing its own
	return record
}

// MarkDone takes steps for done that the journal knows nothing of, so that an undo reaches them.
func (r *Runner[S]) MarkDone(steps ...Step[S]) {
	for _, s := range steps {
		r.record.Steps[s.Name] = Done
	}
}

// StatusOf is how far a step has come.
func (r *Runner[S]) StatusOf(name string) Status { return r.record.Steps[name] }

// Run does all steps that are not done. If one fails, the run is undone and the step's error returned, joined with that of
// an undo that failed. It is left as it is if the step waits for somebody, or a Stopper or ctx ended it. A run that was cut
// off while it was being undone is undone to its end, and why it is being undone is its error, as if it had not been cut
// off.
func (r *Runner[S]) Run(ctx context.Context) error {
	if r.record.Phase == Ended {
		return fmt.Errorf("run %s has ended: %s", r.record.Run, r.record.Outcome)
	}
	r.record.Outcome = ""
	if r.record.Phase == Undo {
		return errors.Join(errors.New(r.record.Cause), r.undo(ctx))
	}
	if err := r.unknown(); err != nil {
		return err
	}
	for _, s := range r.Steps {
		if r.record.Steps[s.Name] == Done {
			continue
		}
		if err := r.do(ctx, s); err != nil {
			return r.fail(ctx, &Error{Step: s.Name, Err: err})
		}
	}
	return r.end(ctx, Succeeded)
}

// do is one step forward. The intent is stored together with the result of the step before; the result is stored with the
// next intent, or with the end.
func (r *Runner[S]) do(ctx context.Context, s Step[S]) error {
	before, begun := r.record.Steps[s.Name]
	r.record.Steps[s.Name] = Doing
	if err := r.save(ctx); err != nil {
		if r.record.Steps[s.Name] = before; !begun { // it has touched nothing, be it a point of no return
			delete(r.record.Steps, s.Name)
		}
		return err
	}
	r.observe().StepBegins(s.Name, s.Title, false)
	err := s.Do(ctx, &r.State)
	r.observe().StepEnds(s.Name, s.Title, false, err)
	if err == nil {
		r.record.Steps[s.Name] = Done
	}
	return err
}

// fail decides what becomes of a run whose step failed.
func (r *Runner[S]) fail(ctx context.Context, failed *Error) error {
	if stops(ctx, failed) {
		return errors.Join(failed, r.saveStopped(ctx))
	}
	if r.Committed() {
		return errors.Join(failed, r.end(ctx, FailedDirty), ErrCommitted)
	}
	r.record.Phase, r.record.Cause = Undo, failed.Error()
	if err := r.undo(ctx); err != nil {
		return errors.Join(failed, err)
	}
	return failed
}

// Undo takes the run back, whatever its phase, because of cause. A run past its point of no return is refused.
func (r *Runner[S]) Undo(ctx context.Context, cause string) error {
	if r.Committed() {
		return ErrCommitted
	}
	r.record.Phase, r.record.Outcome, r.record.Cause = Undo, "", cause
	return r.undo(ctx)
}

// Committed says whether a point of no return was begun.
func (r *Runner[S]) Committed() bool {
	for _, s := range r.Steps {
		if s.Commit && (r.record.Steps[s.Name] == Doing || r.record.Steps[s.Name] == Done) {
			return true
		}
	}
	return false
}

func (r *Runner[S]) undo(ctx context.Context) error {
	for _, s := range slices.Backward(r.Steps) {
		if status := r.record.Steps[s.Name]; s.Undo == nil || status == "" || status == Undone {
			continue
		}
		r.record.Steps[s.Name] = Undoing
		// A journal that cannot be written, or that does not answer, must not keep traffic on a bad version: an undo finds
		// out for itself what there is to do, so its intent may be missing. The end of the run says that the journal is behind.
		if err := r.SaveSoon(ctx); err != nil {
			return &Error{Step: s.Name, Undo: true, Err: err}
		}
		back := cmp.Or(s.Back, "undo: "+s.Title)
		r.observe().StepBegins(s.Name, back, true)
		err := s.Undo(ctx, &r.State)
		r.observe().StepEnds(s.Name, back, true, err)
		if err != nil {
			// Whatever comes before this step rests on it: nothing more is taken back.
			failed := &Error{Step: s.Name, Undo: true, Err: err}
			if stops(ctx, err) {
				return errors.Join(failed, r.saveStopped(ctx))
			}
			return errors.Join(failed, r.end(ctx, FailedDirty))
		}
		r.record.Steps[s.Name] = Undone
	}
	if err := r.unknown(); err != nil {
		return errors.Join(err, r.end(ctx, FailedDirty))
	}
	return r.end(ctx, r.undone())
}

// undone is the outcome of a run that was taken back.
func (r *Runner[S]) undone() Outcome {
	if r.Served != nil && r.Served(&r.State) {
		return RolledBack
	}
	return FailedClean
}

// Close ends a run of which all is done, or undone, but that was cut off before it could say so. Its steps are not asked.
func (r *Runner[S]) Close(ctx context.Context) error {
	if r.record.Phase == Undo {
		return r.end(ctx, r.undone())
	}
	return r.end(ctx, Succeeded)
}

// GiveUp ends a run past its point of no return that nobody can bring to its end. It stays dirty: what is left is for a human, or
// for another run that does the same.
func (r *Runner[S]) GiveUp(ctx context.Context) error {
	r.record.Phase, r.record.Outcome = Ended, FailedDirty
	return r.save(ctx)
}

// unknown is an error when the journal has steps that are not in the list: nobody here can do or undo them.
func (r *Runner[S]) unknown() error {
	for _, name := range slices.Sorted(maps.Keys(r.record.Steps)) {
		known := slices.ContainsFunc(r.Steps, func(s Step[S]) bool { return s.Name == name })
		if !known && r.record.Steps[name] != Undone {
			return fmt.Errorf("run %s has a step %q, which this release does not know: go on with the release that began it", r.record.Run, name)
		}
	}
	return nil
}

// end stores the outcome. A dirty end keeps its phase, so that resume goes on where it failed.
func (r *Runner[S]) end(ctx context.Context, outcome Outcome) error {
	r.record.Outcome = outcome
	if outcome == FailedDirty {
		return r.save(ctx)
	}
	r.record.Phase = Ended
	if err := r.save(ctx); err != nil {
		return err
	}
	if store, ok := r.Store.(Trimmer); ok {
		_ = store.Trim(ctx, r.record.Run) // what is left over does no harm but take room
	}
	return nil
}

// saveStopped stores where a run stopped, even if what stopped it was the end of ctx.
func (r *Runner[S]) saveStopped(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	return r.save(ctx)
}

func (r *Runner[S]) save(ctx context.Context) error {
	state, err := json.Marshal(&r.State)
	if err != nil {
		return fmt.Errorf("write the state of run %s: %w", r.record.Run, err)
	}
	r.record.State = state
	r.record.Seq++
	r.record.Time = time.Now().UTC()
	if err := r.Store.Append(ctx, r.Record()); err != nil {
		return fmt.Errorf("journal run %s: %w", r.record.Run, err)
	}
	return nil
}

// Save stores the state in the middle of a long step, so that a resume knows how far it came.
func (r *Runner[S]) Save(ctx context.Context) error { return r.save(ctx) }

// SaveSoon is Save for what a resume could do without: it gives up on a journal that takes too long, and returns only what ends the
// run.
func (r *Runner[S]) SaveSoon(ctx context.Context) error {
	short, cancel := context.WithTimeout(ctx, intentTimeout)
	defer cancel()
	if err := r.save(short); err != nil && stops(ctx, err) {
		return err
	}
	return nil
}

func (r *Runner[S]) observe() Observer {
	if r.Observer == nil {
		return silent{}
	}
	return r.Observer
}

type silent struct{}

func (silent) StepBegins(string, string, bool)      {}
func (silent) StepEnds(string, string, bool, error) {}
