package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/bake/sweep"
)

const day = 24 * time.Hour

// start is when all tests began: ages are counted from then.
var start = time.Now()

var policy = sweep.Policy{App: "shop", Grace: 6 * time.Hour}

// account is an AWS account as plain data.
type account struct {
	items  []sweep.Item
	runs   map[string]string      // "live", "dead" or "hidden"
	runsOn map[sweep.Ref]string   // instance → image
	uses   map[sweep.Ref][]string // image → other users
	broken map[string]bool        // kinds, and "uses", that cannot be read
}

var errBroken = errors.New("AccessDenied")

func (a *account) sweeper() sweep.Sweeper {
	s := sweep.Sweeper{
		Policy: policy,
		Lists:  map[sweep.Kind]func(context.Context) ([]sweep.Item, error){},
		Live: func(_ context.Context, run string) (bool, error) {
			if a.runs[run] == "hidden" {
				return false, errBroken
			}
			return a.runs[run] == "live", nil
		},
		Uses:   a.find,
		Remove: func(_ context.Context, i sweep.Item) error { return a.remove(i) },
	}
	for _, k := range []sweep.Kind{sweep.Instance, sweep.Image, sweep.Snapshot, sweep.Object} {
		s.Lists[k] = func(context.Context) ([]sweep.Item, error) {
			if a.broken[string(k)] {
				return a.of(k)[:len(a.of(k))/2], errBroken
			}
			return a.of(k), nil
		}
	}
	return s
}

func (a *account) of(k sweep.Kind) []sweep.Item {
	var items []sweep.Item
	for _, i := range a.items {
		if i.Kind == k {
			items = append(items, i)
		}
	}
	return items
}

func (a *account) find(_ context.Context, images []sweep.Ref) (map[sweep.Ref][]sweep.Use, error) {
	if a.broken["uses"] {
		return nil, errBroken
	}
	uses := map[sweep.Ref][]sweep.Use{}
	for _, i := range a.of(sweep.Instance) {
		image := sweep.Ref{Region: i.Region, ID: a.runsOn[i.Ref]}
		if slices.Contains(images, image) && i.State != "terminated" {
			uses[image] = append(uses[image], sweep.Use{By: fmt.Sprintf("instance %s (%s)", i.ID, i.State), Instance: i.ID})
		}
	}
	for _, image := range images {
		for _, by := range a.uses[image] {
			uses[image] = append(uses[image], sweep.Use{By: by})
		}
	}
	return uses, nil
}

// remove is what AWS does: an instance takes its time, a snapshot that an image has cannot go, an image takes its own along.
func (a *account) remove(i sweep.Item) error {
	n := slices.IndexFunc(a.items, func(o sweep.Item) bool { return o.Kind == i.Kind && o.Ref == i.Ref })
	if n < 0 {
		return awserr.ErrNotFound
	}
	if i.Kind == sweep.Instance {
		a.items[n].State = "shutting-down"
		return nil
	}
	a.items = slices.Delete(slices.Clone(a.items), n, n+1)
	a.items = slices.DeleteFunc(a.items, func(o sweep.Item) bool {
		return o.Kind == sweep.Snapshot && o.Region == i.Region && slices.Contains(i.Snapshots, o.ID)
	})
	return nil
}

// pass lets time pass for all that the account holds.
func (a *account) pass(d time.Duration) {
	for n := range a.items {
		i := &a.items[n]
		for _, t := range []*time.Time{&i.Created, &i.Expires} {
			if !t.IsZero() {
				*t = t.Add(-d)
			}
		}
		if i.State == "shutting-down" {
			i.State = "terminated"
		}
	}
}

// leftover is what the run "dead" left behind two days ago.
func leftover(kind sweep.Kind, id string, change ...func(*sweep.Item)) sweep.Item {
	i := sweep.Item{Kind: kind, Ref: sweep.Ref{ID: id}, Managed: true, App: "shop", Run: "dead", Created: start.Add(-2 * day)}
	switch kind {
	case sweep.Instance:
		i.Role, i.State, i.Expires = "builder", "running", start.Add(-day)
	case sweep.Image:
		i.Status, i.State = "baked", "available"
	case sweep.Snapshot:
		i.State, i.Image = "completed", "ami-gone"
	}
	for _, c := range change {
		c(&i)
	}
	return i
}
