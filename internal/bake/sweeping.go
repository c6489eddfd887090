package bake

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"bluegreen/internal/aws/image"
	"bluegreen/internal/bake/prune"
	"bluegreen/internal/bake/sweep"
	"bluegreen/internal/pattern"
)

// Sweeper takes away what runs that died have left, in all regions.
func (b *Bakery) Sweeper() sweep.Sweeper {
	s := sweep.Sweeper{
		// A run that was cut off may be gone on with until its instances expire.
		Policy: sweep.Policy{App: b.Settings.App, Grace: b.Settings.Build.Expiry},
		Lists: map[sweep.Kind]func(context.Context) ([]sweep.Item, error){
			sweep.Instance: b.sweepInstances, sweep.Image: b.sweepImages, sweep.Snapshot: b.sweepSnapshots,
		},
		Live: b.live(), Uses: func(ctx context.Context, images []sweep.Ref) (map[sweep.Ref][]sweep.Use, error) {
			return usesBy(ctx, b.Pruner().Checks, images)
		},
		Remove: b.remove,
	}
	if b.Settings.Staging.Bucket != "" {
		s.Lists[sweep.Object] = b.sweepObjects
	}
	return s
}

// live says whether a process carries a run. It listens for a heartbeat, once for all that is asked within the lease's term: a
// process that begins after that is heard the next time.
func (b *Bakery) live() func(ctx context.Context, run string) (bool, error) {
	var mu sync.Mutex
	var heard time.Time
	var carried string // the run of a holder that beats
	return func(ctx context.Context, tag string) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		if heard.IsZero() || time.Since(heard) > b.Settings.Lease.Term {
			h, alive, err := b.lease().Alive(ctx)
			if err != nil {
				return false, err
			}
			if heard, carried = time.Now(), ""; alive {
				carried = h.Deployment
			}
		}
		return carried != "" && strings.HasPrefix(tag, carried+"-"), nil
	}
}

func (b *Bakery) sweepInstances(ctx context.Context) ([]sweep.Item, error) {
	found, err := b.Cloud.Instances.Find(ctx, map[string]string{TagApp: b.Settings.App, TagManaged: Managed})
	if err != nil {
		return nil, err
	}
	var all []sweep.Item
	for _, i := range found {
		if i.Tags[TagRun] == "" {
			continue
		}
		item := sweep.Item{
			Kind: sweep.Instance, Ref: sweep.Ref{Region: b.Cloud.Region, ID: i.ID}, Managed: true, App: i.Tags[TagApp], Run: i.Tags[TagRun],
			State: i.State, Created: i.Launched, Role: i.Tags[TagRole],
		}
		if at, err := time.Parse(time.RFC3339, i.Tags[TagExpires]); err == nil {
			item.Expires = at
		}
		all = append(all, item)
	}
	return all, nil
}

func (b *Bakery) sweepImages(ctx context.Context) ([]sweep.Item, error) {
	var all []sweep.Item
	for _, region := range b.regions() {
		found, err := b.Cloud.In(region).Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{TagApp: b.Settings.App, TagManaged: Managed}, Everything: true})
		if err != nil {
			return nil, err
		}
		for _, i := range found {
			all = append(all, sweep.Item{
				Kind: sweep.Image, Ref: sweep.Ref{Region: region, ID: i.ID}, Managed: true, App: i.Tags[TagApp], Run: i.Tags[TagRun],
				State: i.State, Created: i.Created, Status: i.Tags[TagStatus], Snapshots: i.Snapshots,
			})
		}
	}
	return all, nil
}

func (b *Bakery) sweepSnapshots(ctx context.Context) ([]sweep.Item, error) {
	var all []sweep.Item
	for _, region := range b.regions() {
		found, err := b.Cloud.In(region).Images.OrphanSnapshots(ctx, map[string]string{TagApp: b.Settings.App, TagManaged: Managed})
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			all = append(all, sweep.Item{
				Kind: sweep.Snapshot, Ref: sweep.Ref{Region: region, ID: s.ID}, Managed: true, App: s.Tags[TagApp], Run: s.Tags[TagRun],
				State: s.State, Created: s.Created, Image: s.Image,
			})
		}
	}
	return all, nil
}

// sweepObjects lists what is staged for the app.
func (b *Bakery) sweepObjects(ctx context.Context) ([]sweep.Item, error) {
	prefix := b.staging()
	found, err := b.Cloud.Staging.List(ctx, b.Settings.Staging.Bucket, prefix)
	if err != nil {
		return nil, err
	}
	var all []sweep.Item
	for _, o := range found {
		run, _, ok := strings.Cut(strings.TrimPrefix(o.Key, prefix), "/")
		if !ok {
			continue
		}
		all = append(all, sweep.Item{
			Kind: sweep.Object, Ref: sweep.Ref{ID: "s3://" + b.Settings.Staging.Bucket + "/" + o.Key}, Managed: true,
			App: b.Settings.App, Run: run, Created: o.Modified,
		})
	}
	return all, nil
}

// usesBy says what needs images, by checks of a prune.
func usesBy(ctx context.Context, checks []prune.Check, images []sweep.Ref) (map[sweep.Ref][]sweep.Use, error) {
	var refs []prune.Ref
	for _, i := range images {
		refs = append(refs, prune.Ref(i))
	}
	found, err := prune.Collect(ctx, checks, refs).Found()
	if err != nil {
		return nil, err
	}
	uses := map[sweep.Ref][]sweep.Use{}
	for ref, list := range found {
		for _, u := range list {
			uses[sweep.Ref(ref)] = append(uses[sweep.Ref(ref)], sweep.Use{By: u.By, Instance: instanceIn(u.By)})
		}
	}
	return uses, nil
}

var instanceID = pattern.Lazy(`\bi-[0-9a-f]+\b`)

// instanceIn is the id of the instance that a use is by, as either check says it; "" for one by something else.
func instanceIn(by string) string {
	if strings.HasPrefix(by, "instance ") || strings.HasPrefix(by, "reference ec2:Instance ") {
		return instanceID().FindString(by)
	}
	return ""
}

func (b *Bakery) remove(ctx context.Context, i sweep.Item) error {
	switch i.Kind {
	case sweep.Instance:
		return b.Cloud.In(i.Region).Instances.Terminate(ctx, i.ID)
	case sweep.Image:
		return b.Cloud.In(i.Region).Images.Deregister(ctx, i.ID)
	case sweep.Snapshot:
		return b.Cloud.In(i.Region).Images.DeleteSnapshot(ctx, i.ID)
	case sweep.Object:
		bucket, key, _ := strings.Cut(strings.TrimPrefix(i.ID, "s3://"), "/")
		return b.Cloud.Staging.Delete(ctx, bucket, key)
	}
	return fmt.Errorf("nothing is known of how to remove a %s", i.Kind)
}
