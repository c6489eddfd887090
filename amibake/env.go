package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"time"

	"bluegreen/internal/aws"
	"bluegreen/internal/bake"
	"bluegreen/internal/bake/settings"
	"bluegreen/internal/cli"
	"bluegreen/internal/cli/progress"
)

// env is what all commands share: the streams, and the flags that stand before or after any of them.
type env struct {
	cli.Streams
	config string
	json   bool
}

// The environment variables that amibake reads beside those of the AWS SDK.
const (
	varConfig = "AMIBAKE_CONFIG" // the configuration file, where --config is not given
	varPoll   = "AMIBAKE_POLL"   // the pause between two looks at what takes minutes, e.g. "1s" in a sandbox
)

// open reads the configuration and connects to the account. It makes no call.
func (e *env) open(ctx context.Context) (*bake.Bakery, error) {
	file := e.config
	if set := os.Getenv(varConfig); set != "" && file == "amibake.toml" {
		file = set
	}
	s, err := settings.Load(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &cli.UsageError{Err: err, Try: "amibake --config FILE, or export AMIBAKE_CONFIG=FILE"}
	}
	if err != nil {
		return nil, &cli.UsageError{Err: err, Try: "$EDITOR " + file}
	}
	var poll time.Duration
	if text := os.Getenv(varPoll); text != "" {
		if poll, err = time.ParseDuration(text); err != nil || poll <= 0 {
			return nil, cli.Usagef("%s: must be a time span such as \"15s\" (got %q)", varPoll, text)
		}
	}
	cloud, err := aws.ConnectBakery(ctx, aws.Options{Region: s.Region})
	if err != nil {
		return nil, err
	}
	return &bake.Bakery{Settings: s, Cloud: cloud, Report: progress.New(e.Streams, e.json), Owner: owner(), Poll: poll}, nil
}

// owner names this process to people.
func owner() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s@%s pid %d", name, host, os.Getpid())
}

// object prints a result as JSON, in one line.
func (e *env) object(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	e.line("%s", text)
	return nil
}
