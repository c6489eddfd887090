package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"bluegreen/internal/agent"
	"bluegreen/internal/cli"
	"bluegreen/internal/version"
)

func newRun(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run in the foreground, as the systemd unit does",
		Long: "run owns the container until it is asked to end by SIGTERM or Ctrl-C. The container stays as it is, so that the agent\n" +
			"can be restarted and upgraded at any time; only when the machine shuts down is it drained and stopped. SIGHUP has it ask\n" +
			"anew what the image's tag stands for.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAgent(cmd.Context(), e) },
	}
}

func runAgent(ctx context.Context, e *env) error {
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(terminate)
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	err := agent.Run(ctx, agent.Options{
		Paths: e.paths, Version: version.Version, Log: newLog(e), Terminate: terminate, Reload: reload,
	})
	var config *agent.ConfigError
	if errors.As(err, &config) {
		return configFault(err)
	}
	return err
}

// newLog writes JSON to the journal, and text to people.
func newLog(e *env) *slog.Logger {
	if e.ErrTTY {
		return slog.New(slog.NewTextHandler(e.Err, nil))
	}
	return slog.New(slog.NewJSONHandler(e.Err, nil))
}
