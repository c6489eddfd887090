package agent

import (
	"context"

	"bluegreen/internal/aws/lifecycle"
	"bluegreen/internal/aws/metrics"
	"bluegreen/internal/aws/params"
	"bluegreen/internal/aws/registry"
	"bluegreen/internal/aws/secrets"
	"bluegreen/internal/aws/session"
)

// account is what the agent calls of AWS, with the instance's role.
type account struct {
	registry *registry.Client
	params   *params.Client
	secrets  *secrets.Client
	groups   *lifecycle.Client
	metrics  *metrics.Client
}

// connect makes the clients. On a machine that has no region it makes none: nothing that needs AWS can be configured there.
func connect(ctx context.Context, m machine) (*account, error) {
	if m.region == "" {
		return nil, nil
	}
	cfg, err := session.Load(ctx, session.Options{Instance: m.metadata, Region: m.region})
	if err != nil {
		return nil, err
	}
	return &account{
		registry: registry.New(cfg), params: params.New(cfg), secrets: secrets.New(cfg), groups: lifecycle.New(cfg), metrics: metrics.New(cfg),
	}, nil
}
