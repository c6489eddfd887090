// Package waf finds the web ACL that protects a load balancer.
package waf

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	GetWebACLForResource(context.Context, *wafv2.GetWebACLForResourceInput, ...func(*wafv2.Options)) (*wafv2.GetWebACLForResourceOutput, error)
}

// Client calls WAF.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{wafv2.NewFromConfig(cfg)} }

// Of is the ARN of the web ACL that protects a load balancer, or "". Who may not know gets awserr.ErrDenied.
func (c *Client) Of(ctx context.Context, balancerARN string) (acl string, err error) {
	out, err := c.api.GetWebACLForResource(ctx, &wafv2.GetWebACLForResourceInput{ResourceArn: &balancerARN})
	if err != nil {
		return "", awserr.Wrap(err, "read the web ACL of %s", balancerARN)
	}
	if out.WebACL == nil {
		return "", nil
	}
	return aws.ToString(out.WebACL.ARN), nil
}
