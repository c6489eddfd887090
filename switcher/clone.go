package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/cli"
	"bluegreen/internal/traffic"
)

// cloneOptions are the flags of clone.
type cloneOptions struct {
	to  string
	new imageOptions
	yes bool
}

func newClone(e *env) *cobra.Command {
	o := &cloneOptions{}
	cmd := &cobra.Command{
		Use:   "clone --to COLOR {--ami IMAGE | --image REFERENCE}",
		Short: "Make the other color from the live one, with another image",
		Long: "clone copies the live stack: load balancer with listeners, rules, certificates and attributes, target groups, launch\n" +
			"template, Auto Scaling group with hooks, policies and tags. The copy has no instances and no traffic. Then both are\n" +
			"described and compared field by field. What cannot be copied yet stops it, unless its loss is accepted by name.\n" +
			"A color that stands without instances gets a new version of its launch template instead.",
		Example: "  switcher clone --to green --ami ami-0123456789abcdef0",
		Args:    cli.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runClone(cmd, e, o) },
	}
	cmd.Flags().StringVar(&o.to, "to", "", "`color` that is made: blue or green")
	o.new.addFlags(cmd)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	return cmd
}

func runClone(cmd *cobra.Command, e *env, o *cloneOptions) error {
	if o.to == "" || !o.new.given() {
		return cli.Usagef("--to, and --ami or --image, are needed: the color that is made, and the image that it runs")
	}
	to, err := traffic.ParseColor(o.to)
	if err != nil {
		return &cli.UsageError{Err: fmt.Errorf("--to: %w", err)}
	}
	app, err := e.open(cmd.Context())
	if err != nil {
		return err
	}
	plan, err := app.PlanClone(cmd.Context(), bluegreen.CloneOptions{
		To: to, Image: o.new.ami, Accepted: o.new.accepted, Container: o.new.container, Replace: o.new.replace,
	})
	if err != nil {
		return err
	}
	if e.InTTY && !o.yes {
		printPlan(e, plan)
	}
	if err := cli.Confirm(e.Streams, o.yes, fmt.Sprintf("Make %s of %s from the live stack?", to, app.Config.App)); err != nil {
		return err
	}
	return app.Clone(cmd.Context(), plan)
}
