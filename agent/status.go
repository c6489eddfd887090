package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/agent/serve"
	"bluegreen/internal/agent/settings"
	"bluegreen/internal/cli"
	"bluegreen/internal/exit"
)

func newStatus(e *env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say how the app and the agent are",
		Long: "status asks the agent on this machine what it does, and why: the image and its digest, the health verdict and its age, the\n" +
			"state in the Auto Scaling group, the last errors. It ends with 1 if the app is not ready for traffic.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return status(cmd.Context(), e, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

// askLimit is how long the agent may take to answer. It answers from memory.
const askLimit = 5 * time.Second

func status(ctx context.Context, e *env, asJSON bool) error {
	s, err := settings.Load(e.paths)
	if err != nil {
		return configFault(err)
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	st, err := serve.Ask(ctx, s.Admin.Listen)
	if errors.Is(err, serve.ErrNoAgent) {
		return &exit.Problem{Code: exit.Failed, Err: err, Try: "journalctl -u bluegreen-agent"}
	}
	if err != nil {
		return err
	}
	if asJSON {
		if err := json.NewEncoder(e.Out).Encode(st); err != nil {
			return fmt.Errorf("print the status: %w", err)
		}
	} else {
		fmt.Fprint(e.Out, st.Text())
	}
	if !st.Health.Ready {
		return &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("the app is not ready for traffic: %s", st.Health.Status), Try: "journalctl -u bluegreen-agent"}
	}
	return nil
}
