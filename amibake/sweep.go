package main

import (
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/bake/sweep"
	"bluegreen/internal/cli"
)

func newSweep(e *env) *cobra.Command {
	var apply, yes bool
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Say what dead runs have left behind; with --apply take it away",
		Long: "sweep looks for builders and test instances past their time, AMIs that were never proven, snapshots without an AMI and\n" +
			"staged files, by the tags that all of them carry from the moment they are there. What belongs to a run that lives,\n" +
			"or may be gone on with, is not touched.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			sweeper := b.Sweeper()
			p, err := sweeper.Plan(cmd.Context())
			if err != nil {
				return err
			}
			if e.json {
				if err := e.object(p); err != nil {
					return err
				}
			} else if err := p.Write(e.Out); err != nil {
				return err
			}
			if !apply || p.Due() == 0 {
				return p.Err()
			}
			if err := cli.Confirm(e.Streams, yes, "Remove these?"); err != nil {
				return err
			}
			begun := time.Now()
			_, err = sweeper.Apply(cmd.Context(), p, func(s sweep.Step) {
				if !e.json {
					e.line("%s", s)
				}
			})
			return e.result(b, begun, "", "swept", err)
		},
	}
	cmd.Flags().BoolVar(&apply, "apply", false, "do it")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}
