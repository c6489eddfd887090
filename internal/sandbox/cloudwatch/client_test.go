package cloudwatch

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"
	"github.com/aws/smithy-go/transport/http/protocol/rpcv2"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/metrics"
	"bluegreen/internal/sandbox/wire"
)

// protocols are those that clients of CloudWatch speak.
var protocols = map[string]smithyhttp.ClientProtocol{
	"CBOR":  rpcv2.NewCBOR(schemas.GraniteServiceVersion20100801),
	"query": awsquery.New(schemas.GraniteServiceVersion20100801),
	"JSON":  awsjson.New10(schemas.GraniteServiceVersion20100801),
}

// throughTheSDK runs a test with the SDK's client, once for each protocol.
func throughTheSDK(t *testing.T, test func(t *testing.T, b *bench, c *sdk.Client)) {
	for name, protocol := range protocols {
		t.Run(name, func(t *testing.T) {
			inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
				test(t, b, sdk.New(sdk.Options{
					Region: b.acct.Region, BaseEndpoint: aws.String("http://sandbox"), Retryer: aws.NopRetryer{}, Protocol: protocol,
					Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
					HTTPClient:  &http.Client{Transport: wire.Transport(wire.NewFront(b.acct, b.API()))},
				}))
			})
		})
	}
}

func TestDataThroughTheSDK(t *testing.T) {
	throughTheSDK(t, func(t *testing.T, b *bench, c *sdk.Client) {
		b.fill()
		if _, err := c.PutMetricData(t.Context(), &sdk.PutMetricDataInput{
			Namespace: aws.String("app"),
			MetricData: []types.MetricDatum{{
				MetricName: aws.String("jobs"), Timestamp: b.ptr(60), Values: []float64{1, 2}, Counts: []float64{3, 1}, Dimensions: dims("queue", "q"),
			}},
		}); err != nil {
			t.Fatal(err)
		}
		jobs := types.MetricDataQuery{Id: aws.String("jobs"), MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: aws.String("app"), MetricName: aws.String("jobs"), Dimensions: dims("queue", "q")},
			Period: aws.Int32(60), Stat: aws.String("Sum"),
		}}
		pages := sdk.NewGetMetricDataPaginator(c, &sdk.GetMetricDataInput{
			StartTime: b.ptr(0), EndTime: b.ptr(240), MaxDatapoints: aws.Int32(2),
			MetricDataQueries: []types.MetricDataQuery{metric("m1", "RequestCount", "Sum"), hidden(metric("m2", "RequestCount", "Sum")), jobs},
		})
		var got [][]answered
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, b.answers(page))
		}
		want := [][]answered{
			{{"m1", "RequestCount", "PartialData", []int{2, 1}, []float64{2, 2}}},
			{{"m1", "RequestCount", "Complete", []int{0}, []float64{2}}, {"jobs", "jobs", "Complete", []int{1}, []float64{5}}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestListsThroughTheSDK(t *testing.T) {
	throughTheSDK(t, func(t *testing.T, b *bench, c *sdk.Client) {
		b.fill()
		b.addAlarms()
		listed, err := c.ListMetrics(t.Context(), &sdk.ListMetricsInput{MetricName: aws.String("RequestCount")})
		if err != nil {
			t.Fatal(err)
		}
		want := []types.Metric{{Namespace: aws.String(namespace), MetricName: aws.String("RequestCount"), Dimensions: dims("LoadBalancer", "app/blue/1")}}
		if diff := cmp.Diff(want, listed.Metrics, exported); diff != "" {
			t.Error(diff)
		}
		alarms, err := c.DescribeAlarms(t.Context(), &sdk.DescribeAlarmsInput{StateValue: types.StateValueAlarm})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"errors"}, names(alarms.MetricAlarms)); diff != "" {
			t.Error(diff)
		}
		statistics, err := c.GetMetricStatistics(t.Context(), &sdk.GetMetricStatisticsInput{
			Namespace: aws.String(namespace), MetricName: aws.String("RequestCount"), Dimensions: dims("LoadBalancer", "app/blue/1"),
			StartTime: b.ptr(0), EndTime: b.ptr(60), Period: aws.Int32(60), ExtendedStatistics: []string{"p50"},
		})
		if err != nil {
			t.Fatal(err)
		}
		points := []types.Datapoint{{Timestamp: b.ptr(0), Unit: types.StandardUnitCount, ExtendedStatistics: map[string]float64{"p50": 1}}}
		if diff := cmp.Diff(points, statistics.Datapoints, exported); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRefusalsThroughTheSDK(t *testing.T) {
	throughTheSDK(t, func(t *testing.T, b *bench, c *sdk.Client) {
		_, err := c.PutMetricData(t.Context(), &sdk.PutMetricDataInput{
			Namespace: aws.String("AWS/ApplicationELB"), MetricData: []types.MetricDatum{{MetricName: aws.String("m"), Value: aws.Float64(1)}},
		})
		var bad *types.InvalidParameterValueException
		if !errors.As(err, &bad) || bad.ErrorCode() != "InvalidParameterValue" {
			t.Errorf("put: %v", err)
		}
		_, err = c.GetMetricData(t.Context(), &sdk.GetMetricDataInput{
			StartTime: b.ptr(0), EndTime: b.ptr(60), MetricDataQueries: []types.MetricDataQuery{expression("e1", "RATE(m1)")},
		})
		var invalid *types.ValidationException
		if !errors.As(err, &invalid) || invalid.ErrorCode() != "ValidationError" {
			t.Errorf("get: %v", err)
		}
	})
}
