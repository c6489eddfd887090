package bluegreen_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

var (
	crashSeed  = flag.Uint64("crash.seed", 1, "seed of the sample of first deaths after which every second one is tried")
	crashFirst = flag.Int("crash.first", 1, "how many first deaths of each scenario are in that sample")
)

// scenario is a command that is killed, in an account where others were run before it.
type scenario struct {
	name   string
	spec   stack.Spec
	before []deed
	do     deed
}

// crashScenarios are all that a process may die of.
func crashScenarios() []scenario {
	toGreen := cutoverTo(traffic.Green)
	return []scenario{
		{name: "cutover", do: toGreen},
		{name: "rollback", before: []deed{toGreen}, do: rollback},
		{name: "retire", before: []deed{toGreen}, do: retire},
		{name: "rollback after retire", before: []deed{toGreen, retire}, do: rollback},
	}
}

// canary is the rollout of the command that is killed; quick that of those that ran before it.
func canary(c *bluegreen.Config) {
	brisk(c)
	c.Rollout.Strategy, c.Rollout.Steps = "canary", []int{10, 50}
}
func quick(c *bluegreen.Config) { brisk(c); c.Rollout.Strategy, c.Rollout.Hold = "all-at-once", 0 }

// point is where a process dies.
type point struct {
	call  int
	after bool // of its effect
}

func (p point) String() string {
	if p.after {
		return fmt.Sprintf("after call %d", p.call)
	}
	return fmt.Sprintf("before call %d", p.call)
}

// points are all where a process of so many calls can die.
func points(calls int) []point {
	var all []point
	for n := 1; n <= calls; n++ {
		all = append(all, point{n, false}, point{n, true})
	}
	return all
}

// TestCrashAtEveryCall kills a process before and after each of its AWS calls, for each command. Another process then
// resumes it, and in another world takes it back; and in others again that one is killed too, at each of its own calls.
func TestCrashAtEveryCall(t *testing.T) {
	begun := time.Now()
	var once, twice atomic.Int64
	t.Run("in", func(t *testing.T) {
		for _, sc := range crashScenarios() {
			t.Run(sc.name, func(t *testing.T) {
				e := uninterrupted(t, sc)
				for _, back := range []bool{false, true} {
					t.Run(recovery(back), func(t *testing.T) {
						t.Parallel()
						for i, p := range points(e.calls) {
							if i%stride == 0 {
								once.Add(1)
								dieAndRecover(t, sc, e, back, p)
							}
						}
					})
					t.Run(recovery(back)+" and killed again", func(t *testing.T) {
						t.Parallel()
						twice.Add(dieTwice(t, sc, e, back))
					})
				}
			})
		}
	})
	// Passing tests print what goes to the log only if they are asked to.
	fmt.Printf("%d crash points: %d processes killed, %d killed again while they recovered, in %s (one in %d)\n",
		once.Load()+twice.Load(), once.Load(), twice.Load(), time.Since(begun).Round(time.Second), stride)
}

func recovery(back bool) string {
	if back {
		return "rolled back"
	}
	return "resumed"
}

// dieTwice tries every second death after some first ones.
func dieTwice(t *testing.T, sc scenario, e ends, back bool) (tried int64) {
	t.Helper()
	random := rand.New(rand.NewPCG(*crashSeed, uint64(len(sc.name))))
	for range *crashFirst {
		first := points(e.calls)[random.IntN(2*e.calls)]
		calls := dieAndRecover(t, sc, e, back, first)
		for i, second := range points(calls) {
			if i%stride == 0 {
				tried++
				dieAndRecover(t, sc, e, back, first, second)
			}
		}
	}
	return tried
}
