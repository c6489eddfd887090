package cloudwatch

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/metrics"
)

// addAlarms makes a target-tracking pair and one alarm that is in ALARM.
func (b *bench) addAlarms() {
	for _, name := range []string{"TargetTracking-blue-AlarmHigh", "TargetTracking-blue-AlarmLow"} {
		b.AddAlarm(types.MetricAlarm{
			AlarmName: aws.String(name), Namespace: aws.String(namespace), MetricName: aws.String("RequestCountPerTarget"),
			Dimensions: dims("TargetGroup", "tg", "LoadBalancer", "app/blue/1"), Statistic: types.StatisticSum, Period: aws.Int32(60),
			AlarmActions: []string{"arn:aws:autoscaling:policy"},
		})
	}
	b.AddAlarm(types.MetricAlarm{AlarmName: aws.String("errors"), StateValue: types.StateValueAlarm, OKActions: []string{"arn:aws:sns:topic"}})
}

func names(alarms []types.MetricAlarm) []string {
	var list []string
	for _, a := range alarms {
		list = append(list, *a.AlarmName)
	}
	return list
}

func TestDescribeAlarms(t *testing.T) {
	const high, low = "TargetTracking-blue-AlarmHigh", "TargetTracking-blue-AlarmLow"
	for _, c := range []struct {
		name string
		in   sdk.DescribeAlarmsInput
		want []string
		code string
	}{
		{"all", sdk.DescribeAlarmsInput{}, []string{high, low, "errors"}, ""},
		{"by name", sdk.DescribeAlarmsInput{AlarmNames: []string{"errors", low}}, []string{low, "errors"}, ""},
		{"unknown is empty", sdk.DescribeAlarmsInput{AlarmNames: []string{"nothing"}}, nil, ""},
		{"by prefix", sdk.DescribeAlarmsInput{AlarmNamePrefix: aws.String("TargetTracking-")}, []string{high, low}, ""},
		{"by state", sdk.DescribeAlarmsInput{StateValue: types.StateValueAlarm}, []string{"errors"}, ""},
		{"by prefix and state", sdk.DescribeAlarmsInput{AlarmNamePrefix: aws.String("TargetTracking-"), StateValue: types.StateValueAlarm}, nil, ""},
		{"by action", sdk.DescribeAlarmsInput{ActionPrefix: aws.String("arn:aws:sns:")}, []string{"errors"}, ""},
		{"composite only", sdk.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{types.AlarmTypeCompositeAlarm}}, nil, ""},
		{"children", sdk.DescribeAlarmsInput{ChildrenOfAlarmName: aws.String("errors")}, nil, ""},
		{"names and prefix", sdk.DescribeAlarmsInput{AlarmNames: []string{"a"}, AlarmNamePrefix: aws.String("a")}, nil, "InvalidParameterCombination"},
		{"children and state", sdk.DescribeAlarmsInput{ChildrenOfAlarmName: aws.String("a"), StateValue: types.StateValueOk}, nil, "ValidationError"},
		{"101 names", sdk.DescribeAlarmsInput{AlarmNames: make([]string, 101)}, nil, "InvalidParameterValue"},
		{"101 records", sdk.DescribeAlarmsInput{MaxRecords: aws.Int32(101)}, nil, "InvalidParameterValue"},
		{"no records", sdk.DescribeAlarmsInput{MaxRecords: aws.Int32(0)}, nil, "InvalidParameterValue"},
		{"an unknown state", sdk.DescribeAlarmsInput{StateValue: "FINE"}, nil, "InvalidParameterValue"},
		{"an unknown type", sdk.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{"Bell"}}, nil, "InvalidParameterValue"},
		{"a token of nobody", sdk.DescribeAlarmsInput{NextToken: aws.String("%")}, nil, "InvalidNextToken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
				b.addAlarms()
				out, err := b.describeAlarms(t.Context(), &c.in)
				if got := code(t, err); got != c.code {
					t.Fatalf("got %v, want code %q", err, c.code)
				}
				if out == nil {
					return
				}
				if diff := cmp.Diff(c.want, names(out.MetricAlarms)); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestDescribeAlarmsPages(t *testing.T) {
	inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
		for i := range 5 {
			b.AddAlarm(types.MetricAlarm{AlarmName: aws.String(fmt.Sprintf("a%d", i))})
		}
		b.RemoveAlarm("a3")
		in := &sdk.DescribeAlarmsInput{MaxRecords: aws.Int32(3)}
		first, err := b.describeAlarms(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		in.NextToken = first.NextToken
		second, err := b.describeAlarms(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		got := [][]string{names(first.MetricAlarms), names(second.MetricAlarms)}
		if diff := cmp.Diff([][]string{{"a0", "a1", "a2"}, {"a4"}}, got); diff != "" || second.NextToken != nil {
			t.Errorf("token %v, %s", second.NextToken, diff)
		}
	})
}

func TestAlarmsStartWithoutData(t *testing.T) {
	inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
		b.AddAlarm(types.MetricAlarm{AlarmName: aws.String("new")})
		out, err := b.describeAlarms(t.Context(), &sdk.DescribeAlarmsInput{})
		if err != nil {
			t.Fatal(err)
		}
		want := []types.MetricAlarm{{
			AlarmName: aws.String("new"), AlarmArn: aws.String("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:new"),
			StateValue: types.StateValueInsufficientData, StateReason: aws.String("Unchecked: Initial alarm creation"),
			StateUpdatedTimestamp: b.ptr(3600), AlarmConfigurationUpdatedTimestamp: b.ptr(3600), ActionsEnabled: aws.Bool(true),
		}}
		if diff := cmp.Diff(want, out.MetricAlarms, exported); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDescribeAlarmsForMetric(t *testing.T) {
	ask := func(change func(*sdk.DescribeAlarmsForMetricInput)) *sdk.DescribeAlarmsForMetricInput {
		in := &sdk.DescribeAlarmsForMetricInput{
			Namespace: aws.String(namespace), MetricName: aws.String("RequestCountPerTarget"),
			Dimensions: dims("LoadBalancer", "app/blue/1", "TargetGroup", "tg"),
		}
		change(in)
		return in
	}
	for _, c := range []struct {
		name string
		in   *sdk.DescribeAlarmsForMetricInput
		want int
		code string
	}{
		{"of the metric", ask(func(*sdk.DescribeAlarmsForMetricInput) {}), 2, ""},
		{"with a statistic", ask(func(in *sdk.DescribeAlarmsForMetricInput) { in.Statistic = types.StatisticSum }), 2, ""},
		{"other statistic", ask(func(in *sdk.DescribeAlarmsForMetricInput) { in.Statistic = types.StatisticAverage }), 0, ""},
		{"other period", ask(func(in *sdk.DescribeAlarmsForMetricInput) { in.Period = aws.Int32(300) }), 0, ""},
		{"fewer dimensions", ask(func(in *sdk.DescribeAlarmsForMetricInput) { in.Dimensions = in.Dimensions[:1] }), 0, ""},
		{"no namespace", ask(func(in *sdk.DescribeAlarmsForMetricInput) { in.Namespace = nil }), 0, "MissingParameter"},
		{"no name", ask(func(in *sdk.DescribeAlarmsForMetricInput) { in.MetricName = nil }), 0, "MissingParameter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
				b.addAlarms()
				out, err := b.describeAlarmsForMetric(t.Context(), c.in)
				if got := code(t, err); got != c.code {
					t.Fatalf("got %v, want code %q", err, c.code)
				}
				if out != nil && len(out.MetricAlarms) != c.want {
					t.Errorf("got %v, want %d alarms", names(out.MetricAlarms), c.want)
				}
			})
		})
	}
}
