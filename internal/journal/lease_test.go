package journal

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/sandbox/wire"
)

const term = 30 * time.Second

// holding is a process that holds a lease until it is stopped.
type holding struct {
	*Lease
	die  context.CancelFunc
	kept chan error
}

func hold(t *testing.T, l *Lease, deployment, owner string, epoch int64) *holding {
	t.Helper()
	if err := l.Take(t.Context(), deployment, owner, epoch); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	h := &holding{Lease: l, die: cancel, kept: make(chan error, 1)}
	go func() { h.kept <- l.Keep(ctx) }()
	return h
}

// lost waits for the process to lose its lease.
func (h *holding) lost(t *testing.T, want string) {
	t.Helper()
	err := <-h.kept
	var lost *LeaseLostError
	if !errors.As(err, &lost) || !lost.StopsRun() || text(err) != want {
		t.Errorf("it ended with %v, want %s", err, want)
	}
	if h.Remaining() > 0 {
		t.Errorf("it still counts on %s", h.Remaining())
	}
}

// keeps says that the process still holds its lease, and lets go of it.
func (h *holding) keeps(t *testing.T) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-h.kept:
		t.Errorf("it has ended: %v", err)
		return
	default:
	}
	if h.Remaining() <= 0 {
		t.Error("it no longer counts as alive")
	}
	h.dies(t)
	if err := h.Release(t.Context()); err != nil || h.Remaining() > 0 {
		t.Errorf("release: %v, %s", err, h.Remaining())
	}
}

// dies ends the process without a word to others.
func (h *holding) dies(t *testing.T) {
	t.Helper()
	h.die()
	if err := <-h.kept; err != nil {
		t.Error(err)
	}
}

// seen is what an observer finds out, and how long that takes.
type seen struct {
	Owner string
	Alive bool
	After time.Duration
}

func observe(t *testing.T, l *Lease) seen {
	t.Helper()
	begun := time.Now()
	h, alive, err := l.Alive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return seen{h.Owner, alive, time.Since(begun)}
}

func must(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// leases are what a lease promises, wherever it is kept; each call of lease is another process.
var leases = map[string]func(t *testing.T, lease func() *Lease){
	"nobody has ever held it": func(t *testing.T, lease func() *Lease) {
		if h, held, err := lease().Holder(t.Context()); held || err != nil {
			t.Errorf("%v, %v", h, err)
		}
		must(t, observe(t, lease()), seen{})
		if err := lease().Release(t.Context()); err != nil {
			t.Errorf("release: %v", err)
		}
		if left := lease().Remaining(); left != 0 {
			t.Errorf("it counts on %s", left)
		}
	},
	"a holder that lives": func(t *testing.T, lease func() *Lease) {
		a := hold(t, lease(), "d1", "a", 1)
		for range 20 {
			time.Sleep(7 * time.Second)
			if left := a.Remaining(); left < term/2 {
				t.Errorf("only %s remain", left)
			}
			if got := observe(t, lease()); got.Owner != "a" || !got.Alive || got.After >= term {
				t.Errorf("an observer sees %v", got)
			}
		}
		h, held, err := lease().Holder(t.Context())
		want := Holder{Version: 1, Deployment: "d1", Epoch: 1, Owner: "a"}
		h.Since, h.Beat = time.Time{}, 0
		if !held || err != nil {
			t.Errorf("%v, %v", held, err)
		}
		must(t, h, want)
		a.keeps(t)
		must(t, observe(t, lease()), seen{Owner: "a"})
	},
	"a holder that dies": func(t *testing.T, lease func() *Lease) {
		a := hold(t, lease(), "d1", "a", 1)
		time.Sleep(25 * time.Second)
		a.dies(t)
		left := a.Remaining()
		must(t, observe(t, lease()), seen{Owner: "a", After: term})
		if a.Remaining() > 0 || left > term {
			t.Errorf("it was taken for dead while it counted on %s", a.Remaining())
		}
	},
	"a holder that ends while somebody listens": func(t *testing.T, lease func() *Lease) {
		a := hold(t, lease(), "d1", "a", 1)
		a.dies(t) // no beat comes any more, so that the observer has to listen
		time.AfterFunc(12*time.Second, func() { _ = a.Release(context.Background()) })
		must(t, observe(t, lease()), seen{Owner: "a", After: 20 * time.Second})
	},
	"a holder that is replaced while somebody listens": func(t *testing.T, lease func() *Lease) {
		a := hold(t, lease(), "d1", "a", 1)
		a.dies(t)
		time.AfterFunc(5*time.Second, func() { _ = lease().Take(context.Background(), "d1", "a", 2) })
		must(t, observe(t, lease()), seen{Owner: "a", Alive: true, After: 10 * time.Second})
	},
	"it is taken over": func(t *testing.T, lease func() *Lease) {
		a := hold(t, lease(), "d1", "a", 1)
		time.Sleep(15 * time.Second)
		b := hold(t, lease(), "d2", "b", 2)
		a.lost(t, "b took over the lease for deployment d2")
		if err := a.Release(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if h, held, err := lease().Holder(t.Context()); h.Owner != "b" || !held || err != nil {
			t.Errorf("%v, %v, %v", h, held, err)
		}
		b.keeps(t)
	},
	"it is taken over by a process that ends at once": func(t *testing.T, lease func() *Lease) {
		a := hold(t, lease(), "d1", "a", 1)
		b := hold(t, lease(), "d1", "b", 2)
		b.keeps(t)
		a.lost(t, "b took over the lease for deployment d1")
	},
	"two take it under one epoch and the later one dies": func(t *testing.T, lease func() *Lease) {
		a, b := hold(t, lease(), "d1", "a", 1), hold(t, lease(), "d2", "b", 1)
		b.dies(t)
		time.Sleep(time.Minute)
		if h, held, err := lease().Holder(t.Context()); h.Owner != "a" || !held || err != nil {
			t.Errorf("%v, %v, %v", h, held, err)
		}
		a.keeps(t)
	},
	"two take it under one epoch and the later one finds the fence taken": func(t *testing.T, lease func() *Lease) {
		a, b := hold(t, lease(), "d1", "a", 1), hold(t, lease(), "d2", "b", 1)
		b.keeps(t)
		time.Sleep(time.Minute)
		a.keeps(t)
	},
	"an observer is interrupted": func(t *testing.T, lease func() *Lease) {
		a := hold(t, lease(), "d1", "a", 1)
		a.dies(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("interrupted")
		time.AfterFunc(time.Second, func() { cancel(why) })
		if _, _, err := lease().Alive(ctx); !errors.Is(err, why) {
			t.Errorf("got %v", err)
		}
	},
}

func TestLeaseInParams(t *testing.T) {
	for name, test := range leases {
		t.Run(name, func(t *testing.T) {
			inCloud(t, func(t *testing.T, c *cloud) {
				test(t, func() *Lease { return LeaseInParams(c.client, app, term) })
			})
		})
	}
}

func TestLeaseInFile(t *testing.T) {
	for name, test := range leases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				test(t, func() *Lease { return LeaseInFile(dir, app, term) })
			})
		})
	}
}

// A process reads the lease, is taken over, and then writes its beat: the beat comes over the lease of its successor.
func TestLastBeatOfAProcessThatWasTakenOver(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		a := hold(t, LeaseInParams(c.client, app, term), "d1", "a", 1)
		b := LeaseInParams(c.client, app, term)
		taken := false
		stop := c.front.Calls.Observe(func(call wire.Call) {
			if call.Operation == "GetParameter" && !taken {
				taken = true
				if err := b.Take(context.Background(), "d1", "b", 2); err != nil {
					t.Error(err)
				}
			}
		})
		defer stop()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if h, _, err := b.Holder(t.Context()); err != nil || h.Owner != "a" || !taken {
			t.Fatalf("the beat did not come last: %v, %v", h, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		kept := make(chan error, 1)
		go func() { kept <- b.Keep(ctx) }()
		a.lost(t, "b took over the lease for deployment d1")
		time.Sleep(time.Minute)
		(&holding{Lease: b, die: cancel, kept: kept}).keeps(t)
	})
}

// Parameter Store cannot be reached for some beats: the holder knows how long others still count on it, and goes on.
func TestBeatsThatGetLost(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		a := hold(t, LeaseInParams(c.client, app, term), "d1", "a", 1)
		time.Sleep(time.Second)
		c.front.Faults.Add(wire.Fault{Service: "ssm", Action: wire.ActionCrashBefore})
		time.Sleep(20 * time.Second)
		must(t, a.Remaining(), 9*time.Second)
		time.Sleep(10 * time.Second)
		must(t, a.Remaining(), -time.Second)
		if _, _, err := LeaseInParams(c.client, app, term).Alive(t.Context()); !errors.Is(err, awserr.ErrUnreachable) {
			t.Errorf("an observer: %v", err)
		}
		c.front.Faults.Clear()
		time.Sleep(30 * time.Second)
		if left := a.Remaining(); left < term/2 {
			t.Errorf("only %s remain", left)
		}
		a.keeps(t)
	})
}

// A beat whose reply is lost does not count: only what is known to have been written does.
func TestBeatWhoseReplyIsLost(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		a := hold(t, LeaseInParams(c.client, app, term), "d1", "a", 1)
		c.front.Faults.Add(wire.Fault{Service: "ssm", Operation: "PutParameter", Action: wire.ActionLostReply})
		time.Sleep(25 * time.Second)
		must(t, a.Remaining(), 5*time.Second)
		c.front.Faults.Clear()
		time.Sleep(20 * time.Second)
		a.keeps(t)
	})
}

// What counts is when a beat was sent: others may have seen it then.
func TestRemainingCountsFromTheBeginOfABeat(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		c.front.Latency.Set("ssm", "PutParameter", 4*time.Second)
		l := LeaseInParams(c.client, app, term)
		if err := l.Take(t.Context(), "d1", "a", 1); err != nil {
			t.Fatal(err)
		}
		must(t, l.Remaining(), 26*time.Second)
	})
}

// A laptop that wakes up knows that time has passed, although the clock by which it waits stood still.
func TestRemainingCountsSleep(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		l := LeaseInParams(c.client, app, term)
		if err := l.Take(t.Context(), "d1", "a", 1); err != nil {
			t.Fatal(err)
		}
		written := l.written.Load()
		l.written.Store(&moment{clock: written.clock, wall: written.wall.Add(-time.Hour)})
		must(t, l.Remaining(), term-time.Hour)
		l.written.Store(&moment{clock: written.clock, wall: written.wall.Add(time.Hour)}) // somebody has set it back
		must(t, l.Remaining(), term)
	})
}

// Whoever asks how long the lease lasts has a destructive call to make, and no time to wait for a beat.
func TestRemainingDoesNotWaitForABeat(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		a := hold(t, LeaseInParams(c.client, app, term), "d1", "a", 1)
		c.front.Latency.Set("ssm", "", time.Hour)
		time.Sleep(15 * time.Second) // a beat has been under way for 5 s
		begun := time.Now()
		must(t, a.Remaining(), 15*time.Second)
		if took := time.Since(begun); took > 0 {
			t.Errorf("it took %s", took)
		}
		a.dies(t)
	})
}

func TestLeaseThatCannotBeRead(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		for value, want := range map[string]string{
			`{"v":2}`: "the lease was written by another release (version 2, this one reads 1)",
			`nobody`:  "read the lease: invalid character 'o' in literal null (expecting 'u')",
		} {
			if _, err := c.client.Overwrite(t.Context(), "/bluegreen/shop/lease", value); err != nil {
				t.Fatal(err)
			}
			l := LeaseInParams(c.client, app, term)
			if _, _, err := l.Holder(t.Context()); text(err) != want {
				t.Errorf("holder: %v", err)
			}
			if _, _, err := l.Alive(t.Context()); text(err) != want {
				t.Errorf("alive: %v", err)
			}
			// Whoever has to, takes it all the same.
			if err := l.Take(t.Context(), "d1", "a", 1); err != nil {
				t.Errorf("take: %v", err)
			}
		}
	})
}
