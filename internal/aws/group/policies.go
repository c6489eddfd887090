package group

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/facts"
)

// PolicyCopy says in what the policies of a new group differ from those of its blueprint.
type PolicyCopy struct {
	Group  string
	Rename func(string) string
	Labels map[string]string // resource label of the source's load balancer → of the copy's
}

// CopyPolicies gives a new group the scaling policies that look at nothing but the group itself.
func (c *Client) CopyPolicies(ctx context.Context, b Blueprint, cp PolicyCopy) error {
	return c.copyPolicies(ctx, b, cp, func(p types.ScalingPolicy) bool { return label(p) == "" && unsupported(p, nil) == "" })
}

// TrackRequests gives a new group the scaling policies that follow the requests of its load balancer. The load balancer must
// send them to the group's target groups already.
func (c *Client) TrackRequests(ctx context.Context, b Blueprint, cp PolicyCopy) error {
	return c.copyPolicies(ctx, b, cp, func(p types.ScalingPolicy) bool { return cp.Labels[label(p)] != "" })
}

func (c *Client) copyPolicies(ctx context.Context, b Blueprint, cp PolicyCopy, wanted func(types.ScalingPolicy) bool) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, p := range b.policies {
		if wanted(p) {
			all.Go(func() error { return c.copyPolicy(ctx, p, cp) })
		}
	}
	return all.Wait()
}

// notTracking are settings that Auto Scaling takes with policies of other types only.
var notTracking = []string{
	"AdjustmentType", "Cooldown", "MetricAggregationType", "MinAdjustmentMagnitude", "MinAdjustmentStep", "ScalingAdjustment",
	"StepAdjustments", "PredictiveScalingConfiguration",
}

func (c *Client) copyPolicy(ctx context.Context, p types.ScalingPolicy, cp PolicyCopy) error {
	in := &autoscaling.PutScalingPolicyInput{}
	facts.Copy(in, p, notTracking...)
	in.AutoScalingGroupName, in.PolicyName = &cp.Group, aws.String(cp.Rename(aws.ToString(p.PolicyName)))
	if to := cp.Labels[label(p)]; to != "" {
		in.TargetTrackingConfiguration.PredefinedMetricSpecification.ResourceLabel = &to
	}
	_, err := c.api.PutScalingPolicy(ctx, in)
	return awserr.Wrap(err, "create scaling policy %s", aws.ToString(in.PolicyName))
}
