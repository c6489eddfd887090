package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/journal"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// run is one process that carries one deployment.
type run struct {
	*App
	step.Runner[State]
	lease *journal.Lease
	epoch int64
}

// newRun prepares a run with the epoch under which it will write.
func (a *App) newRun(epoch int64) *run {
	r := &run{App: a, lease: a.lease(), epoch: epoch}
	r.Runner.Store = a.store()
	r.Runner.Observer = r
	r.Runner.Served = func(s *State) bool { return s.Served }
	return r
}

// StepBegins tells people that a step is under way.
func (r *run) StepBegins(name, title string, undo bool) {
	r.report(Event{Event: StepBegan, Step: name, Undo: undo, Text: title})
}

// StepEnds tells people how a step ended.
func (r *run) StepEnds(name, title string, undo bool, err error) {
	e := Event{Event: StepEnded, Step: name, Undo: undo, Text: title}
	if err != nil {
		e.Event, e.Text = Failed, err.Error()
	}
	r.report(e)
}

func (r *run) report(e Event) {
	e.Time, e.Deployment = time.Now().UTC(), r.State.Deployment
	r.App.Report.Report(e)
}

func (r *run) note(kind Kind, stepName, format string, args ...any) {
	r.report(Event{Event: kind, Step: stepName, Text: fmt.Sprintf(format, args...)})
}

// leading does work while the lease is kept. Losing the lease ends the context of the work.
func (r *run) leading(ctx context.Context, work func(context.Context) error) error {
	if err := r.lease.Take(ctx, r.State.Deployment, r.Owner); err != nil {
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
	err := work(ctx)
	stop(nil)
	<-kept
	return errors.Join(err, r.letGo(ctx))
}

// letGo releases the lease even if ctx has ended, so that whoever goes on need not wait for it to run out.
func (r *run) letGo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := r.lease.Release(ctx); err != nil {
		r.note(Warning, "", "the lease stays until it runs out: %v", err)
	}
	return nil
}

// apply sends a batch under this run's epoch and remembers what it left.
func (r *run) apply(ctx context.Context, s *State, op traffic.Op, old traffic.Capacity, weights traffic.Weights, proven ...traffic.Color) error {
	fence := traffic.Fence{
		Epoch: r.epoch, Deployment: s.Deployment, Op: op, To: s.To, Was: s.Found, Old: old,
	}
	batch, err := r.zone.App.Plan(s.Set, traffic.Want{Weights: weights, Fence: fence, Targets: s.Targets, Proven: proven})
	if err != nil {
		return err
	}
	applied, err := r.zone.Apply(ctx, batch)
	if err != nil {
		return err
	}
	s.Set, s.ChangeID = applied.Set, applied.ChangeID
	return nil
}

// check reads the records and compares them with what this deployment left.
func (r *run) check(ctx context.Context, s *State) error {
	found, err := r.zone.Read(ctx)
	if err != nil {
		return err
	}
	return r.zone.Check(s.Set, found)
}

// weights are those that the deployment left.
func (r *run) weights(s *State) traffic.Weights {
	w, err := r.zone.App.Weights(s.Set)
	if err != nil { // we wrote them
		panic(err)
	}
	return w
}

// mark writes a new op or capacity into the fence and leaves the weights alone. It also proves that the fence is still ours.
func (r *run) mark(ctx context.Context, s *State, op traffic.Op, old traffic.Capacity) error {
	if err := r.check(ctx, s); err != nil {
		return err
	}
	w := r.weights(s)
	var proven []traffic.Color
	for c := range w {
		proven = append(proven, c) // it has a record already
	}
	return r.apply(ctx, s, op, old, w, proven...)
}

// errBehind says that this process must not destroy anything, because others may take it for dead.
var errBehind = errors.New("the lease could not be kept: another process may have taken over")

// guard goes before every call outside of DNS that takes something away from a colour: the fence is still ours and says
// so to everybody, the colour has no traffic, and the call ends before anybody takes this process for dead. What remains
// is the time between the check and the call.
func (r *run) guard(ctx context.Context, s *State, color traffic.Color, call func(context.Context) error) error {
	f := s.fence()
	if err := r.mark(ctx, s, f.Op, f.Old); err != nil {
		return err
	}
	if share := r.weights(s).Share(color); share > 0 {
		return fmt.Errorf("%s carries %.0f%% of the traffic: it keeps its capacity", color, share*100)
	}
	left := r.lease.Remaining()
	if left <= 0 {
		return errBehind
	}
	ctx, cancel := context.WithTimeoutCause(ctx, left, errBehind)
	defer cancel()
	return call(ctx)
}
