package owner_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/docker"
)

// scenario is something that an owner may be killed at.
type scenario struct {
	name   string
	before func(w *world) // what there is when the owner that is to die begins
	do     func(w *world, a *agent)
	want   []sight // in the end, whenever and however often it was killed
}

// had runs an owner that lives, and ends it when all is well.
func had(w *world, d owner.Desired) {
	a := w.agent(0, false)
	a.Set(d)
	settle(20 * time.Second)
	a.quit()
}

// portless is an app that publishes no port, so that Docker would let two of them run.
func portless(version, behaviour string) owner.Desired {
	d := want(version, behaviour)
	d.Spec.Ports = nil
	return d
}

func set(version, behaviour string) func(*world, *agent) {
	return func(_ *world, a *agent) { a.Set(want(version, behaviour)) }
}

func scenarios() []scenario {
	v1 := func(w *world) { had(w, want("v1", "good")) }
	worker := func(w *world) { had(w, portless("v1", "good")) }
	refused := func(version, behaviour string) sight {
		return sight{true, docker.Exited, "sha256:" + version, version + "-" + behaviour}
	}
	return []scenario{
		{"boot", func(*world) {}, set("v1", "good"), []sight{running("v1", "good")}},
		{"adoption", v1, set("v1", "good"), []sight{running("v1", "good")}},
		{"boot of an instance that was stopped", func(w *world) {
			v1(w)
			w.engine.kill()
			w.engine.start()
		}, set("v1", "good"), []sight{running("v1", "good")}},
		{"boot with a container from the AMI", func(w *world) {
			v1(w)
			for _, b := range w.engine.boxes {
				b.Labels["bluegreen.instance"] = "i-0"
			}
		}, set("v2", "good"), []sight{running("v2", "good")}},
		{"replacement", v1, set("v2", "good"), []sight{running("v2", "good")}},
		{"replacement of one that is down", func(w *world) {
			v1(w)
			w.engine.kill()
			w.engine.start()
		}, set("v2", "good"), []sight{running("v2", "good")}},
		{"replacement by one that is never healthy", v1, set("v2", "bad"),
			[]sight{running("v1", "good"), refused("v2", "bad")}},
		{"replacement by one that crashes", v1, set("v2", "crash"),
			[]sight{running("v1", "good"), {true, docker.Exited, "sha256:v2", "v2-crash"}}},
		{"replacement by one that does not start", v1, set("v2", "stillborn"),
			[]sight{running("v1", "good"), {true, docker.Created, "sha256:v2", "v2-stillborn"}}},
		{"replacement after one that failed", func(w *world) {
			v1(w)
			a := w.agent(0, false)
			a.Set(want("v2", "bad"))
			settle(3 * time.Minute)
			a.quit()
		}, set("v3", "good"), []sight{running("v3", "good")}},
		{"replacement of one without a port", worker,
			func(_ *world, a *agent) { a.Set(portless("v2", "good")) }, []sight{running("v2", "good")}},
		{"replacement of one without a port by one that is never healthy", worker,
			func(_ *world, a *agent) { a.Set(portless("v2", "bad")) }, []sight{running("v1", "good"), refused("v2", "bad")}},
		{"change of mind without a port", func(w *world) {
			worker(w)
			a := w.agent(0, false)
			a.Set(portless("v2", "bad"))
			settle(5 * time.Second)
			a.quit()
		}, func(_ *world, a *agent) { a.Set(portless("v1", "good")) }, []sight{running("v1", "good")}},
		{"change of mind", func(w *world) {
			v1(w)
			a := w.agent(0, false)
			a.Set(want("v2", "bad"))
			settle(5 * time.Second)
			a.quit()
		}, set("v1", "good"), []sight{running("v1", "good")}},
		{"another change of mind", func(w *world) {
			v1(w)
			a := w.agent(0, false)
			a.Set(want("v2", "bad"))
			settle(5 * time.Second)
			a.quit()
		}, set("v3", "good"), []sight{running("v3", "good")}},
	}
}

// TestKilledAtEveryCall kills an owner before and after each of its calls of Docker, in each scenario. Another one with
// the same wishes then makes of it what the first would have, and so does a third, if the second is killed, too.
func TestKilledAtEveryCall(t *testing.T) {
	before := killed.Load()
	t.Run("in", func(t *testing.T) {
		for _, sc := range scenarios() {
			t.Run(sc.name, func(t *testing.T) {
				t.Parallel()
				killAtEveryCall(t, sc)
			})
		}
	})
	fmt.Printf("%d owners killed\n", killed.Load()-before) // passing tests print what goes to the log only if they are asked to
}

var killed atomic.Int64

func killAtEveryCall(t *testing.T, sc scenario) {
	calls := die(t, sc)
	for first := 1; first <= calls; first++ {
		for _, after := range []bool{false, true} {
			left := die(t, sc, point{first, after})
			for second := 1 + first%3; second <= left; second += 3 {
				die(t, sc, point{first, after}, point{second, !after})
			}
		}
	}
}

// TestDaemonKilledAtEveryCall kills dockerd instead, and brings it up again ten seconds later, under an owner that lives
// and under one that dies with it.
func TestDaemonKilledAtEveryCall(t *testing.T) {
	for _, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			calls := die(t, sc)
			for n := 1; n <= calls; n++ {
				for _, after := range []bool{false, true} {
					dieWithDaemon(t, sc, point{n, after}, false)
					dieWithDaemon(t, sc, point{n, after}, true)
				}
			}
		})
	}
}

// point is a call that a process dies of, before or after it has its effect.
type point struct {
	call  int
	after bool
}

func (p point) String() string {
	if p.after {
		return fmt.Sprintf("after call %d", p.call)
	}
	return fmt.Sprintf("before call %d", p.call)
}

// enough is the time in which everything is over.
const enough = 4 * time.Minute

// die runs a scenario with an owner that is killed at each of the points in turn, and then with one that lives. It returns
// how many calls that one made.
func die(t *testing.T, sc scenario, points ...point) (calls int) {
	t.Helper()
	in(t, func(w *world) {
		sc.before(w)
		for _, p := range points {
			a := w.agent(p.call, p.after)
			sc.do(w, a)
			settle(enough)
			if a.plug.dead() {
				killed.Add(1)
			} else { // the order of its goroutines' calls is not always the same: this time, it had fewer to make
				a.quit()
			}
		}
		a := w.agent(0, false)
		sc.do(w, a)
		settle(enough)
		if diff := cmp.Diff(sc.want, w.see()); diff != "" {
			t.Fatalf("killed %v: %s\n%v", points, diff, a.plug.made())
		}
		w.expectPolicies()
		calls = len(a.plug.made())
		a.quit()
	})
	return calls
}

// dieWithDaemon runs a scenario with a daemon that is killed at a point, alone or together with the owner.
func dieWithDaemon(t *testing.T, sc scenario, p point, both bool) {
	t.Helper()
	in(t, func(w *world) {
		sc.before(w)
		first := w.plug(p.call, p.after)
		first.killed = func() {
			w.engine.kill()
			time.AfterFunc(10*time.Second, w.engine.start)
			if both {
				first.pull()
			}
		}
		a := w.agentOn(first)
		sc.do(w, a)
		settle(enough)
		if both {
			first.pull() // if it had fewer calls to make this time
			a = w.agent(0, false)
			sc.do(w, a)
		}
		settle(enough)
		if diff := cmp.Diff(sc.want, w.see()); diff != "" {
			t.Fatalf("daemon killed %v, both %v: %s\n%v", p, both, diff, a.plug.made())
		}
		w.expectPolicies()
		a.quit()
	})
}
