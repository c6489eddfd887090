package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"

	"bluegreen/internal/aws"
	"bluegreen/internal/bluegreen"
	"bluegreen/internal/cli"
	"bluegreen/internal/cli/progress"
	"bluegreen/internal/resolve"
)

// env is what all commands share: the streams, and the flags that stand before or after any of them.
type env struct {
	cli.Streams
	config string
	json   bool
}

// The environment variables that switcher reads beside those of the AWS SDK.
const (
	varConfig   = "BLUEGREEN_CONFIG"   // the configuration file, where --config is not given
	varResolver = "BLUEGREEN_RESOLVER" // address of the resolver; its port is also that of the name servers
)

// open reads the configuration and connects to the account. It makes no call if the configuration has the zone's id.
func (e *env) open(ctx context.Context) (*bluegreen.App, error) {
	file := e.configFile()
	cfg, err := bluegreen.LoadConfig(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &cli.UsageError{Err: err, Try: "switcher --config FILE, or export BLUEGREEN_CONFIG=FILE; without an account: switcher sandbox"}
	}
	if err != nil {
		return nil, &cli.UsageError{Err: err, Try: "$EDITOR " + file}
	}
	resolver, err := e.resolver(cfg)
	if err != nil {
		return nil, err
	}
	cloud, err := aws.Connect(ctx, aws.Options{Region: cfg.Region})
	if err != nil {
		return nil, err
	}
	app := &bluegreen.App{
		Config: cfg, Cloud: cloud, Resolver: resolve.Client{Resolver: resolver},
		Report: progress.New(e.Streams, e.json), Owner: owner(),
	}
	return app, app.Open(ctx)
}

// configFile is where the configuration is.
func (e *env) configFile() string {
	if set := os.Getenv(varConfig); set != "" && e.config == "bluegreen.toml" {
		return set
	}
	return e.config
}

// resolver is the address of the recursive resolver.
func (e *env) resolver(cfg bluegreen.Config) (string, error) {
	for _, addr := range []string{os.Getenv(varResolver), cfg.DNS.Resolver} {
		if addr != "" {
			return addr, nil
		}
	}
	return resolve.System()
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
