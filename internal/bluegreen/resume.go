package bluegreen

import (
	"context"
	"errors"
	"fmt"

	"bluegreen/internal/exit"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// Resume goes on with a deployment whose process is gone.
func (a *App) Resume(ctx context.Context) error {
	set, err := a.zone.Read(ctx)
	if err != nil {
		return err
	}
	fence, ok, err := set.ParseFence()
	if err != nil {
		return err
	}
	if !ok {
		return &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("there is nothing to resume: no deployment of %s has begun", a.Config.App), Try: "switcher plan"}
	}
	record, err := a.store().Latest(ctx, fence.Deployment)
	if isNoRun(err) && fence.Op == traffic.OpRollback {
		return a.Rollback(ctx)
	}
	if isNoRun(err) && fence.Op.Ended() || err == nil && record.Phase == step.Ended {
		return &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("there is nothing to resume: deployment %s has ended: %s", fence.Deployment, fence.Op), Try: "switcher status"}
	}
	if err != nil {
		return err
	}
	if err := a.notAlive(ctx, fence); err != nil {
		return err
	}
	switch {
	case fence.Op.Ended():
		return a.conclude(ctx, set, fence, record)
	case fence.Op == traffic.OpRollback:
		err := a.Rollback(ctx) // it derives all that is left to do from the account
		if err == nil && record.Phase == step.Undo && record.Cause != causeCommanded {
			err = &exit.Problem{Code: exit.RolledBack, Err: errors.New(record.Cause)}
		}
		return err
	}
	return a.resume(ctx, set, fence, record)
}

// conclude writes the end of a deployment into the journal that its process died before writing. The fence has it already,
// so that nothing else is left to do, and whatever became of the records since is nobody's business here.
func (a *App) conclude(ctx context.Context, found traffic.Set, fence traffic.Fence, record step.Record) error {
	r := a.newRun(max(fence.Epoch, record.Epoch) + 1)
	if err := r.Continue(record, r.epoch); err != nil {
		return err
	}
	r.State.Set = found
	var err error
	if record.Phase == step.Undo && record.Cause != causeCommanded {
		err = errors.New(record.Cause)
	}
	return r.finish(ctx, errors.Join(err, r.leading(ctx, r.Close)))
}

// notAlive refuses to take a deployment from a process that still works on it.
func (a *App) notAlive(ctx context.Context, fence traffic.Fence) error {
	lease := a.lease()
	h, held, err := lease.Holder(ctx)
	if err != nil || !held {
		return err
	}
	a.event(Note, fence.Deployment, "%s worked on it last; listening for its heartbeat for %s", h.Owner, a.Config.Lease)
	h, alive, err := lease.Alive(ctx)
	if err != nil || !alive {
		return err
	}
	return &exit.Problem{
		Code: exit.Locked,
		Err:  fmt.Errorf("%s is alive and works on deployment %s", h.Owner, h.Deployment),
		Try:  "switcher status, or switcher rollback, which does not ask it",
	}
}

// resume takes the fence over and carries on where the journal ends.
func (a *App) resume(ctx context.Context, found traffic.Set, fence traffic.Fence, record step.Record) error {
	r := a.newRun(max(fence.Epoch, record.Epoch) + 1)
	if err := r.Continue(record, r.epoch); err != nil {
		return err
	}
	if err := r.buildSteps(record.Workflow); err != nil {
		return err
	}
	if err := r.reconcile(found); err != nil {
		return ended(ctx, record.Run, "", err)
	}
	if err := r.supply(ctx); err != nil {
		return err
	}
	err := r.leading(ctx, func(ctx context.Context) error {
		if err := r.takeOver(ctx, fence); err != nil {
			return err
		}
		return r.Run(ctx)
	})
	return r.finish(ctx, err)
}

// buildSteps makes the list of steps of a workflow from the state.
func (r *run) buildSteps(workflow string) error {
	switch workflow {
	case workflowClone:
		r.Steps = r.cloneSteps(&r.State)
	case workflowCutover:
		r.Steps = r.cutoverSteps(&r.State)
	case workflowRetire:
		r.Steps = r.retireSteps(&r.State)
	default:
		return fmt.Errorf("deployment %s is a %q, which this release does not know", r.State.Deployment, workflow)
	}
	r.Steps = r.patiently(r.Steps)
	return nil
}

// takeOver writes the new epoch into the fence, and with it ends whatever another process of this deployment may still
// attempt.
func (r *run) takeOver(ctx context.Context, fence traffic.Fence) error {
	s := &r.State
	w := r.weights(s)
	var proven []traffic.Color
	for c := range w {
		proven = append(proven, c)
	}
	return r.apply(ctx, s, fence.Op, fence.Old, w, proven...)
}

// reconcile finds out which batch of this deployment was the last to come to be. The journal knows the set before the step
// that was cut off; that step may have left one other set behind. Anything else is somebody else's work.
func (r *run) reconcile(found traffic.Set) error {
	s := &r.State
	for _, w := range append([]traffic.Weights{r.weights(s)}, r.reachable(s)...) {
		records, err := r.zone.App.Reweigh(s.Set, w, s.Targets, s.Known...)
		if err != nil {
			continue
		}
		if len(traffic.Diff(traffic.Set{Records: records}, found)) == 0 {
			s.Set = found
			return nil
		}
	}
	// A retirement moves no traffic. Who resumes it after somebody has moved some has seen that, and wants it: all that counts
	// is that the colour that is to go has none.
	if w, err := r.zone.App.Weights(found); err == nil && r.Record().Workflow == workflowRetire && w.Share(s.old()) == 0 {
		s.Set = found
		return nil
	}
	return &traffic.ForeignError{Diff: traffic.Diff(s.Set, found)}
}

// reachable are the weights that a step may leave which is under way.
func (r *run) reachable(s *State) []traffic.Weights {
	after := []traffic.Weights{{s.old(): s.Found[s.old()]}, back(s.Found, s.old())}
	for i := range s.Rollout.Shifts {
		if status := r.StatusOf(fmt.Sprintf("shift-%d", i+1)); status == step.Doing {
			after = append(after, s.Rollout.weights(i, s.To))
		}
	}
	return after
}
