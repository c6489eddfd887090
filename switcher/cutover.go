package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/cli"
	"bluegreen/internal/config"
	"bluegreen/internal/traffic"
)

// cutoverOptions are the flags of cutover and plan.
type cutoverOptions struct {
	to       string
	strategy string
	steps    string
	step     int
	interval time.Duration
	hold     time.Duration
	new      imageOptions
	bake     bakeOptions
	yes      bool
}

func (o *cutoverOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "", "`color` that gets the traffic: blue or green")
	o.new.addFlags(cmd)
	f.BoolVar(&o.bake.wanted, "bake", false, "bake, prove and promote the machine image first, as amibake would; in place of --ami and --image")
	o.bake.addFlag(cmd)
	f.StringVar(&o.strategy, "strategy", "", "all-at-once, canary or linear (rollout.strategy)")
	f.StringVar(&o.steps, "steps", "", "canary: `percents` of the shifts before the last one, as 10,50 (rollout.steps)")
	f.IntVar(&o.step, "step", 0, "linear: `percent` that each shift adds (rollout.step)")
	f.DurationVar(&o.interval, "interval", 0, "how long the gates watch between two shifts (rollout.interval)")
	f.DurationVar(&o.hold, "hold", 0, "how long the old color stays at capacity after the last shift (rollout.hold)")
}

func newCutover(e *env) *cobra.Command {
	o := &cutoverOptions{}
	cmd := &cobra.Command{
		Use:   "cutover --to COLOR",
		Short: "Move all traffic to the other color",
		Long: "cutover sizes the other color as the one that serves, proves that it answers, moves the weights shift by shift,\n" +
			"each seen at every name server and watched by the gates, and holds the old color at capacity for a while.\n" +
			"What goes wrong rolls back by itself.",
		Example: "  switcher cutover --to green\n  switcher cutover --to green --ami ami-0123456789abcdef0\n  switcher cutover --to green --bake\n  switcher cutover --to green --strategy canary --steps 10,50 --interval 10m",
		Args:    cli.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runCutover(cmd, e, o) },
	}
	o.addFlags(cmd)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	return cmd
}

func runCutover(cmd *cobra.Command, e *env, o *cutoverOptions) error {
	app, plan, err := o.plan(cmd.Context(), cmd, e)
	if err != nil {
		return err
	}
	if e.InTTY && !o.yes {
		printPlan(e, plan)
	}
	question := fmt.Sprintf("Move the traffic of %s to %s?", app.Config.App, plan.State.To)
	if err := cli.Confirm(e.Streams, o.yes, question); err != nil {
		return err
	}
	return app.Cutover(cmd.Context(), plan)
}

// plan reads the account and makes the plan, refusing what makes no sense.
func (o *cutoverOptions) plan(ctx context.Context, cmd *cobra.Command, e *env) (*bluegreen.App, bluegreen.Plan, error) {
	if o.to == "" {
		return nil, bluegreen.Plan{}, cli.Usagef("--to is missing: name the color that gets the traffic, blue or green")
	}
	to, err := traffic.ParseColor(o.to)
	if err != nil {
		return nil, bluegreen.Plan{}, &cli.UsageError{Err: fmt.Errorf("--to: %w", err)}
	}
	if err := o.checkBake(); err != nil {
		return nil, bluegreen.Plan{}, err
	}
	app, err := e.open(ctx)
	if err != nil {
		return nil, bluegreen.Plan{}, err
	}
	rollout := app.Config.Rollout
	if err := o.override(cmd, &rollout); err != nil {
		return nil, bluegreen.Plan{}, err
	}
	shifts, err := rollout.Shifts()
	if err != nil {
		return nil, bluegreen.Plan{}, &cli.UsageError{Err: err}
	}
	settings := ""
	if o.bake.wanted {
		if settings, err = o.bake.settingsFile(e); err != nil {
			return nil, bluegreen.Plan{}, err
		}
		e.bakes(app, &o.bake, cmd.CommandPath()+" --to "+o.to+" --bake --bake-config FILE")
	}
	plan, err := app.PlanCutover(ctx, bluegreen.CutoverOptions{
		Bake: settings, To: to, Rollout: shifts, Image: o.new.ami, Accepted: o.new.accepted, Container: o.new.container, Replace: o.new.replace,
	})
	return app, plan, err
}

// checkBake refuses flags that say twice, or not at all, where the image comes from.
func (o *cutoverOptions) checkBake() error {
	switch {
	case !o.bake.wanted && o.bake.file != "":
		return cli.Usagef("--bake-config is for --bake")
	case o.bake.wanted && o.new.ami != "":
		return cli.Usagef("--bake and --ami: each says which machine image the color gets; give one")
	case o.bake.wanted && o.new.container != "":
		return cli.Usagef("--bake and --image: the image that is baked in is that of amibake's configuration; give one")
	}
	return nil
}

// override puts the flags that were given over the configuration.
func (o *cutoverOptions) override(cmd *cobra.Command, r *bluegreen.RolloutConfig) error {
	given := cmd.Flags().Changed
	if given("strategy") {
		r.Strategy = o.strategy
	}
	if given("steps") {
		r.Steps = nil
		for text := range strings.SplitSeq(o.steps, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil {
				return cli.Usagef("--steps: %q is no whole number; write percents as 10,50", text)
			}
			r.Steps = append(r.Steps, n)
		}
	}
	if given("step") {
		r.Step = o.step
	}
	if given("interval") {
		r.Interval = config.Duration(o.interval)
	}
	if given("hold") {
		r.Hold = config.Duration(o.hold)
	}
	return nil
}
