package prune

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Pruner is all that a prune reads and does.
type Pruner struct {
	Policy Policy
	// Images lists the images of the account, of all regions and in every state: an image that is missing is taken to be gone.
	Images func(context.Context) ([]Image, error)
	// Snapshots lists our snapshots without an image, of all regions; nil to leave them alone.
	Snapshots func(context.Context) ([]Snapshot, error)
	Checks    []Check // at least one for each region
	Actor     Actor
}

// Actor does what was decided. An error that is awserr.ErrNotFound says that what it was about is gone, which is fine.
type Actor struct {
	Deprecate func(ctx context.Context, image Image, at time.Time) error
	// Disable also notes the time in a tag, from which Image.DisabledAt is read. It may be called for a disabled image.
	Disable        func(ctx context.Context, image Image, at time.Time) error
	Deregister     func(ctx context.Context, image Image) error // and deletes its snapshots
	DeleteSnapshot func(ctx context.Context, snapshot Snapshot) error
}

// Plan is what a prune would do, and why.
type Plan struct {
	Policy    Policy            `json:"-"`
	App       string            `json:"app"`
	Images    []Verdict         `json:"images"`
	Snapshots []SnapshotVerdict `json:"snapshots"`
	Skipped   []string          `json:"skipped,omitempty"` // checks that were not made, and why
	Failed    []string          `json:"failed,omitempty"`  // checks that failed: nothing goes while there are any
	err       error
}

// Err joins the checks that failed.
func (p Plan) Err() error { return p.err }

// Due counts what Apply would do.
func (p Plan) Due() int {
	n := 0
	for _, v := range p.Images {
		if v.Action != Keep {
			n++
		}
	}
	for _, v := range p.Snapshots {
		if v.Action != Keep {
			n++
		}
	}
	return n
}

// Plan looks at the account and decides. It changes nothing. An error says that there is no plan; checks that fail are in it.
func (p Pruner) Plan(ctx context.Context) (Plan, error) {
	if err := p.Policy.Validate(); err != nil {
		return Plan{}, err
	}
	images, err := p.images(ctx)
	if err != nil {
		return Plan{}, err
	}
	uses := Collect(ctx, p.Checks, p.ours(images))
	now := time.Now()
	plan := Plan{Policy: p.Policy, App: p.Policy.App, Images: Decide(images, uses, p.Policy, now), err: uses.err()}
	for _, c := range uses.skipped {
		plan.Skipped = append(plan.Skipped, fmt.Sprintf("%s: %s", c, c.Skip))
	}
	for _, f := range uses.failed {
		plan.Failed = append(plan.Failed, fmt.Sprintf("%s: %v", f.check, f.err))
	}
	snapshots, err := p.snapshots(ctx)
	if err != nil {
		plan.Failed = append(plan.Failed, err.Error())
		plan.err = errors.Join(plan.err, err)
	}
	plan.Snapshots = DecideSnapshots(snapshots, images, p.Policy, now)
	return plan, nil
}

func (p Pruner) images(ctx context.Context) ([]Image, error) {
	images, err := p.Images(ctx)
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	return images, nil
}

func (p Pruner) snapshots(ctx context.Context) ([]Snapshot, error) {
	if p.Snapshots == nil {
		return nil, nil
	}
	snapshots, err := p.Snapshots(ctx)
	if err != nil {
		return nil, fmt.Errorf("list snapshots without an image: %w", err)
	}
	return snapshots, nil
}

// ours are the images that uses are looked for.
func (p Pruner) ours(images []Image) []Ref {
	var refs []Ref
	for _, i := range images {
		if p.Policy.ours(i) {
			refs = append(refs, i.Ref)
		}
	}
	return refs
}
