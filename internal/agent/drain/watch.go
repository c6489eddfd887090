package drain

import (
	"context"
	"slices"
	"time"

	"bluegreen/internal/aws/imds"
)

// metadataTimeout is what one look at the metadata service may take. It is on this machine's own link.
const metadataTimeout = 3 * time.Second

// sightings are what the metadata service said last. While it does not answer, they hold.
type sightings struct {
	target    imds.Target
	targets   int // how often the target was read
	rebalance bool
}

// pooled are the targets of an instance that its group keeps for later.
var pooled = []imds.Target{imds.WarmedStopped, imds.WarmedRunning, imds.WarmedHibernated}

// watch polls the metadata service until ctx ends.
func (d *Drainer) watch(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		// The spot notice first: it is the one with the least time.
		d.watchSpot(ctx)
		d.watchTarget(ctx)
		d.watchRebalance(ctx)
		timer.Reset(d.o.Poll)
	}
}

// asking bounds a question to the metadata service.
func asking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, metadataTimeout)
}

// answered notes how a question to the metadata service went, and tells whether there is an answer.
func (d *Drainer) answered(ctx context.Context, what string, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	d.told.result("read the "+what+" from the instance's metadata (what it said last holds)", err)
	return err == nil
}

func (d *Drainer) watchTarget(ctx context.Context) {
	if d.o.Metadata.Target == nil {
		return
	}
	bounded, cancel := asking(ctx)
	defer cancel()
	target, err := d.o.Metadata.Target(bounded)
	if !d.answered(ctx, "target lifecycle state", err) {
		return
	}
	d.mu.Lock()
	last, first := d.seen.target, d.seen.targets == 0
	d.seen.target = target
	d.seen.targets++
	// An instance that comes out of a warm pool or of standby is launched again, in the eyes of launch hooks.
	rearm := target == imds.InService && !first && last != target && d.o.Group.Describe != nil && !d.facts.draining()
	if rearm && !d.launching {
		d.launching, d.launchFrom, d.stale = true, d.o.Uptime(), true
	}
	d.mu.Unlock()
	switch {
	case target.Terminating():
		d.begin(Termination)
	case rearm:
		d.nudge()
	case target == last || first && target == imds.NeverSet:
	case slices.Contains(pooled, target) && last == imds.InService:
		d.told.once(string(target), "the group takes this instance back into its warm pool: it does not drain for that", "target", target)
	default:
		d.o.Log.Info("the group has a new target for this instance", "target", target, "before", last)
	}
}

func (d *Drainer) watchSpot(ctx context.Context) {
	if d.o.Metadata.Spot == nil {
		return
	}
	bounded, cancel := asking(ctx)
	defer cancel()
	notice, given, err := d.o.Metadata.Spot(bounded)
	switch {
	case !d.answered(ctx, "spot notice", err) || !given:
	case notice.Action == "hibernate":
		// It comes with no time to drain, and the app goes on where it was when the instance is back.
		d.told.once("hibernate", "EC2 hibernates this instance", "at", notice.Time)
	default:
		d.told.once("spot", "EC2 takes this spot instance back", "action", notice.Action, "at", notice.Time)
		d.begin(Spot)
	}
}

func (d *Drainer) watchRebalance(ctx context.Context) {
	if d.o.Metadata.Rebalance == nil {
		return
	}
	bounded, cancel := asking(ctx)
	defer cancel()
	at, recommended, err := d.o.Metadata.Rebalance(bounded)
	if !d.answered(ctx, "rebalance recommendation", err) || !recommended {
		return
	}
	d.mu.Lock()
	d.seen.rebalance = true
	d.mu.Unlock()
	d.told.once("rebalance", "EC2 may take this spot instance back soon", "since", at, "drains", d.o.Rebalance)
	if d.o.Rebalance {
		d.begin(Rebalance)
	}
}
