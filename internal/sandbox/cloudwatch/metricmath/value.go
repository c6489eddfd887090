// Package metricmath evaluates the part of CloudWatch's metric math that gates and dashboards are made of: arithmetic,
// comparisons, and SUM, AVG, MIN, MAX, ABS, CEIL, FLOOR, FILL and IF over series. Anything else is an error that names it.
package metricmath

import (
	"fmt"
	"math"
)

// Value is what an expression can be: a Scalar, a Series or a List.
type Value interface{ kind() string }

// Scalar is one number. NaN stands for no data.
type Scalar float64

// Series is a value at each time that has one, in seconds since 1970.
type Series map[int64]float64

// List is several series, written [m1, m2].
type List []Series

func (Scalar) kind() string { return "scalar" }
func (Series) kind() string { return "time series" }
func (List) kind() string   { return "array of time series" }

// Env is what an expression is evaluated in.
type Env struct {
	// Value finds what an id stands for.
	Value func(id string) (Value, error)
	// Times are the starts of all periods that FILL fills, rising.
	Times []int64
}

// each applies fn to every number in v.
func each(v Value, fn func(float64) float64) Value {
	switch v := v.(type) {
	case Scalar:
		return Scalar(fn(float64(v)))
	case Series:
		out := make(Series, len(v))
		for t, x := range v {
			out.set(t, fn(x))
		}
		return out
	case List:
		out := make(List, len(v))
		for i, s := range v {
			out[i] = each(s, fn).(Series)
		}
		return out
	}
	return v
}

// set stores a number; what has no value, as after a division by zero, leaves no datapoint.
func (s Series) set(t int64, x float64) {
	if !math.IsNaN(x) && !math.IsInf(x, 0) {
		s[t] = x
	}
}

// combine applies fn to two values: a scalar to each number of the other, two series where both have a datapoint, a list
// series by series.
func combine(op string, a, b Value, fn func(x, y float64) float64) (Value, error) {
	if x, ok := a.(Scalar); ok {
		return each(b, func(y float64) float64 { return fn(float64(x), y) }), nil
	}
	if y, ok := b.(Scalar); ok {
		return each(a, func(x float64) float64 { return fn(x, float64(y)) }), nil
	}
	as, aSeries := a.(Series)
	bs, bSeries := b.(Series)
	switch {
	case aSeries && bSeries:
		out := Series{}
		for t, x := range as {
			if y, both := bs[t]; both {
				out.set(t, fn(x, y))
			}
		}
		return out, nil
	case aSeries:
		return eachSeries(b.(List), func(s Series) (Value, error) { return combine(op, as, s, fn) })
	case bSeries:
		return eachSeries(a.(List), func(s Series) (Value, error) { return combine(op, s, bs, fn) })
	}
	return nil, fmt.Errorf("operator %s does not take two arrays of time series", op)
}

func eachSeries(list List, fn func(Series) (Value, error)) (Value, error) {
	out := make(List, len(list))
	for i, s := range list {
		v, err := fn(s)
		if err != nil {
			return nil, err
		}
		out[i] = v.(Series)
	}
	return out, nil
}
