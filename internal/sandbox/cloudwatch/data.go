package cloudwatch

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// getMetricData answers several queries, metrics and metric math, page by page.
func (s *Service) getMetricData(_ context.Context, in *sdk.GetMetricDataInput) (*sdk.GetMetricDataOutput, error) {
	if err := checkData(in); err != nil {
		return nil, err
	}
	queries, err := parseQueries(in.MetricDataQueries)
	if err != nil {
		return nil, err
	}
	from, err := decodePosition(in.NextToken, len(queries))
	if err != nil {
		return nil, err
	}
	run := &evaluation{service: s, queries: queries, start: *in.StartTime, end: *in.EndTime}
	var results []result
	hasMath := false
	for i := range queries {
		a, err := run.answer(&queries[i])
		if err != nil {
			return nil, err
		}
		hasMath = hasMath || queries[i].math != nil
		results = append(results, result{query: &queries[i], points: ordered(a.series, in.ScanBy)})
	}
	out := page(results, from, int(aws.ToInt32(in.MaxDatapoints)), in.ScanBy)
	if hasMath {
		// CloudWatch does not page math: what does not fit is gone.
		out.NextToken = nil
	}
	return out, nil
}

func checkData(in *sdk.GetMetricDataInput) error {
	switch {
	case in.StartTime == nil:
		return missing("StartTime")
	case in.EndTime == nil:
		return missing("EndTime")
	case !in.StartTime.Before(*in.EndTime):
		return validation("The parameter StartTime must be less than the parameter EndTime.")
	case len(in.MetricDataQueries) == 0:
		return missing("MetricDataQueries")
	case len(in.MetricDataQueries) > maxQueries:
		return validation("The collection MetricDataQueries must not have a size greater than %d.", maxQueries)
	case in.MaxDatapoints != nil && (*in.MaxDatapoints < 1 || *in.MaxDatapoints > maxDatapoints):
		return validation("The value %d for parameter MaxDatapoints must be from 1 to %d.", *in.MaxDatapoints, maxDatapoints)
	case in.ScanBy != "" && !slices.Contains(in.ScanBy.Values(), in.ScanBy):
		return validation("The value %s for parameter ScanBy is invalid.", in.ScanBy)
	case in.LabelOptions != nil && in.LabelOptions.Timezone != nil && !timezoneForm().MatchString(*in.LabelOptions.Timezone):
		return validation("The value %s for parameter LabelOptions.Timezone is invalid.", *in.LabelOptions.Timezone)
	}
	return nil
}

// point is a value and when its period started, in seconds since 1970.
type point struct {
	at    int64
	value float64
}

// result is the answer to one query, in the order in which it is returned.
type result struct {
	query  *query
	points []point
}

// ordered is a series as a list, newest first unless told otherwise.
func ordered(series map[int64]float64, by types.ScanBy) []point {
	points := make([]point, 0, len(series))
	for t, v := range series {
		points = append(points, point{t, v})
	}
	slices.SortFunc(points, func(a, b point) int {
		if by == types.ScanByTimestampAscending {
			return cmp.Compare(a.at, b.at)
		}
		return cmp.Compare(b.at, a.at)
	})
	return points
}

// page is what fits into one answer from a position on, up to limit datapoints.
func page(results []result, from position, limit int, by types.ScanBy) *sdk.GetMetricDataOutput {
	if limit == 0 {
		limit = maxDatapoints
	}
	out := &sdk.GetMetricDataOutput{MetricDataResults: []types.MetricDataResult{}, Messages: []types.MessageData{}}
	for i, r := range results {
		if i < from.query || !r.query.returned {
			continue
		}
		points := r.points
		if i == from.query {
			points = from.rest(points, by)
		}
		rest := points[min(len(points), limit):]
		points = points[:len(points)-len(rest)]
		limit -= len(points)
		if len(points) > 0 || len(rest) == 0 {
			out.MetricDataResults = append(out.MetricDataResults, r.sdk(points, len(rest) == 0))
		}
		if len(rest) > 0 {
			next := position{query: i}
			if n := len(points); n > 0 {
				next.started, next.last = true, points[n-1].at
			}
			out.NextToken = next.token()
			break
		}
	}
	return out
}

// sdk is a result in the API's words.
func (r *result) sdk(points []point, complete bool) types.MetricDataResult {
	out := types.MetricDataResult{
		Id: &r.query.id, Label: &r.query.label, StatusCode: types.StatusCodeComplete,
		Timestamps: make([]time.Time, 0, len(points)), Values: make([]float64, 0, len(points)),
		Messages: []types.MessageData{},
	}
	if !complete {
		out.StatusCode = types.StatusCodePartialData
	}
	for _, p := range points {
		out.Timestamps = append(out.Timestamps, time.Unix(p.at, 0).UTC())
		out.Values = append(out.Values, p.value)
	}
	return out
}
