package cloudwatch

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/cloudwatch/metricmath"
	"bluegreen/internal/sandbox/metrics"
)

const (
	maxQueries    = 500
	maxDatapoints = 100_800
)

var (
	idForm       = pattern.Lazy(`^[a-z][a-zA-Z0-9_]{0,254}$`)
	timezoneForm = pattern.Lazy(`^[+-][0-9]{4}$`)
)

// query is one checked MetricDataQuery: a metric or metric math.
type query struct {
	id, label string
	returned  bool
	math      *metricmath.Expression // nil for a metric
	period    time.Duration          // of math it is zero unless given

	namespace, name string
	dims            map[string]string
	stat            metrics.Stat
	unit            string
}

func parseQueries(list []types.MetricDataQuery) ([]query, error) {
	queries := make([]query, len(list))
	ids := map[string]bool{}
	for i, q := range list {
		at := fmt.Sprintf("MetricDataQueries.member.%d", i+1)
		id := aws.ToString(q.Id)
		switch {
		case id == "":
			return nil, missing(at + ".Id")
		case !idForm().MatchString(id):
			return nil, validation("The value %s for parameter %s.Id does not match the pattern ^[a-z][a-zA-Z0-9_]*$.", id, at)
		case ids[id]:
			return nil, validation("The values for parameter Id in MetricDataQueries are not unique.")
		case (q.Expression == nil) == (q.MetricStat == nil):
			return nil, validation("Within %s, you must specify either Expression or MetricStat but not both.", at)
		case strings.Contains(aws.ToString(q.Label), "${"):
			return nil, validation("The parameter %s.Label has a dynamic expression, which is not supported here.", at)
		}
		ids[id] = true
		parsed, err := parseQuery(at, &q)
		if err != nil {
			return nil, err
		}
		parsed.id = id
		parsed.returned = aws.ToBool(q.ReturnData) || q.ReturnData == nil
		if q.Label != nil {
			parsed.label = *q.Label
		}
		queries[i] = parsed
	}
	return queries, nil
}

func parseQuery(at string, q *types.MetricDataQuery) (query, error) {
	if q.Expression == nil {
		return parseMetricStat(at+".MetricStat", q.MetricStat)
	}
	expression, err := metricmath.Parse(*q.Expression)
	if err != nil {
		return query{}, validation("Error in expression '%s': %v", *q.Id, err)
	}
	parsed := query{math: expression, label: *q.Id}
	if q.Period != nil {
		parsed.period, err = period(at+".Period", q.Period)
	}
	return parsed, err
}

func parseMetricStat(at string, m *types.MetricStat) (query, error) {
	if m.Metric == nil {
		return query{}, missing(at + ".Metric")
	}
	if err := checkName(at+".Metric.Namespace", m.Metric.Namespace); err != nil {
		return query{}, err
	}
	if err := checkName(at+".Metric.MetricName", m.Metric.MetricName); err != nil {
		return query{}, err
	}
	dims, err := dimensions(at+".Metric.Dimensions", m.Metric.Dimensions)
	if err != nil {
		return query{}, err
	}
	if m.Stat == nil {
		return query{}, missing(at + ".Stat")
	}
	stat, err := metrics.ParseStat(*m.Stat)
	if err != nil {
		return query{}, validation("The value %s for parameter %s.Stat is not supported: %v.", *m.Stat, at, err)
	}
	every, err := period(at+".Period", m.Period)
	if err != nil {
		return query{}, err
	}
	if err := checkUnit(at+".Unit", m.Unit); err != nil {
		return query{}, err
	}
	return query{
		namespace: *m.Metric.Namespace, name: *m.Metric.MetricName, dims: dims,
		stat: stat, unit: string(m.Unit), period: every, label: *m.Metric.MetricName,
	}, nil
}
