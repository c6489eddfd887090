package main

import (
	"github.com/spf13/cobra"

	"bluegreen/internal/version"
)

func newVersion(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			e.line("switcher %s", version.Version)
			return nil
		},
	}
}
