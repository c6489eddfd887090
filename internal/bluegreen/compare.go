package bluegreen

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"bluegreen/internal/aws/facts"
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
	source, err := r.blueprint(ctx, s.old())
	if err != nil {
		return err
	}
	clone, err := r.blueprint(ctx, s.To)
	if err != nil {
		return err
	}
	want := source.facts(r.copyTags(s)).Rewrite(rewriting(source, clone, s.To))
	have := clone.facts(keptTags)
	left := r.unexplained(s, facts.Compare(want, have))
	if len(left) > 0 {
		return &CompareError{Copy: s.To, Differences: left}
	}
	r.note(Note, "compare", "%d facts of %s and %s compared: nothing was lost", len(want), s.old(), s.To)
	return nil
}

// facts is all of a stack that is compared.
func (b blueprint) facts(tags func(map[string]string) map[string]string) facts.Facts {
	f := b.balancer.Facts(tags)
	f.Put("", b.group.Facts(tags))
	f.Put("", b.template.Facts)
	return f
}

// rewriting puts the names and ARNs of the clone in place of those of its source.
func rewriting(source, clone blueprint, to traffic.Color) *strings.Replacer {
	pairs := map[string]string{
		source.balancer.Balancer.ARN:         clone.balancer.Balancer.ARN,
		source.balancer.Balancer.Dimension(): clone.balancer.Balancer.Dimension(),
		source.balancer.Balancer.Name:        clone.balancer.Balancer.Name,
		source.group.Group.Name:              clone.group.Group.Name,
	}
	for _, g := range source.balancer.Groups {
		name, err := targetName(g.Name, to)
		if err != nil {
			continue // the plan has refused it
		}
		for _, c := range clone.balancer.Groups {
			if c.Name == name {
				pairs[g.ARN], pairs[g.Name] = c.ARN, c.Name
				pairs[resource(g.ARN)] = resource(c.ARN)
			}
		}
	}
	for _, name := range source.group.PolicyNames() {
		pairs["policy/"+name+"/"] = "policy/" + recolor(name, to) + "/"
	}
	// At one place the longest name counts: a target group's ARN before its name.
	keys := make([]string, 0, len(pairs))
	for k := range pairs {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var list []string
	for _, k := range keys {
		list = append(list, k, pairs[k])
	}
	return strings.NewReplacer(list...)
}

// resource is the last part of an ARN: "targetgroup/NAME/ID".
func resource(arn string) string { return arn[strings.LastIndex(arn, ":")+1:] }

// unexplained leaves out what a clone is meant to differ in, and what was accepted as lost.
func (r *run) unexplained(s *State, all []facts.Difference) []facts.Difference {
	return slices.DeleteFunc(all, func(d facts.Difference) bool {
		if d.Path == "template/ImageId" {
			return true
		}
		return slices.ContainsFunc(s.Make.Accepted, func(name string) bool { return strings.HasPrefix(d.Path, name) })
	})
}

// compareTemplates compares what both colours launch. In place, the rest of the new colour's stack is as its owner has made
// it: differences there are told, and are no reason to stop.
func (r *run) compareTemplates(ctx context.Context, s *State) error {
	source, err := r.blueprint(ctx, s.old())
	if err != nil {
		return err
	}
	next, err := r.blueprint(ctx, s.To)
	if err != nil {
		return err
	}
	names := rewriting(source, next, s.To)
	left := r.unexplained(s, facts.Compare(source.template.Facts.Rewrite(names), next.template.Facts))
	left = slices.DeleteFunc(left, func(d facts.Difference) bool { return strings.Contains(d.Path, "/Tags[") })
	if len(left) > 0 {
		return &CompareError{Copy: s.To, Differences: left}
	}
	rest := facts.Compare(source.facts(keptTags).Rewrite(names), next.facts(keptTags))
	for _, d := range r.unexplained(s, rest) {
		if !strings.Contains(d.Path, "/tag") && !strings.HasPrefix(d.Path, "template/") {
			r.note(Note, "compare", "%s differs from %s: %s", s.To, s.old(), d)
		}
	}
	return nil
}
