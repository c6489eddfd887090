package balancer

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/aws/awserr"
)

func (c *Client) balancerAttributes(ctx context.Context, arn string) (map[string]string, error) {
	out, err := c.api.DescribeLoadBalancerAttributes(ctx, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &arn})
	if err != nil {
		return nil, awserr.Wrap(err, "read the attributes of %s", arn)
	}
	attrs := map[string]string{}
	for _, a := range out.Attributes {
		attrs[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	return attrs, nil
}

func (c *Client) groupAttributes(ctx context.Context, arn string) (map[string]string, error) {
	out, err := c.api.DescribeTargetGroupAttributes(ctx, &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: &arn})
	if err != nil {
		return nil, awserr.Wrap(err, "read the attributes of %s", arn)
	}
	attrs := map[string]string{}
	for _, a := range out.Attributes {
		attrs[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	return attrs, nil
}

func (c *Client) listenerAttributes(ctx context.Context, arn string) (map[string]string, error) {
	out, err := c.api.DescribeListenerAttributes(ctx, &elbv2.DescribeListenerAttributesInput{ListenerArn: &arn})
	if err != nil {
		return nil, awserr.Wrap(err, "read the attributes of %s", arn)
	}
	attrs := map[string]string{}
	for _, a := range out.Attributes {
		attrs[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	return attrs, nil
}

// differing are the keys of the wanted attributes that a new resource does not have already. Only those are set: AWS refuses
// some that do not go together even where they say what is so by default.
func differing(want, have map[string]string) []string {
	var keys []string
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if have[k] != want[k] {
			keys = append(keys, k)
		}
	}
	return keys
}

func (c *Client) setBalancerAttributes(ctx context.Context, arn string, want map[string]string) error {
	have, err := c.balancerAttributes(ctx, arn)
	if err != nil {
		return err
	}
	var attrs []types.LoadBalancerAttribute
	for _, k := range differing(want, have) {
		attrs = append(attrs, types.LoadBalancerAttribute{Key: aws.String(k), Value: aws.String(want[k])})
	}
	if len(attrs) == 0 {
		return nil
	}
	_, err = c.api.ModifyLoadBalancerAttributes(ctx, &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &arn, Attributes: attrs})
	return awserr.Wrap(err, "set the attributes of %s", arn)
}

func (c *Client) setGroupAttributes(ctx context.Context, arn string, want map[string]string) error {
	have, err := c.groupAttributes(ctx, arn)
	if err != nil {
		return err
	}
	var attrs []types.TargetGroupAttribute
	for _, k := range differing(want, have) {
		attrs = append(attrs, types.TargetGroupAttribute{Key: aws.String(k), Value: aws.String(want[k])})
	}
	if len(attrs) == 0 {
		return nil
	}
	_, err = c.api.ModifyTargetGroupAttributes(ctx, &elbv2.ModifyTargetGroupAttributesInput{TargetGroupArn: &arn, Attributes: attrs})
	return awserr.Wrap(err, "set the attributes of %s", arn)
}

func (c *Client) setListenerAttributes(ctx context.Context, arn string, want map[string]string) error {
	have, err := c.listenerAttributes(ctx, arn)
	if err != nil {
		return err
	}
	var attrs []types.ListenerAttribute
	for _, k := range differing(want, have) {
		attrs = append(attrs, types.ListenerAttribute{Key: aws.String(k), Value: aws.String(want[k])})
	}
	if len(attrs) == 0 {
		return nil
	}
	_, err = c.api.ModifyListenerAttributes(ctx, &elbv2.ModifyListenerAttributesInput{ListenerArn: &arn, Attributes: attrs})
	return awserr.Wrap(err, "set the attributes of %s", arn)
}
