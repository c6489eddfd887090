package metrics

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/awserr"
)

// pages answers with one page after the other, whatever is asked.
type pages struct {
	api
	results [][]types.MetricDataResult
	asked   int
}

func (p *pages) GetMetricData(context.Context, *cloudwatch.GetMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	p.asked++
	out := &cloudwatch.GetMetricDataOutput{MetricDataResults: p.results[p.asked-1]}
	if p.asked < len(p.results) {
		out.NextToken = aws.String(string(rune('a' + p.asked)))
	}
	return out, nil
}

func result(id string, status types.StatusCode, from int, values ...float64) types.MetricDataResult {
	r := types.MetricDataResult{Id: &id, StatusCode: status, Values: values}
	for i := range values {
		r.Timestamps = append(r.Timestamps, minute(from+i))
	}
	return r
}

func minute(n int) time.Time { return time.Date(2026, 1, 1, 12, n, 0, 0, time.UTC) }

var queries = []Query{{Namespace: "AWS/X", Name: "Requests"}, {Namespace: "AWS/X", Name: "Errors"}}

// The data of one query can come on several pages, and those of several queries on one, in any order.
func TestReadOverPages(t *testing.T) {
	p := &pages{results: [][]types.MetricDataResult{
		{result("q1", types.StatusCodeComplete, 0, 7), result("q0", types.StatusCodePartialData, 0, 1, 2)},
		{result("q0", types.StatusCodePartialData, 2, 3)},
		{result("q0", types.StatusCodeComplete, 3)},
	}}
	got, err := (&Client{p}).Read(t.Context(), minute(0), minute(9), queries...)
	want := [][]Point{{{minute(0), 1}, {minute(1), 2}, {minute(2), 3}}, {{minute(0), 7}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// An answer without data because something is wrong does not look like no traffic.
func TestReadThatIsNoAnswer(t *testing.T) {
	for status, want := range map[types.StatusCode]struct {
		kind error
		text string
	}{
		types.StatusCodeInternalError: {awserr.ErrUnreachable, "read Errors of AWS/X: CloudWatch says InternalError: unreachable"},
		types.StatusCodeForbidden:     {awserr.ErrDenied, "read Errors of AWS/X: CloudWatch says Forbidden: not allowed"},
	} {
		p := &pages{results: [][]types.MetricDataResult{{result("q0", types.StatusCodeComplete, 0, 1), result("q1", status, 0)}}}
		got, err := (&Client{p}).Read(t.Context(), minute(0), minute(9), queries...)
		if !errors.Is(err, want.kind) || err.Error() != want.text || got != nil {
			t.Errorf("%s: %v, %v", status, got, err)
		}
	}
}

func TestSum(t *testing.T) {
	if got := Sum([]Point{{Value: 1.5}, {Value: 2}}); got != 3.5 || Sum(nil) != 0 {
		t.Errorf("got %v", got)
	}
}
