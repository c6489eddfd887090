package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/agent"
	"bluegreen/internal/cli"
	"bluegreen/internal/version"
)

func newPull(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "pull",
		Short: "Fetch the configured image, and exit",
		Long: "pull fetches the image as run would: with the login of the instance's role, by digest. It is for baking machine images,\n" +
			"so that their instances serve as soon as they have booted. The last line on stdout is the image by digest.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return pull(cmd.Context(), e) },
	}
}

// tellEvery is how often progress is printed that is nothing but numbers.
const tellEvery = 5 * time.Second

func pull(ctx context.Context, e *env) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	var last time.Time
	got, err := agent.Pull(ctx, agent.Options{Paths: e.paths, Version: version.Version}, func(text string) {
		if time.Since(last) >= tellEvery {
			last = time.Now()
			fmt.Fprintln(e.Err, text)
		}
	})
	var config *agent.ConfigError
	if errors.As(err, &config) {
		return configFault(err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Out, "%s %s\n", got.Configured, got.Digest)
	return nil
}
