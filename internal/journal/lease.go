package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/params"
)

// Holder is what a lease says about the process that carries a deployment. It tells people and other processes who is
// alive; who may move traffic is for the fence to say.
type Holder struct {
	Version    int       `json:"v"`
	Deployment string    `json:"deployment"`
	Epoch      int64     `json:"epoch"` // of the fence, under which the process works
	Owner      string    `json:"owner"` // "user@host pid 4711", for people
	Since      time.Time `json:"since"`
	Beat       int64     `json:"beat"`            // grows with every heartbeat
	Doing      string    `json:"doing,omitempty"` // what it did, or waited for, at the last beat
	Released   bool      `json:"released,omitempty"`
}

const leaseVersion = 1

// same says whether two are one process at one time, whatever its beat.
func (h Holder) same(o Holder) bool {
	return h.Owner == o.Owner && h.Deployment == o.Deployment && h.Epoch == o.Epoch && h.Since.Equal(o.Since)
}

// Lease is the heartbeat of one process.
type Lease struct {
	cell cell
	term time.Duration

	turn    sync.Mutex // held while the cell is read and written; nobody else may wait for that
	holder  Holder
	written atomic.Pointer[moment] // begin of the last write that succeeded; nil while the lease is not held
	doing   atomic.Pointer[string]
}

// moment is a time by two clocks.
type moment struct {
	clock time.Time // never jumps, but stands still while a laptop sleeps
	wall  time.Time // goes on in the meantime, and may be set
}

func thisMoment() moment {
	now := time.Now()
	return moment{clock: now, wall: now.Round(0)} // Round strips the clock that never jumps
}

// ago is how long ago it was by the clock that says more.
func (m moment) ago() time.Duration { return max(time.Since(m.clock), time.Since(m.wall)) }

// cell is one small text that many can overwrite.
type cell interface {
	read(ctx context.Context) (string, error) // awserr.ErrNotFound when there is none
	write(ctx context.Context, value string) error
}

// LeaseLostError says that another process has taken the lease.
type LeaseLostError struct{ By Holder }

func (e *LeaseLostError) Error() string {
	return fmt.Sprintf("%s took over the lease for deployment %s", e.By.Owner, e.By.Deployment)
}

// StopsRun tells the step engine to leave everything as it is.
func (e *LeaseLostError) StopsRun() bool { return true }

// paramCell is a cell in Parameter Store.
type paramCell struct {
	client *params.Client
	name   string
}

func (c paramCell) read(ctx context.Context) (string, error) {
	p, err := c.client.Get(ctx, c.name)
	return p.Value, err
}

func (c paramCell) write(ctx context.Context, value string) error {
	_, err := c.client.Overwrite(ctx, c.name, value)
	return err
}

// LeaseInParams is the lease of an app in Parameter Store. Whoever has not heard a beat for term takes the holder for dead.
func LeaseInParams(client *params.Client, app string, term time.Duration) *Lease {
	return &Lease{cell: paramCell{client, "/bluegreen/" + app + "/lease"}, term: term}
}

// Holder reads who holds the lease; ok is false when nobody does.
func (l *Lease) Holder(ctx context.Context) (h Holder, ok bool, err error) {
	value, err := l.cell.read(ctx)
	if errors.Is(err, awserr.ErrNotFound) {
		return Holder{}, false, nil
	}
	if err != nil {
		return Holder{}, false, err
	}
	if err := json.Unmarshal([]byte(value), &h); err != nil {
		return Holder{}, false, fmt.Errorf("read the lease: %w", err)
	}
	if h.Version != leaseVersion {
		return Holder{}, false, fmt.Errorf("the lease was written by another release (version %d, this one reads %d)", h.Version, leaseVersion)
	}
	return h, !h.Released, nil
}

// Alive watches a lease for one term by this machine's clock: a holder that beats in that time is alive. It returns at once
// when nobody holds the lease.
func (l *Lease) Alive(ctx context.Context) (h Holder, alive bool, err error) {
	first, held, err := l.Holder(ctx)
	if err != nil || !held {
		return first, false, err
	}
	deadline := time.NewTimer(l.term)
	defer deadline.Stop()
	look := time.NewTicker(l.beat())
	defer look.Stop()
	for over := false; !over; {
		select {
		case <-ctx.Done():
			return first, false, context.Cause(ctx)
		case <-look.C:
		case <-deadline.C:
			over = true
		}
		now, held, err := l.Holder(ctx)
		if err != nil {
			return first, false, err
		}
		if !held {
			return now, false, nil
		}
		if !now.same(first) || now.Beat != first.Beat {
			return now, true, nil
		}
	}
	return first, false, nil
}

// beat is the pause between two heartbeats: two may get lost before the holder is taken for dead.
func (l *Lease) beat() time.Duration { return l.term / 3 }

// Take makes this process the holder, whoever was it before.
func (l *Lease) Take(ctx context.Context, deployment, owner string, epoch int64) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	l.holder = Holder{Version: leaseVersion, Deployment: deployment, Epoch: epoch, Owner: owner, Since: time.Now().UTC()}
	return l.write(ctx)
}

// write notes one more beat. It is this caller's turn.
func (l *Lease) write(ctx context.Context) error {
	l.holder.Beat++
	if doing := l.doing.Load(); doing != nil {
		l.holder.Doing = *doing
	}
	text, err := parameter(l.holder)
	if err != nil {
		return fmt.Errorf("write the lease: %w", err)
	}
	begun := thisMoment()
	if err := l.cell.write(ctx, text); err != nil {
		return err
	}
	l.written.Store(&begun)
	return nil
}

// maxDoing is how many bytes of what it does a holder tells.
const maxDoing = 300

// Doing notes what the holder does, for the next beat to tell.
func (l *Lease) Doing(what string) {
	if len(what) > maxDoing {
		what = strings.ToValidUTF8(what[:maxDoing], "") + "…"
	}
	l.doing.Store(&what)
}

// Keep beats until ctx ends. It returns when a process of a later epoch holds the lease. A beat that fails is tried again at the
// next one, and Remaining tells how long the holder still counts as alive.
func (l *Lease) Keep(ctx context.Context) error {
	ticker := time.NewTicker(l.beat())
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := l.keepOnce(ctx); err != nil {
			return err
		}
	}
}

func (l *Lease) keepOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.beat())
	defer cancel()
	l.turn.Lock()
	defer l.turn.Unlock()
	now, _, err := l.Holder(ctx)
	if err != nil {
		return nil // it cannot be read for now: the next beat asks again, and Remaining shrinks
	}
	if l.lost(now) {
		l.written.Store(nil)
		return &LeaseLostError{By: now}
	}
	_ = l.write(ctx) // Remaining tells if it failed
	return nil
}

// lost says whether what stands in the cell means that the lease is another process's. One of an epoch before ours was in the
// middle of a beat when it was taken over: there is no compare-and-swap, so its last beat may come after our first. One of our own
// epoch began when we did, and which of the two may go on is for the fence, or the journal, to say: the other finds out there and
// ends, and if it dies before that, its beat must not end us.
func (l *Lease) lost(now Holder) bool {
	return now.Epoch > l.holder.Epoch
}

// Remaining is how long every other process still takes this one for alive; not more than zero means that it may be taken
// for dead. It never waits for a beat that is under way.
func (l *Lease) Remaining() time.Duration {
	written := l.written.Load()
	if written == nil {
		return 0
	}
	return l.term - written.ago()
}

// Until is when other processes take this one for dead, by the wall clock; long ago while the lease is not held.
func (l *Lease) Until() time.Time {
	return time.Now().Round(0).Add(l.Remaining())
}

// Release says that nobody holds the lease any more, unless it is somebody else's by now.
func (l *Lease) Release(ctx context.Context) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	now, held, err := l.Holder(ctx)
	if err != nil {
		return err
	}
	l.written.Store(nil)
	if !held || !now.same(l.holder) {
		return nil
	}
	l.holder.Released = true
	err = l.write(ctx)
	l.written.Store(nil)
	return err
}
