package drain

import (
	"testing"
	"time"

	"bluegreen/internal/aws/lifecycle"
)

func TestMayStop(t *testing.T) {
	const s, m = time.Second, time.Minute
	at := func(state lifecycle.State) lifecycle.Instance {
		return lifecycle.Instance{ID: "i-1", Group: "blue", State: state}
	}
	hook := lifecycle.Hook{Name: "down", Heartbeat: 2 * m, GlobalLimit: 200 * m}
	because := func(causes ...Cause) map[Cause]time.Duration {
		all := map[Cause]time.Duration{}
		for _, c := range causes {
			all[c] = 10 * m
		}
		return all
	}
	// The drain began at 10 minutes; after is since then.
	for _, c := range []struct {
		name    string
		after   time.Duration
		tune    func(*Options)
		view    view
		stop    bool
		waiting string
	}{
		{"the group deregisters", 20 * m, nil, view{causes: because(Termination), known: true, member: at("Terminating")},
			false, "waiting for the group to say Terminating:Wait (it says Terminating)"},
		{"the group does not know yet", 20 * m, nil, view{causes: because(Termination), known: true, member: at("InService")},
			false, "waiting for the group to say Terminating:Wait (it says InService)"},
		{"the group does not answer", 20 * m, nil, view{causes: because(Termination)},
			false, "waiting for the group to say Terminating:Wait (it has not answered)"},
		{"there is no group", 20 * m, nil, view{causes: because(Rebalance), known: true},
			false, "waiting for the machine's end (it is in no group)"},
		{"the group waits for us", s, nil, view{causes: because(Termination), known: true, member: at("Terminating:Wait"), hook: hook, held: 10 * m},
			true, ""},
		{"the group waits, in its warm pool", s, nil, view{causes: because(Termination), known: true, member: at("Warmed:Terminating:Wait")}, true, ""},
		{"a delay is configured", 30 * s, func(o *Options) { o.Delay = m },
			view{causes: because(Termination), known: true, member: at("Terminating:Wait"), hook: hook, held: 10 * m},
			false, "waiting for the deregistration delay to pass, 30s; at most 3h19m0s because the hook's time is over"},
		{"a delay is over", m, func(o *Options) { o.Delay = m },
			view{causes: because(Termination), known: true, member: at("Terminating:Wait"), hook: hook, held: 10 * m}, true, ""},
		{"a delay is longer than the hook", 199*m + 10*s, func(o *Options) { o.Delay = 5 * time.Hour },
			view{causes: because(Termination), known: true, member: at("Terminating:Wait"), hook: hook, held: 10 * m}, true, ""},
		{"a delay is longer than a hook that takes no heartbeat", 70 * s, func(o *Options) { o.Delay = 5 * time.Hour },
			view{causes: because(Termination), known: true, member: at("Terminating:Wait"), hook: hook, held: 10 * m, denied: true}, true, ""},
		{"the group goes on", 0, func(o *Options) { o.Delay = time.Hour },
			view{causes: because(Termination), known: true, member: at("Terminating:Proceed")}, true, ""},

		{"spot", 74 * s, nil, view{causes: because(Spot), known: true, member: at("InService")},
			false, "waiting for the group to say Terminating:Wait (it says InService); at most 0s because EC2 takes the instance back"},
		{"spot, the end comes near", 75 * s, nil, view{causes: because(Spot), known: true, member: at("InService")}, true, ""},
		{"spot, and nobody answers", 75 * s, nil, view{causes: because(Spot)}, true, ""},
		{"spot, with an app that takes all of the time", 39 * s, func(o *Options) { o.StopTimeout = 5 * m }, view{causes: because(Spot)},
			false, "waiting for the group to say Terminating:Wait (it has not answered); at most 0s because EC2 takes the instance back"},
		{"spot, with an app that takes all of the time, later", 40 * s, func(o *Options) { o.StopTimeout = 5 * m }, view{causes: because(Spot)}, true, ""},

		{"shutdown", 30 * s, nil, view{causes: because(Shutdown), known: true, member: at("InService")},
			false, "waiting for load balancers to notice that /health fails, 40s; at most 2m0s because the machine goes down"},
		{"shutdown, and they have noticed", 70 * s, nil, view{causes: because(Shutdown), known: true, member: at("InService")}, true, ""},
		{"shutdown, with a long delay", 2 * m, func(o *Options) { o.Delay = time.Hour }, view{causes: because(Shutdown)}, true, ""},
		{"shutdown, when the group has deregistered", s, nil, view{causes: because(Termination, Shutdown), known: true, member: at("Terminating")}, true, ""},
		{"shutdown before the group has let anybody in", 0, nil, view{causes: because(Shutdown), known: true, member: at("Pending:Wait")}, true, ""},
		{"shutdown on the way into service", s, nil, view{causes: because(Shutdown), known: true, member: at("InService")},
			false, "waiting for load balancers to notice that /health fails, 1m0s; at most 2m0s because the machine goes down"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Instance: "i-1", Healthy: func() bool { return true }, Refuse: func(Cause) {}, Stop: nil}
			o.Stop = stopNothing
			if c.tune != nil {
				c.tune(&o)
			}
			if err := o.complete(); err != nil {
				t.Fatal(err)
			}
			c.view.since = 10 * m
			c.view.now = c.view.since + c.after
			stop, waiting := o.mayStop(c.view)
			if stop != c.stop || waiting != c.waiting {
				t.Errorf("got %v %q, want %v %q", stop, waiting, c.stop, c.waiting)
			}
		})
	}
}
