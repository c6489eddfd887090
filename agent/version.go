package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bluegreen/internal/version"
)

func newVersion(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Long: "version prints the version of the agent.", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(e.Out, "%s %s\n", program, version.Version)
			return nil
		},
	}
}
