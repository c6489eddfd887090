package cloudwatch

import (
	"errors"
	"slices"
	"time"

	"bluegreen/internal/sandbox/cloudwatch/metricmath"
)

// evaluation answers the queries of one request, which may refer to each other.
type evaluation struct {
	service    *Service
	queries    []query
	start, end time.Time

	known  map[string]answer
	active []string // math that is being evaluated, outermost first
}

// answer is a query's datapoints and how far apart they are; for math that is the longest period of its metrics.
type answer struct {
	series metricmath.Series
	period time.Duration
}

// answer evaluates a query, once.
func (e *evaluation) answer(q *query) (answer, error) {
	if a, done := e.known[q.id]; done {
		return a, nil
	}
	evaluate := e.metric
	if q.math != nil {
		evaluate = e.math
	}
	a, err := evaluate(q)
	if err != nil {
		return a, err
	}
	if e.known == nil {
		e.known = map[string]answer{}
	}
	e.known[q.id] = a
	return a, nil
}

func (e *evaluation) metric(q *query) (answer, error) {
	series := metricmath.Series{}
	for _, row := range e.service.store.Rows(q.namespace, q.name, q.dims, e.start, e.end, q.period, q.unit) {
		if v, ok := row.Value(q.stat); ok {
			series[row.At.Unix()] = v
		}
	}
	return answer{series, q.period}, nil
}

func (e *evaluation) math(q *query) (answer, error) {
	if slices.Contains(e.active, q.id) {
		return answer{}, validation("Error in expression '%s': it refers to itself", q.id)
	}
	e.active = append(e.active, q.id)
	defer func() { e.active = e.active[:len(e.active)-1] }()

	every := time.Duration(0)
	for _, id := range q.math.Refs() {
		ref, err := e.find(q, id)
		if err != nil {
			return answer{}, err
		}
		// Evaluated here and not while the expression is, so that an error names the query that it is in.
		a, err := e.answer(ref)
		if err != nil {
			return answer{}, err
		}
		every = max(every, a.period)
	}
	if q.period != 0 && q.period != every {
		return answer{}, validation("Error in expression '%s': its period is %v, that of its metrics %v", q.id, q.period, every)
	}
	value, err := q.math.Eval(&metricmath.Env{
		Value: func(id string) (metricmath.Value, error) { return e.known[id].series, nil },
		Times: e.times(every),
	})
	if err == nil {
		if series, ok := value.(metricmath.Series); ok {
			return answer{series, every}, nil
		}
		err = errors.New("its result must be one time series")
	}
	return answer{}, validation("Error in expression '%s': %v", q.id, err)
}

func (e *evaluation) find(q *query, id string) (*query, error) {
	i := slices.IndexFunc(e.queries, func(other query) bool { return other.id == id })
	if i < 0 {
		return nil, validation("Error in expression '%s': undefined variable %s", q.id, id)
	}
	return &e.queries[i], nil
}

// times are the starts of the periods in the range, up to now: the future has nothing to fill.
func (e *evaluation) times(every time.Duration) []int64 {
	if every == 0 {
		return nil
	}
	end := e.end
	if now := e.service.acct.Now(); now.Before(end) {
		end = now
	}
	var times []int64
	for t := e.start.Truncate(min(every, time.Minute)); t.Before(end) && len(times) < maxDatapoints; t = t.Add(every) {
		times = append(times, t.Unix())
	}
	return times
}
