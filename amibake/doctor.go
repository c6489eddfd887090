package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/bake"
	"bluegreen/internal/cli"
	"bluegreen/internal/config"
	"bluegreen/internal/exit"
)

func newDoctor(e *env) *cobra.Command {
	var within time.Duration
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what has gone wrong while nobody looked: a timer that is silent, a run that died, a bad pointer",
		Long: "doctor looks whether a bake has succeeded lately (one that found nothing to do is a success), whether a run is nobody's,\n" +
			"what dead runs have left, whether the pointer names a proven AMI that can be launched, whether the newest one is handed\n" +
			"out, whether all inputs are there, and whether a prune could see all that uses AMIs. Each finding is a line with the\n" +
			"next thing to type. What cannot be looked at, for want of a permission say, is a finding, too. It changes nothing. It\n" +
			"ends with 1 if it has found anything: run it from another machine than the timer's, or from a monitor.",
		Example: "  amibake doctor\n  amibake doctor --last-success 3h   # of a timer that looks every hour",
		Args:    cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if within < bake.MinLastSuccess || within > bake.MaxLastSuccess {
				return cli.Usagef("--last-success: must be from %s to %s (got %s)", bake.MinLastSuccess, bake.MaxLastSuccess, within)
			}
			b, err := e.open(cmd.Context())
			var faults *config.Faults
			if errors.As(err, &faults) {
				return e.findings(faults.File, configFindings(faults))
			}
			if err != nil {
				return err
			}
			found, err := b.Doctor(cmd.Context(), within)
			if err != nil {
				return err
			}
			return e.findings(b.Settings.App, found)
		},
	}
	cmd.Flags().DurationVar(&within, "last-success", 26*time.Hour, "how `long` ago the last successful bake may be")
	return cmd
}

// configFindings are the faults of a configuration. Nothing else can be looked at with it.
func configFindings(faults *config.Faults) []bake.Finding {
	var found []bake.Finding
	for _, f := range faults.Faults {
		found = append(found, bake.Finding{Check: "configuration", Text: f.String(), Try: "$EDITOR " + faults.File})
	}
	return found
}

// findings prints what a doctor has found, and fails if that is anything.
func (e *env) findings(of string, found []bake.Finding) error {
	for _, f := range found {
		if !e.json {
			e.line("%s: %s\n  try: %s", f.Check, f.Text, f.Try)
			continue
		}
		err := e.object(struct {
			Event string `json:"event"`
			bake.Finding
		}{"finding", f})
		if err != nil {
			return err
		}
	}
	switch {
	case len(found) == 1:
		return &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("%s: 1 finding", of)}
	case len(found) > 1:
		return &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("%s: %d findings", of, len(found))}
	case e.json:
		return e.object(struct {
			Event string `json:"event"`
			App   string `json:"app"`
			Text  string `json:"text"`
		}{"result", of, "nothing found"})
	}
	e.line("%s: all is well", of)
	return nil
}
