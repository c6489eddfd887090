package metricmath

import (
	"fmt"
	"math"
)

// node is a part of a parsed expression.
type node interface {
	eval(*Env) (Value, error)
}

type (
	number  float64
	ref     string
	keyword string
	array   []node
	binary  struct {
		op          string
		left, right node
	}
	call struct {
		name string
		fn   function
		args []node
	}
)

func (n number) eval(*Env) (Value, error) { return Scalar(n), nil }

func (r ref) eval(env *Env) (Value, error) { return env.Value(string(r)) }

func (k keyword) eval(*Env) (Value, error) {
	return nil, fmt.Errorf("%s stands only in FILL", string(k))
}

func (a array) eval(env *Env) (Value, error) {
	var list List
	for _, item := range a {
		v, err := item.eval(env)
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case Series:
			list = append(list, v)
		case List:
			list = append(list, v...)
		default:
			return nil, fmt.Errorf("an array holds time series, not a %s", v.kind())
		}
	}
	return list, nil
}

func (b binary) eval(env *Env) (Value, error) {
	left, err := b.left.eval(env)
	if err != nil {
		return nil, err
	}
	right, err := b.right.eval(env)
	if err != nil {
		return nil, err
	}
	return combine(b.op, left, right, operators[b.op])
}

func (c call) eval(env *Env) (Value, error) {
	v, err := c.fn.eval(env, c.args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return v, nil
}

var operators = map[string]func(x, y float64) float64{
	"+":   func(x, y float64) float64 { return x + y },
	"-":   func(x, y float64) float64 { return x - y },
	"*":   func(x, y float64) float64 { return x * y },
	"/":   func(x, y float64) float64 { return x / y },
	"^":   math.Pow,
	"==":  func(x, y float64) float64 { return truth(x == y) },
	"!=":  func(x, y float64) float64 { return truth(x != y) },
	"<":   func(x, y float64) float64 { return truth(x < y) },
	"<=":  func(x, y float64) float64 { return truth(x <= y) },
	">":   func(x, y float64) float64 { return truth(x > y) },
	">=":  func(x, y float64) float64 { return truth(x >= y) },
	"&&":  func(x, y float64) float64 { return truth(x != 0 && y != 0) },
	"AND": func(x, y float64) float64 { return truth(x != 0 && y != 0) },
	"||":  func(x, y float64) float64 { return truth(x != 0 || y != 0) },
	"OR":  func(x, y float64) float64 { return truth(x != 0 || y != 0) },
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
