package cloudwatch

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/metrics"
)

// exported lets cmp look into the SDK's types, whose unexported fields are markers.
var exported = cmp.Exporter(func(reflect.Type) bool { return true })

func TestGetMetricStatisticsRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(b *bench, in *sdk.GetMetricStatisticsInput)
		want   string
	}{
		{"accepted", func(*bench, *sdk.GetMetricStatisticsInput) {}, ""},
		{"no namespace", func(_ *bench, in *sdk.GetMetricStatisticsInput) { in.Namespace = nil }, "MissingParameter"},
		{"no name", func(_ *bench, in *sdk.GetMetricStatisticsInput) { in.MetricName = nil }, "MissingParameter"},
		{"no start", func(_ *bench, in *sdk.GetMetricStatisticsInput) { in.StartTime = nil }, "MissingParameter"},
		{"no end", func(_ *bench, in *sdk.GetMetricStatisticsInput) { in.EndTime = nil }, "MissingParameter"},
		{"no time", func(_ *bench, in *sdk.GetMetricStatisticsInput) { in.EndTime = in.StartTime }, "InvalidParameterValue"},
		{"no period", func(_ *bench, in *sdk.GetMetricStatisticsInput) { in.Period = nil }, "MissingParameter"},
		{"period 45", func(_ *bench, in *sdk.GetMetricStatisticsInput) { in.Period = aws.Int32(45) }, "InvalidParameterValue"},
		{"period -60", func(_ *bench, in *sdk.GetMetricStatisticsInput) { in.Period = aws.Int32(-60) }, "InvalidParameterValue"},
		{"no statistics", func(_ *bench, in *sdk.GetMetricStatisticsInput) { in.Statistics = nil }, "MissingParameter"},
		{"both kinds of statistics", func(_ *bench, in *sdk.GetMetricStatisticsInput) { in.ExtendedStatistics = []string{"p99"} }, "InvalidParameterCombination"},
		{"a percentile as statistic", func(_ *bench, in *sdk.GetMetricStatisticsInput) { in.Statistics = []types.Statistic{"p99"} }, "InvalidParameterValue"},
		{"a statistic as percentile", func(_ *bench, in *sdk.GetMetricStatisticsInput) {
			in.Statistics, in.ExtendedStatistics = nil, []string{"Sum"}
		}, "InvalidParameterValue"},
		{"1440 points", func(b *bench, in *sdk.GetMetricStatisticsInput) { in.EndTime = b.ptr(1440 * 60) }, ""},
		{"1441 points", func(b *bench, in *sdk.GetMetricStatisticsInput) { in.EndTime = b.ptr(1441 * 60) }, "InvalidParameterCombination"},
		{"an unknown unit", func(_ *bench, in *sdk.GetMetricStatisticsInput) { in.Unit = "Parsec" }, "InvalidParameterValue"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
				in := &sdk.GetMetricStatisticsInput{
					Namespace: aws.String(namespace), MetricName: aws.String("RequestCount"),
					StartTime: b.ptr(0), EndTime: b.ptr(60), Period: aws.Int32(60), Statistics: []types.Statistic{types.StatisticSum},
				}
				c.change(b, in)
				_, err := b.getMetricStatistics(t.Context(), in)
				if got := code(t, err); got != c.want {
					t.Errorf("got %v, want code %q", err, c.want)
				}
			})
		})
	}
}

func TestGetMetricStatisticsPercentiles(t *testing.T) {
	inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
		b.record("TargetResponseTime", 0, 1, 1, 1)
		out, err := b.getMetricStatistics(t.Context(), &sdk.GetMetricStatisticsInput{
			Namespace: aws.String(namespace), MetricName: aws.String("TargetResponseTime"), Dimensions: dims("LoadBalancer", "app/blue/1"),
			StartTime: b.ptr(0), EndTime: b.ptr(60), Period: aws.Int32(60), ExtendedStatistics: []string{"p50", "p99.9"},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []types.Datapoint{{
			Timestamp: b.ptr(0), Unit: types.StandardUnitSeconds,
			ExtendedStatistics: map[string]float64{"p50": 1, "p99.9": 1},
		}}
		if diff := cmp.Diff(want, out.Datapoints, exported); diff != "" {
			t.Error(diff)
		}
	})
}
