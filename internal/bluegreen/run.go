package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	awscall "bluegreen/internal/aws/call"
	"bluegreen/internal/journal"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
	"bluegreen/internal/wait"
)

// run is one process that carries one deployment.
type run struct {
	*App
	step.Runner[State]
	lease *journal.Lease
	epoch int64
	// bakery makes what the deployment has to bake; nil where that is nothing, or not known yet.
	bakery *Bakery
	sent   []traffic.Batch // those that were sent since the last of which the outcome is known
	// rescuing says that this is a rollback that somebody commanded, and now that it takes the old colour as it is.
	rescuing, now bool
	gates         gates
	keptUp        int // instances for which the old colour has capacity, as far as this process saw to it
}

// newRun prepares a run with the epoch under which it will write.
func (a *App) newRun(epoch int64) *run {
	r := &run{App: a, lease: a.lease(), epoch: epoch}
	r.Runner.Store = patientStore{a.store(), r}
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
	if e.Event == Waiting || e.Event == StepBegan {
		r.lease.Doing(e.Text) // for status, on any machine
	}
	r.App.Report.Report(e)
}

func (r *run) note(kind Kind, stepName, format string, args ...any) {
	r.report(Event{Event: kind, Step: stepName, Text: fmt.Sprintf(format, args...)})
}

// leading does work while the lease is kept. Losing the lease ends the context of the work.
func (r *run) leading(ctx context.Context, work func(context.Context) error) error {
	take := func(ctx context.Context) error { return r.lease.Take(ctx, r.State.Deployment, r.Owner, r.epoch) }
	if err := r.insist(ctx, patience, "lease", take); err != nil {
		return err
	}
	return r.keeping(ctx, work)
}

// keeping does work with the lease as it is: a heartbeat that could not be taken is taken as soon as it can be.
func (r *run) keeping(ctx context.Context, work func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		if err := r.lease.Keep(ctx); err != nil {
			stop(err)
		}
	}()
	err := work(ctx)
	var lost *journal.LeaseLostError
	if err != nil && errors.As(context.Cause(ctx), &lost) && !errors.As(err, &lost) {
		err = errors.Join(lost, err) // which says only that its context has ended
	}
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
	for {
		batch, err := r.zone.App.Plan(s.Set, traffic.Want{Weights: weights, Fence: fence, Targets: s.Targets, Known: s.Known, Proven: proven})
		if err != nil {
			return err
		}
		r.sent = append(r.sent, batch)
		applied, err := r.zone.Apply(ctx, batch)
		if err == nil {
			r.sent, s.Set, s.ChangeID = nil, applied.Set, applied.ChangeID
			return nil
		}
		var preempted *traffic.PreemptedError
		if !errors.As(err, &preempted) {
			return err
		}
		came := r.sentWith(preempted.By.Nonce)
		if came == nil {
			return err
		}
		s.Set = came.To // nobody took over: a batch of ours arrived after we had given it up
	}
}

// sentWith is the batch with a nonce, of those that were sent and given up; nil when it is not ours.
func (r *run) sentWith(nonce string) *traffic.Batch {
	for i := range r.sent {
		if r.sent[i].Fence.Nonce == nonce {
			return &r.sent[i]
		}
	}
	return nil
}

// check reads the records and compares them with what this deployment left.
func (r *run) check(ctx context.Context, s *State) error {
	found, err := r.zone.Read(ctx)
	if err != nil {
		return err
	}
	err = r.zone.Check(s.Set, found)
	var preempted *traffic.PreemptedError
	if !errors.As(err, &preempted) {
		return err
	}
	came := r.sentWith(preempted.By.Nonce)
	if came == nil || r.zone.Check(came.To, found) != nil {
		return err
	}
	// It is our own batch, whose reply was lost when the zone could not be read either. Its change id is lost with it: another
	// one stands for both.
	s.Set = came.To
	w := r.weights(s)
	return r.apply(ctx, s, came.Fence.Op, came.Fence.Old, w, slices.Collect(maps.Keys(w))...)
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

// inTime is how long a call outside of DNS may take after the look at the fence that precedes it.
const inTime = 10 * time.Second

// guard goes before every call outside of DNS that takes something away from a colour: the fence is still ours and says
// so to everybody, the colour has no traffic, and the call ends before anybody takes this process for dead. What remains
// is the time between the check and the call.
func (r *run) guard(ctx context.Context, s *State, color traffic.Color, call func(context.Context) error) error {
	proof := func(ctx context.Context) error {
		f := s.fence()
		if err := r.mark(ctx, s, f.Op, f.Old); err != nil {
			return err
		}
		if share := r.weights(s).Share(color); share > 0 {
			return fmt.Errorf("%s carries %.0f%% of the traffic: it keeps its capacity", color, share*100)
		}
		return nil
	}
	return r.after(ctx, proof, call, r.lease.Remaining)
}

// ours goes before all other calls that change something outside of DNS: a process that was taken over while it slept finds
// out before it touches what is another one's by now.
func (r *run) ours(ctx context.Context, s *State, call func(context.Context) error) error {
	return r.after(ctx, func(ctx context.Context) error { return r.check(ctx, s) }, call, r.mayTake)
}

// mayTake is how long a call may take that destroys nothing. A rollback makes it also while the lease cannot be kept: the fence
// has just said that nobody has taken over, and traffic does not wait for Parameter Store.
func (r *run) mayTake() time.Duration {
	left := r.lease.Remaining()
	if left <= 0 && r.rescuing {
		return inTime
	}
	return left
}

// whileAlive is for many calls that take nothing away, where a look at the fence before each would take as long as they do: none
// begins, or goes on, when others may take this process for dead. Who was taken over alive learns so from the lease.
func (r *run) whileAlive(ctx context.Context) context.Context {
	return awscall.NotAfterAny(ctx, func() time.Time {
		until, soon := r.lease.Until(), time.Now().Add(inTime)
		if until.Before(soon) {
			return until
		}
		return soon
	})
}

// after makes a call right after a proof that this process may. One that comes too late, or not through, begins again with
// the proof.
func (r *run) after(ctx context.Context, proof, call func(context.Context) error, left func() time.Duration) error {
	return r.until(ctx, "", "a change to come through", patience, func(ctx context.Context) (bool, string, error) {
		if err := proof(ctx); err != nil {
			return false, "", err
		}
		err := r.soon(ctx, call, left())
		return err == nil, "", err
	})
}

// soon makes a call that ends shortly, and before anybody takes this process for dead, of which left tells.
func (r *run) soon(ctx context.Context, call func(context.Context) error, left time.Duration) error {
	left = min(inTime, left)
	if left <= 0 {
		return wait.Soft(errBehind)
	}
	late := fmt.Errorf("it took longer than %s", left.Round(time.Second))
	short, cancel := context.WithTimeoutCause(awscall.NotAfter(ctx, time.Now().Add(left)), left, late)
	defer cancel()
	err := call(short)
	if err != nil && ctx.Err() == nil && (short.Err() != nil || errors.Is(err, awscall.ErrLate)) {
		return wait.Soft(late)
	}
	return err
}
