package cloudwatch

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/metrics"
)

// metric asks for a statistic of a metric of the blue load balancer.
func metric(id, name, stat string) types.MetricDataQuery {
	return types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
		Metric: &types.Metric{Namespace: aws.String(namespace), MetricName: &name, Dimensions: dims("LoadBalancer", "app/blue/1")},
		Period: aws.Int32(60), Stat: &stat,
	}}
}

func expression(id, expression string) types.MetricDataQuery {
	return types.MetricDataQuery{Id: &id, Expression: &expression}
}

// hidden is a query of which only others see the result.
func hidden(q types.MetricDataQuery) types.MetricDataQuery {
	q.ReturnData = aws.Bool(false)
	return q
}

// answered is a result in a form that reads well in a table: minutes and values.
type answered struct {
	ID, Label string
	Status    types.StatusCode
	Minutes   []int
	Values    []float64
}

func (b *bench) answers(out *sdk.GetMetricDataOutput) []answered {
	var list []answered
	for _, r := range out.MetricDataResults {
		a := answered{ID: *r.Id, Label: *r.Label, Status: r.StatusCode}
		for i, at := range r.Timestamps {
			a.Minutes = append(a.Minutes, int(at.Sub(b.midnight)/time.Minute))
			a.Values = append(a.Values, r.Values[i])
		}
		list = append(list, a)
	}
	return list
}

// fill records 2 requests a minute for three minutes, of which the second had an error.
func (b *bench) fill() {
	for minute := range 3 {
		b.record("RequestCount", 60*minute, 1, 1)
	}
	b.record("HTTPCode_Target_5XX_Count", 65, 1)
}

func TestGetMetricData(t *testing.T) {
	requests := metric("m1", "RequestCount", "Sum")
	failures := metric("m2", "HTTPCode_Target_5XX_Count", "Sum")
	labelled := requests
	labelled.Label = aws.String("requests")
	unit := requests
	stat := *requests.MetricStat
	stat.Unit = types.StandardUnitSeconds
	unit.MetricStat = &stat
	for _, c := range []struct {
		name    string
		queries []types.MetricDataQuery
		scan    types.ScanBy
		want    []answered
	}{
		{"newest first", []types.MetricDataQuery{requests}, "",
			[]answered{{"m1", "RequestCount", "Complete", []int{2, 1, 0}, []float64{2, 2, 2}}}},
		{"oldest first", []types.MetricDataQuery{requests}, types.ScanByTimestampAscending,
			[]answered{{"m1", "RequestCount", "Complete", []int{0, 1, 2}, []float64{2, 2, 2}}}},
		{"several, in the order asked", []types.MetricDataQuery{failures, labelled}, "",
			[]answered{{"m2", "HTTPCode_Target_5XX_Count", "Complete", []int{1}, []float64{1}},
				{"m1", "requests", "Complete", []int{2, 1, 0}, []float64{2, 2, 2}}}},
		{"no such metric", []types.MetricDataQuery{metric("m1", "Nothing", "Sum")}, "",
			[]answered{{"m1", "Nothing", "Complete", nil, nil}}},
		{"other unit", []types.MetricDataQuery{unit}, "",
			[]answered{{"m1", "RequestCount", "Complete", nil, nil}}},
		{"percentile", []types.MetricDataQuery{metric("m1", "RequestCount", "p99")}, "",
			[]answered{{"m1", "RequestCount", "Complete", []int{2, 1, 0}, []float64{1, 1, 1}}}},
		{"math over hidden metrics", []types.MetricDataQuery{expression("e1", "100 * m2 / m1"), hidden(requests), hidden(failures)}, "",
			[]answered{{"e1", "e1", "Complete", []int{1}, []float64{50}}}},
		{"math over math, filled", []types.MetricDataQuery{expression("e2", "e1 / m1"), hidden(expression("e1", "FILL(m2, 0)")), hidden(requests), hidden(failures)}, "",
			[]answered{{"e2", "e2", "Complete", []int{2, 1, 0}, []float64{0, 0.5, 0}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
				b.fill()
				out, err := b.getMetricData(t.Context(), &sdk.GetMetricDataInput{
					StartTime: b.ptr(0), EndTime: b.ptr(180), MetricDataQueries: c.queries, ScanBy: c.scan,
				})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, b.answers(out)); diff != "" {
					t.Error(diff)
				}
				if out.NextToken != nil {
					t.Error("there is a next page")
				}
			})
		})
	}
}

func TestGetMetricDataPages(t *testing.T) {
	inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
		b.fill()
		in := &sdk.GetMetricDataInput{
			StartTime: b.ptr(0), EndTime: b.ptr(240), MaxDatapoints: aws.Int32(2),
			MetricDataQueries: []types.MetricDataQuery{
				metric("m1", "RequestCount", "Sum"), hidden(metric("m0", "RequestCount", "Sum")),
				metric("m2", "RequestCount", "Average"), metric("m3", "Nothing", "Sum"),
			},
		}
		var pages [][]answered
		for {
			out, err := b.getMetricData(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, b.answers(out))
			if out.NextToken == nil {
				break
			}
			in.NextToken = out.NextToken
			// What comes in between two pages, newer than where they are, moves nothing.
			b.record("RequestCount", 180, 9)
		}
		want := [][]answered{
			{{"m1", "RequestCount", "PartialData", []int{2, 1}, []float64{2, 2}}},
			{{"m1", "RequestCount", "Complete", []int{0}, []float64{2}}, {"m2", "RequestCount", "PartialData", []int{3}, []float64{9}}},
			{{"m2", "RequestCount", "PartialData", []int{2, 1}, []float64{1, 1}}},
			{{"m2", "RequestCount", "Complete", []int{0}, []float64{1}}, {"m3", "Nothing", "Complete", nil, nil}},
		}
		if diff := cmp.Diff(want, pages); diff != "" {
			t.Error(diff)
		}
	})
}

func TestGetMetricDataDoesNotPageMath(t *testing.T) {
	inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
		b.fill()
		out, err := b.getMetricData(t.Context(), &sdk.GetMetricDataInput{
			StartTime: b.ptr(0), EndTime: b.ptr(240), MaxDatapoints: aws.Int32(2),
			MetricDataQueries: []types.MetricDataQuery{expression("e1", "m1 * 1"), hidden(metric("m1", "RequestCount", "Sum"))},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []answered{{"e1", "e1", "PartialData", []int{2, 1}, []float64{2, 2}}}
		if diff := cmp.Diff(want, b.answers(out)); diff != "" || out.NextToken != nil {
			t.Errorf("token %v, %s", out.NextToken, diff)
		}
	})
}

func TestGetMetricDataRefusals(t *testing.T) {
	m1 := metric("m1", "RequestCount", "Sum")
	queries := func(qs ...types.MetricDataQuery) func(*bench, *sdk.GetMetricDataInput) {
		return func(_ *bench, in *sdk.GetMetricDataInput) { in.MetricDataQueries = qs }
	}
	changed := func(change func(*types.MetricDataQuery)) func(*bench, *sdk.GetMetricDataInput) {
		q := m1
		stat := *m1.MetricStat
		q.MetricStat = &stat
		change(&q)
		return queries(q)
	}
	chain := []types.MetricDataQuery{hidden(expression("e0", "m1 + 0")), hidden(expression("e1", "e0 + 0")), m1}
	for i := 2; i < 400; i++ {
		id := func(n int) string { return fmt.Sprintf("e%d", n) }
		chain = append(chain, hidden(expression(id(i), id(i-1)+" + "+id(i-2))))
	}
	for _, c := range []struct {
		name   string
		change func(b *bench, in *sdk.GetMetricDataInput)
		want   string
	}{
		{"accepted", queries(m1), ""},
		{"a long chain of math", queries(chain...), ""},
		{"no start", func(_ *bench, in *sdk.GetMetricDataInput) { in.StartTime = nil }, "MissingParameter"},
		{"no end", func(_ *bench, in *sdk.GetMetricDataInput) { in.EndTime = nil }, "MissingParameter"},
		{"end before start", func(b *bench, in *sdk.GetMetricDataInput) { in.EndTime = b.ptr(-1) }, "ValidationError"},
		{"no queries", queries(), "MissingParameter"},
		{"501 queries", queries(make([]types.MetricDataQuery, 501)...), "ValidationError"},
		{"no datapoints wanted", func(_ *bench, in *sdk.GetMetricDataInput) { in.MaxDatapoints = aws.Int32(0) }, "ValidationError"},
		{"an unknown order", func(_ *bench, in *sdk.GetMetricDataInput) { in.ScanBy = "Random" }, "ValidationError"},
		{"an unknown time zone", func(_ *bench, in *sdk.GetMetricDataInput) {
			in.LabelOptions = &types.LabelOptions{Timezone: aws.String("CET")}
		}, "ValidationError"},
		{"a token of nobody", func(_ *bench, in *sdk.GetMetricDataInput) { in.NextToken = aws.String("x!") }, "InvalidNextToken"},
		{"a token of another call", func(_ *bench, in *sdk.GetMetricDataInput) { in.NextToken = position{query: 7}.token() }, "InvalidNextToken"},
		{"no id", changed(func(q *types.MetricDataQuery) { q.Id = nil }), "MissingParameter"},
		{"an id in capitals", changed(func(q *types.MetricDataQuery) { q.Id = aws.String("M1") }), "ValidationError"},
		{"an id twice", queries(m1, m1), "ValidationError"},
		{"metric and math", changed(func(q *types.MetricDataQuery) { q.Expression = aws.String("m1") }), "ValidationError"},
		{"neither", changed(func(q *types.MetricDataQuery) { q.MetricStat = nil }), "ValidationError"},
		{"a dynamic label", changed(func(q *types.MetricDataQuery) { q.Label = aws.String("${MAX}") }), "ValidationError"},
		{"no metric", changed(func(q *types.MetricDataQuery) { q.MetricStat.Metric = nil }), "MissingParameter"},
		{"no statistic", changed(func(q *types.MetricDataQuery) { q.MetricStat.Stat = nil }), "MissingParameter"},
		{"an unknown statistic", changed(func(q *types.MetricDataQuery) { q.MetricStat.Stat = aws.String("tm99") }), "ValidationError"},
		{"no period", changed(func(q *types.MetricDataQuery) { q.MetricStat.Period = nil }), "MissingParameter"},
		{"period 20", changed(func(q *types.MetricDataQuery) { q.MetricStat.Period = aws.Int32(20) }), ""},
		{"period 90", changed(func(q *types.MetricDataQuery) { q.MetricStat.Period = aws.Int32(90) }), "InvalidParameterValue"},
		{"an unknown unit", changed(func(q *types.MetricDataQuery) { q.MetricStat.Unit = "Parsec" }), "InvalidParameterValue"},
		{"bad math", queries(m1, expression("e1", "m1 +")), "ValidationError"},
		{"an unknown function", queries(m1, expression("e1", "RATE(m1)")), "ValidationError"},
		{"an undefined variable", queries(m1, expression("e1", "m2")), "ValidationError"},
		{"math that refers to itself", queries(expression("e1", "e2"), expression("e2", "e1")), "ValidationError"},
		{"a scalar", queries(m1, expression("e1", "SUM(m1)")), "ValidationError"},
		{"an array", queries(m1, expression("e1", "[m1, m1]")), "ValidationError"},
		{"math of another period", func(_ *bench, in *sdk.GetMetricDataInput) {
			e := expression("e1", "m1 * 2")
			e.Period = aws.Int32(300)
			in.MetricDataQueries = []types.MetricDataQuery{m1, e}
		}, "ValidationError"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
				b.fill()
				in := &sdk.GetMetricDataInput{StartTime: b.ptr(0), EndTime: b.ptr(180), MetricDataQueries: []types.MetricDataQuery{m1}}
				c.change(b, in)
				_, err := b.getMetricData(t.Context(), in)
				if got := code(t, err); got != c.want {
					t.Errorf("got %v, want code %q", err, c.want)
				}
			})
		})
	}
}

func TestGetMetricDataLags(t *testing.T) {
	inBubble(t, metrics.Options{Delay: time.Minute}, func(t *testing.T, b *bench) {
		b.record("RequestCount", 3600, 1)
		ask := func() []answered {
			out, err := b.getMetricData(t.Context(), &sdk.GetMetricDataInput{
				StartTime: b.ptr(3600), EndTime: b.ptr(7200), MetricDataQueries: []types.MetricDataQuery{metric("m1", "RequestCount", "Sum")},
			})
			if err != nil {
				t.Fatal(err)
			}
			return b.answers(out)
		}
		early := ask()
		time.Sleep(2 * time.Minute) // of the bubble
		want := [][]answered{
			{{"m1", "RequestCount", "Complete", nil, nil}},
			{{"m1", "RequestCount", "Complete", []int{60}, []float64{1}}},
		}
		if diff := cmp.Diff(want, [][]answered{early, ask()}); diff != "" {
			t.Error(diff)
		}
	})
}
