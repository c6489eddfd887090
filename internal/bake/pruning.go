package bake

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws"
	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/bake/prune"
	"bluegreen/internal/journal"
	"bluegreen/internal/pattern"
	"bluegreen/internal/step"
)

// tagDisabled is on an AMI that a prune has disabled: since when. AWS does not keep that.
const tagDisabled = "amibake:disabled"

// Pruner takes old AMIs of the app away, in all regions to which they are promoted.
func (b *Bakery) Pruner() prune.Pruner {
	p := b.Settings.Prune
	pruner := prune.Pruner{
		Policy: prune.Policy{
			App: b.Settings.App, Newest: p.Keep, Young: p.YoungerThan.Span(), Disable: p.Disable.Span(), Deregister: p.Deregister.Span(), Orphan: p.Orphans.Span(),
		},
		Images: b.prunable, Snapshots: b.orphans, Actor: b.actor(),
	}
	for _, region := range b.regions() {
		pruner.Checks = append(pruner.Checks, b.checks(region)...)
	}
	// Bakes have one journal, which names AMIs of all regions.
	bakes := func(ctx context.Context) ([]prune.Run, error) { return runsOf(ctx, b.Cloud, b.space()) }
	pruner.Checks = append(pruner.Checks, prune.Journal("bake", bakes))
	return pruner
}

// regions are those in which the app has AMIs, that of this account's client first.
func (b *Bakery) regions() []string {
	all := []string{b.Cloud.Region}
	for _, r := range b.Settings.Promote.Regions {
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

// checks find out who uses AMIs of a region.
func (b *Bakery) checks(region string) []prune.Check {
	cloud := b.Cloud.In(region)
	checks := []prune.Check{
		prune.Listed("instances", "instance", cloud.References.Instances),
		b.templates(cloud),
		prune.Listed("launch configurations", "launch configuration", cloud.Groups.LaunchConfigurations),
		prune.Asked("image references", "reference", cloud.References.Reported),
		prune.Params(func(ctx context.Context) ([]prune.Param, error) { return b.pointers(ctx, cloud) }),
		prune.Journal("deployment", func(ctx context.Context) ([]prune.Run, error) { return runsOf(ctx, cloud, b.Settings.App) }),
	}
	for i := range checks {
		checks[i].Region = region
	}
	return append(checks, b.reports(region))
}

// reports stands for the use that other accounts make of what is shared with them. A report takes EC2 minutes to make.
func (b *Bakery) reports(region string) prune.Check {
	cloud := b.Cloud.In(region)
	check := prune.Reports(func(ctx context.Context, ids []string) (map[string][]string, error) {
		uses := map[string][]string{}
		var mu sync.Mutex
		var all sync.WaitGroup
		errs := make([]error, len(ids))
		for i, id := range ids {
			all.Go(func() {
				accounts, err := b.report(ctx, cloud, id)
				mu.Lock()
				defer mu.Unlock()
				uses[id], errs[i] = accounts, err
			})
		}
		all.Wait()
		return uses, errors.Join(errs...)
	})
	check.Region = region
	if !b.Settings.Promote.Shared() {
		check.Skip = "nothing is shared by the configuration"
	}
	return check
}

// reportLimit is how long EC2 may take for a usage report.
const reportLimit = 30 * time.Minute

// report has EC2 make a report, reads it and removes it. Each has a token of its own: by that of an earlier one, EC2 would answer with
// the report of then, which is removed, or does not know what has been launched since.
func (b *Bakery) report(ctx context.Context, cloud *aws.Bakery, id string) ([]string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, reportLimit, fmt.Errorf("the usage report on %s is not there after %s", id, reportLimit))
	defer cancel()
	report, err := cloud.References.BeginReport(ctx, id, "amibake-"+id+"-"+strings.ToLower(rand.Text()), map[string]string{TagManaged: Managed, TagApp: b.Settings.App})
	if err != nil {
		return nil, err
	}
	for {
		r, err := cloud.References.Report(ctx, report)
		if err != nil {
			return nil, err
		}
		if r.Ready {
			return others(r.Uses), cloud.References.DeleteReport(ctx, report)
		}
		if !sleep(ctx, b.poll()) {
			return nil, context.Cause(ctx)
		}
	}
}

// others are the accounts of a report, without the word that says so.
func others(uses []string) []string {
	var all []string
	for _, u := range uses {
		all = append(all, strings.TrimPrefix(u, "account "))
	}
	return all
}

// pointers are the parameters that may name an AMI: those of the app, but for journals, which have checks of their own.
func (b *Bakery) pointers(ctx context.Context, cloud *aws.Bakery) ([]prune.Param, error) {
	list, err := cloud.Params.List(ctx, "/bluegreen/")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{b.Settings.Promote.Parameter, b.previous()} {
		if strings.HasPrefix(name, "/bluegreen/") {
			continue
		}
		p, err := cloud.Params.Get(ctx, name)
		if err == nil {
			list = append(list, p)
		} else if !errors.Is(err, awserr.ErrNotFound) {
			return nil, err
		}
	}
	var all []prune.Param
	for _, p := range list {
		if !strings.Contains(p.Name, "/deployments/") {
			all = append(all, prune.Param{Name: p.Name, Value: p.Value})
		}
	}
	return all, nil
}

var (
	imageID    = pattern.Lazy(`\bami-[0-9a-f]+\b`)
	templateID = pattern.Lazy(`\blt-[0-9a-f]+\b`)
)

// runsOf reads the journal of an app's deployments, or of its bakes.
func runsOf(ctx context.Context, cloud *aws.Bakery, app string) ([]prune.Run, error) {
	return runsBelow(ctx, cloud, "/bluegreen/"+app+"/deployments/")
}

// runsBelow reads all journals below a path.
func runsBelow(ctx context.Context, cloud *aws.Bakery, path string) ([]prune.Run, error) {
	list, err := cloud.Params.List(ctx, path)
	if err != nil {
		return nil, err
	}
	found, err := journal.Read(list)
	if err != nil {
		return nil, fmt.Errorf("read the journals below %s: %w", path, err)
	}
	var runs []prune.Run
	for _, r := range found {
		runs = append(runs, prune.Run{
			ID: r.Run, Ended: r.Phase == step.Ended, Images: imageID().FindAllString(string(r.State), -1),
			Templates: templateID().FindAllString(string(r.State), -1),
		})
	}
	return runs, nil
}

// prunable lists the app's AMIs in all regions, in every state.
func (b *Bakery) prunable(ctx context.Context) ([]prune.Image, error) {
	var all []prune.Image
	for _, region := range b.regions() {
		found, err := b.Cloud.In(region).Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{TagApp: b.Settings.App, TagManaged: Managed}, Tagged: TagKey, Everything: true})
		if err != nil {
			return nil, err
		}
		some := make([]prune.Image, len(found))
		var asking errgroup.Group
		asking.SetLimit(atOnce)
		for n, i := range found {
			asking.Go(func() (err error) {
				some[n], err = b.judged(ctx, region, i)
				return err
			})
		}
		if err := asking.Wait(); err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// atOnce is how many AMIs are asked about at one time.
const atOnce = 8

// judged is an AMI as a prune judges it.
func (b *Bakery) judged(ctx context.Context, region string, i image.Image) (prune.Image, error) {
	p := prune.Image{
		Ref: prune.Ref{Region: region, ID: i.ID}, Name: i.Name, Created: i.Created, Managed: i.Tags[TagManaged] == Managed,
		App: i.Tags[TagApp], Run: i.Tags[TagRun], Key: i.Tags[TagKey], Status: i.Tags[TagStatus], State: i.State,
		Deprecated: i.Deprecated, Protected: i.Protected, Snapshots: i.Snapshots,
	}
	if source := i.Tags[tagSource]; source != "" {
		p.Source = prune.Ref{Region: b.Cloud.Region, ID: source}
	}
	if at, err := time.Parse(time.RFC3339, i.Tags[tagDisabled]); err == nil {
		p.DisabledAt = at
	}
	if i.State == image.Disabled {
		return p, nil // AWS has taken all permissions away
	}
	audience, err := b.Cloud.In(region).Images.Audience(ctx, i.ID)
	if err != nil && !errors.Is(err, awserr.ErrNotFound) {
		return p, err
	}
	p.SharedWith = slices.Concat(audience.Accounts, audience.Organizations, audience.Units)
	if audience.Everyone {
		p.SharedWith = append(p.SharedWith, "all")
	}
	return p, nil
}

func (b *Bakery) orphans(ctx context.Context) ([]prune.Snapshot, error) {
	var all []prune.Snapshot
	for _, region := range b.regions() {
		found, err := b.Cloud.In(region).Images.OrphanSnapshots(ctx, map[string]string{TagApp: b.Settings.App, TagManaged: Managed}, TagKey)
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			all = append(all, prune.Snapshot{
				Ref: prune.Ref{Region: region, ID: s.ID}, Created: s.Created, Managed: true, App: s.Tags[TagApp], Key: s.Tags[TagKey],
				Image: s.Image, State: s.State,
			})
		}
	}
	return all, nil
}

func (b *Bakery) actor() prune.Actor {
	return prune.Actor{
		Deprecate: func(ctx context.Context, i prune.Image, at time.Time) error {
			return b.Cloud.In(i.Region).Images.Deprecate(ctx, i.ID, at)
		},
		Disable: func(ctx context.Context, i prune.Image, at time.Time) error {
			images := b.Cloud.In(i.Region).Images
			if err := images.Tag(ctx, i.ID, map[string]string{tagDisabled: at.UTC().Format(time.RFC3339)}); err != nil {
				return err
			}
			return images.Disable(ctx, i.ID)
		},
		Deregister: func(ctx context.Context, i prune.Image) error {
			return b.Cloud.In(i.Region).Images.Deregister(ctx, i.ID)
		},
		DeleteSnapshot: func(ctx context.Context, s prune.Snapshot) error {
			return b.Cloud.In(s.Region).Images.DeleteSnapshot(ctx, s.ID)
		},
	}
}
