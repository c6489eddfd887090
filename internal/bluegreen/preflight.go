package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/dns"
	"bluegreen/internal/exit"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// Situation is all that a command reads before it decides.
type Situation struct {
	Zone     dns.Zone
	Set      traffic.Set
	Fence    traffic.Fence // the zero fence before the first deployment
	HasFence bool
	Weights  traffic.Weights
	Stacks   map[traffic.Color]Stack
}

// survey reads zone, records and both stacks side by side. Of one colour nothing at all may stand; then it has no stack in the
// situation.
func (a *App) survey(ctx context.Context, mayMiss traffic.Color) (Situation, error) {
	s := Situation{Stacks: map[traffic.Color]Stack{}}
	stacks := make([]Stack, len(traffic.Colors))
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() (err error) {
		s.Zone, err = a.Cloud.DNS.Zone(ctx, a.zone.App.Zone)
		return err
	})
	all.Go(func() error { return a.readSet(ctx, &s) })
	for i, c := range traffic.Colors {
		all.Go(func() (err error) {
			if c == mayMiss {
				if missing, err := a.missing(ctx, c); missing || err != nil {
					return err
				}
			}
			if stacks[i], err = a.stack(ctx, c); errors.Is(err, awserr.ErrNotFound) {
				return a.absent(ctx, c, err)
			}
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return s, err
	}
	for _, stack := range stacks {
		if stack.Color != "" {
			s.Stacks[stack.Color] = stack
		}
	}
	return s, nil
}

// absent is the error for a colour of which something was not found: if nothing of it stands, that is what there is to say.
func (a *App) absent(ctx context.Context, color traffic.Color, err error) error {
	if missing, errMissing := a.missing(ctx, color); errMissing != nil || !missing {
		return err
	}
	names := a.Config.Stack(color)
	return &exit.Problem{
		Code: exit.Failed,
		Err:  fmt.Errorf("there is no %s stack: neither load balancer %s nor Auto Scaling group %s", color, names.LoadBalancer, names.Group),
		Try:  fmt.Sprintf("switcher clone --to %s --ami IMAGE, which makes it from the live one", color),
	}
}

// missing says that nothing of a colour stands. A stack of which only a part stands is refused: it is left over from
// something, and a clone would stumble over it.
func (a *App) missing(ctx context.Context, color traffic.Color) (bool, error) {
	names := a.Config.Stack(color)
	var both parts
	var errBalancer, errGroup error
	both.do(func() error { _, errBalancer = a.Cloud.Balancers.Get(ctx, names.LoadBalancer); return nil })
	both.do(func() error { _, errGroup = a.Cloud.Groups.Get(ctx, names.Group); return nil })
	_ = both.wait() // each error is looked at by itself
	noBalancer, noGroup := errors.Is(errBalancer, awserr.ErrNotFound), errors.Is(errGroup, awserr.ErrNotFound)
	switch {
	case errBalancer != nil && !noBalancer:
		return false, errBalancer
	case errGroup != nil && !noGroup:
		return false, errGroup
	case noBalancer && !noGroup:
		return false, fmt.Errorf("of the %s stack only the Auto Scaling group %s stands, and no load balancer %s: remove it, or complete the stack", color, names.Group, names.LoadBalancer)
	case noGroup && !noBalancer:
		return false, fmt.Errorf("of the %s stack only load balancer %s stands, and no Auto Scaling group %s: remove it, or complete the stack", color, names.LoadBalancer, names.Group)
	}
	return noBalancer, nil
}

func (a *App) readSet(ctx context.Context, s *Situation) (err error) {
	if s.Set, err = a.zone.Read(ctx); err != nil {
		return err
	}
	if s.Fence, s.HasFence, err = s.Set.ParseFence(); err != nil {
		return err
	}
	s.Weights, err = a.zone.App.Weights(s.Set)
	return err
}

// preflight refuses a cutover that cannot go well, before anything is changed. The new colour is looked at only as far as it
// stands, and its image only if it keeps it.
func (a *App) preflight(s Situation, to traffic.Color, keepsImage bool) error {
	from, next := s.Stacks[to.Other()], s.Stacks[to]
	_, stands := s.Stacks[to]
	switch live := s.Weights.Live(); {
	case s.Zone.Private:
		return errPrivate(s.Zone.Name)
	case len(live) == 1 && live[0] == to:
		return fmt.Errorf("%s is live already (%s); name the other color to switch", to, s.Weights)
	case len(live) != 1:
		return fmt.Errorf("both colors carry traffic (%s): finish that first, or set the weights by hand", s.Weights)
	}
	for _, stack := range s.Stacks {
		if err := stack.wired(); err != nil {
			return fmt.Errorf("the %s stack: %w", stack.Color, err)
		}
	}
	if from.Group.Size.Desired == 0 || from.Group.InService() == 0 {
		return fmt.Errorf("%s is live, but its Auto Scaling group %s has no instance in service: nothing tells how large %s has to be", from.Color, from.Group.Name, to)
	}
	growing := next.Group
	if !stands {
		growing = from.Group // a clone is suspended as its source is
	}
	if err := grows(growing); err != nil {
		return err
	}
	if stands && keepsImage {
		if next.Image.State != "available" {
			return fmt.Errorf("the %s stack launches image %s, which is %s", to, next.Image.ID, next.Image.State)
		}
	}
	return a.pointsHome(s)
}

// pointsHome checks that each record points to the load balancer of its own colour.
func (a *App) pointsHome(s Situation) error {
	for _, r := range s.Set.Records {
		for c, id := range a.zone.App.SetIDs {
			_, stands := s.Stacks[c]
			if r.SetID != id || r.Alias == nil || !stands {
				continue
			}
			want := s.Stacks[c].Alias().Name
			if got := strings.TrimPrefix(r.Alias.Name, "dualstack."); got != want {
				return fmt.Errorf("%s %s of %s points to %s, but the load balancer of %s is %s", r.Name, r.Type, c, got, c, want)
			}
		}
	}
	return nil
}

// unfinished refuses to begin while a deployment is under way. One that has ended says so in the fence last of all, so that
// nothing of it is left to do, even if its process died before the journal had its end too.
func (a *App) unfinished(ctx context.Context, s Situation) error {
	if !s.HasFence || s.Fence.Op.Ended() {
		return nil
	}
	record, err := a.store().Latest(ctx, s.Fence.Deployment)
	if err == nil && record.Phase == step.Ended {
		return nil
	}
	if err != nil && !isNoRun(err) {
		return err
	}
	return &exit.Problem{
		Code: exit.Locked,
		Err:  fmt.Errorf("deployment %s is under way (%s, to %s)", s.Fence.Deployment, s.Fence.Op, s.Fence.To),
		Try:  "switcher status; if its process is gone: switcher resume, or switcher rollback",
	}
}

func isNoRun(err error) bool { return errors.Is(err, step.ErrNoRun) }
