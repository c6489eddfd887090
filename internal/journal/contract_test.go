package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bluegreen/internal/step"
)

// contract is what a journal promises, wherever it is kept.
var contract = map[string]func(t *testing.T, s step.Store){
	"a run that nobody has begun": func(t *testing.T, s step.Store) {
		mustAppend(t, s, record(1, 0, "x"))
		_, err := s.Latest(t.Context(), "20260101-000000-000000")
		if !errors.Is(err, step.ErrNoRun) || text(err) != "20260101-000000-000000: no such run in the journal" {
			t.Errorf("got %v", err)
		}
	},
	"the newest record counts": func(t *testing.T, s step.Store) {
		for seq := range 12 { // numbers are not texts: 10 comes after 9
			mustAppend(t, s, record(3, seq, "x"))
			mustBeLatest(t, s, record(3, seq, "x"))
		}
	},
	"a higher epoch counts more than a higher number": func(t *testing.T, s step.Store) {
		mustAppend(t, s, record(9, 0, "x"), record(9, 1, "x"), record(9, 2, "x"), record(10, 0, "x"))
		mustBeLatest(t, s, record(10, 0, "x"))
		mustAppend(t, s, record(9, 3, "a zombie"))
		mustBeLatest(t, s, record(10, 0, "x"))
	},
	"more records than a page holds": func(t *testing.T, s step.Store) {
		for seq := range 35 {
			mustAppend(t, s, record(1, seq, "x"))
		}
		mustBeLatest(t, s, record(1, 34, "x"))
	},
	"runs do not mix": func(t *testing.T, s step.Store) {
		other := record(7, 7, "other")
		other.Run += "0" // the name of one begins with that of the other
		mustAppend(t, s, other, record(1, 0, "x"))
		mustBeLatest(t, s, record(1, 0, "x"))
		mustBeLatest(t, s, other)
	},
	"any size and any text": func(t *testing.T, s step.Store) {
		for seq, says := range []string{
			"", "{{", "{{{{{", "a {{ssm:/other}} b", `{"a":{"b":{}}}`, "quote \" slash \\ \x00 \u2028", "äöü€😀",
			strings.Repeat("x", 4096), strings.Repeat("x", 20000), strings.Repeat("€", 5000), strings.Repeat("{", 9000),
		} {
			mustAppend(t, s, record(1, seq, says))
			mustBeLatest(t, s, record(1, seq, says))
		}
	},
	"the same record twice": func(t *testing.T, s step.Store) {
		for _, says := range []string{"x", strings.Repeat("x", 9000)} {
			mustAppend(t, s, record(1, len(says), says), record(1, len(says), says))
			mustBeLatest(t, s, record(1, len(says), says))
		}
	},
	"two writers": func(t *testing.T, s step.Store) {
		long := strings.Repeat("y", 9000)
		for i, pair := range [][2]string{{"x", "y"}, {"x", long}, {long, "x"}, {long, long + "z"}} {
			first, second := record(int64(i+1), 0, pair[0]), record(int64(i+1), 0, pair[1])
			second.Time = second.Time.Add(1)
			mustAppend(t, s, first)
			err := s.Append(t.Context(), second)
			var stopper step.Stopper
			if !errors.Is(err, ErrTaken) || !errors.As(err, &stopper) || !stopper.StopsRun() {
				t.Errorf("%d: a second writer is told %v", i, err)
			}
			mustBeLatest(t, s, first)
		}
	},
	"a record of another release": func(t *testing.T, s step.Store) {
		newer := record(1, 1, "x")
		newer.Version = 2
		mustAppend(t, s, record(1, 0, "x"), newer)
		_, err := s.Latest(t.Context(), run)
		if text(err) != "the journal was written by another release (version 2, this one reads 1)" {
			t.Errorf("got %v", err)
		}
	},
	"a whole run": func(t *testing.T, s step.Store) {
		var trace []string
		note := func(what string) step.Step[[]string] {
			return step.Step[[]string]{Name: what, Do: func(_ context.Context, state *[]string) error {
				*state = append(*state, what)
				trace = append(trace, what)
				if what == "c" && len(trace) < 4 {
					return ErrTaken // stops the run
				}
				return nil
			}}
		}
		steps := []step.Step[[]string]{note("a"), note("b"), note("c")}
		first := step.Runner[[]string]{Store: s, Steps: steps}
		first.Begin(run, "test", 1)
		if err := first.Run(t.Context()); !errors.Is(err, ErrTaken) {
			t.Fatal(err)
		}
		record, err := s.Latest(t.Context(), run)
		if err != nil {
			t.Fatal(err)
		}
		next := step.Runner[[]string]{Store: s, Steps: steps}
		if err := errors.Join(next.Continue(record, 2), next.Run(t.Context())); err != nil {
			t.Fatal(err)
		}
		record, err = s.Latest(t.Context(), run)
		if got := fmt.Sprintf("%d/%d %s %s %v", record.Epoch, record.Seq, record.Outcome, record.State, err); got != `2/1 succeeded ["a","b","c","c"] <nil>` {
			t.Error(got, trace)
		}
	},
}

func TestParamsKeepTheContract(t *testing.T) {
	for name, test := range contract {
		t.Run(name, func(t *testing.T) {
			inCloud(t, func(t *testing.T, c *cloud) { test(t, InParams(c.client, app)) })
		})
	}
}

func TestFilesKeepTheContract(t *testing.T) {
	for name, test := range contract {
		t.Run(name, func(t *testing.T) { test(t, InFiles(t.TempDir(), app)) })
	}
}

func mustAppend(t *testing.T, s step.Store, records ...step.Record) {
	t.Helper()
	for _, r := range records {
		if err := s.Append(t.Context(), r); err != nil {
			t.Fatalf("append %d/%d: %v", r.Epoch, r.Seq, err)
		}
	}
}

func mustBeLatest(t *testing.T, s step.Store, want step.Record) {
	t.Helper()
	got, err := s.Latest(t.Context(), want.Run)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(unmarshalled(want), unmarshalled(got)); diff != "" {
		t.Fatal(diff)
	}
}

// Whatever a record says, it can stand in a parameter, and is the same when it is read.
func TestEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		says := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune(`{}"\a€😀`)))).Draw(t, "says")
		want := record(1, 0, says)
		encoded, err := encode(want)
		if err != nil || strings.Contains(encoded, "{{") {
			t.Fatalf("%v: %s", err, encoded)
		}
		size := rapid.IntRange(4, 40).Draw(t, "size")
		parts := split(encoded, size)
		for _, p := range parts {
			if len(p) > size || p == "" || !utf8.ValidString(p) {
				t.Fatalf("a part of at most %d bytes: %q", size, p)
			}
		}
		got, err := decode(strings.Join(parts, ""))
		if diff := cmp.Diff(unmarshalled(want), unmarshalled(got)); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
	})
}

// unmarshalled compares states by what they say: braces may be escaped.
func unmarshalled(r step.Record) step.Record {
	var says string
	if err := json.Unmarshal(r.State, &says); err != nil {
		panic(err)
	}
	r.State = json.RawMessage(says)
	return r
}
