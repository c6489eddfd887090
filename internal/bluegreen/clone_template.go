package bluegreen

import (
	"context"
	"fmt"
	"strconv"

	"bluegreen/internal/aws/group"
)

// launches says whether a group launches a version by its number.
func (t TemplateRef) launchedBy(g group.Group) bool {
	return g.TemplateID == t.ID && g.TemplateVersion == strconv.FormatInt(t.Number, 10)
}

// pinTemplate keeps the live group on the version that it runs: a new version would otherwise be launched by its next
// scale-out. What it runs may be another one by now than when this was planned, which is somebody's deployment, too.
func (r *run) pinTemplate(ctx context.Context, s *State) error {
	live, err := r.stack(ctx, s.old())
	if err != nil {
		return err
	}
	source, g := s.Make.Source, live.Group
	if source.launchedBy(g) {
		return nil // this step was cut off
	}
	if g.TemplateID != source.ID || g.TemplateVersion != source.Version || live.Template.Number != source.Number {
		return fmt.Errorf("%s launches version %s (%d) of %s by now, and version %s (%d) of %s when this was planned: plan again",
			s.old(), g.TemplateVersion, live.Template.Number, g.TemplateID, source.Version, source.Number, source.ID)
	}
	return r.launch(ctx, s, g.Name, source.ID, strconv.FormatInt(source.Number, 10))
}

// launch makes a group launch from a version, if nobody has taken this deployment over.
func (r *run) launch(ctx context.Context, s *State, name, templateID, version string) error {
	return r.ours(ctx, s, func(ctx context.Context) error { return r.Cloud.Groups.UseTemplate(ctx, name, templateID, version) })
}

func (r *run) unpinTemplate(ctx context.Context, s *State) error {
	if s.Served {
		return nil // the version that it would follow is the new colour's
	}
	g, err := r.groupOf(ctx, s.old())
	if err != nil || !s.Make.Source.launchedBy(g) {
		return err // not as we left it: somebody else's choice
	}
	return r.launch(ctx, s, g.Name, s.Make.Source.ID, s.Make.Source.Version)
}

func (r *run) deriveTemplate(ctx context.Context, s *State) error {
	change, err := r.change(ctx, s)
	if err != nil {
		return err
	}
	v, err := r.Cloud.Templates.Derive(r.whileAlive(ctx), s.Make.base().version(), change, token(s))
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
	if err != nil {
		return err
	}
	if !ok {
		// A version that is a moment old may not be listed yet.
		if s.Make.Made.Number == 0 || s.Make.Made.ID != templateID {
			return nil
		}
		v = s.Make.Made.version()
	}
	return r.Cloud.Templates.Delete(ctx, v)
}

func (r *run) useTemplate(ctx context.Context, s *State) error {
	return r.seen(ctx, "use-template", func(ctx context.Context) error {
		return r.launch(ctx, s, r.Config.Stack(s.To).Group, s.Make.Made.ID, s.Make.Made.Version)
	})
}

func (r *run) unuseTemplate(ctx context.Context, s *State) error {
	if s.Served {
		return nil
	}
	g, err := r.groupOf(ctx, s.To)
	if err != nil || !s.Make.Made.launchedBy(g) {
		return err // never set, or not as we left it
	}
	return r.launch(ctx, s, g.Name, s.Make.Found.ID, s.Make.Found.Version)
}
