// Package alarm finds CloudWatch alarms by what they watch.
package alarm

import (
	"context"
	"slices"
	"strings"

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

// Alarm is a metric alarm, as far as it says what it watches.
type Alarm struct {
	Name string
	dims []string // the values of all dimensions of its metrics
}

// Watches says whether one of the given values stands in a dimension of what the alarm watches.
func (a Alarm) Watches(values ...string) bool {
	return slices.ContainsFunc(a.dims, func(v string) bool { return slices.Contains(values, v) })
}

// List reads all metric alarms, by name.
func (c *Client) List(ctx context.Context) ([]Alarm, error) {
	var alarms []Alarm
	pages := cloudwatch.NewDescribeAlarmsPaginator(c.api, &cloudwatch.DescribeAlarmsInput{})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list the alarms")
		}
		for _, a := range out.MetricAlarms {
			alarms = append(alarms, fromSDK(a))
		}
	}
	slices.SortFunc(alarms, func(a, b Alarm) int { return strings.Compare(a.Name, b.Name) })
	return alarms, nil
}

func fromSDK(a types.MetricAlarm) Alarm {
	alarm := Alarm{Name: aws.ToString(a.AlarmName)}
	dimensions := slices.Clone(a.Dimensions)
	for _, m := range a.Metrics {
		if m.MetricStat != nil && m.MetricStat.Metric != nil {
			dimensions = append(dimensions, m.MetricStat.Metric.Dimensions...)
		}
	}
	for _, d := range dimensions {
		alarm.dims = append(alarm.dims, aws.ToString(d.Value))
	}
	return alarm
}
