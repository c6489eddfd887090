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
	"bluegreen/internal/traffic"
)

// TestVersions cuts over to versions of all kinds, under traffic. A bad one is stopped before it gets weight, or as soon as
// its gates see what it does with it; and then everything is as it was found.
func TestVersions(t *testing.T) {
	short := func(c *bluegreen.Config) {
		c.Rollout.Hold, c.Limits.InService, c.Limits.Probe = config.Duration(5*time.Minute), config.Duration(6*time.Minute), config.Duration(time.Minute)
	}
	root := func(c *bluegreen.Config) { short(c); c.Probe.Path = "/" }
	for name, c := range map[string]struct {
		behavior string
		change   change
		code     exit.Code
		says     string
		shifts   []string
		share    float64 // of requests that may fail
	}{
		"healthy":                     {"healthy", short, exit.Done, "", []string{"blue:90,green:10", "blue:50,green:50", "blue:0,green:100"}, 0},
		"slow to start":               {"boot=30s slow-start=30s", short, exit.Done, "", []string{"blue:90,green:10", "blue:50,green:50", "blue:0,green:100"}, 0},
		"never gets healthy":          {"unhealthy", short, exit.Failed, "0 healthy in shop-green-alb", nil, 0},
		"never listens":               {"boot=10h", short, exit.Failed, "0 healthy in shop-green-alb", nil, 0},
		"dies again and again":        {"crash-loop=15s boot=30s", short, exit.Failed, "shop-green", nil, 0},
		"fails its probe":             {"errors=1", root, exit.Failed, "status 50", nil, 0},
		"fails most of its probes":    {"errors=0.8", root, exit.Failed, "good answers in a row", nil, 0},
		"fails half of its requests":  {"errors=0.5", short, exit.RolledBack, "requests failed (5xx)", []string{"blue:90,green:10", "blue:100"}, 0.10},
		"fails after a while":         {"errors=1 errors-after=4m", short, exit.RolledBack, "requests failed (5xx)", []string{"blue:90,green:10", "blue:100"}, 0.15},
		"fails its probe after while": {"errors=1 errors-after=9m", root, exit.RolledBack, "probes in a row failed", nil, 0.25},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, stack.Spec{Behaviors: map[string]string{"v2": c.behavior}}, func(ctx context.Context, w *world) {
				t := w.t
				found, g := w.snapshot(), w.watch()
				clients := w.browse(ctx, w.made.Spec.Names[0], 250*time.Millisecond)
				app, ev := w.process("me", nil, c.change)
				err := cutoverTo(traffic.Green)(ctx, app)
				if code := exit.CodeOf(err); code != c.code || err != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("exit code %d, want %d: %v", code, c.code, err)
				}
				if diff := cmp.Diff(c.shifts, ev.shifts()); diff != "" && c.shifts != nil {
					t.Errorf("shifts (-want +got):\n%s", diff)
				}
				if c.code == exit.Failed && g.moved(traffic.Green) {
					t.Errorf("it got weight: %v", g.history)
				}
				time.Sleep(rest)
				if c.code != exit.Done {
					w.judge(g, ends{found: found}, true)
				}
				if n, failed := clients.counts(); float64(failed) > c.share*float64(n) {
					t.Errorf("%d of %d requests failed", failed, n)
				}
				g.check()
				if t.Failed() {
					ev.log(t)
				}
			})
		})
	}
}
