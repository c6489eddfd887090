package demo

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/cli"
	"bluegreen/internal/demo/load"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// show plays a short story on a view.
func show(v View) {
	v.Event(bluegreen.Event{Time: noon, Event: Act, Text: "1/2 v1 serves on blue"})
	v.Event(bluegreen.Event{Time: noon, Event: bluegreen.StepBegan, Step: "shift-1", Text: "shift to 50% green"})
	v.Event(bluegreen.Event{Time: noon, Event: bluegreen.Shifted, Weights: "blue:50,green:50", Text: "weights are blue:50,green:50"})
	v.Event(bluegreen.Event{Time: noon, Event: bluegreen.StepEnded, Step: "shift-1", Text: "shift to 50% green"})
	v.Event(bluegreen.Event{Time: noon, Event: bluegreen.Waiting, Step: "verify-1", Text: "waiting for the name servers: " + strings.Repeat("long ", 20)})
	v.Traffic(Sample{Time: noon, Event: "traffic", Rate: 249.6, Requests: 1000, Failed: 1, Shares: map[string]float64{"blue v1": 0.75, "green v2": 0.25}})
	v.Traffic(Sample{Time: noon.Add(time.Second), Event: "traffic", Rate: 250, Requests: 1250, Failed: 1})
}

func TestLines(t *testing.T) {
	var out, err bytes.Buffer
	show(NewView(cli.Streams{Out: &out, Err: &err}, false))
	want := `2026-01-02T12:00:00Z act      1/2 v1 serves on blue
2026-01-02T12:00:00Z step     shift-1: shift to 50% green
2026-01-02T12:00:00Z shift    weights are blue:50,green:50
2026-01-02T12:00:00Z wait     verify-1: waiting for the name servers: ` + strings.Repeat("long ", 20) + `
2026-01-02T12:00:00Z traffic  250 requests/s, 1000 in all, 1 failed; blue v1 75%, green v2 25%
`
	if diff := cmp.Diff(want, err.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if out.Len() > 0 {
		t.Errorf("on stdout: %s", out.String())
	}
}

func TestJSON(t *testing.T) {
	var out, err bytes.Buffer
	show(NewView(cli.Streams{Out: &out, Err: &err}, true))
	lines := strings.Split(out.String(), "\n")
	want := `{"time":"2026-01-02T12:00:00Z","event":"traffic","requests_per_second":249.6,"requests":1000,"failed":1,"shares":{"blue v1":0.75,"green v2":0.25}}`
	if diff := cmp.Diff(want, lines[5]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(lines) != 8 || err.Len() > 0 {
		t.Errorf("%d lines, and on stderr: %s", len(lines), err.String())
	}
}

// screen is what a terminal shows in the end.
func screen(output string) string {
	rows, at := []string{""}, 0
	for _, token := range regexp.MustCompile(`\x1b\[\d*[A-Za-z]|\r|\n|[^\x1b\r\n]+`).FindAllString(output, -1) {
		switch {
		case token == "\n":
			if at++; at == len(rows) {
				rows = append(rows, "")
			}
		case token == "\x1b[J":
			rows = rows[:at+1]
			rows[at] = ""
		case strings.HasSuffix(token, "A"):
			n := 0
			for _, digit := range token[2 : len(token)-1] {
				n = 10*n + int(digit-'0')
			}
			at -= n
		case token[0] != '\x1b' && token != "\r":
			rows[at] += token
		}
	}
	return strings.Join(rows, "\n")
}

func TestLive(t *testing.T) {
	var out bytes.Buffer
	v := newLiveView(&out, 80)
	v.begun = noon.Add(-1500 * time.Millisecond)
	show(v)
	want := `   1.5s ▶ 1/2 v1 serves on blue
   1.5s • shift to 50% green
   1.5s → weights are blue:50,green:50
───────────────────────────────────────────────────────────────────────────────
1/2 v1 serves on blue
  waiting for the name servers: long long long long long long long long long l…
  ········································  
   250 requests/s     1250 requests  1 failed  weights blue:50,green:50
`
	if diff := cmp.Diff(want, screen(out.String())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	v.Traffic(Sample{Time: noon, Shares: map[string]float64{"blue v1": 0.75, "green v2": 0.25}})
	bar := "  " + strings.Repeat("█", 40) + "  blue v1 75%, green v2 25%\n"
	if got := screen(out.String()); !strings.Contains(got, bar) {
		t.Errorf("no bar %q in\n%s", bar, got)
	}
}

func TestSampleIsWhatCameInBetween(t *testing.T) {
	blue, green := load.Side{Color: "blue", Version: "v1"}, load.Side{Color: "green", Version: "v2"}
	before := load.Stats{Requests: 100, Sides: map[load.Side]load.Traffic{blue: {Requests: 100}}}
	after := load.Stats{Requests: 300, Failed: 2, Sides: map[load.Side]load.Traffic{blue: {Requests: 150}, green: {Requests: 148}}}
	want := Sample{
		Time: noon.Add(2 * time.Second), Event: "traffic", Rate: 100, Requests: 300, Failed: 2,
		Shares: map[string]float64{"blue v1": 0.25, "green v2": 0.74},
	}
	if diff := cmp.Diff(want, between(before, after, noon, noon.Add(2*time.Second))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
