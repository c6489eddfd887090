package bluegreen_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/config"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

var raceSeeds = flag.Int("racing.seeds", 60, "how many races operators run")

// tardy is a network on which each call and each reply takes its own time.
type tardy struct {
	to     http.RoundTripper
	mu     sync.Mutex
	random *rand.Rand
}

func (n *tardy) RoundTrip(r *http.Request) (*http.Response, error) {
	if !sleep(r.Context(), n.delay()) {
		return nil, r.Context().Err()
	}
	response, err := n.to.RoundTrip(r)
	if !sleep(r.Context(), n.delay()) {
		return nil, r.Context().Err()
	}
	return response, err
}

func (n *tardy) delay() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.random.IntN(20) == 0 {
		return time.Duration(n.random.Int64N(int64(3 * time.Second)))
	}
	return time.Duration(n.random.Int64N(int64(200 * time.Millisecond)))
}

// hasty is a configuration in which much happens in an hour.
func hasty(c *bluegreen.Config) {
	brisk(c)
	c.Lease, c.Limits.Poll = config.Duration(30*time.Second), config.Duration(10*time.Second)
	c.Rollout.Strategy, c.Rollout.Steps = "canary", []int{50}
}

// TestRacingOperators lets several operators and a pair of hands loose on one app for an hour, each without a look at the
// others, many times.
func TestRacingOperators(t *testing.T) {
	var runs, batches, takeovers atomic.Int64
	t.Run("seed", func(t *testing.T) {
		for half := range 2 {
			t.Run(fmt.Sprint(half), func(t *testing.T) {
				t.Parallel()
				for seed := half; seed < *raceSeeds; seed += 2 * min(stride, 6) {
					b, e := race(t, uint64(seed))
					runs.Add(1)
					batches.Add(int64(b))
					takeovers.Add(int64(e))
				}
			})
		}
	})
	fmt.Printf("%d races, %d batches, %d epochs\n", runs.Load(), batches.Load(), takeovers.Load())
}

const operators = 3

// race is one hour with one seed. It returns how many batches and how many epochs there were.
func race(t *testing.T, seed uint64) (batches, epochs int) {
	t.Helper()
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		t := w.t
		l, model := w.ledger(), newZoneModel(w.eye.records(t))
		day, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		var all sync.WaitGroup
		reports := make([]*events, operators)
		for i := range operators {
			name := fmt.Sprintf("operator %d", i+1)
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			app, ev := w.program(name, link{http: &tardy{to: l.sign(w, name), random: random}, dial: w.sb.Fabric.DialContext}, hasty)
			reports[i] = ev
			all.Go(func() { operate(day, ctx, t, app, rand.New(rand.NewPCG(seed, uint64(i+operators)))) })
		}
		random := rand.New(rand.NewPCG(seed, 99))
		all.Go(func() {
			w.hand(&tardy{to: l.sign(w, byHand), random: random}).fiddle(day, rand.New(rand.NewPCG(seed, 100)))
		})
		all.Wait()
		for _, e := range l.entries() {
			if e.Operation == "ChangeResourceRecordSets" {
				batches++
			}
			model.play(e)
		}
		epochs = len(model.epochs)
		for _, f := range model.faults {
			t.Error(f)
		}
		w.bringToOrder(ctx)
		if t.Failed() {
			for i, ev := range reports {
				t.Logf("operator %d:", i+1)
				ev.log(t)
			}
			t.Fatalf("seed %d", seed)
		}
	})
	return batches, epochs
}

// operate gives one command after the other until the day is over. What it began it does not give up.
func operate(day, ctx context.Context, t *testing.T, app *bluegreen.App, random *rand.Rand) {
	for sleep(day, time.Duration(random.Int64N(int64(10*time.Minute)))) {
		var err error
		switch n := random.IntN(10); {
		case n < 5:
			err = cutoverTo(traffic.Colors[random.IntN(2)])(ctx, app)
		case n < 7:
			err = app.Resume(ctx)
		case n < 9:
			err = app.Rollback(ctx)
		default:
			err = retire(ctx, app)
		}
		if code := exit.CodeOf(err); code == exit.Usage || code == exit.Interrupted {
			t.Errorf("exit code %d without reason: %v", code, err)
		}
	}
}

// bringToOrder is what a human does after all that: what the messages say. Then the app has one colour that serves, with
// capacity, and nothing is left of any deployment.
func (w *world) bringToOrder(ctx context.Context) {
	w.t.Helper()
	app, ev := w.process("human", nil, hasty)
	var errs []error
	for _, do := range []deed{rollback, resume, rollback, resume} {
		err := do(ctx, app)
		errs = append(errs, err)
		if exit.CodeOf(err) == exit.Dirty {
			if err := w.hand(w.sb.Transport()).equalize(ctx); err != nil {
				w.t.Errorf("give all names the same weights: %v", err)
			}
		}
	}
	time.Sleep(rest)
	s := w.snapshot()
	if len(s.Open) > 0 {
		ev.log(w.t)
		w.t.Errorf("cannot be brought to order: %v: %v", s.Open, errs)
	}
	for color, g := range s.Groups {
		for _, tag := range g.Tags {
			if len(tag) > len("bluegreen:pin") && tag[:len("bluegreen:pin")] == "bluegreen:pin" {
				w.t.Errorf("%s is still pinned: %s", color, tag)
			}
		}
		served := slices.ContainsFunc(s.Records, func(r string) bool { return serves(r, color) })
		if served && g.Healthy == 0 {
			w.t.Errorf("%s serves and has no healthy target: %+v", color, g)
		}
	}
}

// serves says whether a record line is one of a colour and has weight.
func serves(line string, color traffic.Color) bool {
	var name, rrtype, set string
	var weight int
	_, err := fmt.Sscanf(line, "%s %s %s %d", &name, &rrtype, &set, &weight)
	return err == nil && set == string(color) && weight > 0
}
