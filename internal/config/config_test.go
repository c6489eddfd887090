package config

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// settings have a field of each type.
type settings struct {
	Name  string     `toml:"name"`
	On    bool       `toml:"on"`
	Count int        `toml:"count"`
	Share float64    `toml:"share"`
	Span  Duration   `toml:"span"`
	Names []string   `toml:"names"`
	Spans []Duration `toml:"spans"`
	Sub   sub        `toml:"sub"`
	Subs  []sub      `toml:"subs"`
	Other string     // not of the file
}

type sub struct {
	Steps []int `toml:"steps"`
	Deep  struct {
		Flag bool `toml:"flag"`
	} `toml:"deep"`
}

// load decodes a text over the defaults.
func load(t testing.TB, text string, into *settings) (*Faults, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "app.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	faults, err := Load(file, into)
	if faults != nil {
		faults.File = filepath.Base(faults.File)
	}
	return faults, err
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestLoad(t *testing.T) {
	got := settings{Name: "default", Count: 7, Other: "kept", Names: []string{"default"}}
	faults, err := load(t, `
		on = true
		share = 2
		span = "1h30m"
		names = ["a", "b"]
		spans = ["1s", "0s"]
		[sub]
		steps = [10, 50]
		deep.flag = true
		[[subs]]
		steps = []
		[[subs]]
		steps = [1]
	`, &got)
	if err != nil || faults.Err() != nil {
		t.Fatal(err, faults)
	}
	want := settings{
		Name: "default", On: true, Count: 7, Share: 2, Span: Duration(90 * time.Minute), Names: []string{"a", "b"},
		Spans: []Duration{Duration(time.Second), 0}, Sub: sub{Steps: []int{10, 50}}, Subs: []sub{{Steps: []int{}}, {Steps: []int{1}}}, Other: "kept",
	}
	want.Sub.Deep.Flag = true
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// All faults come at once, in the order of their paths, each with what stands there and what should.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"none": {"", ""},
		"one":  {`nam = "x"`, "app.toml: 1 fault\n  nam: unknown key; known here: count, name, names, on, share, span, spans, sub, subs"},
		"every wrong type": {`
			name = 1
			on = "true"
			count = 1.5
			share = "half"
			span = 90
			names = "a"
			spans = ["1s", "soon", 2]
			sub = [1]
			subs = [{steps = [1, "two", 3.0]}, 4]
		`, `app.toml: 12 faults
  count: must be a whole number (got 1.5)
  name: must be a text in quotes (got 1)
  names: must be a list (got "a")
  on: must be true or false (got "true")
  share: must be a number (got "half")
  span: must be a time span such as "90s" or "5m" (got 90)
  spans[1]: must be a time span such as "90s" or "5m" (got "soon")
  spans[2]: must be a time span such as "90s" or "5m" (got 2)
  sub: must be a table (got [1])
  subs[0].steps[1]: must be a whole number (got "two")
  subs[0].steps[2]: must be a whole number (got 3.0)
  subs[1]: must be a table (got 4)`},
		"unknown keys and tables": {`
			[sub]
			step = 1
			deep = {flag = true, flags = false}
			[Sub]
			"a b".c = 1
			[other.table]
			x = 1
		`, `app.toml: 4 faults
  Sub: unknown key; known here: count, name, names, on, share, span, spans, sub, subs
  other: unknown key; known here: count, name, names, on, share, span, spans, sub, subs
  sub.deep.flags: unknown key; known here: flag
  sub.step: unknown key; known here: deep, steps`},
		"values of all kinds": {`
			name = {a = 1, "b c" = [1979-05-27T07:32:00Z, true]}
			count = [[sub]]
		`, "app.toml: line 3: "},
		"tables where a value should be": {`
			[name]
			"b c" = [1979-05-27T07:32:00Z, true]
			[[count]]
			x = "y"
			[[sub]]
		`, `app.toml: 3 faults
  count: must be a whole number (got [{x = "y"}])
  name: must be a text in quotes (got {"b c" = [1979-05-27T07:32:00Z, true]})
  sub: must be a table (got [{}])`},
		"keys that are no words": {`"" = 1
"a.b" = 2
"new\nline" = 3`, `app.toml: 3 faults
  "": unknown key; known here: count, name, names, on, share, span, spans, sub, subs
  "a.b": unknown key; known here: count, name, names, on, share, span, spans, sub, subs
  "new\nline": unknown key; known here: count, name, names, on, share, span, spans, sub, subs`},
		"numbers that are none": {"share = nan\nspan = \"9999999h\"", `app.toml: 2 faults
  share: must be a number (got nan)
  span: must be a time span such as "90s" or "5m" (got "9999999h")`},
		"a time span without a unit":   {`span = "90"`, "app.toml: 1 fault\n  span: must be a time span such as \"90s\" or \"5m\" (got \"90\")"},
		"a time span that is negative": {`span = "-5m"`, ""}, // what it means is for the program to say
	} {
		t.Run(name, func(t *testing.T) {
			faults, err := load(t, c.text, &settings{})
			got := message(err)
			if err == nil {
				got = message(faults.Err())
			}
			if strings.HasSuffix(c.want, ": ") && err != nil {
				got = got[strings.LastIndex(got, "app.toml"):]
				got = got[:min(len(c.want), len(got))]
			}
			if got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestFilesThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"name = ":                 "app.toml: line 1: expected value but found '\\n' instead",
		"on = true\n\nname = \"x": "app.toml: line 3: unexpected EOF; expected '\"'",
		"name = 1\nname = 2":      "app.toml: line 2: Key 'name' has already been defined.",
		"\xff":                    "app.toml: line 1: invalid UTF-8 byte: 0xff",
	} {
		_, err := load(t, text+"\n", &settings{})
		got := message(err)
		if i := strings.LastIndex(got, "app.toml"); i >= 0 {
			got = got[i:]
		}
		if !strings.HasPrefix(got, want[:strings.LastIndex(want, ": ")]) {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.toml"), &settings{}); !strings.HasPrefix(message(err), "read the configuration: open ") {
		t.Errorf("no file: %v", err)
	}
}

func TestAdd(t *testing.T) {
	f := &Faults{File: "f"}
	f.Add("a", nil, "must be set")
	f.Add("b[0]", "", "must be %d or more", 3)
	f.Add("c", Duration(90*time.Second), "must be less")
	f.Add("d", 1.5, "must be 100%%")
	const want = "f: 4 faults\n  a: must be set\n  b[0]: must be 3 or more (got \"\")\n  c: must be less (got 1m30s)\n  d: must be 100% (got 1.5)"
	if got := message(f.Err()); got != want {
		t.Errorf("got:\n%s", got)
	}
	if (&Faults{}).Err() != nil {
		t.Error("no fault is one")
	}
}

// Whatever stands in a file, it is read or refused with a line for each fault, and nothing breaks.
func FuzzLoad(f *testing.F) {
	f.Add("name = \"x\"\n[sub]\nsteps = [1]\n[[subs]]\ndeep.flag = true")
	f.Add("span = \"1s\"\nshare = inf\n\"a b\" = {c = [[1], [\"2\"]]}")
	f.Fuzz(func(t *testing.T, text string) {
		got := settings{}
		faults, err := load(t, text, &got)
		if err != nil {
			return
		}
		if faults.Err() == nil {
			if math.IsNaN(got.Share) || math.IsInf(got.Share, 0) {
				t.Errorf("share is %v", got.Share)
			}
			return
		}
		if lines := strings.Count(faults.Error(), "\n"); lines != len(faults.Faults) {
			t.Errorf("%d lines for %d faults:\n%s", lines, len(faults.Faults), faults.Error())
		}
		for _, fault := range faults.Faults {
			if fault.Path == "" || fault.Want == "" {
				t.Errorf("a fault %+v", fault)
			}
		}
	})
}

// A field of a type that no file can have is a fault of the program.
func TestFieldThatCannotBe(t *testing.T) {
	defer func() {
		if p := recover(); p != "config: no TOML for a field of type chan int" {
			t.Errorf("got %v", p)
		}
	}()
	(&Faults{}).table("", reflect.ValueOf(&struct {
		C chan int `toml:"c"`
	}{}).Elem(), map[string]any{"c": 1})
}
