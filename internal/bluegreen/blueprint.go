package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/alarm"
	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/balancer"
	"bluegreen/internal/aws/facts"
	"bluegreen/internal/aws/group"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/traffic"
)

// blueprint is all of a stack that a clone has to have, and what is known of it elsewhere in the account.
type blueprint struct {
	balancer  balancer.Blueprint
	group     group.Blueprint
	template  template.Version
	alarms    []alarm.Alarm // all of the account's
	webACL    string        // that protects the load balancer; "" if none does
	aclDenied error         // why it could not be read
}

// blueprint reads a stack. Independent calls go side by side.
func (a *App) blueprint(ctx context.Context, color traffic.Color) (blueprint, error) {
	var b blueprint
	names := a.Config.Stack(color)
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() (err error) { b.balancer, err = a.Cloud.Balancers.Blueprint(ctx, names.LoadBalancer); return err })
	all.Go(func() (err error) { b.alarms, err = a.Cloud.Alarms.List(ctx); return err })
	all.Go(func() error {
		lb, err := a.Cloud.Balancers.Get(ctx, names.LoadBalancer)
		if err != nil {
			return err
		}
		b.webACL, err = a.Cloud.WAF.Of(ctx, lb.ARN)
		if errors.Is(err, awserr.ErrDenied) {
			b.aclDenied, err = err, nil
		}
		return err
	})
	all.Go(func() (err error) {
		if b.group, err = a.Cloud.Groups.Blueprint(ctx, names.Group); err != nil {
			return err
		}
		if b.group.Group.TemplateID == "" {
			return fmt.Errorf("the Auto Scaling group %s has no launch template of its own", names.Group)
		}
		b.template, err = a.Cloud.Templates.Get(ctx, b.group.Group.TemplateID, b.group.Group.TemplateVersion)
		return err
	})
	if err := all.Wait(); err != nil {
		return b, fmt.Errorf("the %s stack: %w", color, err)
	}
	return b, nil
}

// targetGroups are the ARNs of the target groups.
func (b blueprint) targetGroups() []string {
	var arns []string
	for _, g := range b.balancer.Groups {
		arns = append(arns, g.ARN)
	}
	return arns
}

// labels are the resource labels by which scaling policies follow the requests of the load balancer.
func (b blueprint) labels() []string {
	var labels []string
	for _, g := range b.balancer.Groups {
		labels = append(labels, b.balancer.Balancer.Label(g.ARN))
	}
	return labels
}

// watching are the names of the alarms that somebody has set on the stack, or on one of its scaling policies.
func (b blueprint) watching() []string {
	watched := []string{b.group.Group.Name, b.balancer.Balancer.Dimension()}
	for _, g := range b.balancer.Groups {
		watched = append(watched, resource(g.ARN))
	}
	kept, names := b.group.Alarms()
	for _, a := range b.alarms {
		if a.Watches(watched...) && !slices.Contains(kept, a.Name) {
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// facts is all of a stack that is compared. Tags makes of each resource's tags those that its copy gets, and names says what
// is called how in the copy.
func (b blueprint) facts(tags func(map[string]string) map[string]string, names naming) facts.Facts {
	f := b.balancer.Facts(tags, names.targetGroup)
	f.Put("", b.group.Facts(tags, group.Names{Policy: names.policy, TargetGroup: names.targetGroup}))
	f.Put("", b.template.Facts)
	f[pathTemplate] = b.group.Group.TemplateID + "/" + b.group.Group.TemplateVersion
	for _, name := range b.watching() {
		f["alarm/"+name] = "watches it"
	}
	if b.webACL != "" {
		f["waf"] = b.webACL
	}
	return f
}

// resource is the last part of an ARN: "targetgroup/NAME/ID".
func resource(arn string) string { return arn[strings.LastIndex(arn, ":")+1:] }
