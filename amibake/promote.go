package main

import (
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/cli"
)

func newPromote(e *env) *cobra.Command {
	var back, yes bool
	cmd := &cobra.Command{
		Use:   "promote AMI | --rollback",
		Short: "Copy an AMI to all regions, share it, and name it in Parameter Store, in this order",
		Long: "promote hands a proven AMI out. The pointer moves last: whoever follows it finds an AMI that is there. What it named\n" +
			"before is kept beside it, and --rollback moves it back to that.",
		Args: func(cmd *cobra.Command, args []string) error {
			if back {
				return cli.NoArgs(cmd, args)
			}
			return oneImage(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			begun := time.Now()
			if back {
				if err := cli.Confirm(e.Streams, yes, "Move "+b.Settings.Promote.Parameter+" back?"); err != nil {
					return err
				}
				id, err := b.PromoteBack(cmd.Context())
				return e.result(b, begun, id, b.Settings.Promote.Parameter+" is "+id+" again", err)
			}
			if err := cli.Confirm(e.Streams, yes, "Promote "+args[0]+"?"); err != nil {
				return err
			}
			err = b.Promote(cmd.Context(), args[0])
			return e.result(b, begun, args[0], b.Settings.Promote.Parameter+" is "+args[0], err)
		},
	}
	cmd.Flags().BoolVar(&back, "rollback", false, "move the pointer back to what it named before")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}
