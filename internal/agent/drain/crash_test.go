package drain_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"bluegreen/internal/agent/drain"
	"bluegreen/internal/aws/imds"
)

// life is a whole life of an instance, with a launch that takes a while and a drain that does.
func life(w *world) *machine {
	w.t.Helper()
	w.create(up(), down())
	m := w.serving()
	w.shrink()
	w.ended(m, 30*time.Minute)
	return m
}

func lively(m *machine) {
	m.ready = 50 * time.Second
	m.options = func(o *drain.Options) { o.Delay = 150 * time.Second }
}

// TestCrashAtEveryDeed kills the agent before and after all that it does to its world, a call to AWS or to its machine, and
// has systemd start another: the life of the instance comes to the same end. Then it kills that one, too.
func TestCrashAtEveryDeed(t *testing.T) {
	deeds := 0
	inWorld(t, lively, func(w *world) {
		m := life(w)
		w.expect(m, drained())
		deeds = w.deeds()
	})
	points := 0
	for n := 1; n <= deeds; n++ {
		for _, first := range []crash{{n: n}, {n: n, after: true}} {
			for _, second := range []crash{{}, {n: 1}, {n: 2, after: true}, {n: 3}} {
				name := fmt.Sprintf("%s, then %s", first, second)
				points++
				t.Run(name, func(t *testing.T) {
					inWorld(t, func(m *machine) {
						lively(m)
						if m.first() {
							m.crashes = []crash{first, second}
						}
					}, func(w *world) { w.expect(life(w), drained()) })
				})
			}
		}
	}
	t.Logf("%d crash points", points)
}

// TestHookExpiresWhileTheAgentIsDead has nobody there to keep the hook waiting.
func TestHookExpiresWhileTheAgentIsDead(t *testing.T) {
	inWorld(t, lively, func(w *world) {
		w.create(up(), down())
		m := w.serving()
		w.shrink()
		w.await("the hold", 10*time.Minute, func() bool { return w.state(m.id) == "Terminating:Wait" })
		m.kill()
		w.ended(m, 5*time.Minute)
		w.expect(m, outcome{App: "lost", Completed: map[string]int{"up": 1}})
	})
}

// TestRandomSchedules lets everything happen at once: notices, restarts, crashes, outages, in any order. What must never
// happen is watched by the world itself; here it is that the instance ends, and ends well where it had the time.
func TestRandomSchedules(t *testing.T) {
	runs := uint64(200)
	if testing.Short() {
		runs = 30
	}
	for seed := range runs {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { randomly(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func randomly(t *testing.T, r *rand.Rand) {
	upTo := func(d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d))) }
	heartbeat, delay := 30*time.Second+upTo(5*time.Minute), upTo(4*time.Minute)
	ready, stopFor, rebalance := upTo(5*time.Minute), upTo(20*time.Second), r.IntN(2) == 0
	var crashes []crash
	for range r.IntN(4) {
		crashes = append(crashes, crash{n: 1 + r.IntN(12), after: r.IntN(2) == 0})
	}
	inWorld(t, func(m *machine) {
		if m.first() {
			m.ready, m.stopFor, m.crashes = ready, stopFor, crashes
			m.options = func(o *drain.Options) { o.Delay, o.Rebalance = delay, rebalance }
		}
	}, func(w *world) {
		w.router.delay = upTo(3 * time.Minute)
		w.create(hook("up", launching, heartbeat), hook("down", "autoscaling:EC2_INSTANCE_TERMINATING", heartbeat))
		m := w.serving()
		w.wait(upTo(2 * time.Minute))
		for _, n := range r.Perm(8) {
			w.trouble(m, n, r)
			w.wait(upTo(40 * time.Second))
			if n == 2 && r.IntN(2) == 0 {
				break
			}
		}
		m.set(func(m *machine) { m.imds = nil })
		w.front.Faults.Clear()
		w.shrink()
		w.ended(m, 2*time.Hour)
		got := m.outcome()
		if got.Stops != 1 {
			t.Errorf("the container was stopped %d times before the end", got.Stops)
		}
		if got.Completed["down"] != 1 && w.log.count("the connection was cut")+w.log.count("Rate exceeded") == 0 {
			// Where calls fail, the hook may end by itself before one gets through.
			t.Errorf("the hook was completed %d times", got.Completed["down"])
		}
		if n := len(m.refusals()); n < 1 {
			t.Error("nobody told /health to say 503")
		}
	})
}

// trouble is one of the things that can happen to a machine.
func (w *world) trouble(m *machine, n int, r *rand.Rand) {
	switch n {
	case 0:
		m.set(func(m *machine) { m.rebalance = true })
	case 1:
		w.shrink()
	case 2:
		m.set(func(m *machine) { m.spot = true })
	case 3, 4:
		m.restart()
	case 5:
		m.kill()
		w.wait(time.Duration(r.IntN(20)) * time.Second)
		m.start()
	case 6:
		polls := 0
		m.set(func(m *machine) {
			m.imds = func(truth imds.Target) (imds.Target, error) {
				polls++
				return []imds.Target{truth, imds.NeverSet, imds.InService}[polls%3], []error{nil, errNoAnswer}[polls/3%2]
			}
		})
	case 7:
		w.front.Faults.Add(someFault(r))
	}
}
