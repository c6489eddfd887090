package bluegreen

import (
	"context"
	"fmt"
	"time"

	"bluegreen/internal/aws/dns"
	"bluegreen/internal/aws/group"
	"bluegreen/internal/exit"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// PlanRetire reads the account and says what it takes to scale the colour down that serves nobody. Standby instances stay.
func (a *App) PlanRetire(ctx context.Context, standby int) (Plan, error) {
	s, err := a.survey(ctx, "")
	if err != nil {
		return Plan{}, err
	}
	if err := a.unfinished(ctx, s); err != nil {
		return Plan{}, err
	}
	live := s.Weights.Live()
	if len(live) != 1 {
		return Plan{}, fmt.Errorf("both colors carry traffic (%s): neither can be retired", s.Weights)
	}
	now := time.Now().UTC()
	state := State{
		Deployment: newID(now), Begun: now, To: live[0], Found: s.Weights, Set: s.Set, Standby: standby,
		Targets: map[traffic.Color]dns.Alias{}, Served: false,
	}
	if s.HasFence && s.Fence.To == live[0] && s.Fence.Op != traffic.OpBack && s.Fence.Op != traffic.OpFailed {
		state.Found = s.Fence.Was // a rollback goes back to before the cutover, not to before the retirement
	}
	if g := s.Stacks[state.old()].Group; g.Size == (group.Size{Min: standby, Max: g.Size.Max, Desired: standby}) && len(g.Instances) == standby {
		return Plan{}, &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("%s is retired already (%s)", state.old(), g.Size), Try: "switcher status"}
	}
	if err := shrinks(s.Stacks[state.old()].Group); err != nil {
		return Plan{}, err
	}
	return a.planned(workflowRetire, s, state)
}

// Retire scales the old colour down, as planned, once its clients have left.
func (a *App) Retire(ctx context.Context, p Plan) error { return a.begin(ctx, p) }

// retireSteps is the whole of a retirement, in order.
func (r *run) retireSteps(s *State) []step.Step[State] {
	old := s.old()
	name := r.Config.Stack(old).Group
	return []step.Step[State]{
		{
			Name: "fence", Title: "take the fence", Calls: []string{"route53 ChangeResourceRecordSets"},
			Do: r.fenceRetire, Undo: r.leaveRetire, Back: "note in the fence how it ended",
		},
		{Name: "drain", Title: fmt.Sprintf("prove that clients have left %s", old), Do: r.drain},
		{
			Name: "reduce", Title: fmt.Sprintf("note in the fence that %s is being scaled down", old),
			Calls: []string{"route53 ChangeResourceRecordSets"},
			Do:    func(ctx context.Context, s *State) error { return r.mark(ctx, s, traffic.OpRetire, traffic.Reduced) },
		},
		{
			Name: "scale", Title: fmt.Sprintf("scale %s down to %d instances", old, s.Standby),
			Calls: []string{"autoscaling CreateOrUpdateTags " + name, "route53 ChangeResourceRecordSets", "autoscaling UpdateAutoScalingGroup " + name},
			Do:    r.scaleDown, Undo: r.scaleBack, Back: fmt.Sprintf("give %s the size that it had", old),
		},
		{Name: "gone", Title: fmt.Sprintf("wait until the instances of %s are gone", old), Do: r.awaitGone},
		{
			Name: "end", Title: "note the end in the fence", Calls: []string{"route53 ChangeResourceRecordSets"},
			Do: func(ctx context.Context, s *State) error { return r.mark(ctx, s, traffic.OpRetired, traffic.Reduced) },
		},
	}
}

func (r *run) fenceRetire(ctx context.Context, s *State) error {
	w := r.weights(s)
	var proven []traffic.Color
	for c := range w {
		proven = append(proven, c)
	}
	return r.apply(ctx, s, traffic.OpRetire, traffic.Free, w, proven...)
}

// leaveRetire notes that the old colour stays. Its capacity is its own scaling's business, as before.
func (r *run) leaveRetire(ctx context.Context, s *State) error {
	if s.fence().Deployment != s.Deployment {
		return nil
	}
	return r.mark(ctx, s, traffic.OpDone, traffic.Free)
}

// scaleDown keeps the sizes in a tag first, so that a rollback can give them back.
func (r *run) scaleDown(ctx context.Context, s *State) error {
	g, err := r.groupOf(ctx, s.old())
	if err != nil {
		return err
	}
	size, err := foundSize(g)
	if err != nil {
		return err
	}
	if _, tagged := g.Tags[tagRetired]; !tagged {
		tag := func(ctx context.Context) error { return r.Cloud.Groups.Tag(ctx, g.Name, tagRetired, size.String()) }
		if err := r.ours(ctx, s, tag); err != nil {
			return err
		}
	}
	change := group.Change{Min: &s.Standby, Desired: &s.Standby, Max: &s.Standby}
	if s.Standby > 0 {
		change.Max = nil // a standby may grow when it has to serve
	}
	return r.guard(ctx, s, s.old(), func(ctx context.Context) error { return r.Cloud.Groups.Resize(ctx, g.Name, change) })
}

// scaleBack gives the old colour the sizes that it had.
func (r *run) scaleBack(ctx context.Context, s *State) error {
	return r.ours(ctx, s, func(ctx context.Context) error { return r.grow(ctx, s) })
}

func (r *run) grow(ctx context.Context, s *State) error {
	g, err := r.groupOf(ctx, s.old())
	if err != nil {
		return err
	}
	text, tagged := g.Tags[tagRetired]
	if !tagged {
		return nil
	}
	before, err := group.ParseSize(text)
	if err != nil {
		return fmt.Errorf("read tag %s: %w", tagRetired, err)
	}
	if g.Size != before {
		change := group.Change{Min: &before.Min, Max: &before.Max, Desired: &before.Desired}
		if err := r.Cloud.Groups.Resize(ctx, g.Name, change); err != nil {
			return err
		}
	}
	return r.Cloud.Groups.Untag(ctx, g.Name, tagRetired)
}

func (r *run) awaitGone(ctx context.Context, s *State) error {
	return r.until(ctx, "gone", "the instances to leave", r.Config.Limits.ScaleIn.Span(), func(ctx context.Context) (bool, string, error) {
		g, err := r.groupOf(ctx, s.old())
		if err != nil {
			return false, "", err
		}
		if err := r.check(ctx, s); err != nil {
			return false, "", err
		}
		return len(g.Instances) <= s.Standby, fmt.Sprintf("%d of %d instances left in %s", len(g.Instances), s.Standby, g.Name), nil
	})
}
