// Package metrics reads and writes CloudWatch metrics.
package metrics

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	GetMetricData(context.Context, *cloudwatch.GetMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error)
	PutMetricData(context.Context, *cloudwatch.PutMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricDataOutput, error)
}

// Client calls CloudWatch.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{cloudwatch.NewFromConfig(cfg)} }

// Query asks for one statistic of one metric.
type Query struct {
	Namespace  string
	Name       string
	Dimensions map[string]string
	Stat       string        // "Sum", "Average", "p99" …
	Period     time.Duration // of a datapoint; load balancers have one a minute
}

// Point is a datapoint.
type Point struct {
	Time  time.Time // the begin of its period
	Value float64
}

// Read answers queries over [start, end), in their order; each in order of time. A query without data is empty: no traffic
// and no data look alike.
func (c *Client) Read(ctx context.Context, start, end time.Time, queries ...Query) ([][]Point, error) {
	in := &cloudwatch.GetMetricDataInput{StartTime: &start, EndTime: &end, ScanBy: types.ScanByTimestampAscending}
	index := map[string]int{}
	for i, q := range queries {
		id := fmt.Sprintf("q%d", i)
		index[id] = i
		in.MetricDataQueries = append(in.MetricDataQueries, types.MetricDataQuery{Id: &id, MetricStat: stat(q)})
	}
	points := make([][]Point, len(queries))
	pages := cloudwatch.NewGetMetricDataPaginator(c.api, in)
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "read %s of %s", queries[0].Name, queries[0].Namespace)
		}
		for _, r := range out.MetricDataResults {
			i := index[aws.ToString(r.Id)]
			if kind := trouble[r.StatusCode]; kind != nil {
				return nil, fmt.Errorf("read %s of %s: CloudWatch says %s: %w", queries[i].Name, queries[i].Namespace, r.StatusCode, kind)
			}
			for j := range r.Timestamps {
				points[i] = append(points[i], Point{Time: r.Timestamps[j], Value: r.Values[j]})
			}
		}
	}
	return points, nil
}

// trouble is in an answer that has no data for another reason than that there is none.
var trouble = map[types.StatusCode]error{
	types.StatusCodeInternalError: awserr.ErrUnreachable,
	types.StatusCodeForbidden:     awserr.ErrDenied,
}

func stat(q Query) *types.MetricStat {
	m := &types.Metric{Namespace: &q.Namespace, MetricName: &q.Name}
	for name, value := range q.Dimensions {
		m.Dimensions = append(m.Dimensions, types.Dimension{Name: aws.String(name), Value: aws.String(value)})
	}
	return &types.MetricStat{Metric: m, Stat: &q.Stat, Period: aws.Int32(int32(q.Period / time.Second))}
}

// Sum adds up the values of a series.
func Sum(points []Point) float64 {
	total := 0.0
	for _, p := range points {
		total += p.Value
	}
	return total
}
