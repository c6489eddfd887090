package bluegreen_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/traffic"
)

// freezer is the network of a process that is frozen just before one of its calls, and goes on where it was when it is
// thawed: as a laptop whose lid is closed.
type freezer struct {
	to link
	at int

	mu     sync.Mutex
	calls  int
	frozen chan struct{} // closed when it freezes
	thawed chan struct{} // closed when it goes on
}

func (w *world) freezer(at int, to http.RoundTripper) *freezer {
	return &freezer{
		to: link{http: to, dial: w.sb.Fabric.DialContext}, at: at, frozen: make(chan struct{}), thawed: make(chan struct{}),
	}
}

func (f *freezer) link() link { return link{http: f, dial: f.dialContext} }

func (f *freezer) count() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls++; f.calls == f.at {
		close(f.frozen)
	}
}

// pass holds whoever comes by while the process is frozen.
func (f *freezer) pass() {
	select {
	case <-f.frozen:
		<-f.thawed
	default:
	}
}

// RoundTrip holds a call of a frozen process. Its deadline may have passed when the process goes on.
func (f *freezer) RoundTrip(r *http.Request) (*http.Response, error) {
	f.count()
	f.pass()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	response, err := f.to.http.RoundTrip(r)
	f.pass()
	return response, err
}

func (f *freezer) dialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	f.pass()
	return f.to.dial(ctx, network, addr)
}

// TestZombie freezes a process at each of its calls until another one has taken its deployment over and ended it. What wakes
// up then must change nothing any more.
func TestZombie(t *testing.T) {
	var woken atomic.Int64
	t.Run("frozen", func(t *testing.T) {
		toGreen := cutoverTo(traffic.Green)
		for _, sc := range []scenario{
			{name: "cutover", do: toGreen},
			{name: "rollback", before: []deed{toGreen}, do: rollback},
			{name: "retire", before: []deed{toGreen}, do: retire},
		} {
			for then, takeOver := range map[string]deed{"resume": resume, "rollback": rollback} {
				t.Run(sc.name+", then "+then, func(t *testing.T) {
					t.Parallel()
					e := uninterrupted(t, sc)
					for n := 1; n <= e.calls; n += stride {
						freeze(t, sc, n, takeOver)
						woken.Add(1)
					}
				})
			}
		}
	})
	fmt.Printf("%d zombies woken\n", woken.Load())
}

// freeze runs a scenario whose process is frozen before its nth call and thawed after takeOver has ended.
func freeze(t *testing.T, sc scenario, n int, takeOver deed) {
	t.Helper()
	inWorld(t, sc.spec, func(ctx context.Context, w *world) {
		t := w.t
		w.prepare(ctx, sc)
		l, g := w.ledger(), w.watch()
		f := w.freezer(n, l.sign(w, "zombie"))
		app, ev := w.program("zombie", f.link(), canary)
		zombie := make(chan error, 1)
		w.left.Go(func() { zombie <- sc.do(ctx, app) })
		select {
		case <-f.frozen:
		case <-zombie: // it made a call less than the one that was counted
			return
		}
		begun := slices.ContainsFunc(l.entries(), func(e entry) bool { _, wrote := e.fence(); return wrote })
		other, otherEvents := w.program("other", link{http: l.sign(w, "other"), dial: w.sb.Fabric.DialContext}, canary)
		err := takeOver(ctx, other)
		taken := err == nil && begun
		if err != nil && !isNothing(err) {
			t.Errorf("the other process: %v", err)
		}
		time.Sleep(app.Config.Lease.Span()) // it sleeps for longer than others take it for alive
		before, seen := w.snapshot(), len(l.entries())
		close(f.thawed)
		zombieErr := <-zombie
		if taken {
			for _, c := range l.entries()[seen:] {
				if c.process == "zombie" && c.changes() {
					t.Errorf("the zombie made a call: %s %+v", c.Operation, c.Input)
				}
			}
			after := w.snapshot()
			if before.Lease == "zombie" {
				before.Lease = after.Lease // it may let go of what is its own
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("the zombie changed the account (-before +after):\n%s", diff)
			}
		}
		g.check()
		if t.Failed() {
			t.Logf("zombie: %v", zombieErr)
			ev.log(t)
			t.Log("other:")
			otherEvents.log(t)
			t.Fatalf("frozen before call %d", n)
		}
	})
}
