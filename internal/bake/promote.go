package bake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"bluegreen/internal/aws"
	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/exit"
	"bluegreen/internal/step"
)

// Promotion is the state of a run that hands an AMI out.
type Promotion struct {
	Tag     string             `json:"tag"` // of this run, on what it makes
	Image   string             `json:"image"`
	Name    string             `json:"name"`
	Home    string             `json:"home"` // its region
	Regions map[string]*Region `json:"regions"`
	// Back is set when the pointer goes back to the AMI before: the regions' images are known then.
	Back bool           `json:"back,omitempty"`
	Ways *promotionWays `json:"ways,omitempty"`
}

// Region is one in which an AMI is handed out.
type Region struct {
	Image    string `json:"image,omitempty"`  // the AMI there
	Copied   bool   `json:"copied,omitempty"` // by this run
	Was      string `json:"was,omitempty"`    // what the pointer named before
	Previous string `json:"previous,omitempty"`
	Version  int64  `json:"version,omitempty"` // of the launch template
}

// previous is the parameter that keeps what the pointer named before.
func (b *Bakery) previous() string { return b.Settings.Promote.Parameter + beforeSuffix }

const beforeSuffix = "-previous"

// Promote copies an AMI to all regions, shares it, and moves the pointer to it, in this order: whoever follows the pointer
// finds an AMI that is there.
func (b *Bakery) Promote(ctx context.Context, id string) error {
	img, err := b.Cloud.Images.Get(ctx, id)
	if err != nil {
		return &exit.Problem{Code: exit.Failed, Err: err, Try: "amibake list"}
	}
	if err := b.ours(img); err != nil {
		return err
	}
	if img.Tags[TagStatus] != Verified {
		return &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("%s has not proven that it boots healthy", id), Try: "amibake verify " + id}
	}
	return b.promote(ctx, "promote", Promotion{Image: id, Name: img.Name})
}

// PromoteIfNew promotes an AMI unless it is promoted already; moved says whether it did. A run that was cut off may have moved the
// pointer and not come to its end: that is not done.
func (b *Bakery) PromoteIfNew(ctx context.Context, id string) (moved bool, err error) {
	for _, region := range b.regions() {
		now, err := b.Cloud.In(region).Params.Get(ctx, b.Settings.Promote.Parameter)
		if err != nil && !errors.Is(err, awserr.ErrNotFound) {
			return false, err
		}
		if region == b.Cloud.Region && now.Value == id {
			continue
		}
		if region == b.Cloud.Region || now.Value == "" {
			return true, b.Promote(ctx, id)
		}
		there, err := b.Cloud.In(region).Images.Get(ctx, now.Value)
		if err != nil && !errors.Is(err, awserr.ErrNotFound) {
			return false, err
		}
		if there.Tags[tagSource] != id {
			return true, b.Promote(ctx, id)
		}
	}
	t, err := b.turn(ctx)
	if err != nil || t.Pending == nil {
		return false, err
	}
	return true, b.Promote(ctx, id)
}

// PromoteBack moves the pointer back to what it named before, everywhere, and says what that is here. Given again, it stays there.
func (b *Bakery) PromoteBack(ctx context.Context) (id string, err error) {
	was, err := b.Cloud.Params.Get(ctx, b.previous())
	if errors.Is(err, awserr.ErrNotFound) {
		return "", &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("nothing was promoted before: there is no parameter %s", b.previous()), Try: "amibake list"}
	}
	if err != nil {
		return "", err
	}
	img, err := b.Cloud.Images.Get(ctx, was.Value)
	if err != nil {
		return "", &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("the AMI that was promoted before cannot be had: %w", err), Try: "amibake list, then amibake promote AMI"}
	}
	return was.Value, b.promote(ctx, "promote-back", Promotion{Image: was.Value, Name: img.Name, Back: true})
}

func (b *Bakery) promote(ctx context.Context, workflow string, p Promotion) error {
	p.Home, p.Regions = b.Cloud.Region, map[string]*Region{b.Cloud.Region: {Image: p.Image}}
	for _, name := range b.Settings.Promote.Regions {
		if p.Regions[name] == nil {
			p.Regions[name] = &Region{}
		}
	}
	ways := b.promotionWays(&p)
	p.Ways = &ways
	return carry(ctx, b, workflow, p, func(tag string, p *Promotion) { p.Tag = tag }, promoteSteps,
		func(before Promotion) bool {
			return before.Image == p.Image && before.Back == p.Back && b.promotionWays(&before) == ways && sameRegions(before, p)
		})
}

// sameRegions says whether two hand out in the same regions: one that is wanted no more may be one that cannot be reached.
func sameRegions(a, b Promotion) bool {
	return slices.Equal(slices.Sorted(maps.Keys(a.Regions)), slices.Sorted(maps.Keys(b.Regions)))
}

// promoteSteps are what a promotion is made of. The pointer is the last of it, and is not moved back by itself.
func promoteSteps(r *run[Promotion]) []step.Step[Promotion] {
	b := r.Bakery
	ways := b.promotionWays(&r.State)
	steps := []step.Step[Promotion]{
		{
			Name: "copy", Title: "copy the AMI to each region", Back: "deregister the copies",
			Calls: []string{"CopyImage in each region that has no copy"}, Do: b.copyImages, Undo: b.uncopyImages,
		},
		{Name: "copied", Title: "wait until the copies are there", Do: func(ctx context.Context, p *Promotion) error { return awaitCopies(ctx, r, p) }},
	}
	if ways.Shared {
		steps = append(steps, step.Step[Promotion]{
			Name: "share", Title: "share it", Calls: []string{"ModifyImageAttribute, ModifySnapshotAttribute in each region"}, Do: b.shareImages,
		})
	}
	if ways.Template != "" {
		steps = append(steps, step.Step[Promotion]{
			Name: "template", Title: "make a version of the launch template", Back: "delete that version", Calls: []string{"CreateLaunchTemplateVersion"}, Do: b.templateVersion, Undo: b.noTemplateVersion,
		})
	}
	return append(steps, step.Step[Promotion]{
		Name: "pointer", Title: "name it in Parameter Store", Commit: true,
		Calls: []string{"PutParameter " + ways.previous(), "PutParameter " + ways.Parameter}, Do: b.point,
	}, step.Step[Promotion]{
		Name: "mark", Title: "note in the tags of the copies that they are handed out", Calls: []string{"CreateTags in each other region"}, Do: b.markCopies,
	})
}

// each does something in all regions side by side.
func (b *Bakery) each(p *Promotion, do func(cloud *aws.Bakery, name string, r *Region) error) error {
	var all sync.WaitGroup
	errs := make([]error, len(p.Regions))
	i := 0
	for name, r := range p.Regions {
		at := i
		all.Go(func() {
			if err := do(b.Cloud.In(name), name, r); err != nil {
				errs[at] = fmt.Errorf("%s: %w", name, err)
			}
		})
		i++
	}
	all.Wait()
	return errors.Join(errs...)
}

// copyImages gives each region its AMI: one that was copied there before, or a new copy. A copy that this run has asked for
// without getting an answer is found again by its token.
func (b *Bakery) copyImages(ctx context.Context, p *Promotion) error {
	return b.each(p, func(cloud *aws.Bakery, name string, r *Region) error {
		if r.Image != "" {
			return nil
		}
		there, err := cloud.Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{TagApp: b.Settings.App, tagSource: p.Image}, Everything: true})
		if err != nil {
			return err
		}
		for _, img := range there {
			if img.State == image.Available || img.State == image.Pending {
				r.Image, r.Copied = img.ID, img.Tags[TagRun] == p.Tag
				return nil
			}
		}
		if p.Back {
			return fmt.Errorf("there is no copy of %s any more", p.Image)
		}
		source, err := b.Cloud.Images.Get(ctx, p.Image)
		if err != nil {
			return err
		}
		tags := b.tagged(b.owned(p.Tag))
		for _, t := range []string{TagKey, TagBase, TagImage, TagAgent} {
			tags[t] = source.Tags[t]
		}
		tags[tagSource], tags[TagStatus] = p.Image, Copied
		id, err := cloud.Images.Copy(ctx, image.CopyRequest{
			Source: p.Image, SourceRegion: p.Home, Name: p.Name, Description: "copy of " + p.Image + " of " + p.Home,
			Token: p.Tag + "-" + name, Encrypted: true, KMSKey: b.Settings.Promote.KMSKeys[name], Tags: tags,
		})
		if err != nil {
			return err
		}
		r.Image, r.Copied = id, true
		return nil
	})
}

// markCopies ends the time in which a copy is what a dead run may have left behind: a sweep takes those. Of one that somebody has
// deregistered meanwhile there is nothing to mark.
func (b *Bakery) markCopies(ctx context.Context, p *Promotion) error {
	return b.each(p, func(cloud *aws.Bakery, name string, r *Region) error {
		if name == p.Home {
			return nil
		}
		err := cloud.Images.Tag(ctx, r.Image, map[string]string{TagStatus: Verified})
		if errors.Is(err, awserr.ErrNotFound) {
			return nil
		}
		return err
	})
}

// tagSource is on a copy: the id of the AMI that it is a copy of.
const tagSource = "amibake:source"

// tagged lays what the settings say over our own tags.
func (b *Bakery) tagged(own map[string]string) map[string]string {
	tags := map[string]string{}
	for k, v := range b.Settings.Build.Tags {
		tags[k] = v
	}
	for k, v := range own {
		tags[k] = v
	}
	return tags
}

// uncopyImages takes back what this run has copied, and nothing that is handed out: whatever the journal says of the run, that
// may be in use.
func (b *Bakery) uncopyImages(ctx context.Context, p *Promotion) error {
	return b.each(p, func(cloud *aws.Bakery, _ string, r *Region) error {
		named, err := b.named(ctx, cloud, p)
		if err != nil {
			return err
		}
		// By the tag, too: a copy whose id never reached us may be there.
		ours, err := cloud.Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{TagApp: b.Settings.App, TagRun: p.Tag}, Everything: true})
		if err != nil {
			return err
		}
		for _, img := range ours {
			if img.Tags[tagSource] != p.Image || img.Tags[TagStatus] == Verified || slices.Contains(named, img.ID) {
				continue
			}
			if err := cloud.Images.Deregister(ctx, img.ID); err != nil && !errors.Is(err, awserr.ErrNotFound) {
				return err
			}
		}
		r.Image, r.Copied = "", false
		return nil
	})
}

// named are the AMIs that the pointer of a region names, and the one beside it.
func (b *Bakery) named(ctx context.Context, cloud *aws.Bakery, p *Promotion) ([]string, error) {
	ways := b.promotionWays(p)
	var ids []string
	for _, name := range []string{ways.Parameter, ways.previous()} {
		p, err := cloud.Params.Get(ctx, name)
		if err != nil && !errors.Is(err, awserr.ErrNotFound) {
			return nil, err
		}
		ids = append(ids, p.Value)
	}
	return ids, nil
}

// copyLimit is how long copies may take, all side by side. Snapshots of tens of gigabytes take half an hour between continents.
const copyLimit = 2 * time.Hour

func awaitCopies(ctx context.Context, r *run[Promotion], p *Promotion) error {
	names := make([]string, 0, len(p.Regions))
	for name := range p.Regions {
		names = append(names, name)
	}
	slices.Sort(names)
	return r.until(ctx, "copied", "the AMI to be there in all regions", copyLimit, func(ctx context.Context) (bool, string, error) {
		ready, status := 0, ""
		for _, name := range names {
			progress, err := r.Cloud.In(name).Images.Progress(ctx, p.Regions[name].Image)
			switch {
			case errors.Is(err, awserr.ErrNotFound):
				status += fmt.Sprintf(" %s not yet", name)
			case err != nil:
				return false, "", err
			case progress.State == image.Available:
				ready++
				status += fmt.Sprintf(" %s ready", name)
			case progress.State == image.Pending:
				status += fmt.Sprintf(" %s %d %%", name, progress.Percent)
			default:
				return false, "", fmt.Errorf("the AMI %s in %s is %s: %s", p.Regions[name].Image, name, progress.State, progress.Reason)
			}
		}
		return ready == len(names), status[1:], nil
	})
}

func (b *Bakery) shareImages(ctx context.Context, p *Promotion) error {
	audience := image.Audience{Accounts: b.Settings.Promote.Accounts, Organizations: b.Settings.Promote.Organizations, Units: b.Settings.Promote.Units}
	return b.each(p, func(cloud *aws.Bakery, _ string, r *Region) error {
		img, err := cloud.Images.Get(ctx, r.Image)
		if err != nil {
			return err
		}
		return cloud.Images.Share(ctx, r.Image, img.Snapshots, audience)
	})
}

// templateVersion makes a version of the launch template of the home region that names the AMI. It is no default: what
// launches from the template says which version it wants, or the latest.
func (b *Bakery) templateVersion(ctx context.Context, p *Promotion) error {
	id, home := b.promotionWays(p).Template, p.Regions[p.Home]
	token := p.Tag + versionSuffix
	if found, ok, err := b.Cloud.Templates.Find(ctx, id, token); err != nil || ok {
		home.Version = found.Number
		return err
	}
	source, err := b.Cloud.Templates.Get(ctx, id, "$Latest")
	if err != nil {
		return err
	}
	made, err := b.Cloud.Templates.Derive(ctx, source, template.Change{Image: p.Image}, token)
	home.Version = made.Number
	return err
}

func (b *Bakery) noTemplateVersion(ctx context.Context, p *Promotion) error {
	found, ok, err := b.Cloud.Templates.Find(ctx, b.promotionWays(p).Template, p.Tag+versionSuffix)
	if errors.Is(err, awserr.ErrNotFound) {
		return nil // with the template
	}
	if err != nil || !ok {
		return err
	}
	return b.Cloud.Templates.Delete(ctx, found)
}

// point moves the pointer, in each region where one is. What it named before is kept first: a process that is killed in
// between leaves a pointer that can be followed, and what it names twice. What it moves back from is not kept: a rollback that
// is given twice must not end where it began.
func (b *Bakery) point(ctx context.Context, p *Promotion) error {
	ways := b.promotionWays(p)
	return b.each(p, func(cloud *aws.Bakery, _ string, r *Region) error {
		now, err := cloud.Params.Get(ctx, ways.Parameter)
		if err != nil && !errors.Is(err, awserr.ErrNotFound) {
			return err
		}
		if now.Value == r.Image {
			return nil
		}
		if now.Value != "" && !p.Back {
			r.Was = now.Value
			if _, err := cloud.Params.Overwrite(ctx, ways.previous(), now.Value); err != nil {
				return err
			}
		}
		_, err = cloud.Params.Overwrite(ctx, ways.Parameter, r.Image)
		return err
	})
}
