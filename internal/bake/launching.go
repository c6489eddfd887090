package bake

import (
	"context"

	"bluegreen/internal/aws"
	"bluegreen/internal/bake/prune"
	"bluegreen/internal/pattern"
)

// templates finds AMIs in the launch templates of a region, and in what its groups launch besides.
func (b *Bakery) templates(cloud *aws.Bakery) prune.Check {
	return prune.Templates{
		Versions: func(ctx context.Context) ([]prune.TemplateVersion, error) { return templateVersions(ctx, cloud) },
		// Of all apps: another one's deployment may be about a template that launches our AMIs.
		Runs:   func(ctx context.Context) ([]prune.Run, error) { return runsBelow(ctx, cloud, "/bluegreen/") },
		Groups: func(ctx context.Context) ([]prune.Group, error) { return groups(ctx, cloud) },
		Resolve: func(ctx context.Context, parameter string) (string, error) {
			p, err := cloud.Params.Get(ctx, parameter)
			return p.Value, err
		},
	}.Check()
}

func templateVersions(ctx context.Context, cloud *aws.Bakery) ([]prune.TemplateVersion, error) {
	found, err := cloud.References.Versions(ctx)
	if err != nil {
		return nil, err
	}
	var all []prune.TemplateVersion
	for _, v := range found {
		all = append(all, prune.TemplateVersion{
			Template: v.Template, Name: v.Name, Version: v.Number, Image: v.Image, Default: v.Default, Latest: v.Latest,
			Ours: derived().MatchString(v.Description),
		})
	}
	return all, nil
}

// derived is how the versions are described that a promotion has made, and a deployment: by the token of the call.
var derived = pattern.Lazy(`^(bake-\d{6,}-\d{8}-\d{6}-[a-z0-9]{4}` + versionSuffix + `|bluegreen \d{8}-\d{6}-[0-9a-f]{6,})$`)

// versionSuffix ends the token by which a promotion makes a version of a launch template.
const versionSuffix = "-template"

func groups(ctx context.Context, cloud *aws.Bakery) ([]prune.Group, error) {
	found, err := cloud.Groups.Launches(ctx)
	if err != nil {
		return nil, err
	}
	var all []prune.Group
	for _, l := range found {
		if len(all) == 0 || all[len(all)-1].Name != l.Group {
			all = append(all, prune.Group{Name: l.Group})
		}
		g := &all[len(all)-1]
		g.Launches = append(g.Launches, prune.Launch{Override: l.Override, Template: l.Template, Version: l.Version, Image: l.Image})
	}
	return all, nil
}
