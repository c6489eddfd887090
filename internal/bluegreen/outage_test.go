package bluegreen_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/config"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// sickens is a version that answers its health checks until it has been up for a while, and serves errors from then on.
const sickens = "errors=1 errors-after=6m"

// probing is a rollout whose probe asks a path that sick versions fail on.
func probing(c *bluegreen.Config) {
	canary(c)
	c.Probe.Path = "/"
	c.Rollout.Interval = config.Duration(10 * time.Minute)
}

// TestParameterStoreDownDuringRollback takes away the journal and the lease while a sick version has traffic. The weights go
// back without them; what cannot be put back under these circumstances is put back by a rollback later.
func TestParameterStoreDownDuringRollback(t *testing.T) {
	inWorld(t, stack.Spec{Behaviors: map[string]string{"v2": sickens}}, func(ctx context.Context, w *world) {
		t := w.t
		found, g := w.snapshot(), w.watch()
		app, ev := w.process("me", nil, probing)
		w.at(ev, "watch-1", time.Minute, func() {
			w.outage("ssm", "", wire.Fault{Action: wire.ActionError, Code: "InternalServerError", Status: 500}, time.Hour)
		})
		sick, back := time.Time{}, time.Time{}
		listen := ev.hear
		ev.on(func(e bluegreen.Event) {
			listen(e)
			switch {
			case e.Event == bluegreen.Failed && e.Step == "watch-1":
				sick = e.Time
			case e.Event == bluegreen.Shifted && e.Weights == "blue:100":
				back = e.Time
			}
		})
		err := cutoverTo(traffic.Green)(ctx, app)
		if err == nil {
			t.Error("the cutover of a sick version went well")
		}
		if sick.IsZero() || back.IsZero() || back.Sub(sick) > 10*time.Second {
			t.Errorf("weights are back %s after the version was found sick (%v, %v)", back.Sub(sick), sick, back)
		}
		time.Sleep(2 * time.Hour)
		w.must(ctx, "later", rollback, canary)
		time.Sleep(rest)
		w.judge(g, ends{found: found}, true)
		g.check()
		if t.Failed() {
			t.Log(err)
			ev.log(t)
		}
	})
}

// TestRoute53UnreachableDuringRollback takes Route 53 away for twenty minutes. A rollback keeps trying, says so, and succeeds.
func TestRoute53UnreachableDuringRollback(t *testing.T) {
	down := wire.Fault{Action: wire.ActionError, Code: "InternalFailure", Status: 500}
	const lasts = 20 * time.Minute
	for name, c := range map[string]struct {
		version string
		run     func(ctx context.Context, w *world) (*events, error)
	}{
		"commanded": {"healthy", func(ctx context.Context, w *world) (*events, error) {
			first := w.plug(0, false)
			app, ev := w.program("first", through(first), probing)
			w.at(ev, "watch-1", time.Minute, first.Pull)
			w.left.Go(func() { _ = cutoverTo(traffic.Green)(ctx, app) })
			<-first.Pulled()
			w.outage("route53", "", down, lasts)
			second, report := w.process("second", nil, probing)
			return report, second.Rollback(ctx)
		}},
		"by itself": {sickens, func(ctx context.Context, w *world) (*events, error) {
			app, ev := w.process("me", nil, probing)
			listen := false
			ev.on(func(e bluegreen.Event) {
				if e.Step == "watch-1" && e.Event == bluegreen.Failed && !listen {
					listen = true
					w.outage("route53", "", down, lasts)
				}
			})
			err := cutoverTo(traffic.Green)(ctx, app)
			if code := exit.CodeOf(err); code != exit.RolledBack {
				w.t.Errorf("exit code %d: %v", code, err)
			}
			return ev, nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, stack.Spec{Behaviors: map[string]string{"v2": c.version}}, func(ctx context.Context, w *world) {
				t := w.t
				found, g := w.snapshot(), w.watch()
				ev, err := c.run(ctx, w)
				if err != nil {
					t.Errorf("rollback: %v", err)
				}
				said := 0
				for _, e := range ev.all() {
					if e.Event == bluegreen.Waiting && strings.Contains(e.Text, "Route 53 to take the weights back") {
						said++
					}
				}
				if said < 2 {
					t.Errorf("it kept trying and said so %d times", said)
				}
				time.Sleep(rest)
				w.judge(g, ends{found: found}, true)
				g.check()
				if diff := cmp.Diff([]string{"blue:100"}, ev.shifts()[len(ev.shifts())-1:]); diff != "" {
					t.Error(diff)
				}
				if t.Failed() {
					ev.log(t)
				}
			})
		})
	}
}
