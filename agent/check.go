package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"bluegreen/internal/agent/settings"
	"bluegreen/internal/cli"
	"bluegreen/internal/config"
	"bluegreen/internal/exit"
)

func newCheck(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check the configuration, and change nothing",
		Long: "check reads the configuration as run does, and reports all faults at once, each with its path and value. It also lists\n" +
			"in what the configuration makes the container less hardened than it would be, and what was probably not meant.\n" +
			"What the instance's tags bring is not known here.",
		Args: cli.NoArgs,
		RunE: func(*cobra.Command, []string) error { return check(e) },
	}
}

func check(e *env) error {
	s, err := settings.Load(e.paths)
	if err != nil {
		var faults *config.Faults
		if errors.As(err, &faults) {
			return &exit.Problem{Code: codeConfig, Err: err}
		}
		return &exit.Problem{Code: codeConfig, Err: err, Try: "ls -l " + e.paths.File + " " + e.paths.Dir}
	}
	for _, list := range []struct {
		title string
		lines []string
	}{
		{"passed over", s.Notes}, {"less hardened than by default", settings.Loosened(s)}, {"probably not meant", settings.Doubts(s)},
	} {
		if len(list.lines) == 0 {
			continue
		}
		fmt.Fprintf(e.Out, "%s:\n", list.title)
		for _, line := range list.lines {
			fmt.Fprintf(e.Out, "  %s\n", line)
		}
	}
	fmt.Fprintln(e.Out, "the configuration is valid")
	return nil
}
