package bluegreen_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/config"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// at calls do in a goroutine of its own when a step of a process has been under way for a moment.
func (w *world) at(ev *events, stepName string, moment time.Duration, do func()) {
	done := false
	ev.on(func(e bluegreen.Event) {
		if e.Event == bluegreen.StepBegan && e.Step == stepName && !done {
			done = true
			w.left.Go(func() {
				time.Sleep(moment)
				do()
			})
		}
	})
}

// waits are all steps that take time, by the command and what lasts so long that there is time for a change by hand.
var waits = []struct {
	step   string
	before []deed
	do     deed
	spec   stack.Spec
	change change
	every  func(bluegreen.Config) config.Duration // between two looks
}{
	{step: "settle", do: cutoverTo(traffic.Green), every: poll},
	{step: "ready", do: cutoverTo(traffic.Green), spec: stack.Spec{Behaviors: map[string]string{"v2": "boot=3m"}}, every: poll},
	{step: "probe", do: cutoverTo(traffic.Green), change: func(c *bluegreen.Config) { c.Probe.Successes = 60 }, every: func(c bluegreen.Config) config.Duration { return c.Probe.Interval }},
	{step: "verify-1", do: cutoverTo(traffic.Green), every: poll},
	{step: "watch-1", do: cutoverTo(traffic.Green), every: gate},
	{step: "hold", do: cutoverTo(traffic.Green), every: gate},
	{step: "drain", before: []deed{cutoverTo(traffic.Green)}, do: retire, every: poll},
	{step: "gone", before: []deed{cutoverTo(traffic.Green)}, do: retire, every: poll},
}

func poll(c bluegreen.Config) config.Duration { return c.Limits.Poll }
func gate(c bluegreen.Config) config.Duration { return c.Gate.Interval }

// TestForeignChange edits a record by hand during each step that takes time: the deployment stops at its next look, leaves
// everything as it is, and says what differs.
func TestForeignChange(t *testing.T) {
	for _, c := range waits {
		t.Run(c.step, func(t *testing.T) {
			inWorld(t, c.spec, func(ctx context.Context, w *world) {
				t := w.t
				w.prepare(ctx, scenario{before: c.before})
				steady := func(cfg *bluegreen.Config) {
					cfg.Rollout.Interval, cfg.Rollout.Hold = config.Duration(5*time.Minute), config.Duration(5*time.Minute)
					if c.change != nil {
						c.change(cfg)
					}
				}
				app, ev := w.process("deployment", nil, steady)
				var changed atomic.Pointer[time.Time]
				w.at(ev, c.step, 12*time.Second, func() {
					h := w.hand(w.sb.Transport())
					for _, r := range h.list(ctx) {
						if *r.Weight > 0 {
							if err := h.weigh(ctx, r, *r.Weight+1, true); err != nil {
								t.Error(err)
							}
							break
						}
					}
					now := time.Now()
					changed.Store(&now)
				})
				err := c.do(ctx, app)
				when := changed.Load()
				if when == nil {
					t.Fatalf("the step did not come, or was over before the change: %v", err)
				}
				took := time.Since(*when)
				if code := exit.CodeOf(err); code != exit.Dirty || !strings.Contains(err.Error(), "somebody else changed the records") || !strings.Contains(err.Error(), "has weight") {
					t.Errorf("exit code %d: %v", code, err)
				}
				if limit := c.every(app.Config).Span() + time.Second; took > limit {
					t.Errorf("noticed after %s, that is more than one poll (%s)", took, limit)
				}
				if s := w.snapshot(); len(s.Open) != 1 {
					t.Errorf("the deployment must wait for a human: %v, %s", s.Open, s.Fence)
				}
				if t.Failed() {
					ev.log(t)
				}
			})
		})
	}
}
