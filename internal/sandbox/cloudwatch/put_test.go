package cloudwatch

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/metrics"
)

func TestPutMetricDataRefusals(t *testing.T) {
	ok := types.MetricDatum{MetricName: aws.String("m"), Value: aws.Float64(1)}
	with := func(change func(*types.MetricDatum)) []types.MetricDatum {
		d := ok
		change(&d)
		return []types.MetricDatum{ok, d}
	}
	set := func(count, sum, low, high *float64) []types.MetricDatum {
		return with(func(d *types.MetricDatum) {
			d.Value = nil
			d.StatisticValues = &types.StatisticSet{SampleCount: count, Sum: sum, Minimum: low, Maximum: high}
		})
	}
	now := time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC) // in the bubble
	one, two := aws.Float64(1), aws.Float64(2)
	for _, c := range []struct {
		name, namespace string
		data            []types.MetricDatum
		want            string
	}{
		{"accepted", "app", []types.MetricDatum{ok}, ""},
		{"a namespace of AWS", "AWS/ApplicationELB", []types.MetricDatum{ok}, "InvalidParameterValue"},
		{"no namespace", "", []types.MetricDatum{ok}, "MissingParameter"},
		{"a namespace with a colon first", ":app", []types.MetricDatum{ok}, "InvalidParameterValue"},
		{"a namespace with a control character", "a\nb", []types.MetricDatum{ok}, "InvalidParameterValue"},
		{"a long namespace", strings.Repeat("n", 256), []types.MetricDatum{ok}, "InvalidParameterValue"},
		{"no data", "app", nil, "MissingParameter"},
		{"1000 data", "app", copies(ok, 1000), ""},
		{"1001 data", "app", copies(ok, 1001), "InvalidParameterValue"},
		{"no name", "app", with(func(d *types.MetricDatum) { d.MetricName = nil }), "MissingParameter"},
		{"no value", "app", with(func(d *types.MetricDatum) { d.Value = nil }), "MissingParameter"},
		{"two kinds of value", "app", with(func(d *types.MetricDatum) { d.Values = []float64{1} }), "InvalidParameterCombination"},
		{"counts that do not fit", "app", with(func(d *types.MetricDatum) {
			d.Value, d.Values, d.Counts = nil, []float64{1, 2}, []float64{1}
		}), "InvalidParameterCombination"},
		{"a negative count", "app", with(func(d *types.MetricDatum) {
			d.Value, d.Values, d.Counts = nil, []float64{1}, []float64{-1}
		}), "InvalidParameterValue"},
		{"151 values", "app", with(func(d *types.MetricDatum) { d.Value, d.Values = nil, make([]float64, 151) }), "InvalidParameterValue"},
		{"not a number", "app", with(func(d *types.MetricDatum) { d.Value = aws.Float64(math.NaN()) }), "InvalidParameterValue"},
		{"infinity", "app", with(func(d *types.MetricDatum) { d.Value = aws.Float64(math.Inf(1)) }), "InvalidParameterValue"},
		{"beyond 2^360", "app", with(func(d *types.MetricDatum) { d.Value = aws.Float64(-math.Ldexp(1, 361)) }), "InvalidParameterValue"},
		{"2^360", "app", with(func(d *types.MetricDatum) { d.Value = aws.Float64(math.Ldexp(1, 360)) }), ""},
		{"an unknown unit", "app", with(func(d *types.MetricDatum) { d.Unit = "Parsec" }), "InvalidParameterValue"},
		{"resolution 1", "app", with(func(d *types.MetricDatum) { d.StorageResolution = aws.Int32(1) }), ""},
		{"resolution 5", "app", with(func(d *types.MetricDatum) { d.StorageResolution = aws.Int32(5) }), "InvalidParameterValue"},
		{"three weeks ago", "app", with(func(d *types.MetricDatum) { d.Timestamp = aws.Time(now.Add(-21 * 24 * time.Hour)) }), "InvalidParameterValue"},
		{"in three hours", "app", with(func(d *types.MetricDatum) { d.Timestamp = aws.Time(now.Add(3 * time.Hour)) }), "InvalidParameterValue"},
		{"in one hour", "app", with(func(d *types.MetricDatum) { d.Timestamp = aws.Time(now.Add(time.Hour)) }), ""},
		{"a set without a sum", "app", set(one, nil, one, one), "MissingParameter"},
		{"a set upside down", "app", set(one, one, two, one), "InvalidParameterValue"},
		{"a dimension without a value", "app", with(func(d *types.MetricDatum) { d.Dimensions = dims("Name", "") }), "MissingParameter"},
		{"a dimension twice", "app", with(func(d *types.MetricDatum) { d.Dimensions = dims("a", "1", "a", "2") }), "InvalidParameterValue"},
		{"31 dimensions", "app", with(func(d *types.MetricDatum) { d.Dimensions = make([]types.Dimension, 31) }), "InvalidParameterValue"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
				_, err := b.putMetricData(t.Context(), &sdk.PutMetricDataInput{Namespace: &c.namespace, MetricData: c.data})
				if got := code(t, err); got != c.want {
					t.Errorf("got %v, want code %q", err, c.want)
				}
				if stored := len(b.store.List()) > 0; stored != (c.want == "") {
					t.Errorf("stored: %v", stored)
				}
			})
		})
	}
}

func copies(d types.MetricDatum, n int) []types.MetricDatum {
	list := make([]types.MetricDatum, n)
	for i := range list {
		list[i] = d
	}
	return list
}

func TestPutMetricDataIsReadBack(t *testing.T) {
	inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
		_, err := b.putMetricData(t.Context(), &sdk.PutMetricDataInput{
			Namespace: aws.String("app"),
			MetricData: []types.MetricDatum{
				{MetricName: aws.String("latency"), Timestamp: b.ptr(10), Value: aws.Float64(3), Unit: types.StandardUnitSeconds},
				{MetricName: aws.String("latency"), Timestamp: b.ptr(20), Values: []float64{1, 2}, Counts: []float64{2, 1}, Unit: types.StandardUnitSeconds},
				{MetricName: aws.String("latency"), Timestamp: b.ptr(70), Unit: types.StandardUnitSeconds, StatisticValues: &types.StatisticSet{
					SampleCount: aws.Float64(4), Sum: aws.Float64(8), Minimum: aws.Float64(1), Maximum: aws.Float64(3)}},
			},
			EntityMetricData: []types.EntityMetricData{{MetricData: []types.MetricDatum{
				{MetricName: aws.String("latency"), Timestamp: b.ptr(130), Value: aws.Float64(0), Unit: types.StandardUnitSeconds},
			}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		out, err := b.getMetricStatistics(t.Context(), &sdk.GetMetricStatisticsInput{
			Namespace: aws.String("app"), MetricName: aws.String("latency"),
			StartTime: b.ptr(0), EndTime: b.ptr(180), Period: aws.Int32(60),
			Statistics: []types.Statistic{types.StatisticSum, types.StatisticSampleCount, types.StatisticMaximum},
		})
		if err != nil {
			t.Fatal(err)
		}
		point := func(second int, sum, count, highest float64) types.Datapoint {
			return types.Datapoint{Timestamp: b.ptr(second), Unit: types.StandardUnitSeconds, Sum: &sum, SampleCount: &count, Maximum: &highest}
		}
		want := &sdk.GetMetricStatisticsOutput{
			Label:      aws.String("latency"),
			Datapoints: []types.Datapoint{point(0, 7, 4, 3), point(120, 0, 1, 0), point(60, 8, 4, 3)},
		}
		if diff := cmp.Diff(want, out, exported); diff != "" {
			t.Error(diff)
		}
	})
}
