package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/dns"
	"bluegreen/internal/exit"
	"bluegreen/internal/journal"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// causeCommanded is why a deployment is undone that somebody rolls back.
const causeCommanded = "rollback was commanded"

// Rollback gives all traffic back to the colour that had it before the newest deployment, from any state and any machine. It
// asks no lease: whoever holds the fence is pre-empted by the next epoch. All that it needs stands in the fence, so that one
// read and one write bring the weights back; the rest, which is putting back what the deployment pinned, follows.
func (a *App) Rollback(ctx context.Context) error { return a.rollback(ctx, false) }

// RollbackNow is Rollback without a wait for capacity: where the old colour was let go, it gets all traffic with the instances that
// it has at this moment, and more of them afterwards. It is for when they are better than what serves.
func (a *App) RollbackNow(ctx context.Context) error { return a.rollback(ctx, true) }

func (a *App) rollback(ctx context.Context, now bool) error {
	r, over, err := a.beginRollback(ctx)
	if err != nil {
		return err
	}
	if over {
		r.note(Note, "rollback", "deployment %s is rolled back already", r.State.Deployment)
		r.closeJournal(ctx)
		return nil
	}
	r.now = now
	others := r.takeFrom(ctx)
	err = r.keeping(ctx, func(ctx context.Context) error {
		if err := r.insist(ctx, r.Config.Limits.Rollback.Span(), "rollback", r.restoreTraffic); err != nil {
			return err
		}
		if err := r.recall(ctx); err != nil {
			return err
		}
		if left := time.Until(others); left > 0 && !pause(ctx, left) {
			return context.Cause(ctx)
		}
		return r.Undo(ctx, causeCommanded)
	})
	r.report(Event{Event: Finished, Outcome: string(r.Record().Outcome), Text: r.summary(r.Record().Outcome)})
	if r.behind(err) {
		r.note(Warning, "rollback", "all is put back, and the journal could not be told so: %v; switcher rollback, once more and later, tells it", err)
		return nil
	}
	if err != nil {
		return a.rollbackFailed(ctx, err)
	}
	return nil
}

// behind says that all is undone, and only the journal does not know it yet.
func (r *run) behind(err error) bool {
	undone := r.Record().Outcome == step.RolledBack || r.Record().Outcome == step.FailedClean
	return undone && (awserr.Transient(err) || errors.Is(err, awserr.ErrDenied) || errors.Is(err, context.DeadlineExceeded))
}

// takeFrom takes the lease from whoever has it, if it can be taken: traffic does not wait for Parameter Store. It returns when
// the last call has ended that the process may have under way which was pre-empted: until then that one could still pin what
// we unpin, or make what we delete. It learns of us at its next beat.
func (r *run) takeFrom(ctx context.Context) (others time.Time) {
	others = time.Now().Add(min(inTime, r.Config.Lease.Span()) + r.Config.Lease.Span()/3)
	ctx, cancel := context.WithTimeout(ctx, hurry)
	defer cancel()
	_, held, err := r.lease.Holder(ctx)
	if err == nil && !held {
		others = time.Time{}
	}
	if err := r.lease.Take(ctx, r.State.Deployment, r.Owner, r.epoch); err != nil {
		r.note(Warning, "rollback", "others cannot see that this process is alive: %v", err)
	}
	return others
}

func (a *App) rollbackFailed(ctx context.Context, err error) error {
	var preempted *traffic.PreemptedError
	var lost *journal.LeaseLostError
	var problem *exit.Problem
	switch {
	case errors.As(err, &preempted), errors.As(err, &lost):
		return &exit.Problem{Code: exit.Locked, Err: err, Try: "switcher status"}
	case ctx.Err() != nil:
		return &exit.Problem{Code: exit.Interrupted, Err: errors.Join(context.Cause(ctx), err), Try: "switcher rollback"}
	case errors.As(err, &problem):
		return err
	}
	return &exit.Problem{Code: exit.Dirty, Err: err, Try: "switcher status, then switcher rollback"}
}

// beginRollback is the hot path: it reads the records, pre-empts, and, where the old colour was held at capacity, has the
// weights back with the same batch. Over means that it is rolled back already.
func (a *App) beginRollback(ctx context.Context) (r *run, over bool, err error) {
	begun := time.Now()
	attempt := func(ctx context.Context) error {
		set, err := a.zone.Read(ctx)
		if err != nil {
			return err
		}
		fence, ok, err := set.ParseFence()
		if err != nil {
			return &exit.Problem{Code: exit.Dirty, Err: err, Try: "set the weights by hand"}
		}
		if !ok {
			return &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("there is nothing to roll back: no deployment of %s has begun", a.Config.App), Try: "switcher status"}
		}
		r = a.newRun(fence.Epoch + 1)
		r.State, r.rescuing = fromFence(set, fence), true
		if over = fence.Op == traffic.OpBack || fence.Op == traffic.OpFailed || fence.Op == traffic.OpCloned; over {
			return nil
		}
		return r.preempt(ctx, fence)
	}
	// Whoever moves the fence between our read and our write makes the batch fail: read again.
	for {
		err := a.keepTrying(ctx, "Route 53 to take the weights back", attempt)
		var preempted *traffic.PreemptedError
		var foreign *traffic.ForeignError
		if errors.As(err, &preempted) || errors.As(err, &foreign) {
			continue
		}
		if err != nil {
			var problem *exit.Problem
			if errors.As(err, &problem) {
				return nil, false, err
			}
			return nil, false, a.rollbackFailed(ctx, err)
		}
		if !over && r.moved() {
			r.note(Note, "rollback", "weights are back %s after the command", time.Since(begun).Round(time.Millisecond))
		}
		return r, over, nil
	}
}

// closeJournal writes the end of a deployment that is rolled back, in case its process died before it could.
func (r *run) closeJournal(ctx context.Context) {
	record, err := r.Store.Latest(ctx, r.State.Deployment)
	if isNoRun(err) || err == nil && record.Phase == step.Ended {
		return
	}
	if err == nil {
		err = r.Continue(record, r.epoch)
	}
	if err == nil {
		err = r.Close(ctx)
	}
	if err != nil {
		r.note(Warning, "rollback", "the journal of deployment %s stays open: %v", r.State.Deployment, err)
	}
}

// fromFence is what the fence tells of a deployment: enough to bring its traffic back.
func fromFence(set traffic.Set, fence traffic.Fence) State {
	return State{
		Deployment: fence.Deployment, Begun: time.Now().UTC(), To: fence.To, Found: fence.Was, Set: set,
		Targets: map[traffic.Color]dns.Alias{}, Rollout: Rollout{Shifts: []int{100}},
		Served: fence.Op != traffic.OpBegin,
	}
}

// preempt takes the fence, and the weights with it if the old colour can carry the traffic as it stands.
func (r *run) preempt(ctx context.Context, fence traffic.Fence) error {
	s := &r.State
	old := s.old()
	if s.Found[old] == 0 {
		return &exit.Problem{
			Code: exit.Failed,
			Err:  fmt.Errorf("there is nothing to roll back to: %s had no traffic before deployment %s (%s)", old, fence.Deployment, s.Found),
			Try:  "switcher status; switcher resume, if the deployment is under way",
		}
	}
	w, uniform := r.zone.App.Weights(s.Set)
	if uniform != nil {
		r.note(Warning, "rollback", "%v; the rollback makes them equal", uniform)
	}
	if fence.Old == traffic.Pinned || fence.Op == traffic.OpBegin || uniform == nil && w.Share(old) == 1 {
		err := r.apply(ctx, s, traffic.OpRollback, fence.Old, back(s.Found, old), old)
		var lost *traffic.UnknownTargetError
		if err == nil {
			r.shifted(s)
		}
		if !errors.As(err, &lost) {
			return err
		}
		// Somebody deleted a record of the old colour. Where it pointed is for its stack to say.
		r.note(Warning, "rollback", "%v; looking it up first", err)
	}
	if uniform != nil {
		return &exit.Problem{
			Code: exit.Dirty,
			Err:  fmt.Errorf("%w, and %s was not held at capacity, so that its traffic cannot simply go back", uniform, old),
			Try:  "give all names and types the same weights by hand, then switcher rollback",
		}
	}
	var proven []traffic.Color
	for c := range w {
		proven = append(proven, c)
	}
	return r.apply(ctx, s, traffic.OpRollback, fence.Old, w, proven...)
}

// moved says whether the old colour has all the traffic.
func (r *run) moved() bool {
	w, err := r.zone.App.Weights(r.State.Set)
	return err == nil && w.Share(r.State.old()) == 1
}

// recall finds the deployment in the journal and makes its undo the rest of this run. Where the journal has nothing that
// helps, the tags and the fence tell what there is to put back.
func (r *run) recall(ctx context.Context) error {
	set, change := r.State.Set, r.State.ChangeID
	record, err := r.Store.Latest(ctx, r.State.Deployment)
	known := err == nil && record.Workflow != workflowRetire // what a retirement did is put back by capacity
	if err != nil && !isNoRun(err) {
		r.note(Warning, "rollback", "the journal of deployment %s cannot be read: %v; going by the fence", r.State.Deployment, err)
	}
	if known {
		state := r.State
		if err := r.Continue(record, r.epoch); err != nil {
			r.note(Warning, "rollback", "%v; going by the fence", err)
			r.State, known = state, false
		}
	}
	if !known {
		r.Begin(r.State.Deployment, workflowCutover, r.epoch)
		r.MarkDone(r.cutoverSteps(&r.State)...)
	}
	r.State.Set, r.State.ChangeID = set, change
	if err := r.buildSteps(r.Record().Workflow); err != nil {
		return err
	}
	if r.StatusOf("shift-1") == "" && r.State.Served {
		r.MarkDone(r.Steps...)
	}
	return nil
}

// keepTrying repeats an attempt while AWS does not answer, or answers that it is busy.
func (a *App) keepTrying(ctx context.Context, what string, attempt func(context.Context) error) error {
	check := func(ctx context.Context) (bool, string, error) {
		err := attempt(ctx)
		return err == nil, "", err
	}
	return pollFor(ctx, a.Config.Limits.Poll.Span(), "rollback", what, a.Config.Limits.Rollback.Span(), check, a.Report.Report)
}
