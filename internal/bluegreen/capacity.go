package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/group"
	"bluegreen/internal/traffic"
)

// groupOf reads the Auto Scaling group of a colour.
func (a *App) groupOf(ctx context.Context, color traffic.Color) (group.Group, error) {
	return a.Cloud.Groups.Get(ctx, a.Config.Stack(color).Group)
}

func (r *run) pinOld(ctx context.Context, s *State) error {
	return r.ours(ctx, s, func(ctx context.Context) error {
		g, err := r.groupOf(ctx, s.old())
		if err != nil {
			return err
		}
		s.Needed = max(s.Needed, g.Size.Desired) // it may have grown since the plan
		return r.pinAt(ctx, g, s.Deployment, g.Size.Desired, g.Size.Max)
	})
}

func (r *run) unpinOld(ctx context.Context, s *State) error {
	return r.ours(ctx, s, func(ctx context.Context) error {
		g, err := r.groupOf(ctx, s.old())
		if err != nil {
			return err
		}
		return r.unpin(ctx, g, asFound)
	})
}

// sizeNew gives the new colour as many instances as the live one has at this moment, and as much room to grow.
func (r *run) sizeNew(ctx context.Context, s *State) error {
	return r.ours(ctx, s, func(ctx context.Context) error {
		live, err := r.groupOf(ctx, s.old())
		if err != nil {
			return err
		}
		g, err := r.groupOf(ctx, s.To)
		if err != nil {
			return err
		}
		s.Needed = max(s.Needed, live.Size.Desired)
		return r.pinAt(ctx, g, s.Deployment, s.Needed, live.Size.Max)
	})
}

// unsizeNew restores the sizes that were found. A colour that got traffic keeps its instances, because clients may still
// be on them: retire takes them, with proof.
func (r *run) unsizeNew(ctx context.Context, s *State) error {
	g, err := r.groupOf(ctx, s.To)
	if err != nil {
		return err
	}
	p, ours, err := pinOn(g)
	if err != nil {
		return err
	}
	if ours && !s.Served && g.Size != p.found {
		back := group.Change{Min: &p.found.Min, Max: &p.found.Max, Desired: &p.found.Desired}
		resize := func(ctx context.Context) error { return r.Cloud.Groups.Resize(ctx, g.Name, back) }
		if err := r.guard(ctx, s, s.To, resize); err != nil {
			return err
		}
	}
	return r.ours(ctx, s, func(ctx context.Context) error {
		if g, err = r.groupOf(ctx, s.To); err != nil {
			return err
		}
		return r.unpin(ctx, g, asFound)
	})
}

// unpinBoth ends a rollout that went well: the new colour serves from now on, so that its minimum is at least the one that
// the old colour had.
func (r *run) unpinBoth(ctx context.Context, s *State) error {
	return r.ours(ctx, s, func(ctx context.Context) error { return r.handOver(ctx, s) })
}

func (r *run) handOver(ctx context.Context, s *State) error {
	old, err := r.groupOf(ctx, s.old())
	if err != nil {
		return err
	}
	g, err := r.groupOf(ctx, s.To)
	if err != nil {
		return err
	}
	was, err := foundSize(old)
	if err != nil {
		return err
	}
	// The new colour first: a process that dies in between finds the minimum to hand on in the old colour's tag again.
	err = r.unpin(ctx, g, func(own group.Size) (minimum, maximum int) { return max(own.Min, was.Min), max(own.Max, g.Size.Max) })
	if err != nil {
		return err
	}
	if _, tagged := g.Tags[tagRetired]; tagged {
		if err := r.Cloud.Groups.Untag(ctx, g.Name, tagRetired); err != nil {
			return err
		}
	}
	return r.unpin(ctx, old, asFound)
}

// awaitReady waits until a colour has all its instances in service and healthy.
func (r *run) awaitReady(ctx context.Context, s *State) error {
	return r.ready(ctx, "ready", s.To, func(ctx context.Context) (int, error) {
		live, err := r.groupOf(ctx, s.old())
		if err == nil {
			s.Needed = max(s.Needed, live.Size.Desired)
		}
		return s.Needed, err
	})
}

// ready waits until a colour has as many instances in service, and healthy in every target group, as needed says. It
// follows needed while it waits, and keeps the colour's minimum up with it.
func (r *run) ready(ctx context.Context, stepName string, color traffic.Color, needed func(context.Context) (int, error)) error {
	what := fmt.Sprintf("%s to be in service", color)
	failed := "" // why a target failed; the group may have replaced it since
	return r.until(ctx, stepName, what, r.Config.Limits.InService.Span(), func(ctx context.Context) (bool, string, error) {
		if err := r.check(ctx, &r.State); err != nil {
			return false, "", err
		}
		var want int
		var stack Stack
		both, readCtx := errgroup.WithContext(ctx)
		both.Go(func() (err error) { want, err = needed(readCtx); return err })
		both.Go(func() (err error) { stack, err = r.stack(readCtx, color); return err })
		if err := both.Wait(); err != nil {
			return false, "", err
		}
		if color == r.State.To {
			if err := r.meanwhileGrowing(ctx, &r.State, stack); err != nil {
				return false, "", err
			}
		}
		if stack.Group.Size.Desired < want {
			pin := func(ctx context.Context) error { return r.pinAt(ctx, stack.Group, r.State.Deployment, want, want) }
			if err := r.soon(ctx, pin, r.mayTake()); err != nil {
				return false, "", err
			}
		}
		inService, healthy := stack.Group.InService(), stack.Healthy()
		if inService >= want && healthy >= want {
			return true, "", nil
		}
		status := fmt.Sprintf("%d of %d in service in %s, %d healthy in %s", inService, want, stack.Group.Name, healthy, stack.Balancer.Name)
		sick := stack.Unhealthy()
		for _, line := range sick {
			if strings.Contains(line, " is unhealthy: ") {
				failed = line
			}
		}
		if trouble, err := r.Cloud.Groups.Trouble(ctx, stack.Group.Name); err == nil && trouble != "" {
			status += "; its last activity failed: " + trouble
		} else if failed != "" {
			status += "; " + failed
		} else if len(sick) > 0 && inService > 0 {
			status += "; " + sick[0]
		}
		return false, status, nil
	})
}

// errNotHealthy is what a gate says of a colour that lost too many of its targets.
var errNotHealthy = errors.New("too few healthy targets")
