package aws

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"bluegreen/internal/aws/command"
	"bluegreen/internal/aws/group"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/instance"
	"bluegreen/internal/aws/metrics"
	"bluegreen/internal/aws/params"
	"bluegreen/internal/aws/references"
	"bluegreen/internal/aws/registry"
	"bluegreen/internal/aws/staging"
	"bluegreen/internal/aws/template"
)

// Bakery is all of an AWS account that images are made with, in one region.
type Bakery struct {
	Region     string
	Images     *image.Client
	Instances  *instance.Client
	Commands   *command.Client
	References *references.Client
	Groups     *group.Client
	Templates  *template.Client
	Params     *params.Client
	Registry   *registry.Client
	Staging    *staging.Client
	Metrics    *metrics.Client

	cfg sdk.Config
}

// ConnectBakery prepares the clients for making images, as Connect does for deploying them.
func ConnectBakery(ctx context.Context, o Options) (*Bakery, error) {
	cfg, err := o.load(ctx)
	if err != nil {
		return nil, err
	}
	return bakery(cfg), nil
}

func bakery(cfg sdk.Config) *Bakery {
	return &Bakery{
		Region: cfg.Region,
		Images: image.New(cfg), Instances: instance.New(cfg), Commands: command.New(cfg), References: references.New(cfg), Groups: group.New(cfg),
		Templates: template.New(cfg), Params: params.New(cfg), Registry: registry.New(cfg), Staging: staging.New(cfg), Metrics: metrics.New(cfg),
		cfg: cfg,
	}
}

// In is the same account in another region.
func (b *Bakery) In(region string) *Bakery {
	if region == b.Region {
		return b
	}
	cfg := b.cfg.Copy()
	cfg.Region = region
	return bakery(cfg)
}
