// Package session makes the SDK's configuration for a program that runs on an instance: what the environment does not say is
// the instance's, its region and its role. It knows no files, no profiles and no other ways to credentials. They would make a
// program another one depending on who starts it and where, and a megabyte and a half larger.
package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/smithy-go/logging"

	"bluegreen/internal/aws/call"
	"bluegreen/internal/aws/imds"
)

// Options says what differs from what the environment and the instance say. The zero value is that of a real instance.
type Options struct {
	// Instance is asked for the region and for the credentials of its role when the environment has none; a client of its own
	// when nil.
	Instance *imds.Client
	Region   string
	// HTTP replaces the SDK's own transport, e.g. by one that reaches an account inside this process.
	HTTP http.RoundTripper
	// Credentials replace those of the environment and of the instance.
	Credentials aws.CredentialsProvider
	// Endpoint replaces those of AWS; that of AWS_ENDPOINT_URL when empty.
	Endpoint string
}

// compressFrom is how large a request must be to be compressed, in bytes: the SDK's default, which is not that of its type.
const compressFrom = 10240

// Load makes a configuration. It asks the metadata service for the region if nothing else says it; credentials are asked for
// by the calls that need them.
func Load(ctx context.Context, o Options) (aws.Config, error) {
	env, err := config.NewEnvConfig()
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS configuration of this environment: %w", err)
	}
	if o.Instance == nil {
		o.Instance = imds.New(imds.Options{})
	}
	cfg := aws.Config{
		ConfigSources:               []any{env}, // AWS_ENDPOINT_URL_…, AWS_USE_FIPS_ENDPOINT and their like, which clients look up
		Retryer:                     call.Retryer,
		Logger:                      logging.Nop{}, // what goes wrong comes back as an error
		AppID:                       env.AppID,
		DisableRequestCompression:   aws.ToBool(env.DisableRequestCompression),
		RequestMinCompressSizeBytes: compressFrom,
		BaseEndpoint:                o.endpoint(env),
	}
	if cfg.Credentials, err = o.credentials(env); err != nil {
		return aws.Config{}, err
	}
	if cfg.HTTPClient, err = o.transport(env); err != nil {
		return aws.Config{}, err
	}
	if cfg.Region, err = o.region(ctx, env); err != nil {
		return aws.Config{}, err
	}
	return cfg, nil
}

func (o Options) endpoint(env config.EnvConfig) *string {
	switch {
	case o.Endpoint != "":
		return &o.Endpoint
	case env.BaseEndpoint != "" && !aws.ToBool(env.IgnoreConfiguredEndpoints):
		return &env.BaseEndpoint
	}
	return nil
}

func (o Options) region(ctx context.Context, env config.EnvConfig) (string, error) {
	if o.Region != "" {
		return o.Region, nil
	}
	if env.Region != "" {
		return env.Region, nil
	}
	identity, err := o.Instance.Identity(ctx)
	if err != nil {
		return "", fmt.Errorf("find the AWS region of this instance (AWS_REGION would say it, too): %w", err)
	}
	return identity.Region, nil
}

// refreshAhead is how long before the credentials of a role expire new ones are fetched. The instance has them by then.
const refreshAhead = 5 * time.Minute

func (o Options) credentials(env config.EnvConfig) (aws.CredentialsProvider, error) {
	switch {
	case o.Credentials != nil:
		return o.Credentials, nil
	case env.Credentials.HasKeys():
		return credentials.StaticCredentialsProvider{Value: env.Credentials}, nil
	}
	if err := elsewhere(env); err != nil {
		return nil, err
	}
	return aws.NewCredentialsCache(ec2rolecreds.New(o.Instance.Role), func(c *aws.CredentialsCacheOptions) { c.ExpiryWindow = refreshAhead }), nil
}

// elsewhere refuses an environment that means other credentials than those that would be used.
func elsewhere(env config.EnvConfig) error {
	var faults []error
	for _, v := range []struct{ name, value string }{
		{"AWS_PROFILE", env.SharedConfigProfile},
		{"AWS_CONFIG_FILE", env.SharedConfigFile},
		{"AWS_SHARED_CREDENTIALS_FILE", env.SharedCredentialsFile},
		{"AWS_WEB_IDENTITY_TOKEN_FILE", env.WebIdentityTokenFilePath},
		{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", env.ContainerCredentialsRelativePath},
		{"AWS_CONTAINER_CREDENTIALS_FULL_URI", env.ContainerCredentialsEndpoint},
	} {
		if v.value != "" {
			faults = append(faults, fmt.Errorf("%s is set: unset it, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; without them the role of the instance is used", v.name))
		}
	}
	return errors.Join(faults...)
}
