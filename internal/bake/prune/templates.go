package prune

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// TemplateVersion is one version of a launch template.
type TemplateVersion struct {
	Template, Name  string // the template's id and name
	Version         int64
	Image           string // an AMI's id, or as the template has it: "resolve:ssm:/shop/ami:3"; "" for none
	Default, Latest bool
	// Ours is a version that bluegreen has made, for one deployment or promotion: nobody else knows its number. It counts while
	// it is the default or the latest of its template, or something names it. All others count for as long as they are there:
	// fleets, batch environments and people's own tools name versions by number, and nothing lists them.
	Ours bool
}

// Group is an Auto Scaling group of any size, zero included: a group without instances may launch one at any time.
type Group struct {
	Name     string
	Launches []Launch // none for a group with a launch configuration: that is an image's user by itself
}

// Launch is one way in which a group launches: by its template, by that of its mixed instances policy, or by an override.
type Launch struct {
	Override          bool
	Template, Version string // id or name, and a number, "$Latest", "$Default" or "" for the default; "" without a template
	Image             string // of an override that names one; may be an alias, too
}

// Templates finds images in launch templates, and in the overrides of mixed instances policies.
type Templates struct {
	Versions func(context.Context) ([]TemplateVersion, error) // all versions of all templates
	// Runs are deployments and bakes. While one has not ended it may have to go back to any version of the templates it names.
	Runs   func(context.Context) ([]Run, error)
	Groups func(context.Context) ([]Group, error) // all groups
	// Resolve says which image a parameter names: "/shop/ami", "/shop/ami:3" or "/shop/ami:label". It may be nil if there are
	// ids only. A parameter that is not there is an error as any other: it may come back.
	Resolve func(ctx context.Context, parameter string) (string, error)
}

// Check is the check of the templates of a region.
func (t Templates) Check() Check { return Check{Name: "launch templates", Find: t.find} }

func (t Templates) find(ctx context.Context, _ []string) (map[string][]Use, error) {
	versions, err := t.Versions(ctx)
	if err != nil {
		return nil, err
	}
	// Before the groups: a run that has ended has left them as they stay.
	runs, err := t.Runs(ctx)
	if err != nil {
		return nil, err
	}
	groups, err := t.Groups(ctx)
	if err != nil {
		return nil, err
	}
	uses := map[string][]Use{}
	resolve := &resolver{resolve: t.Resolve, known: map[string]string{}}
	for _, v := range versions {
		roles := v.roles(groups, runs)
		if v.Ours && len(roles) == 0 {
			continue
		}
		image, err := resolve.image(ctx, v.Image)
		if err != nil {
			return nil, fmt.Errorf("launch template %s version %d: %w", v.Template, v.Version, err)
		}
		note(uses, image, "launch template %s version %d%s", v.Template, v.Version, brackets(roles))
	}
	for _, g := range groups {
		for _, l := range g.Launches {
			image, err := resolve.image(ctx, l.Image)
			if err != nil {
				return nil, fmt.Errorf("mixed instances override of group %s: %w", g.Name, err)
			}
			note(uses, image, "mixed instances override of group %s", g.Name)
		}
	}
	return uses, nil
}

// roles says why a version of a template matters, if it does.
func (v TemplateVersion) roles(groups []Group, runs []Run) []string {
	var roles []string
	if v.Default {
		roles = append(roles, "$Default")
	}
	if v.Latest {
		roles = append(roles, "$Latest")
	}
	for _, g := range groups {
		for _, l := range g.Launches {
			if !l.names(v) {
				continue
			}
			role := "group " + g.Name
			if l.Override {
				role = "mixed instances override of group " + g.Name
			}
			roles = append(roles, role)
		}
	}
	for _, r := range runs {
		if !r.Ended && slices.Contains(r.Templates, v.Template) {
			roles = append(roles, "run "+r.ID)
		}
	}
	return slices.Compact(roles)
}

// names says that a launch is of this version.
func (l Launch) names(v TemplateVersion) bool {
	if l.Template == "" || l.Template != v.Template && l.Template != v.Name {
		return false
	}
	switch l.Version {
	case "", "$Default":
		return v.Default
	case "$Latest":
		return v.Latest
	}
	return l.Version == strconv.FormatInt(v.Version, 10)
}

func brackets(roles []string) string {
	if len(roles) == 0 {
		return ""
	}
	return " (" + strings.Join(roles, ", ") + ")"
}
