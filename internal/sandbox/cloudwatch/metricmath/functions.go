package metricmath

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

type function struct {
	least, most int // arguments
	eval        func(env *Env, args []node) (Value, error)
}

// The ways to FILL that are not a value.
const (
	repeat = "REPEAT" // the last value before the gap
	linear = "LINEAR" // the straight line between both sides of the gap
)

var functions = map[string]function{
	"SUM":   aggregate(sum),
	"AVG":   aggregate(func(xs []float64) float64 { return sum(xs) / float64(len(xs)) }),
	"MIN":   aggregate(slices.Min[[]float64]),
	"MAX":   aggregate(slices.Max[[]float64]),
	"ABS":   elementwise(math.Abs),
	"CEIL":  elementwise(math.Ceil),
	"FLOOR": elementwise(math.Floor),
	"FILL":  {2, 2, fill},
	"IF":    {2, 3, choose},
}

func functionNames() string { return strings.Join(slices.Sorted(maps.Keys(functions)), ", ") }

func sum(xs []float64) float64 {
	total := 0.0
	for _, x := range xs {
		total += x
	}
	return total
}

func elementwise(fn func(float64) float64) function {
	return function{1, 1, func(env *Env, args []node) (Value, error) {
		v, err := args[0].eval(env)
		if err != nil {
			return nil, err
		}
		return each(v, fn), nil
	}}
}

// aggregate makes one number of a series, or of an array one series: at each time over those that have a datapoint.
func aggregate(fn func([]float64) float64) function {
	return function{1, 1, func(env *Env, args []node) (Value, error) {
		v, err := args[0].eval(env)
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case Series:
			if len(v) == 0 {
				return Scalar(math.NaN()), nil
			}
			return Scalar(fn(v.inOrder())), nil
		case List:
			columns := map[int64][]float64{}
			for _, s := range v {
				for t, x := range s {
					columns[t] = append(columns[t], x)
				}
			}
			out := make(Series, len(columns))
			for t, xs := range columns {
				out.set(t, fn(xs))
			}
			return out, nil
		}
		return v, nil
	}}
}

// inOrder is the values by time: sums of floating point numbers depend on the order.
func (s Series) inOrder() []float64 {
	xs := make([]float64, 0, len(s))
	for _, t := range slices.Sorted(maps.Keys(s)) {
		xs = append(xs, s[t])
	}
	return xs
}

// fill gives a series a value at every time. A series without any datapoint stays empty, so that nobody comes to take a
// metric that does not exist for one that is zero.
func fill(env *Env, args []node) (Value, error) {
	v, err := args[0].eval(env)
	if err != nil {
		return nil, err
	}
	how, err := filler(env, args[1])
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case Series:
		return how(v), nil
	case List:
		return eachSeries(v, func(s Series) (Value, error) { return how(s), nil })
	}
	return nil, fmt.Errorf("it fills time series, not a %s", v.kind())
}

func filler(env *Env, with node) (func(Series) Series, error) {
	switch with {
	case keyword(repeat):
		return func(s Series) Series { return s.filled(env.Times, repeated) }, nil
	case keyword(linear):
		return func(s Series) Series { return s.filled(env.Times, interpolated) }, nil
	}
	v, err := with.eval(env)
	if err != nil {
		return nil, err
	}
	x, ok := v.(Scalar)
	if !ok {
		return nil, fmt.Errorf("it fills with a scalar, %s or %s, not a %s", repeat, linear, v.kind())
	}
	return func(s Series) Series {
		return s.filled(env.Times, func(Series, []int64, int64) float64 { return float64(x) })
	}, nil
}

// filled asks missing, which gets the times that have a datapoint, for each time that has none.
func (s Series) filled(times []int64, missing func(s Series, known []int64, t int64) float64) Series {
	out := maps.Clone(s)
	if len(s) == 0 {
		return out
	}
	known := slices.Sorted(maps.Keys(s))
	for _, t := range times {
		if _, has := s[t]; !has {
			out.set(t, missing(s, known, t))
		}
	}
	return out
}

func repeated(s Series, known []int64, t int64) float64 {
	next, _ := slices.BinarySearch(known, t)
	if next == 0 {
		return math.NaN()
	}
	return s[known[next-1]]
}

func interpolated(s Series, known []int64, t int64) float64 {
	next, _ := slices.BinarySearch(known, t)
	if next == 0 || next == len(known) {
		return math.NaN()
	}
	before, after := known[next-1], known[next]
	share := float64(t-before) / float64(after-before)
	return s[before] + share*(s[after]-s[before])
}

// choose is IF(condition, then, else): without else, what is not true has no datapoint.
func choose(env *Env, args []node) (Value, error) {
	values := [3]Value{nil, nil, Scalar(math.NaN())}
	for i, arg := range args {
		v, err := arg.eval(env)
		if err != nil {
			return nil, err
		}
		if _, list := v.(List); list {
			return nil, fmt.Errorf("it takes no %s", v.kind())
		}
		values[i] = v
	}
	pick := func(condition float64) Value {
		if condition != 0 {
			return values[1]
		}
		return values[2]
	}
	condition, ok := values[0].(Series)
	if !ok {
		return pick(float64(values[0].(Scalar))), nil
	}
	out := Series{}
	for t, c := range condition {
		switch v := pick(c).(type) {
		case Scalar:
			out.set(t, float64(v))
		case Series:
			if x, has := v[t]; has {
				out.set(t, x)
			}
		}
	}
	return out, nil
}
