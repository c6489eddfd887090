package bluegreen

import (
	"context"
	"strconv"

	"bluegreen/internal/aws/group"
)

// launches says whether a group launches a version by its number.
func (t TemplateRef) launchedBy(g group.Group) bool {
	return g.TemplateID == t.ID && g.TemplateVersion == strconv.FormatInt(t.Number, 10)
}

// pinTemplate keeps the live group on the version that it runs: a new version would otherwise be launched by its next
// scale-out.
func (r *run) pinTemplate(ctx context.Context, s *State) error {
	name := r.Config.Stack(s.old()).Group
	return r.Cloud.Groups.UseTemplate(ctx, name, s.Make.Source.ID, strconv.FormatInt(s.Make.Source.Number, 10))
}

func (r *run) unpinTemplate(ctx context.Context, s *State) error {
	if s.Served {
		return nil // the version that it would follow is the new colour's
	}
	g, err := r.groupOf(ctx, s.old())
	if err != nil || !s.Make.Source.launchedBy(g) {
		return err // not as we left it: somebody else's choice
	}
	return r.Cloud.Groups.UseTemplate(ctx, g.Name, s.Make.Source.ID, s.Make.Source.Version)
}

func (r *run) deriveTemplate(ctx context.Context, s *State) error {
	change, err := r.change(ctx, s)
	if err != nil {
		return err
	}
	v, err := r.Cloud.Templates.Derive(ctx, s.Make.base().version(), change, token(s))
	if err != nil {
		return err
	}
	s.Make.Made = TemplateRef{ID: v.TemplateID, Version: strconv.FormatInt(v.Number, 10), Number: v.Number}
	return nil
}

func (r *run) dropTemplate(ctx context.Context, s *State) error {
	if s.Served {
		return nil
	}
	return r.dropVersion(ctx, s.Make.base().ID, s)
}

// dropVersion deletes the version that this deployment has derived from a launch template.
func (r *run) dropVersion(ctx context.Context, templateID string, s *State) error {
	v, ok, err := r.Cloud.Templates.Find(ctx, templateID, token(s))
	if err != nil || !ok {
		return err
	}
	return r.Cloud.Templates.Delete(ctx, v)
}

func (r *run) useTemplate(ctx context.Context, s *State) error {
	return r.Cloud.Groups.UseTemplate(ctx, r.Config.Stack(s.To).Group, s.Make.Made.ID, s.Make.Made.Version)
}

func (r *run) unuseTemplate(ctx context.Context, s *State) error {
	if s.Served {
		return nil
	}
	g, err := r.groupOf(ctx, s.To)
	if err != nil || !s.Make.Made.launchedBy(g) {
		return err // never set, or not as we left it
	}
	return r.Cloud.Groups.UseTemplate(ctx, g.Name, s.Make.Found.ID, s.Make.Found.Version)
}
