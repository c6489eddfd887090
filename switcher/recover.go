package main

import (
	"github.com/spf13/cobra"

	"bluegreen/internal/cli"
)

func newResume(e *env) *cobra.Command {
	var bake bakeOptions
	cmd := &cobra.Command{
		Use:   "resume",
		Short: "Go on with a deployment whose process is gone",
		Long: "resume takes over the deployment that is under way and goes on at the step where it was cut off. It listens for\n" +
			"a heartbeat first: a deployment whose process lives is left to it.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			app, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			e.bakes(app, &bake, "switcher resume --bake-config FILE, or switcher rollback")
			return app.Resume(cmd.Context())
		},
	}
	bake.addFlag(cmd)
	return cmd
}

func newRollback(e *env) *cobra.Command {
	var yes, now bool
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Give all traffic back to the color that had it before",
		Long: "rollback works from any state and any machine, and asks no other process. While the old color is held at capacity\n" +
			"one read and one write bring the weights back; later its capacity and health come first. Then it puts back what the\n" +
			"deployment pinned. The color that is left keeps its instances until it is retired.\n\n" +
			"With --now all traffic goes to the old color with what is healthy of it at this moment, be it too little: for a color\n" +
			"that serves errors only, or capacity that does not come.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			app, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			if err := cli.Confirm(e.Streams, yes, "Roll "+app.Config.App+" back?"); err != nil {
				return err
			}
			e.bakes(app, &bakeOptions{}, "")
			if now {
				return app.RollbackNow(cmd.Context())
			}
			return app.Rollback(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&now, "now", false, "do not wait for the old color's capacity")
	return cmd
}

func newRetire(e *env) *cobra.Command {
	var yes bool
	var standby int
	cmd := &cobra.Command{
		Use:   "retire",
		Short: "Scale down the color that serves nobody, once its clients have left",
		Long: "retire sends probes of its own to the load balancer of the color without traffic; when the balancer's request count\n" +
			"has shown them and little else for a quiet span, it scales the color down. Without that proof the color stays.\n\n" +
			"A request counts once, when it is routed: a WebSocket, a stream or an upload that lasts for longer than drain.quiet is\n" +
			"not seen, and ends with the deregistration delay of its target group. Set drain.quiet to the longest that you have.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if standby < 0 {
				return cli.Usagef("--standby: must be at least 0 (got %d)", standby)
			}
			app, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			plan, err := app.PlanRetire(cmd.Context(), standby)
			if err != nil {
				return err
			}
			if e.InTTY && !yes {
				printPlan(e, plan)
			}
			if err := cli.Confirm(e.Streams, yes, "Retire "+string(plan.State.To.Other())+"?"); err != nil {
				return err
			}
			return app.Retire(cmd.Context(), plan)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().IntVar(&standby, "standby", 0, "`instances` that stay")
	return cmd
}
