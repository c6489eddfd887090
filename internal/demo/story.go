package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/config"
	"bluegreen/internal/demo/load"
	"bluegreen/internal/exit"
	"bluegreen/internal/traffic"
	"bluegreen/internal/wait"
)

// act is one thing that is shown.
type act struct {
	title string
	play  func(context.Context) error
}

// acts is the whole story, in order.
func (d *Demo) acts() []act {
	const blue, green = traffic.Blue, traffic.Green
	acts := []act{{"v1 serves on blue", d.watchClients}}
	if d.lab.Bakes() {
		acts = append(acts, act{"bake an AMI of v2 from a plain Debian, prove it on a test instance, promote it", d.bake("v2")})
	}
	return append(acts,
		act{"clone blue into green, with the image of v2", d.clone(green, "v2")},
		act{"cut over to green, 10 → 50 → 100 %", d.cutover(green, "")},
		act{"prove that clients have left blue, and retire it", d.retire},
		act{"cut over to blue with v3, which passes health checks and fails all other requests", d.refused(blue, "v3")},
		act{"cut over to blue with v4; at 50 % somebody commands a rollback", d.rolledBack(blue, "v4")},
		act{"cut over to blue after all", d.cutover(blue, "")},
		act{"prove that clients have left green, and retire it", d.retire},
	)
}

func (d *Demo) play(ctx context.Context) error {
	acts := d.acts()
	d.tell.of = len(acts)
	for i, a := range acts {
		d.tell.act(i+1, a.title)
		if err := a.play(ctx); err != nil {
			return fmt.Errorf("%s: %w", a.title, err)
		}
	}
	return nil
}

// app is a process that works on the app, with a pace for people who watch.
func (d *Demo) app(owner string, report bluegreen.Reporter) (*bluegreen.App, error) {
	return d.lab.App(owner, report, func(c *bluegreen.Config) {
		c.Rollout = bluegreen.RolloutConfig{
			Strategy: "canary", Steps: []int{10, 50}, Step: 10,
			Interval: config.Duration(2 * time.Second), Hold: config.Duration(3 * time.Second),
		}
		c.Probe.Successes, c.Limits.Probe = 5, config.Duration(5*time.Second)
	})
}

// watchClients lets the clients find their pace.
func (d *Demo) watchClients(ctx context.Context) error {
	return await(ctx, "the clients to send requests", func() (bool, string) {
		n := d.load.Stats().Of(string(traffic.Blue)).Requests
		return n >= 10*clients, fmt.Sprintf("%d so far", n)
	})
}

// clone makes a color from the live one, with the image of a version.
func (d *Demo) clone(to traffic.Color, version string) func(context.Context) error {
	return func(ctx context.Context) error {
		app, err := d.app("the demo", d.tell)
		if err != nil {
			return err
		}
		plan, err := app.PlanClone(ctx, bluegreen.CloneOptions{To: to, Image: d.lab.Made.Images[version]})
		if err != nil {
			return err
		}
		return app.Clone(ctx, plan)
	}
}

func (d *Demo) cutover(to traffic.Color, version string) func(context.Context) error {
	return func(ctx context.Context) error { return d.cutOver(ctx, to, version, d.tell) }
}

// cutOver moves all traffic to a color, with the image of a version if one is named.
func (d *Demo) cutOver(ctx context.Context, to traffic.Color, version string, report bluegreen.Reporter) error {
	app, err := d.app("the demo", report)
	if err != nil {
		return err
	}
	rollout, err := app.Config.Rollout.Shifts()
	if err != nil {
		return err
	}
	plan, err := app.PlanCutover(ctx, bluegreen.CutoverOptions{To: to, Rollout: rollout, Image: d.lab.Made.Images[version]})
	if err != nil {
		return err
	}
	return app.Cutover(ctx, plan)
}

// refused tries a version that its own tests have to stop, before any client meets it.
func (d *Demo) refused(to traffic.Color, version string) func(context.Context) error {
	return func(ctx context.Context) error {
		err := d.cutOver(ctx, to, version, d.tell)
		var problem *exit.Problem
		switch {
		case err == nil:
			return fmt.Errorf("%s was not stopped", version)
		case !errors.As(err, &problem) || problem.Code != exit.Failed:
			return err
		}
		if n := d.load.Stats().Sides[load.Side{Color: string(to), Version: version}].Requests; n > 0 {
			return fmt.Errorf("%d requests of clients came to %s", n, version)
		}
		d.tell.note("stopped, as it has to be: no client met %s", version)
		return d.awaitEmpty(ctx, to)
	}
}

// awaitEmpty waits until the instances of a color are gone that were taken away from it.
func (d *Demo) awaitEmpty(ctx context.Context, color traffic.Color) error {
	app, err := d.app("the demo", d.tell)
	if err != nil {
		return err
	}
	poll := wait.Poll{What: fmt.Sprintf("%s to be empty", color), Timeout: time.Minute, Interval: 100 * time.Millisecond}
	return wait.Until(ctx, poll, func(ctx context.Context) (bool, string, error) {
		g, err := app.Cloud.Groups.Get(ctx, app.Config.Stack(color).Group)
		return len(g.Instances) == 0, fmt.Sprintf("%d instances", len(g.Instances)), err
	})
}

func (d *Demo) retire(ctx context.Context) error {
	app, err := d.app("the demo", d.tell)
	if err != nil {
		return err
	}
	plan, err := app.PlanRetire(ctx, 0)
	if err != nil {
		return err
	}
	return app.Retire(ctx, plan)
}

// await waits for something that the clients bring about.
func await(ctx context.Context, what string, check func() (bool, string)) error {
	poll := wait.Poll{What: what, Timeout: time.Minute, Interval: 20 * time.Millisecond}
	return wait.Until(ctx, poll, func(context.Context) (bool, string, error) {
		done, status := check()
		return done, status, nil
	})
}
