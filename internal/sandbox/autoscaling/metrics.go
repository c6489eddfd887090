package autoscaling

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

const granularity = "1Minute"

// groupMetrics are all metrics that a group can be asked to publish.
var groupMetrics = []string{
	"GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupStandbyInstances",
	"GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity", "GroupPendingCapacity", "GroupStandbyCapacity",
	"GroupTerminatingCapacity", "GroupTotalCapacity", "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity",
	"WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
}

// namedMetrics checks the names; none means all.
func namedMetrics(names []string) ([]string, error) {
	if len(names) == 0 {
		return groupMetrics, nil
	}
	for _, name := range names {
		if !slices.Contains(groupMetrics, name) {
			return nil, invalid("Metric '%s' is not valid: it must be one of %v", name, groupMetrics)
		}
	}
	return names, nil
}

func (s *Service) enableMetrics(_ context.Context, in *sdk.EnableMetricsCollectionInput) (*sdk.EnableMetricsCollectionOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if aws.ToString(in.Granularity) != granularity {
		return nil, invalid("Invalid granularity '%s': the only valid value is %s", aws.ToString(in.Granularity), granularity)
	}
	names, err := namedMetrics(in.Metrics)
	if err != nil {
		return nil, err
	}
	enabled := slices.DeleteFunc(slices.Clone(g.EnabledMetrics), func(m types.EnabledMetric) bool { return slices.Contains(names, *m.Metric) })
	for _, name := range names {
		enabled = append(enabled, types.EnabledMetric{Metric: aws.String(name), Granularity: aws.String(granularity)})
	}
	g.EnabledMetrics = enabled
	return &sdk.EnableMetricsCollectionOutput{}, nil
}

func (s *Service) disableMetrics(_ context.Context, in *sdk.DisableMetricsCollectionInput) (*sdk.DisableMetricsCollectionOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	names, err := namedMetrics(in.Metrics)
	if err != nil {
		return nil, err
	}
	g.EnabledMetrics = slices.DeleteFunc(slices.Clone(g.EnabledMetrics), func(m types.EnabledMetric) bool {
		return slices.Contains(names, *m.Metric)
	})
	return &sdk.DisableMetricsCollectionOutput{}, nil
}
