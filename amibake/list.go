package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/cli"
)

func newList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the app's AMIs in all regions, newest first",
		Long:  "list prints the AMIs that amibake has made for the app, with what became of each, and marks those that are promoted.",
		Args:  cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			all, err := b.List(cmd.Context())
			if err != nil {
				return err
			}
			if e.json {
				for _, i := range all {
					if err := e.object(i); err != nil {
						return err
					}
				}
				return nil
			}
			if len(all) == 0 {
				e.line("there is no AMI of %s yet", b.Settings.App)
				return nil
			}
			w := tabwriter.NewWriter(e.Out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "AMI\tregion\tcreated\tstate\tstatus\tkey\tname\tpointer")
			for _, i := range all {
				fmt.Fprintln(w, strings.Join([]string{
					i.ID, i.Region, i.Created.Format(time.RFC3339), i.State, i.Status, i.Key[:min(8, len(i.Key))], i.Name, i.Pointer,
				}, "\t"))
			}
			return w.Flush()
		},
	}
}
