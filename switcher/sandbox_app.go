package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/imds"
	"bluegreen/internal/cli"
	"bluegreen/internal/demo/lab"
	"bluegreen/internal/sandbox/app"
	"bluegreen/internal/sandbox/stack"
)

// newSandboxApp is what the container images of a sandbox run. It is no command for people.
func newSandboxApp(e *env) *cobra.Command {
	return &cobra.Command{
		Use: lab.AppArguments, Hidden: true, Args: cli.NoArgs,
		Short: "Be the app on an instance of a sandbox",
		Long:  "sandbox-app is the app that the container images of a sandbox consist of. Its environment says how it behaves.",
		RunE:  func(cmd *cobra.Command, _ []string) error { return runSandboxApp(cmd.Context(), e) },
	}
}

func runSandboxApp(ctx context.Context, e *env) error {
	speed := 1.0
	if text := os.Getenv(stack.SpeedVariable); text != "" {
		var err error
		if speed, err = strconv.ParseFloat(text, 64); err != nil {
			return fmt.Errorf("%s: %w", stack.SpeedVariable, err)
		}
	}
	metadata := imds.New(imds.Options{})
	return app.Process{
		Version: os.Getenv(stack.VersionVariable), Behavior: os.Getenv(stack.BehaviorVariable), Speed: speed,
		Identity: func(ctx context.Context) (id, color string, err error) {
			identity, err := metadata.Identity(ctx)
			if err != nil {
				return "", "", err
			}
			tags, err := metadata.Tags(ctx)
			if errors.Is(err, awserr.ErrNotFound) { // it is of no colour: an instance on which an image is tested
				err = nil
			}
			return identity.InstanceID, tags[app.ColorTag], err
		},
		Log: func(format string, args ...any) {
			fmt.Fprintln(e.Err, time.Now().UTC().Format(time.RFC3339Nano), fmt.Sprintf(format, args...))
		},
	}.Run(ctx)
}
