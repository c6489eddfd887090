package metricmath

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// env has m and n, which overlap in part, and e, which is empty.
var env = &Env{
	Times: []int64{0, 60, 120, 180},
	Value: func(id string) (Value, error) {
		switch id {
		case "m":
			return Series{0: 8, 120: 4}, nil
		case "n":
			return Series{0: 2, 60: 5, 120: 0}, nil
		case "e":
			return Series{}, nil
		}
		return nil, fmt.Errorf("undefined %s", id)
	},
}

func TestEval(t *testing.T) {
	for _, c := range []struct {
		expression string
		want       Value
	}{
		{"m + n", Series{0: 10, 120: 4}},
		{"m - n", Series{0: 6, 120: 4}},
		{"m * 2", Series{0: 16, 120: 8}},
		{"m / n", Series{0: 4}},
		{"100 * n / SUM(n)", Series{0: 200. / 7, 60: 500. / 7, 120: 0}},
		{"-m", Series{0: -8, 120: -4}},
		{"m - n - n", Series{0: 4, 120: 4}},
		{"m / 2 / 2", Series{0: 2, 120: 1}},
		{"2 + 3 * 4", Scalar(14)},
		{"(2 + 3) * 4", Scalar(20)},
		{"2 ^ 3 ^ 2", Scalar(512)},
		{"-2 ^ 2", Scalar(-4)},
		{"1.5e2 + .5", Scalar(150.5)},
		{"m > 5", Series{0: 1, 120: 0}},
		{"m <= 4 || m == 8", Series{0: 1, 120: 1}},
		{"m > 5 AND n > 5", Series{0: 0, 120: 0}},
		{"SUM(m)", Scalar(12)},
		{"AVG(m)", Scalar(6)},
		{"MIN(m)", Scalar(4)},
		{"MAX(m)", Scalar(8)},
		{"SUM([m, n])", Series{0: 10, 60: 5, 120: 4}},
		{"AVG([m, n])", Series{0: 5, 60: 5, 120: 2}},
		{"MIN([m, n])", Series{0: 2, 60: 5, 120: 0}},
		{"MAX([m, n, e])", Series{0: 8, 60: 5, 120: 4}},
		{"MAX([m, n] * 2)", Series{0: 16, 60: 10, 120: 8}},
		{"SUM(m - [n, n])", Series{0: 12, 120: 8}},
		{"SUM(3)", Scalar(3)},
		{"m + SUM(e)", Series{}},
		{"ABS(n - 3)", Series{0: 1, 60: 2, 120: 3}},
		{"CEIL(n / 2)", Series{0: 1, 60: 3, 120: 0}},
		{"FLOOR(n / 2)", Series{0: 1, 60: 2, 120: 0}},
		{"FILL(m, 0)", Series{0: 8, 60: 0, 120: 4, 180: 0}},
		{"FILL(m, REPEAT)", Series{0: 8, 60: 8, 120: 4, 180: 4}},
		{"FILL(m, LINEAR)", Series{0: 8, 60: 6, 120: 4}},
		{"FILL(n - 0 * m, REPEAT)", Series{0: 2, 60: 2, 120: 0, 180: 0}},
		{"FILL(e, 0)", Series{}},
		{"SUM(FILL([m, n], 1))", Series{0: 10, 60: 6, 120: 4, 180: 2}},
		{"IF(n > 1, m, 0)", Series{0: 8, 120: 0}},
		{"IF(n > 1, n)", Series{0: 2, 60: 5}},
		{"IF(SUM(m) > 10, m, n)", Series{0: 8, 120: 4}},
		{"IF(m, 1, 2)", Series{0: 1, 120: 1}},
	} {
		t.Run(c.expression, func(t *testing.T) {
			e, err := Parse(c.expression)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Eval(env)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct{ expression, want string }{
		{"", "ends too early"},
		{"m +", "ends too early"},
		{"m n", `unexpected "n"`},
		{"(m", `")" is missing`},
		{"[m, n", `"]" is missing`},
		{"SUM(m]", `unexpected "]"`},
		{"m + $", `unexpected "$"`},
		{"m + 'text'", "unexpected \"'text'\""},
		{"ANOMALY_DETECTION_BAND(m, 2)", "ANOMALY_DETECTION_BAND is not supported"},
		{`SEARCH('{AWS/ApplicationELB} RequestCount', 'Sum')`, "SEARCH is not supported"},
		{"SELECT MAX(CPUUtilization) FROM x", "SELECT is not supported"},
		{"SUM m", `unexpected "m"`},
		{"SUM(m, n)", "SUM does not take 2 arguments"},
		{"FILL(m)", "FILL does not take 1 arguments"},
		{"FILL(3, 0)", "not a scalar"},
		{"FILL(m, n)", "not a time series"},
		{"REPEAT", "only in FILL"},
		{"[m, 3]", "not a scalar"},
		{"[m] + [n]", "two arrays"},
		{"IF([m], 1)", "no array"},
		{"x", "undefined x"},
		{strings.Repeat("(", 2049), "the limit is 2048"},
	} {
		t.Run(c.expression[:min(len(c.expression), 40)], func(t *testing.T) {
			e, err := Parse(c.expression)
			if err == nil {
				_, err = e.Eval(env)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one that contains %q", err, c.want)
			}
		})
	}
}

func TestRefs(t *testing.T) {
	e, err := Parse("IF(m1 > 0, FILL(m2, REPEAT), m1) / t_3")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"m1", "m2", "t_3"}, e.Refs()); diff != "" {
		t.Error(diff)
	}
}
