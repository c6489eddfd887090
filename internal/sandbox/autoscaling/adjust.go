package autoscaling

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/wire"
)

// executePolicy does what an alarm would have a policy do.
func (s *Service) executePolicy(_ context.Context, in *sdk.ExecutePolicyInput) (*sdk.ExecutePolicyOutput, error) {
	g, p, err := s.findPolicy(in.AutoScalingGroupName, in.PolicyName)
	if err != nil {
		return nil, err
	}
	var amount int32
	switch *p.PolicyType {
	case simpleScaling:
		if aws.ToBool(in.HonorCooldown) && s.coolingDown(g) {
			return nil, wire.Errorf("ScalingActivityInProgress", "A cooldown is in progress and blocks this action")
		}
		amount = *p.ScalingAdjustment
	case stepScaling:
		if in.MetricValue == nil || in.BreachThreshold == nil {
			return nil, invalid("MetricValue and BreachThreshold are required for policy type: StepScaling")
		}
		step, ok := stepFor(p.StepAdjustments, *in.MetricValue-*in.BreachThreshold)
		if !ok {
			return nil, invalid("There is no step adjustment for the metric value %v", *in.MetricValue)
		}
		amount = step
	default:
		return nil, invalid("A policy of type %s cannot be executed", *p.PolicyType)
	}
	desired := adjusted(g, p.ScalingPolicy, amount)
	s.setDesired(g, desired, "a user request executed policy "+*p.PolicyName)
	if *p.PolicyType == simpleScaling {
		g.scaledAt = s.Account.Now()
		g.cooldown = time.Duration(aws.ToInt32(cmp.Or(p.Cooldown, g.DefaultCooldown))) * time.Second
	}
	return &sdk.ExecutePolicyOutput{}, nil
}

// coolingDown says that a simple policy has scaled lately.
func (s *Service) coolingDown(g *group) bool {
	return !g.scaledAt.IsZero() && !s.passed(g.scaledAt, g.cooldown)
}

// stepFor is the adjustment of the step that a breach falls into.
func stepFor(steps []types.StepAdjustment, breach float64) (int32, bool) {
	for _, step := range steps {
		lower, upper := math.Inf(-1), math.Inf(1)
		if step.MetricIntervalLowerBound != nil {
			lower = *step.MetricIntervalLowerBound
		}
		if step.MetricIntervalUpperBound != nil {
			upper = *step.MetricIntervalUpperBound
		}
		if breach >= lower && breach < upper {
			return aws.ToInt32(step.ScalingAdjustment), true
		}
	}
	return 0, false
}

// adjusted is the desired capacity after an adjustment, within the group's bounds.
func adjusted(g *group, p types.ScalingPolicy, amount int32) int {
	desired := g.desired()
	switch *p.AdjustmentType {
	case exactCapacity:
		desired = int(amount)
	case percentChangeInCapacity:
		change := float64(desired) * float64(amount) / 100
		rounded := int(change) // towards zero, but at least one
		if rounded == 0 && change != 0 {
			rounded = int(math.Copysign(1, change))
		}
		if least := int(aws.ToInt32(p.MinAdjustmentMagnitude)); rounded != 0 && max(rounded, -rounded) < least {
			rounded = int(math.Copysign(float64(least), change))
		}
		desired += rounded
	default:
		desired += int(amount)
	}
	return min(max(desired, g.min()), g.max())
}
