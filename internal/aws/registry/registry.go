// Package registry knows the hosts of ECR's private registries. It gets tokens for them, and says what their tags stand for.
package registry

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/sealed"
)

type api interface {
	BatchGetImage(context.Context, *ecr.BatchGetImageInput, ...func(*ecr.Options)) (*ecr.BatchGetImageOutput, error)
	GetAuthorizationToken(context.Context, *ecr.GetAuthorizationTokenInput, ...func(*ecr.Options)) (*ecr.GetAuthorizationTokenOutput, error)
}

// Client calls ECR.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{ecr.NewFromConfig(cfg)} }

// Token is a login for every registry of a region that the caller's role may use, whosever account it is in.
type Token struct {
	User     string
	Password sealed.Text
	Expires  time.Time // about 12 hours after it was asked for
}

// Token gets a token for a registry from the registry's own region.
func (c *Client) Token(ctx context.Context, r Registry) (Token, error) {
	// The accounts of registries are not named: that is deprecated, and changes nothing about what a token is good for.
	out, err := c.api.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{}, r.endpoint)
	if err != nil {
		return Token{}, awserr.Wrap(err, "get an ECR token in %s", r.Region)
	}
	if len(out.AuthorizationData) == 0 {
		return Token{}, fmt.Errorf("get an ECR token in %s: ECR answered without one", r.Region)
	}
	token, err := parse(out.AuthorizationData[0])
	if err != nil {
		return Token{}, fmt.Errorf("get an ECR token in %s: %w", r.Region, err)
	}
	return token, nil
}

// endpoint sends a call where the registry is.
func (r Registry) endpoint(o *ecr.Options) {
	o.Region = r.Region
	if o.BaseEndpoint != nil {
		return // the SDK refuses kinds of an endpoint that is given
	}
	if r.FIPS {
		o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	if r.DualStack {
		o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
	}
}

// parse reads what ECR gives as user:password in base64. No error says anything of the token.
func parse(d types.AuthorizationData) (Token, error) {
	plain, err := base64.StdEncoding.DecodeString(aws.ToString(d.AuthorizationToken))
	if err != nil {
		return Token{}, fmt.Errorf("the token is not base64")
	}
	user, password, found := strings.Cut(string(plain), ":")
	if !found || user == "" || password == "" {
		return Token{}, fmt.Errorf("the token is not a user and a password")
	}
	return Token{User: user, Password: sealed.New(password), Expires: aws.ToTime(d.ExpiresAt)}, nil
}
