package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/cli"
	"bluegreen/internal/demo"
)

func newDemo(e *env) *cobra.Command {
	var o demo.Options
	var r runtimeOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show it all on this machine: deployments, a bad version, a rollback, and clients that never stop",
		Long: "demo runs an AWS account on this machine, with an app in it and clients that send requests without a pause, and\n" +
			"deploys one version after the other: a canary cutover, a bad version that is stopped, a rollback, a retirement. It\n" +
			"takes about a hundred seconds, and fails if a single request failed. With --runtime docker the first of these\n" +
			"versions is baked: an AMI is made of a plain Debian, as amibake makes it.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd, e, o, r) },
	}
	f := cmd.Flags()
	f.Float64Var(&o.Speed, "speed", 30, "how many `times` faster than on AWS the account's own delays pass, TTLs included")
	f.Uint64Var(&o.Seed, "seed", 1, "`seed` of the account's identifiers and random choices")
	r.flags(cmd)
	return cmd
}

func runDemo(cmd *cobra.Command, e *env, o demo.Options, r runtimeOptions) (err error) {
	if o.Speed < 1 || o.Speed > 1000 {
		return cli.Usagef("--speed: must be from 1 to 1000 (got %g)", o.Speed)
	}
	if o.Docker, err = r.docker(func(what string) { fmt.Fprintln(e.Err, what) }); err != nil {
		return err
	}
	o.View = demo.NewView(e.Streams, e.json)
	summary, err := demo.Run(cmd.Context(), o)
	if err == nil && summary.Failed > 0 {
		err = fmt.Errorf("%d of %d requests failed", summary.Failed, summary.Requests)
		for _, f := range summary.Failures {
			err = fmt.Errorf("%w\n%s %s", err, f.Ended.UTC().Format(time.RFC3339Nano), f.Text)
		}
	}
	if summary.Requests == 0 { // it never got under way
		return err
	}
	if !e.json {
		e.line("%s", summary.Text())
		return err
	}
	// The summary is the last line: what went wrong goes before it, and is not said again.
	if err != nil {
		err = &cli.ToldError{Code: cli.End(e.Streams, "switcher", true, err)}
	}
	if err := json.NewEncoder(e.Out).Encode(summary); err != nil {
		return fmt.Errorf("print the summary: %w", err)
	}
	return err
}
