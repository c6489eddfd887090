package bluegreen

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/facts"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/traffic"
)

// CompareError says in what a clone differs from its source, beside what it was meant to.
type CompareError struct {
	Copy        traffic.Color
	Differences []facts.Difference
}

func (e *CompareError) Error() string {
	lines := []string{fmt.Sprintf("%s is not what it was cloned from:", e.Copy)}
	for _, d := range e.Differences {
		lines = append(lines, "  "+d.String())
	}
	return strings.Join(lines, "\n")
}

// compareStacks describes both stacks and compares them field by field. What a clone lost must have been accepted by name.
func (r *run) compareStacks(ctx context.Context, s *State) error {
	var source, clone blueprint
	err := r.seen(ctx, "compare", func(ctx context.Context) (err error) {
		source, clone, err = r.bothBlueprints(ctx, s)
		return err
	})
	if err != nil {
		return err
	}
	names, err := r.names(source, s.To)
	if err != nil {
		return err
	}
	want := source.facts(r.copyTags(s, names), names).Rewrite(identifiers(source, clone, names), isTag)
	want[pathImage], want[pathTemplate] = s.Make.Image, s.Make.Made.ID+"/"+s.Make.Made.Version
	if s.Make.instructs() {
		change, err := r.change(ctx, s)
		if err != nil {
			return err
		}
		want[template.PathUserData] = template.Fingerprint(change.UserData)
	}
	left := facts.Compare(want, clone.facts(keptTags, naming{}))
	left = slices.DeleteFunc(left, func(d facts.Difference) bool { return d.Missing && accepted(s, names, d.Path) })
	if len(left) > 0 {
		return &CompareError{Copy: s.To, Differences: left}
	}
	lost := ""
	if len(s.Make.Accepted) > 0 {
		lost = " but " + strings.Join(s.Make.Accepted, ", ")
	}
	r.note(Note, "compare", "%d facts of %s and %s compared: nothing was lost%s", len(want), s.old(), s.To, lost)
	return nil
}

// bothBlueprints reads both stacks side by side.
func (r *run) bothBlueprints(ctx context.Context, s *State) (source, clone blueprint, err error) {
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() (err error) { source, err = r.blueprint(ctx, s.old()); return err })
	both.Go(func() (err error) { clone, err = r.blueprint(ctx, s.To); return err })
	return source, clone, both.Wait()
}

// accepted says whether the loss of a fact was accepted, by its name or by that of what it belongs to.
func accepted(s *State, names naming, path string) bool {
	return slices.ContainsFunc(s.Make.Accepted, func(name string) bool {
		return path == names.path(name) || strings.HasPrefix(path, names.path(name)+"/")
	})
}

// isTag says whether a fact is one on a tag: in tags the names are those of the copy already.
func isTag(path string) bool {
	return strings.Contains(path, "/tag/") || strings.Contains(path, "/tag-propagates/")
}

// identifiers puts those of the clone in place of those of its source. All are made by AWS and long: nothing else looks
// like them.
func identifiers(source, clone blueprint, names naming) *strings.Replacer {
	from, to := source.balancer.Balancer, clone.balancer.Balancer
	pairs := []string{from.ARN, to.ARN, from.Dimension(), to.Dimension()}
	for _, g := range source.balancer.Groups {
		for _, c := range clone.balancer.Groups {
			if c.Name == names.targetGroup(g.Name) {
				pairs = append(pairs, g.ARN, c.ARN, resource(g.ARN), resource(c.ARN))
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// compareTemplates compares what both colours launch. In place, the rest of the new colour's stack is as its owner has made
// it: differences there are told, and are no reason to stop.
func (r *run) compareTemplates(ctx context.Context, s *State) error {
	source, next, err := r.bothBlueprints(ctx, s)
	if err != nil {
		return err
	}
	if s.Make.instructs() {
		change, err := r.change(ctx, s)
		if err != nil {
			return err
		}
		source.template.Facts[template.PathUserData] = template.Fingerprint(change.UserData)
	}
	left := launchDifferences(source.template.Facts, next.template.Facts)
	left = slices.DeleteFunc(left, func(d facts.Difference) bool { return accepted(s, naming{}, d.Path) })
	launches := facts.Compare(
		facts.Facts{pathImage: s.Make.Image, pathTemplate: s.Make.Made.ID + "/" + s.Make.Made.Version},
		facts.Facts{pathImage: next.template.Image, pathTemplate: next.group.Group.TemplateID + "/" + next.group.Group.TemplateVersion},
	)
	if left = append(left, launches...); len(left) > 0 {
		return &CompareError{Copy: s.To, Differences: left}
	}
	names, err := r.names(source, s.To)
	if err != nil {
		names = naming{} // there is nothing to be made under these names
	}
	want := source.facts(keptTags, names).Rewrite(identifiers(source, next, names), isTag)
	for _, d := range facts.Compare(want, next.facts(keptTags, naming{})) {
		if !isTag(d.Path) && !strings.HasPrefix(d.Path, "template/") && d.Path != pathTemplate {
			r.note(Note, "compare", "%s differs from %s: %s", s.To, s.old(), d)
		}
	}
	return nil
}
