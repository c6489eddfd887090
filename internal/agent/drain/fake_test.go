package drain_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bluegreen/internal/agent/drain"
	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/imds"
	"bluegreen/internal/aws/lifecycle"
)

// fake is a group and a metadata service that say what Auto Scaling says seldom, and the drainer that hears it. It lives in
// a synctest bubble.
type fake struct {
	*drain.Drainer
	boot time.Time

	sync.Mutex                 // of all that follows
	state      lifecycle.State // in no group when empty
	target     imds.Target
	healthy    bool
	looks      int
	completed  []lifecycle.Result
	refuse     int // completions, because nothing is held
}

// inFake runs a drainer, after tune, until test is over.
func inFake(t *testing.T, tune func(*fake, *drain.Options), test func(f *fake)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "drain.json")
	synctest.Test(t, func(t *testing.T) {
		f := &fake{boot: time.Now(), healthy: true}
		hooks := []lifecycle.Hook{
			{Name: "up", Transition: lifecycle.Launching, Heartbeat: time.Hour, GlobalLimit: 48 * time.Hour},
			{Name: "down", Transition: lifecycle.Terminating, Heartbeat: time.Hour, GlobalLimit: 48 * time.Hour},
		}
		o := drain.Options{
			Instance: "i-1", Boot: "b-1", File: file, Healthy: func() bool { f.Lock(); defer f.Unlock(); return f.healthy }, Refuse: func(drain.Cause) {},
			Stop:     func(context.Context) error { return nil },
			Uptime:   func() time.Duration { return time.Since(f.boot) },
			Log:      slog.New(slog.DiscardHandler),
			Metadata: drain.Metadata{Target: func(context.Context) (imds.Target, error) { f.Lock(); defer f.Unlock(); return f.target, nil }},
			Group: drain.Group{
				Describe: func(context.Context, string) (lifecycle.Instance, error) {
					f.Lock()
					defer f.Unlock()
					f.looks++
					if f.state == "" {
						return lifecycle.Instance{}, awserr.ErrNotFound
					}
					return lifecycle.Instance{ID: "i-1", Group: "blue", State: f.state}, nil
				},
				Hooks: func(context.Context, string) ([]lifecycle.Hook, error) { return hooks, nil },
				Complete: func(_ context.Context, _ lifecycle.Action, result lifecycle.Result) (bool, error) {
					f.Lock()
					defer f.Unlock()
					f.completed = append(f.completed, result)
					return len(f.completed) > f.refuse, nil
				},
				Heartbeat: func(context.Context, lifecycle.Action) (bool, error) { return true, nil },
			},
		}
		tune(f, &o)
		d, err := drain.New(o)
		if err != nil {
			t.Fatal(err)
		}
		f.Drainer = d
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); d.Run(ctx) }()
		test(f)
		cancel()
		<-ended
	})
}

// set changes what is said.
func (f *fake) set(state lifecycle.State, target imds.Target, healthy bool) {
	f.Lock()
	defer f.Unlock()
	f.state, f.target, f.healthy = state, target, healthy
}

// seen is how often the group was asked, and what was completed.
func (f *fake) seen() (looks int, completed []lifecycle.Result) {
	f.Lock()
	defer f.Unlock()
	return f.looks, slices.Clone(f.completed)
}

// after lets time pass.
func (f *fake) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestHookThatIsNotThereYet has one end of Auto Scaling say Terminating:Wait before the other has heard of the action: the
// completion that came to nothing is not the last one.
func TestHookThatIsNotThereYet(t *testing.T) {
	for _, c := range []struct {
		name     string
		refusals int
		calls    int
	}{
		{"at once", 0, 1},
		{"soon", 2, 3},
		{"never", 99, 3}, // it was completed before: enough is enough
	} {
		t.Run(c.name, func(t *testing.T) {
			inFake(t, func(f *fake, _ *drain.Options) {
				f.state, f.target, f.refuse = lifecycle.TerminatingWait, imds.Terminated, c.refusals
			}, func(f *fake) {
				f.after(10 * time.Minute)
				got := f.Status()
				if _, completed := f.seen(); !got.Completed || len(completed) != c.calls {
					t.Errorf("completed %v with %d calls, want %d", got.Completed, len(completed), c.calls)
				}
			})
		})
	}
}

// TestAllCallsHang has nothing answer, ever: what is bounded by time goes on.
func TestAllCallsHang(t *testing.T) {
	var refused, stopped time.Duration
	hang := func(ctx context.Context) error {
		<-ctx.Done()
		return &awserr.Error{Op: "ask", Kind: awserr.ErrUnreachable, Err: ctx.Err()}
	}
	inFake(t, func(f *fake, o *drain.Options) {
		refused, stopped = -1, -1
		o.Refuse = func(drain.Cause) { refused = time.Since(f.boot) }
		o.Stop = func(context.Context) error { stopped = time.Since(f.boot); return nil }
		o.Metadata = drain.Metadata{
			Spot: func(context.Context) (imds.Interruption, bool, error) {
				return imds.Interruption{Action: "terminate"}, true, nil
			},
			Target: func(ctx context.Context) (imds.Target, error) { return "", hang(ctx) },
		}
		o.Group = drain.Group{Describe: func(ctx context.Context, _ string) (lifecycle.Instance, error) {
			return lifecycle.Instance{}, hang(ctx)
		}}
	}, func(f *fake) { f.after(5 * time.Minute) })
	if refused != 0 {
		t.Errorf("/health said 503 after %v", refused)
	}
	if stopped < 75*time.Second || stopped > 90*time.Second {
		t.Errorf("the container was stopped after %v, want the bound of a spot notice, or the calls of one turn later", stopped)
	}
}

// TestSecondLaunch has an instance come back from standby long after its first launch, which somebody else completed: it
// has all the time that any launch has.
func TestSecondLaunch(t *testing.T) {
	inFake(t, func(f *fake, _ *drain.Options) {
		f.state, f.target, f.healthy = lifecycle.PendingWait, imds.InService, false
	}, func(f *fake) {
		f.after(5 * time.Minute)
		f.set(lifecycle.InService, imds.InService, false)
		f.after(time.Minute)
		f.set("Standby", imds.Standby, false)
		f.after(time.Hour)
		f.set(lifecycle.PendingWait, imds.InService, false)
		f.after(9 * time.Minute)
		if _, completed := f.seen(); len(completed) != 0 {
			t.Errorf("completed with %v", completed)
		}
		f.set(lifecycle.PendingWait, imds.InService, true)
		f.after(time.Minute)
		if _, completed := f.seen(); len(completed) != 1 || completed[0] != lifecycle.Continue {
			t.Errorf("completed with %v, want CONTINUE", completed)
		}
	})
}

// TestLaunchesThatAreNone gives the group up after a while.
func TestLaunchesThatAreNone(t *testing.T) {
	for _, c := range []struct {
		name   string
		state  lifecycle.State
		target imds.Target
		most   int // questions to the group
	}{
		{"in no group", "", imds.NeverSet, 1},
		{"in no group that knows it", "", imds.InService, 12},
		{"retained", "Warmed:Pending:Retained", imds.WarmedStopped, 1},
		{"in the warm pool", "Warmed:Running", imds.WarmedRunning, 1},
		{"in a warm pool that never lets it go", "Warmed:Running", imds.InService, 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			inFake(t, func(f *fake, _ *drain.Options) { f.state, f.target = c.state, c.target }, func(f *fake) {
				f.after(time.Hour)
				if looks, _ := f.seen(); looks > c.most || f.Status().Launching {
					t.Errorf("%d questions, want %d; launching %v", looks, c.most, f.Status().Launching)
				}
			})
		})
	}
}

// TestWarmPool completes the hook that holds an instance on its way into the pool, and the one on its way out.
func TestWarmPool(t *testing.T) {
	inFake(t, func(f *fake, _ *drain.Options) { f.state, f.target = "Warmed:Pending:Wait", imds.WarmedRunning }, func(f *fake) {
		f.after(time.Minute)
		f.set("Warmed:Running", imds.WarmedRunning, true)
		f.after(time.Hour)
		f.set(lifecycle.PendingWait, imds.InService, true)
		f.after(time.Minute)
		if _, completed := f.seen(); len(completed) != 2 {
			t.Errorf("completed with %v, want twice CONTINUE", completed)
		}
	})
}

// TestGroupIsLate has the metadata service know before the group that an instance is to serve again, to an agent that has seen
// it rest and to one that starts just then.
func TestGroupIsLate(t *testing.T) {
	for _, rest := range []struct {
		state  lifecycle.State
		target imds.Target
	}{{"Warmed:Running", imds.WarmedRunning}, {"Standby", imds.Standby}, {"Warmed:Stopped", imds.InService}} {
		t.Run(string(rest.state), func(t *testing.T) {
			inFake(t, func(f *fake, _ *drain.Options) { f.state, f.target = rest.state, rest.target }, func(f *fake) {
				f.after(time.Minute)
				f.set(rest.state, imds.InService, true)
				f.after(30 * time.Second)
				f.set(lifecycle.PendingWait, imds.InService, true)
				f.after(time.Minute)
				if _, completed := f.seen(); len(completed) != 1 || completed[0] != lifecycle.Continue {
					t.Errorf("completed with %v, want CONTINUE", completed)
				}
			})
		})
	}
}
