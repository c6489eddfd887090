// Package alarm finds CloudWatch alarms by what they watch.
package alarm

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
}

// Client calls CloudWatch.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{cloudwatch.NewFromConfig(cfg)} }

// About lists the metric alarms that have one of the given values in a dimension, by name.
func (c *Client) About(ctx context.Context, values ...string) ([]string, error) {
	var names []string
	pages := cloudwatch.NewDescribeAlarmsPaginator(c.api, &cloudwatch.DescribeAlarmsInput{})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list the alarms")
		}
		for _, a := range out.MetricAlarms {
			if watches(a, values) {
				names = append(names, aws.ToString(a.AlarmName))
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

func watches(a types.MetricAlarm, values []string) bool {
	dimensions := slices.Clone(a.Dimensions)
	for _, m := range a.Metrics {
		if m.MetricStat != nil && m.MetricStat.Metric != nil {
			dimensions = append(dimensions, m.MetricStat.Metric.Dimensions...)
		}
	}
	return slices.ContainsFunc(dimensions, func(d types.Dimension) bool { return slices.Contains(values, aws.ToString(d.Value)) })
}
