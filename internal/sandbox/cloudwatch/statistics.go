package cloudwatch

import (
	"context"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"bluegreen/internal/sandbox/metrics"
)

// maxStatisticsPoints is how many datapoints GetMetricStatistics returns; it has no paging.
const maxStatisticsPoints = 1440

func (s *Service) getMetricStatistics(_ context.Context, in *sdk.GetMetricStatisticsInput) (*sdk.GetMetricStatisticsOutput, error) {
	every, dims, err := checkStatistics(in)
	if err != nil {
		return nil, err
	}
	stats, err := requestedStatistics(in)
	if err != nil {
		return nil, err
	}
	rows := s.store.Rows(*in.Namespace, *in.MetricName, dims, *in.StartTime, *in.EndTime, every, string(in.Unit))
	points := make([]types.Datapoint, 0, len(rows))
	// CloudWatch returns datapoints in no order, so a client that relies on one should find out here: odd ones come last.
	for _, first := range []int{0, 1} {
		for i := first; i < len(rows); i += 2 {
			if p, any := datapoint(&rows[i], stats); any {
				points = append(points, p)
			}
		}
	}
	return &sdk.GetMetricStatisticsOutput{Label: in.MetricName, Datapoints: points}, nil
}

func checkStatistics(in *sdk.GetMetricStatisticsInput) (time.Duration, map[string]string, error) {
	for _, check := range []error{
		checkName("Namespace", in.Namespace),
		checkName("MetricName", in.MetricName),
		checkUnit("Unit", in.Unit),
	} {
		if check != nil {
			return 0, nil, check
		}
	}
	if in.StartTime == nil {
		return 0, nil, missing("StartTime")
	}
	if in.EndTime == nil {
		return 0, nil, missing("EndTime")
	}
	if !in.StartTime.Before(*in.EndTime) {
		return 0, nil, invalid("The parameter StartTime must be less than the parameter EndTime.")
	}
	every, err := period("Period", in.Period)
	if err != nil {
		return 0, nil, err
	}
	if n := (in.EndTime.Sub(*in.StartTime) + every - 1) / every; n > maxStatisticsPoints {
		return 0, nil, combination("You have requested up to %d datapoints, which exceeds the limit of %d. You may reduce the "+
			"datapoints requested by increasing Period, or decreasing the time range.", n, maxStatisticsPoints)
	}
	dims, err := dimensions("Dimensions", in.Dimensions)
	return every, dims, err
}

func requestedStatistics(in *sdk.GetMetricStatisticsInput) ([]metrics.Stat, error) {
	switch {
	case len(in.Statistics) == 0 && len(in.ExtendedStatistics) == 0:
		return nil, missing("Statistics or ExtendedStatistics")
	case len(in.Statistics) > 0 && len(in.ExtendedStatistics) > 0:
		return nil, combination("The parameters Statistics and ExtendedStatistics are mutually exclusive.")
	}
	var stats []metrics.Stat
	for _, name := range in.Statistics {
		stat, err := metrics.ParseStat(string(name))
		if err != nil || stat.IsPercentile() {
			return nil, invalid("The value %s for parameter Statistics is invalid.", name)
		}
		stats = append(stats, stat)
	}
	for _, name := range in.ExtendedStatistics {
		stat, err := metrics.ParseStat(name)
		if err != nil || !stat.IsPercentile() {
			return nil, invalid("The value %s for parameter ExtendedStatistics is invalid.", name)
		}
		stats = append(stats, stat)
	}
	return stats, nil
}

// datapoint is a row in the API's words, and whether it has any of the statistics.
func datapoint(row *metrics.Row, stats []metrics.Stat) (types.Datapoint, bool) {
	p := types.Datapoint{Timestamp: &row.At, Unit: types.StandardUnit(row.Unit)}
	any := false
	for _, stat := range stats {
		v, ok := row.Value(stat)
		if !ok {
			continue
		}
		any = true
		switch stat {
		case metrics.Sum:
			p.Sum = &v
		case metrics.Average:
			p.Average = &v
		case metrics.Minimum:
			p.Minimum = &v
		case metrics.Maximum:
			p.Maximum = &v
		case metrics.SampleCount:
			p.SampleCount = &v
		default:
			if p.ExtendedStatistics == nil {
				p.ExtendedStatistics = map[string]float64{}
			}
			p.ExtendedStatistics[stat.String()] = v
		}
	}
	return p, any
}
