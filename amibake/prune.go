package main

import (
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/bake/prune"
	"bluegreen/internal/cli"
)

func newPrune(e *env) *cobra.Command {
	var apply, yes bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Say which old AMIs may go, and why the others may not; with --apply take them away",
		Long: "prune keeps the newest AMIs, young ones, and all that anything uses: instances, stopped ones too, versions of launch\n" +
			"templates, launch configurations, mixed instances policies, parameters, deployments that have not ended, and other\n" +
			"accounts. A version that bluegreen has made counts while it is the default or the latest, or something names it. What\n" +
			"cannot be found out counts as a use. The rest goes down a ladder, a rung a run: deprecated, disabled, deregistered with\n" +
			"its snapshots.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			pruner := b.Pruner()
			p, err := pruner.Plan(cmd.Context())
			if err != nil {
				return err
			}
			if e.json {
				text, err := p.JSON()
				if err != nil {
					return err
				}
				e.line("%s", text)
			} else if err := p.Write(e.Out); err != nil {
				return err
			}
			if !apply || p.Due() == 0 {
				return p.Err()
			}
			if err := cli.Confirm(e.Streams, yes, "Do this?"); err != nil {
				return err
			}
			begun := time.Now()
			_, err = pruner.Apply(cmd.Context(), p, func(s prune.Step) {
				if !e.json {
					e.line("%s", s)
				}
			})
			return e.result(b, begun, "", "pruned: "+p.Summary(), err)
		},
	}
	cmd.Flags().BoolVar(&apply, "apply", false, "do it")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}
