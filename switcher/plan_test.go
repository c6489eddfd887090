package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/config"
	"bluegreen/internal/demo/lab"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// A plan lists every call that changes something, step by step, and none that does not come, but for those that it says are
// made as needed.
func TestPlanIsWhatHappens(t *testing.T) {
	l, err := lab.Open(t.Context(), t.TempDir(), lab.Options{Spec: stack.Spec{BlueOnly: true}, Speed: scriptSpeed, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	w := &planned{t: t, lab: l}
	w.run("clone", func(ctx context.Context, app *bluegreen.App) (bluegreen.Plan, error) {
		return app.PlanClone(ctx, bluegreen.CloneOptions{To: traffic.Green, Image: l.Made.Images["v2"]})
	}, (*bluegreen.App).Clone)
	w.run("cutover", w.cutover(traffic.Green, ""), (*bluegreen.App).Cutover)
	w.run("retire", func(ctx context.Context, app *bluegreen.App) (bluegreen.Plan, error) {
		return app.PlanRetire(ctx, 0)
	}, (*bluegreen.App).Retire)
	w.run("cutover in place", w.cutover(traffic.Blue, l.Made.Images["v4"]), (*bluegreen.App).Cutover)
}

// planned runs plans and holds what happens against them.
type planned struct {
	t   *testing.T
	lab *lab.Lab

	mu    sync.Mutex
	step  string
	calls map[string][]string // by step
}

func (w *planned) cutover(to traffic.Color, image string) func(context.Context, *bluegreen.App) (bluegreen.Plan, error) {
	return func(ctx context.Context, app *bluegreen.App) (bluegreen.Plan, error) {
		rollout, err := app.Config.Rollout.Shifts()
		if err != nil {
			return bluegreen.Plan{}, err
		}
		return app.PlanCutover(ctx, bluegreen.CutoverOptions{To: to, Rollout: rollout, Image: image})
	}
}

// Report implements bluegreen.Reporter: it notes which step is under way.
func (w *planned) Report(e bluegreen.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Event == bluegreen.StepBegan {
		w.step = e.Step
	}
}

// saw notes a call under the step that is under way. The journal and the lease come with every step.
func (w *planned) saw(c wire.Call) {
	if !mutates(c) || c.Service == "ssm" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[w.step] = append(w.calls[w.step], c.Service+" "+c.Operation)
}

func (w *planned) run(
	name string,
	plan func(context.Context, *bluegreen.App) (bluegreen.Plan, error),
	carry func(*bluegreen.App, context.Context, bluegreen.Plan) error,
) {
	w.t.Helper()
	ctx := w.t.Context()
	app, err := w.lab.App("the test", w, func(c *bluegreen.Config) {
		c.Rollout = bluegreen.RolloutConfig{Strategy: "canary", Steps: []int{50}, Step: 10, Hold: config.Duration(0)}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.calls, w.step = map[string][]string{}, "before the first step"
	stop := w.lab.Sandbox.Front.Calls.Observe(w.saw)
	defer stop()
	p, err := plan(ctx, app)
	if err != nil {
		w.t.Fatalf("plan %s: %v", name, err)
	}
	if len(w.calls) > 0 {
		w.t.Errorf("to plan %s changed something: %v", name, w.calls)
	}
	if err := carry(app, ctx, p); err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	for _, s := range p.Steps {
		w.compare(name, s.Name, s.Calls)
		delete(w.calls, s.Name)
	}
	for step, calls := range w.calls {
		w.t.Errorf("%s: %s made calls that the plan knows nothing of: %v", name, step, calls)
	}
}

// compare holds the calls of a step against those that were planned.
func (w *planned) compare(name, step string, lines []string) {
	w.t.Helper()
	var want, may []string
	for _, line := range lines {
		calls := plainCalls(line)
		if may = append(may, calls...); !strings.HasSuffix(line, " (as needed)") {
			want = append(want, calls...)
		}
	}
	for _, call := range want {
		if !slices.Contains(w.calls[step], call) {
			w.t.Errorf("%s: %s was to call %s, and did not", name, step, call)
		}
	}
	for _, call := range w.calls[step] {
		if !slices.Contains(may, call) {
			w.t.Errorf("%s: %s called %s, which is not in the plan", name, step, call)
		}
	}
}

// plainCalls are the calls of a line of a plan, which may name several of one service, without what they are for:
// "elasticloadbalancing CreateListener, CreateRule shop-green-alb".
func plainCalls(line string) []string {
	service, rest, _ := strings.Cut(line, " ")
	var calls []string
	for rest != "" {
		operation, more, _ := strings.Cut(rest, " ")
		calls = append(calls, service+" "+strings.TrimSuffix(operation, ","))
		if !strings.HasSuffix(operation, ",") {
			break
		}
		rest = more
	}
	return calls
}
