package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/balancer"
	"bluegreen/internal/aws/group"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/traffic"
)

// Make is how the new colour comes to run another image: by a clone of the live stack, or, where it stands without
// instances, by a new version of its launch template.
type Make struct {
	Image    string      `json:"image"`
	InPlace  bool        `json:"in_place,omitempty"`
	Accepted []string    `json:"accepted_loss,omitempty"`
	Source   TemplateRef `json:"source"`            // what the live group launches
	Found    TemplateRef `json:"found,omitzero"`    // what the new colour's group launched before
	Made     TemplateRef `json:"made,omitzero"`     // what it launches now
	Targets  []string    `json:"targets,omitempty"` // names of the target groups that a clone makes
}

// TemplateRef is a version of a launch template.
type TemplateRef struct {
	ID      string `json:"id"`
	Version string `json:"version"` // as a group refers to it: a number, "$Latest" or "$Default"
	Number  int64  `json:"number"`
}

// blueprint is the live stack, as far as a clone copies it.
type blueprint struct {
	balancer balancer.Blueprint
	group    group.Blueprint
	template template.Version
	alarms   []string
}

func (a *App) blueprint(ctx context.Context, color traffic.Color) (blueprint, error) {
	var b blueprint
	names := a.Config.Stack(color)
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() (err error) { b.balancer, err = a.Cloud.Balancers.Blueprint(ctx, names.LoadBalancer); return err })
	both.Go(func() (err error) {
		if b.group, err = a.Cloud.Groups.Blueprint(ctx, names.Group); err != nil {
			return err
		}
		if b.group.Group.TemplateID == "" {
			return fmt.Errorf("the Auto Scaling group %s has no launch template of its own", names.Group)
		}
		b.template, err = a.Cloud.Templates.Get(ctx, b.group.Group.TemplateID, b.group.Group.TemplateVersion)
		return err
	})
	if err := both.Wait(); err != nil {
		return b, fmt.Errorf("the %s stack: %w", color, err)
	}
	return b, nil
}

// watched are the names by which alarms mean a stack.
func (b blueprint) watched() []string {
	values := []string{b.group.Group.Name, b.balancer.Balancer.Dimension()}
	for _, g := range b.balancer.Groups {
		_, dimension, _ := strings.Cut(g.ARN, ":targetgroup/")
		values = append(values, "targetgroup/"+dimension)
	}
	return values
}

// planMake decides how the new colour gets its image, and refuses what would lose a setting silently.
func (a *App) planMake(ctx context.Context, s Situation, to traffic.Color, ami string, accepted []string) (*Make, error) {
	live := s.Stacks[to.Other()]
	m := &Make{
		Image: ami, Accepted: accepted,
		Source: TemplateRef{ID: live.Group.TemplateID, Version: live.Group.TemplateVersion, Number: live.Template.Number},
	}
	if err := a.checkImage(ctx, live, ami); err != nil {
		return nil, err
	}
	next, stands := s.Stacks[to]
	if stands {
		if n := len(next.Group.Instances); n > 0 || next.Group.Size.Desired > 0 {
			return nil, &Problem{
				Code: CodeFailed,
				Err:  fmt.Errorf("%s stands with %d instances of %s: it cannot get another image under way", to, n, next.Version()),
				Try:  "switcher retire",
			}
		}
		m.InPlace = true
		m.Found = TemplateRef{ID: next.Group.TemplateID, Version: next.Group.TemplateVersion, Number: next.Template.Number}
		return m, nil
	}
	b, err := a.blueprint(ctx, to.Other())
	if err != nil {
		return nil, err
	}
	for _, g := range b.balancer.Groups {
		name, err := targetName(g.Name, to)
		if err != nil {
			return nil, err
		}
		m.Targets = append(m.Targets, name)
	}
	return m, a.checkLoss(ctx, b, accepted)
}

func (a *App) checkImage(ctx context.Context, live Stack, ami string) error {
	img, err := a.Cloud.Images.Get(ctx, ami)
	if errors.Is(err, awserr.ErrNotFound) {
		return fmt.Errorf("image %s does not exist in %s, or is not shared with this account", ami, a.Cloud.Region)
	}
	if err != nil {
		return err
	}
	if img.State != "available" {
		return fmt.Errorf("image %s is %s, not available", ami, img.State)
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

// LossError lists what a clone would lose.
type LossError struct{ Lost map[string]string }

func (e *LossError) Error() string {
	lines := []string{"a clone would lose what it cannot copy yet:"}
	for _, name := range slices.Sorted(maps.Keys(e.Lost)) {
		lines = append(lines, "  "+name+": "+e.Lost[name])
	}
	return strings.Join(lines, "\n")
}

// checkLoss refuses a clone that would lose something that was not accepted by name.
func (a *App) checkLoss(ctx context.Context, b blueprint, accepted []string) error {
	lost := b.balancer.Unsupported()
	maps.Copy(lost, b.group.Unsupported())
	alarms, err := a.Cloud.Alarms.About(ctx, b.watched()...)
	if err != nil {
		return err
	}
	for _, name := range alarms {
		if !slices.Contains(b.group.AlarmNames(), name) {
			lost["alarm/"+name] = "an alarm that watches the live stack"
		}
	}
	for _, name := range accepted {
		if _, known := lost[name]; !known {
			return &Problem{Code: CodeUsage, Err: fmt.Errorf("--accept-loss %s: nothing of that name would be lost", name)}
		}
		delete(lost, name)
	}
	if len(lost) == 0 {
		return nil
	}
	flags := ""
	for _, name := range slices.Sorted(maps.Keys(lost)) {
		flags += " --accept-loss " + name
	}
	return &Problem{Code: CodeFailed, Err: &LossError{Lost: lost}, Try: "copy these by hand afterwards, and say so:" + flags}
}

// maxName is how long names of load balancers and target groups may be.
const maxName = 32

// recolor replaces a colour as a word of a name: shop-blue-tg becomes shop-green-tg.
func recolor(name string, to traffic.Color) string {
	words := strings.Split(name, "-")
	for i, w := range words {
		if w == string(to.Other()) {
			words[i] = string(to)
		}
	}
	return strings.Join(words, "-")
}

// targetName is the name of the copy of a target group.
func targetName(source string, to traffic.Color) (string, error) {
	name := recolor(source, to)
	if name == source {
		name += "-" + string(to)
	}
	if len(name) > maxName {
		return "", fmt.Errorf("the copy of target group %s would be called %s, which is longer than %d characters: give the source a shorter name, or one with its color as a word", source, name, maxName)
	}
	return name, nil
}

// Tags that say whose a resource is. Only what carries the deployment's is ever deleted by it.
const (
	tagApp        = "bluegreen:app"
	tagColor      = "bluegreen:color"
	tagDeployment = "bluegreen:deployment"
	tagManaged    = "ManagedBy"
	managedBy     = "bluegreen"
)

// copyTags makes the tags of a copy: those of the source but for AWS's own, with the names of the new stack, and ours.
func (r *run) copyTags(s *State) func(map[string]string) map[string]string {
	names := r.renames(s.To)
	return func(source map[string]string) map[string]string {
		tags := keptTags(source)
		for k, v := range tags {
			tags[k] = names.Replace(v)
		}
		tags[tagApp], tags[tagColor], tags[tagDeployment], tags[tagManaged] = r.Config.App, string(s.To), s.Deployment, managedBy
		return tags
	}
}

// keptTags leaves out the tags that AWS reserves, and what we note on a group while we work on it.
func keptTags(source map[string]string) map[string]string {
	tags := map[string]string{}
	for k, v := range source {
		if !strings.HasPrefix(k, "aws:") && k != tagPin && k != tagRetired {
			tags[k] = v
		}
	}
	return tags
}

// renames replaces the configured names of the live stack by those of the new one.
func (a *App) renames(to traffic.Color) *strings.Replacer {
	from, next := a.Config.Stack(to.Other()), a.Config.Stack(to)
	return strings.NewReplacer(from.LoadBalancer, next.LoadBalancer, from.Group, next.Group)
}
