package bake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/aws"
	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/bake/prune"
	"bluegreen/internal/bake/sweep"
	"bluegreen/internal/exit"
	"bluegreen/internal/step"
)

// examineInputs looks for what goes into an AMI: files, the base AMI, the app's image.
func (b *Bakery) examineInputs(ctx context.Context) ([]Finding, error) {
	_, err := b.gather(ctx)
	return nil, err
}

// examineRun looks for a run that nobody carries any more.
func (b *Bakery) examineRun(ctx context.Context) ([]Finding, error) {
	t, err := b.turn(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.notAlive(ctx, t); err != nil {
		if exit.CodeOf(err) == exit.Locked {
			return nil, nil // somebody works
		}
		return nil, err
	}
	now, err := b.turn(ctx) // it may have ended while it was listened to
	if err != nil {
		return nil, err
	}
	var found []Finding
	if now.Held && t.Held && now.Holder.Beat == t.Holder.Beat {
		found = append(found, Finding{
			Text: fmt.Sprintf("%s has held the lease since %s, and is dead: the next run takes it over", now.Holder.Owner, ago(now.Holder.Since)), Try: "amibake bake",
		})
	}
	if p := now.Pending; p != nil && t.Pending != nil && p.Seq == t.Pending.Seq && p.Epoch == t.Pending.Epoch {
		found = append(found, Finding{Text: "run " + p.Run + " (" + p.Workflow + ") " + cutOff(*p) + ": the next bake goes on with it, or undoes it", Try: "amibake bake"})
	}
	return found, nil
}

func cutOff(p step.Record) string {
	if p.Outcome == step.FailedDirty {
		return fmt.Sprintf("has failed (%s), and could not be undone", oneLine(p.Cause))
	}
	where := "was cut off"
	if doing := underWay(p); doing != "" {
		where += " in step " + doing
	}
	return where + " at " + ago(p.Time)
}

// examineLeftovers looks for what a sweep would take.
func (b *Bakery) examineLeftovers(ctx context.Context) ([]Finding, error) {
	s := b.Sweeper()
	s.Uses = func(ctx context.Context, images []sweep.Ref) (map[sweep.Ref][]sweep.Use, error) {
		return usesBy(ctx, b.looking(), images)
	}
	plan, err := s.Plan(ctx)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, f := range plan.Findings {
		if f.Action == sweep.Remove {
			text := fmt.Sprintf("%s %s is left of run %s, which is dead", f.Item.Kind, f.Item.Ref, f.Item.Run)
			found = append(found, Finding{Text: text, Try: "amibake sweep --apply"})
		}
	}
	return found, plan.Err()
}

// looking are the checks of a prune that change nothing: a usage report has to be made first.
func (b *Bakery) looking() []prune.Check {
	checks := b.Pruner().Checks
	for i := range checks {
		if checks[i].Vital != nil {
			checks[i].Skip = "it would have to be made"
		}
	}
	return checks
}

// examineUses looks whether a prune could see all that may use an AMI: one that cannot takes nothing away.
func (b *Bakery) examineUses(ctx context.Context) ([]Finding, error) {
	images, err := b.prunable(ctx)
	if err != nil {
		return nil, err
	}
	var refs []prune.Ref
	for _, i := range images {
		refs = append(refs, i.Ref)
	}
	_, err = prune.Collect(ctx, b.looking(), refs).Found()
	return nil, err
}

// examinePointer looks at the AMIs that are handed out: whether they can be launched, and are the same everywhere.
func (b *Bakery) examinePointer(ctx context.Context) ([]Finding, error) {
	var found []Finding
	var errs []error
	home, err := b.pointed(ctx, b.Cloud, b.Settings.Promote.Parameter)
	if err != nil {
		return nil, err
	}
	for _, region := range b.regions() {
		some, err := b.pointerIn(ctx, b.Cloud.In(region), home)
		for i := range some {
			some[i].Text += " (" + region + ")"
		}
		found, errs = append(found, some...), append(errs, err)
	}
	return found, errors.Join(errs...)
}

func (b *Bakery) pointerIn(ctx context.Context, cloud *aws.Bakery, home string) ([]Finding, error) {
	name := b.Settings.Promote.Parameter
	id, err := b.pointed(ctx, cloud, name)
	if err != nil {
		return nil, err
	}
	var found []Finding
	switch {
	case id == "" && home != "":
		found = append(found, Finding{Text: "there is no parameter " + name, Try: "amibake promote " + home})
	case id != "":
		img, fault, err := launchable(ctx, cloud, id)
		if err != nil {
			return nil, err
		}
		if fault != "" {
			found = append(found, Finding{Text: name + " names " + id + ", which " + fault})
		} else if cloud != b.Cloud && img.Tags[tagSource] != home {
			found = append(found, Finding{Text: fmt.Sprintf("%s names %s, which is no copy of %s", name, id, home), Try: "amibake promote " + home})
		}
	}
	back, err := b.pointed(ctx, cloud, b.previous())
	if err != nil || back == "" {
		return found, err
	}
	if _, fault, err := launchable(ctx, cloud, back); err != nil || fault != "" {
		if err != nil {
			return found, err
		}
		found = append(found, Finding{Text: "nothing can be rolled back to: " + b.previous() + " names " + back + ", which " + fault})
	}
	return found, nil
}

// pointed is what a parameter names; "" for one that is not there.
func (b *Bakery) pointed(ctx context.Context, cloud *aws.Bakery, name string) (string, error) {
	p, err := cloud.Params.Get(ctx, name)
	if errors.Is(err, awserr.ErrNotFound) {
		return "", nil
	}
	return p.Value, err
}

// launchable says what is wrong with an AMI that others launch; "" if nothing is.
func launchable(ctx context.Context, cloud *aws.Bakery, id string) (img image.Image, fault string, err error) {
	img, err = cloud.Images.Get(ctx, id)
	switch {
	case errors.Is(err, awserr.ErrNotFound):
		return img, "is gone", nil
	case awserr.Code(err) == "InvalidAMIID.Malformed":
		return img, "is no AMI's id", nil
	case err != nil:
		return img, "", err
	case img.State != image.Available:
		return img, "is " + img.State, nil
	case !img.Deprecated.IsZero() && img.Deprecated.Before(time.Now()):
		return img, "is deprecated since " + ago(img.Deprecated), nil
	case img.Tags[TagStatus] != Verified:
		return img, fmt.Sprintf("was never proven: its tag %s is %q", TagStatus, img.Tags[TagStatus]), nil
	}
	return img, "", nil
}

// examinePromotion looks for an AMI that is proven, newer than the one that is handed out, and nobody's.
func (b *Bakery) examinePromotion(ctx context.Context) ([]Finding, error) {
	found, err := b.Cloud.Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{TagApp: b.Settings.App, TagManaged: Managed, TagStatus: Verified}})
	if err != nil {
		return nil, err
	}
	var newest image.Image
	for _, i := range found {
		if i.State == image.Available && newest.ID == "" {
			newest = i
		}
	}
	if newest.ID == "" {
		return []Finding{{Text: "there is no proven AMI of " + b.Settings.App, Try: "amibake bake"}}, nil
	}
	now, err := b.pointed(ctx, b.Cloud, b.Settings.Promote.Parameter)
	if err != nil || now == newest.ID {
		return nil, err
	}
	if _, held, err := b.lease().Holder(ctx); err != nil || held {
		return nil, err // somebody may be about to promote it; if they are dead, that is a finding itself
	}
	text := fmt.Sprintf("the newest proven AMI, %s of %s, is not handed out: ", newest.ID, ago(newest.Created))
	if now == "" {
		text += "there is no parameter " + b.Settings.Promote.Parameter
	} else {
		text += b.Settings.Promote.Parameter + " names " + now
	}
	return []Finding{{Text: text, Try: "amibake promote " + newest.ID}}, nil
}
