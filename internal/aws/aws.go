// Package aws connects the adapters of the AWS services, one per service and in our words, to an account.
package aws

import (
	"context"
	"fmt"
	"net/http"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"bluegreen/internal/aws/alarm"
	"bluegreen/internal/aws/balancer"
	"bluegreen/internal/aws/call"
	"bluegreen/internal/aws/dns"
	"bluegreen/internal/aws/group"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/metrics"
	"bluegreen/internal/aws/params"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/aws/waf"
)

// Options says which account to talk to. What is empty comes from the environment, as in the aws CLI.
type Options struct {
	Region string
	// HTTP replaces the SDK's own transport, e.g. by one that reaches an account inside this process.
	HTTP http.RoundTripper
	// Credentials replace those of the environment.
	Credentials sdk.CredentialsProvider
	// Endpoint replaces those of AWS.
	Endpoint string
}

// Account is all of an AWS account that we use.
type Account struct {
	Region    string
	DNS       *dns.Client
	Balancers *balancer.Client
	Groups    *group.Client
	Templates *template.Client
	Images    *image.Client
	Metrics   *metrics.Client
	Alarms    *alarm.Client
	Params    *params.Client
	WAF       *waf.Client
}

// Connect prepares an account's clients. It makes no call, and does not look at the environment for an account that o says
// all about.
func Connect(ctx context.Context, o Options) (*Account, error) {
	cfg, err := o.load(ctx)
	if err != nil {
		return nil, err
	}
	return &Account{
		Region: cfg.Region,
		DNS:    dns.New(cfg), Balancers: balancer.New(cfg), Groups: group.New(cfg), Templates: template.New(cfg),
		Images: image.New(cfg), Metrics: metrics.New(cfg), Alarms: alarm.New(cfg), Params: params.New(cfg), WAF: waf.New(cfg),
	}, nil
}

func (o Options) load(ctx context.Context) (sdk.Config, error) {
	cfg, err := o.config(ctx)
	if err != nil {
		return sdk.Config{}, fmt.Errorf("read the AWS configuration of this environment: %w", err)
	}
	if cfg.Region == "" {
		return sdk.Config{}, fmt.Errorf("no AWS region: set region in the configuration file, or AWS_REGION")
	}
	cfg.Logger = logging.Nop{} // what goes wrong comes back as an error
	cfg.APIOptions = append(cfg.APIOptions, call.RefuseLate)
	if o.HTTP != nil {
		cfg.HTTPClient = &http.Client{Transport: o.HTTP}
	}
	if o.Endpoint != "" {
		cfg.BaseEndpoint = &o.Endpoint
	}
	return cfg, nil
}

func (o Options) config(ctx context.Context) (sdk.Config, error) {
	if o.Region != "" && o.Credentials != nil && o.Endpoint != "" {
		return sdk.Config{Region: o.Region, Credentials: o.Credentials, Retryer: call.Retryer}, nil
	}
	return config.LoadDefaultConfig(ctx, config.WithRetryer(call.Retryer), config.WithHTTPClient(call.Transport()), func(l *config.LoadOptions) error {
		if o.Region != "" {
			l.Region = o.Region
		}
		l.Credentials = o.Credentials
		return nil
	})
}
