package bluegreen_test

import (
	"context"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/sandbox/mortal"
	"bluegreen/internal/traffic"
)

// deed is one command, as a process runs it.
type deed func(ctx context.Context, app *bluegreen.App) error

// cutoverTo moves the traffic to a colour, as the configuration of the process says.
func cutoverTo(to traffic.Color) deed {
	return func(ctx context.Context, app *bluegreen.App) error {
		rollout, err := app.Config.Rollout.Shifts()
		if err != nil {
			return err
		}
		plan, err := app.PlanCutover(ctx, bluegreen.CutoverOptions{To: to, Rollout: rollout})
		if err != nil {
			return err
		}
		return app.Cutover(ctx, plan)
	}
}

// retire scales down the colour that serves nobody.
func retire(ctx context.Context, app *bluegreen.App) error {
	plan, err := app.PlanRetire(ctx, 0)
	if err != nil {
		return err
	}
	return app.Retire(ctx, plan)
}

func rollback(ctx context.Context, app *bluegreen.App) error { return app.Rollback(ctx) }

func resume(ctx context.Context, app *bluegreen.App) error { return app.Resume(ctx) }

// must runs a deed in a process of its own to its end.
func (w *world) must(ctx context.Context, owner string, do deed, changes ...change) *events {
	w.t.Helper()
	app, ev := w.process(owner, nil, changes...)
	if err := do(ctx, app); err != nil {
		ev.log(w.t)
		w.t.Fatalf("%s: %v", owner, err)
	}
	return ev
}

// mortal runs a deed in a process that dies when its plug is pulled. It returns when the process ended or died.
func (w *world) mortal(ctx context.Context, owner string, p *mortal.Plug, do deed, changes ...change) (ev *events, died bool, err error) {
	w.t.Helper()
	app, ev := w.program(owner, through(p), changes...)
	ended := make(chan error, 1)
	w.left.Go(func() { ended <- do(ctx, app) })
	select {
	case err := <-ended:
		return ev, false, err
	case <-p.Pulled():
		return ev, true, nil
	}
}
