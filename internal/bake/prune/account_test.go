package prune_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/bake/prune"
)

// account is an AWS account as plain data.
type account struct {
	images    []prune.Image
	snapshots []prune.Snapshot
	instances []machine
	templates []template
	groups    []group
	configs   []config
	params    []param
	runs      []prune.Run
	reports   []report

	noReports bool            // usage reports are not configured
	broken    map[string]bool // names of checks, "images" and "snapshots", that fail
}

type machine struct{ region, id, state, image string }

// template is a launch template. Its versions count from 1 and hold an image's id, "resolve:ssm:…" or nothing.
type template struct {
	region, id, name string
	versions         []string
	standard         int   // the default version
	ours             []int // versions that bluegreen has made
}

type group struct {
	region, name string
	launches     []prune.Launch
}

type config struct{ region, name, image string }

// param is a parameter with its history, the newest value last.
type param struct {
	region, name string
	values       []string
}

type report struct{ account, image string }

var errBroken = errors.New("AccessDenied")

// checks are the product's own, on adapters that read the data.
func (a *account) checks(regions ...string) []prune.Check {
	checks := []prune.Check{prune.Journal("deployment", func(context.Context) ([]prune.Run, error) { return a.runs, a.fault("deployments") })}
	for _, region := range regions {
		of := []prune.Check{
			prune.Listed("instances", "instance", func(context.Context) (map[string][]string, error) {
				list := map[string][]string{}
				for _, i := range a.instances {
					if i.region == region && i.state != "terminated" {
						list[i.image] = append(list[i.image], fmt.Sprintf("%s (%s)", i.id, i.state))
					}
				}
				return list, a.fault("instances")
			}),
			prune.Listed("launch configurations", "launch configuration", func(context.Context) (map[string][]string, error) {
				list := map[string][]string{}
				for _, c := range a.configs {
					if c.region == region {
						list[c.image] = append(list[c.image], c.name)
					}
				}
				return list, a.fault("launch configurations")
			}),
			prune.Templates{
				Versions: func(context.Context) ([]prune.TemplateVersion, error) {
					return a.versions(region), a.fault("launch templates")
				},
				Groups:  func(context.Context) ([]prune.Group, error) { return a.groupsIn(region), a.fault("groups") },
				Resolve: func(_ context.Context, p string) (string, error) { return a.resolve(region, p) },
				Runs:    func(context.Context) ([]prune.Run, error) { return a.runs, a.fault("deployments") },
			}.Check(),
			prune.Params(func(context.Context) ([]prune.Param, error) {
				var list []prune.Param
				for _, p := range a.params {
					if p.region == region {
						list = append(list, prune.Param{Name: p.name, Value: p.values[len(p.values)-1]})
					}
				}
				return list, a.fault("parameters")
			}),
			a.usageReports(),
		}
		for _, c := range of {
			c.Region = region
			checks = append(checks, c)
		}
	}
	return checks
}

func (a *account) usageReports() prune.Check {
	c := prune.Reports(func(_ context.Context, ids []string) (map[string][]string, error) {
		list := map[string][]string{}
		for _, r := range a.reports {
			for _, id := range ids {
				if id == r.image {
					list[id] = append(list[id], r.account)
				}
			}
		}
		return list, a.fault("usage reports")
	})
	if a.noReports {
		c.Skip = "not configured"
	}
	return c
}

func (a *account) fault(what string) error {
	if a.broken[what] {
		return errBroken
	}
	return nil
}

func (a *account) versions(region string) []prune.TemplateVersion {
	var list []prune.TemplateVersion
	for _, t := range a.templates {
		for n, image := range t.versions {
			if t.region == region {
				list = append(list, prune.TemplateVersion{
					Template: t.id, Name: t.name, Version: int64(n + 1), Image: image,
					Default: n+1 == t.standard, Latest: n+1 == len(t.versions), Ours: slices.Contains(t.ours, n+1),
				})
			}
		}
	}
	return list
}

func (a *account) groupsIn(region string) []prune.Group {
	var list []prune.Group
	for _, g := range a.groups {
		if g.region == region {
			list = append(list, prune.Group{Name: g.name, Launches: g.launches})
		}
	}
	return list
}

// resolve is Parameter Store's answer: "/shop/ami" is the newest value, "/shop/ami:2" the second one.
func (a *account) resolve(region, parameter string) (string, error) {
	if err := a.fault("resolve"); err != nil {
		return "", err
	}
	name, version, versioned := strings.Cut(parameter, ":")
	for _, p := range a.params {
		if p.region != region || p.name != name {
			continue
		}
		n := len(p.values)
		if versioned {
			n, _ = strconv.Atoi(version)
		}
		if n >= 1 && n <= len(p.values) {
			return p.values[n-1], nil
		}
	}
	return "", awserr.ErrNotFound
}

// pruner is a prune of the account's app "shop".
func (a *account) pruner(policy prune.Policy, regions ...string) prune.Pruner {
	return prune.Pruner{
		Policy: policy,
		Images: func(context.Context) ([]prune.Image, error) {
			return append([]prune.Image(nil), a.images...), a.fault("images")
		},
		Snapshots: func(context.Context) ([]prune.Snapshot, error) { return a.snapshots, a.fault("snapshots") },
		Checks:    a.checks(regions...),
		Actor: prune.Actor{
			Deprecate: func(_ context.Context, i prune.Image, at time.Time) error {
				return a.change(i.Ref, func(i *prune.Image) { i.Deprecated = at })
			},
			Disable: func(_ context.Context, i prune.Image, at time.Time) error {
				return a.change(i.Ref, func(i *prune.Image) { i.State, i.DisabledAt, i.SharedWith = prune.Disabled, at, nil })
			},
			Deregister: func(_ context.Context, i prune.Image) error {
				return a.change(i.Ref, func(i *prune.Image) { i.State = "deregistered" })
			},
			DeleteSnapshot: func(_ context.Context, s prune.Snapshot) error {
				for n := range a.snapshots {
					if a.snapshots[n].Ref == s.Ref {
						a.snapshots = append(a.snapshots[:n:n], a.snapshots[n+1:]...)
						return nil
					}
				}
				return awserr.ErrNotFound
			},
		},
	}
}

// change changes an image, or takes it away when it is deregistered.
func (a *account) change(ref prune.Ref, change func(*prune.Image)) error {
	for n := range a.images {
		if a.images[n].Ref != ref {
			continue
		}
		change(&a.images[n])
		if a.images[n].State == "deregistered" {
			a.images = append(a.images[:n:n], a.images[n+1:]...)
		}
		return nil
	}
	return awserr.ErrNotFound
}

// pass lets time pass for all that the account holds.
func (a *account) pass(d time.Duration) {
	back := func(t *time.Time) {
		if !t.IsZero() {
			*t = t.Add(-d)
		}
	}
	for n := range a.images {
		back(&a.images[n].Created)
		back(&a.images[n].Deprecated)
		back(&a.images[n].DisabledAt)
	}
	for n := range a.snapshots {
		back(&a.snapshots[n].Created)
	}
}
