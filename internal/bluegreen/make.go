package bluegreen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/balancer"
	"bluegreen/internal/aws/group"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/exit"
	"bluegreen/internal/traffic"
)

// Make is how the new colour comes to run another image: by a clone of the live stack, or, where it stands without
// instances, by a new version of its launch template.
type Make struct {
	Bake     *Baking  `json:"bake,omitempty"` // nil: the image is there
	Image    string   `json:"image"`
	InPlace  bool     `json:"in_place,omitempty"`
	Accepted []string `json:"accepted_loss,omitempty"`
	// Container is the reference of the image that the agent is to run, and Replace says that it takes over from user data
	// that starts a container itself.
	Container string `json:"container,omitempty"`
	Replace   bool   `json:"replace_user_data,omitempty"`
	// Check is where load balancers find the agent's word on health, if the new colour's have to be told; Checks are those that
	// were found of a colour that stands, by target group.
	Check   *balancer.Check           `json:"check,omitempty"`
	Checks  map[string]balancer.Check `json:"checks,omitempty"`
	Source  TemplateRef               `json:"source"`            // what the live group launches
	Found   TemplateRef               `json:"found,omitzero"`    // what the new colour's group launched before
	Made    TemplateRef               `json:"made,omitzero"`     // what it launches now
	Targets []string                  `json:"targets,omitempty"` // names of the target groups that a clone makes

	notes []string // what people should know before it begins
}

// TemplateRef is a version of a launch template.
type TemplateRef struct {
	ID      string `json:"id"`
	Version string `json:"version"` // as a group refers to it: a number, "$Latest" or "$Default"
	Number  int64  `json:"number"`
}

// planMake decides how the new colour gets its image, and refuses what would lose a setting silently.
func (a *App) planMake(ctx context.Context, s Situation, o CutoverOptions) (m *Make, bakery *Bakery, err error) {
	to := o.To
	live := s.Stacks[to.Other()]
	var baking *Baking
	ami := cmp.Or(o.Image, live.Template.Image)
	if o.Bake != "" {
		if bakery, baking, err = a.planBake(ctx, live, &o); err != nil {
			return nil, nil, err
		}
		ami = o.Image
	}
	m = &Make{
		Bake:  baking,
		Check: a.agentCheck(o, live),
		Image: ami, Container: o.Container, Replace: o.Replace, Accepted: o.Accepted,
		Source: TemplateRef{ID: live.Group.TemplateID, Version: live.Group.TemplateVersion, Number: live.Template.Number},
	}
	if next, stands := s.Stacks[to]; stands {
		if err := a.checkImage(ctx, m, live); err != nil {
			return nil, nil, err
		}
		return m, bakery, planInPlace(m, live, next)
	}
	var both parts
	img := both.do(func() error { return a.checkImage(ctx, m, live) })
	clone := both.do(func() error { return a.planClone(ctx, m, live, to) })
	_ = both.wait() // both use m; and what is wrong with the image is to be said first
	if err := cmp.Or(img.err, clone.err); err != nil {
		return nil, nil, err
	}
	return m, bakery, nil
}

// planInPlace plans to let a colour that stands without instances launch another image.
func planInPlace(m *Make, live, next Stack) error {
	// Instances that are on their way out are no hindrance. One that is in service still could be kept when the group grows
	// again, and would serve its old image.
	staying := slices.ContainsFunc(next.Group.Instances, func(i group.Instance) bool { return !i.Leaving() })
	n := len(next.Group.Instances)
	switch {
	case next.Group.Size.Desired > 0:
		return &exit.Problem{
			Code: exit.Failed,
			Err:  fmt.Errorf("%s stands with %d instances of %s: it cannot get another image under way", next.Color, n, next.Version()),
			Try:  "switcher retire",
		}
	case staying:
		return &exit.Problem{
			Code: exit.Failed,
			Err:  fmt.Errorf("%s is scaled down to none, but %d instances of %s have yet to leave: the group could keep them", next.Color, n, next.Version()),
			Try:  "switcher status; and the same again when they are gone",
		}
	}
	m.InPlace = true
	m.planChecks(next)
	m.Found = TemplateRef{ID: next.Group.TemplateID, Version: next.Group.TemplateVersion, Number: next.Template.Number}
	base := next.Template
	if m.shared() {
		base = live.Template
	}
	title := fmt.Sprintf("%s would not launch what %s does, beside the image:", next.Color, live.Color)
	lost := templateLosses(live.Template, base)
	if m.instructs() {
		delete(lost, template.PathUserData) // it comes from the live colour
	}
	return checkLoss(title, lost, m.Accepted)
}

// shared says that both colours launch from one launch template.
func (m *Make) shared() bool { return m.Found.ID == m.Source.ID }

// base is the version from which the new colour's is derived. Where both colours launch from one template, the live version
// is the better source: it has what was changed since.
func (m *Make) base() TemplateRef {
	if m.InPlace && !m.shared() {
		return m.Found
	}
	return m.Source
}

// planClone plans to make a colour that does not stand.
func (a *App) planClone(ctx context.Context, m *Make, live Stack, to traffic.Color) error {
	b, err := a.blueprint(ctx, to.Other())
	if err != nil {
		return err
	}
	if err := b.balancer.Impossible(); err != nil {
		return fmt.Errorf("%s cannot be cloned: %w", to.Other(), err)
	}
	names, err := a.names(b, to)
	if err != nil {
		return err
	}
	m.Targets = names.targetNames(b)
	lost := b.losses()
	maps.Copy(lost, strangers(live))
	if err := checkLoss("a clone would lose what it cannot copy yet:", lost, m.Accepted); err != nil {
		return err
	}
	return a.freeNames(ctx, to, m.Targets)
}

// freeNames checks that no target group stands in the way of one that is to be made.
func (a *App) freeNames(ctx context.Context, to traffic.Color, names []string) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, name := range names {
		all.Go(func() error {
			stands, err := a.Cloud.Balancers.GroupExists(ctx, name)
			if err == nil && stands {
				err = fmt.Errorf("of the %s stack target group %s stands already, and no load balancer: remove it, or complete the stack", to, name)
			}
			return err
		})
	}
	return all.Wait()
}

// checkImage refuses a machine image that cannot be launched as the live one is, or not with its user data.
func (a *App) checkImage(ctx context.Context, m *Make, live Stack) error {
	ami := m.Image
	img, err := a.image(ctx, m)
	if errors.Is(err, awserr.ErrNotFound) {
		return fmt.Errorf("image %s does not exist in %s, or is not shared with this account", ami, a.Cloud.Region)
	}
	if err != nil {
		return err
	}
	if img.State != "available" {
		return fmt.Errorf("image %s is %s, not available", ami, img.State)
	}
	if m.Bake != nil {
		m.notes = append(m.notes, m.Bake.plan.Why)
	}
	m.notes = append(m.notes, a.instructions(m, live, img)...)
	if err := planInstructions(m, live, img); err != nil {
		return err
	}
	return a.fits(ctx, img, live.Template.InstanceType)
}

// fits checks that an instance type runs an image.
func (a *App) fits(ctx context.Context, img image.Image, instanceType string) error {
	if instanceType == "" {
		return nil // the group's instance requirements choose one that fits
	}
	ok, err := a.Cloud.Images.RunsOn(ctx, instanceType, img.Architecture)
	if err != nil || ok {
		return err
	}
	return fmt.Errorf("image %s is of architecture %s, which instance type %s does not run", img.ID, img.Architecture, instanceType)
}
