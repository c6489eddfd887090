package bluegreen

import (
	"context"
	"errors"
	"fmt"

	"bluegreen/internal/aws/group"
	"bluegreen/internal/exit"
	"bluegreen/internal/traffic"
)

// restoreTraffic is the slow path of a rollback: the old colour may have shrunk, or was scaled down. Capacity and health
// first, then the weights; unless that colour is to serve with what it has.
func (r *run) restoreTraffic(ctx context.Context) error {
	if r.moved() {
		return nil
	}
	s, old := &r.State, r.State.old()
	needed := r.goal()
	if !r.now {
		if err := r.bringCapacity(ctx, old, needed); err != nil {
			return fmt.Errorf("give %s the capacity for all traffic: %w", old, err)
		}
	}
	stack, err := r.stack(ctx, old)
	if err != nil {
		return err
	}
	if stack.Healthy() == 0 {
		return &exit.Problem{
			Code: exit.Dirty, Err: fmt.Errorf("no target of %s is healthy: it cannot serve", old),
			Try: "switcher rollback, which brings its capacity first; switcher status",
		}
	}
	s.Targets[old] = stack.Alias()
	err = r.keepTrying(ctx, "Route 53 to take the weights back", func(ctx context.Context) error {
		if err := r.check(ctx, s); err != nil {
			return err
		}
		return r.apply(ctx, s, traffic.OpRollback, s.fence().Old, back(s.Found, old), old)
	})
	if err != nil {
		return err
	}
	r.shifted(s)
	if r.now {
		if err := r.ours(ctx, s, func(ctx context.Context) error { return r.refill(ctx, old, needed) }); err != nil {
			r.note(Warning, "rollback", "%s serves with %d healthy targets, and its group could not be given more: %v", old, stack.Healthy(), err)
		}
	}
	return nil
}

// goal is how many instances the old colour needs: as many as the one that serves had when the rollback began. It does not follow
// that one any further, which may grow under its own errors faster than anything can follow.
func (r *run) goal() func(context.Context) (int, error) {
	goal := 0
	return func(ctx context.Context) (int, error) {
		if goal > 0 {
			return goal, nil
		}
		live, err := r.groupOf(ctx, r.State.To)
		if err == nil {
			goal = max(1, live.Size.Desired)
		}
		return goal, err
	}
}

// bringCapacity gives the old colour its instances back, and waits until they serve as clients would ask them.
func (r *run) bringCapacity(ctx context.Context, old traffic.Color, needed func(context.Context) (int, error)) error {
	refill := func(ctx context.Context) error { return r.refill(ctx, old, needed) }
	err := r.ours(ctx, &r.State, refill)
	if err == nil {
		err = r.ready(ctx, "rollback", old, needed)
	}
	if err == nil {
		err = r.probeStreak(ctx, "rollback", old)
	}
	var preempted *traffic.PreemptedError
	if err == nil || ctx.Err() != nil || errors.As(err, &preempted) {
		return err
	}
	return &exit.Problem{
		Code: exit.Dirty, Err: err,
		Try: fmt.Sprintf("switcher status; switcher rollback waits again; switcher rollback --now gives all traffic to %s with what it has", old),
	}
}

// refill pins the old colour at what the other one has, with the maximum it had before it was scaled down.
func (r *run) refill(ctx context.Context, old traffic.Color, needed func(context.Context) (int, error)) error {
	want, err := needed(ctx)
	if err != nil {
		return err
	}
	g, err := r.groupOf(ctx, old)
	if err != nil {
		return err
	}
	text, retired := g.Tags[tagRetired]
	if !retired {
		return r.pinAt(ctx, g, r.State.Deployment, max(want, g.Size.Min), want)
	}
	before, err := group.ParseSize(text)
	if err != nil {
		return fmt.Errorf("read tag %s: %w", tagRetired, err)
	}
	want = max(want, before.Desired)
	// What was found is the size before it was scaled down: that is where its limits go when it serves again.
	p := pin{deployment: r.State.Deployment, pinned: []int{want}, found: before}
	if err := r.Cloud.Groups.Tag(ctx, g.Name, tagPin, p.String()); err != nil {
		return err
	}
	maximum := max(before.Max, want)
	if err := r.Cloud.Groups.Resize(ctx, g.Name, group.Change{Min: &want, Max: &maximum, Desired: &want}); err != nil {
		return err
	}
	return r.Cloud.Groups.Untag(ctx, g.Name, tagRetired)
}
