package bake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/exit"
	"bluegreen/internal/journal"
	"bluegreen/internal/step"
)

// Turn is whose turn it is: what the lease and the journal say before anything is done.
type Turn struct {
	Holder  journal.Holder
	Held    bool
	Pending *step.Record // a run that was cut off; nil when the last one has ended
}

// next is the number of the next run: runs of an app are numbered by the epoch under which they began.
func (t Turn) next() int64 {
	if t.Pending != nil {
		return max(t.Holder.Epoch, t.Pending.Epoch) + 1
	}
	return t.Holder.Epoch + 1
}

// turn reads the lease and the newest record of the run that it names, or of one that has claimed its place and died before it
// took the lease.
func (b *Bakery) turn(ctx context.Context) (t Turn, err error) {
	if t.Holder, t.Held, err = b.lease().Holder(ctx); err != nil {
		return t, err
	}
	runs := []string{runID(t.Holder.Epoch + 1)}
	if t.Holder.Deployment != "" {
		runs = append(runs, t.Holder.Deployment)
	}
	for _, run := range runs {
		record, err := b.store().Latest(ctx, run)
		if errors.Is(err, step.ErrNoRun) {
			continue
		}
		if err != nil {
			return t, err
		}
		if record.Phase != step.Ended {
			t.Pending = &record
		}
		break
	}
	return t, nil
}

// free is the turn of somebody who may begin: nobody else works. To find that out may take the term of a lease, in which the
// one that was listened to may have come to its end: what was read before it is not what is so now, and is read again.
func (b *Bakery) free(ctx context.Context) (Turn, error) {
	t, err := b.turn(ctx)
	for {
		if err != nil {
			return Turn{}, err
		}
		if err := b.notAlive(ctx, t); err != nil {
			return Turn{}, err
		}
		if !t.Held && t.Pending == nil {
			return t, nil // there was nobody to listen to
		}
		before := t
		if t, err = b.turn(ctx); err == nil && t.same(before) {
			return t, nil
		}
	}
}

// same says whether nobody has done anything between two looks. A beat is not a deed.
func (t Turn) same(o Turn) bool {
	by := func(t Turn) string {
		return fmt.Sprint(t.Held, t.Holder.Deployment, t.Holder.Epoch, t.Holder.Owner, t.Holder.Since.UnixNano())
	}
	if by(t) != by(o) || t.Pending == nil || o.Pending == nil {
		return by(t) == by(o) && t.Pending == o.Pending
	}
	p, q := t.Pending, o.Pending
	return p.Run == q.Run && p.Epoch == q.Epoch && p.Seq == q.Seq && p.Phase == q.Phase
}

// runID names a run: by its number, so that of two that begin at the same moment only one finds its place in the journal free.
func runID(number int64) string { return fmt.Sprintf("bake-%06d", number) }

// notAlive refuses to go on while the process that holds the lease, or has just claimed a run, works.
func (b *Bakery) notAlive(ctx context.Context, t Turn) error {
	if !t.Held && t.Pending == nil {
		return nil
	}
	if t.Held {
		b.event("note", t.Holder.Deployment, "%s works on it, or did; listening for its heartbeat for %s", t.Holder.Owner, b.Settings.Lease.Term)
		h, alive, err := b.lease().Alive(ctx)
		if err != nil || !alive {
			return err
		}
		return b.locked(h)
	}
	if t.Holder.Deployment == t.Pending.Run {
		return nil // it has let go of the lease: it was interrupted
	}
	// It has a place in the journal and no lease: it is about to take that, or dead.
	if !sleep(ctx, b.Settings.Lease.Term) {
		return context.Cause(ctx)
	}
	if h, held, err := b.lease().Holder(ctx); err != nil || held {
		if err == nil {
			err = b.locked(h)
		}
		return err
	}
	return nil
}

func (b *Bakery) locked(h journal.Holder) error {
	return &exit.Problem{
		Code: exit.Locked, Err: fmt.Errorf("%s works on the images of %s: run %s, %s", h.Owner, b.Settings.App, h.Deployment, doing(h)),
		Try: "amibake plan",
	}
}

func doing(h journal.Holder) string {
	if h.Doing == "" {
		return "for " + time.Since(h.Since).Round(time.Second).String()
	}
	return h.Doing
}
