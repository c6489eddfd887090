package progress

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/cli"
	"bluegreen/internal/event"
)

var begun = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// story is what a deployment tells.
func story() []event.Event {
	at := func(seconds float64, e event.Event) event.Event {
		e.Time, e.Deployment = begun.Add(time.Duration(seconds*float64(time.Second))), "d1"
		return e
	}
	return []event.Event{
		at(0, event.Event{Event: event.Note, Text: "listening"}),
		at(0.04, event.Event{Event: event.StepBegan, Step: "shift-1", Text: "shift to 10% green"}),
		at(1, event.Event{Event: event.Waiting, Step: "verify", Text: "waiting for name servers: 1 of 4 (at most 10m0s)"}),
		at(6, event.Event{Event: event.Waiting, Step: "verify", Text: "waiting for name servers: 2 of 4 (at most 9m55s)"}),
		at(7, event.Event{Event: event.Waiting, Step: "verify", Text: "waiting for name servers: unreachable (at most 9m54s)"}),
		at(32, event.Event{Event: event.Waiting, Step: "verify", Text: "waiting for name servers: 3 of 4 (at most 9m29s)"}),
		at(61, event.Event{Event: event.Shifted, Weights: "blue:90,green:10", Text: "weights are blue:90,green:10"}),
		at(62, event.Event{Event: event.Waiting, Step: "verify", Text: "waiting for name servers: 1 of 4 (at most 10m0s)"}),
		at(62.5, event.Event{Event: event.StepEnded, Step: "shift-1", Text: "shift to 10% green"}),
		at(63, event.Event{Event: event.Failed, Step: "watch", Text: "5.00% failed\nand more"}),
		at(64, event.Event{Event: event.Warning, Text: "the lease stays"}),
		at(3664, event.Event{Event: event.Finished, Outcome: "rolled-back", Text: "rolled-back after 1h"}),
	}
}

func TestPrinter(t *testing.T) {
	for name, c := range map[string]struct {
		json, tty bool
		out, errs []string
	}{
		"lines of a log": {false, false, nil, []string{
			"2026-01-01T12:00:00Z note     listening",
			"2026-01-01T12:00:00Z step     shift-1: shift to 10% green",
			"2026-01-01T12:00:01Z wait     verify: waiting for name servers: 1 of 4 (at most 10m0s)",
			"2026-01-01T12:00:07Z wait     verify: waiting for name servers: unreachable (at most 9m54s)",
			"2026-01-01T12:00:32Z wait     verify: waiting for name servers: 3 of 4 (at most 9m29s)",
			"2026-01-01T12:01:01Z shift    weights are blue:90,green:10",
			"2026-01-01T12:01:02Z wait     verify: waiting for name servers: 1 of 4 (at most 10m0s)",
			"2026-01-01T12:01:03Z failed   watch: 5.00% failed; and more",
			"2026-01-01T12:01:04Z warning  the lease stays",
			"2026-01-01T13:01:04Z end      rolled-back after 1h",
			"",
		}},
		"a terminal": {false, true, nil, []string{
			"    +0s \x1b[0m  listening\x1b[0m",
			"\x1b[1m    +0s • shift-1: shift to 10% green\x1b[0m" +
				"\r\x1b[K\x1b[2m    +1s … verify: waiting for name servers: 1 of 4 (at most 10m0s)\x1b[0m" +
				"\r\x1b[K\x1b[2m    +6s … verify: waiting for name servers: 2 of 4 (at most 9m55s)\x1b[0m" +
				"\r\x1b[K\x1b[2m    +7s … verify: waiting for name servers: unreachable (at most 9m54s)\x1b[0m" +
				"\r\x1b[K\x1b[2m   +32s … verify: waiting for name servers: 3 of 4 (at most 9m29s)\x1b[0m" +
				"\r\x1b[K  +1m1s \x1b[1m→ weights are blue:90,green:10\x1b[0m",
			"\x1b[2m  +1m2s … verify: waiting for name servers: 1 of 4 (at most 10m0s)\x1b[0m" +
				"\r\x1b[K+1m2.5s \x1b[32m✓ shift-1: shift to 10% green\x1b[0m",
			"  +1m3s \x1b[31m✗ watch: 5.00% failed; and more\x1b[0m",
			"  +1m4s \x1b[33m! the lease stays\x1b[0m",
			"+1h1m4s \x1b[1m■ rolled-back after 1h\x1b[0m",
			"",
		}},
		"machines": {true, true, []string{
			`{"time":"2026-01-01T12:00:00Z","event":"note","deployment":"d1","text":"listening"}`,
			`{"time":"2026-01-01T12:00:00.04Z","event":"step","deployment":"d1","step":"shift-1","text":"shift to 10% green"}`,
			`{"time":"2026-01-01T12:00:01Z","event":"wait","deployment":"d1","step":"verify","text":"waiting for name servers: 1 of 4 (at most 10m0s)"}`,
			`{"time":"2026-01-01T12:00:06Z","event":"wait","deployment":"d1","step":"verify","text":"waiting for name servers: 2 of 4 (at most 9m55s)"}`,
			`{"time":"2026-01-01T12:00:07Z","event":"wait","deployment":"d1","step":"verify","text":"waiting for name servers: unreachable (at most 9m54s)"}`,
			`{"time":"2026-01-01T12:00:32Z","event":"wait","deployment":"d1","step":"verify","text":"waiting for name servers: 3 of 4 (at most 9m29s)"}`,
			`{"time":"2026-01-01T12:01:01Z","event":"shift","deployment":"d1","text":"weights are blue:90,green:10","weights":"blue:90,green:10"}`,
			`{"time":"2026-01-01T12:01:02Z","event":"wait","deployment":"d1","step":"verify","text":"waiting for name servers: 1 of 4 (at most 10m0s)"}`,
			`{"time":"2026-01-01T12:01:02.5Z","event":"step-done","deployment":"d1","step":"shift-1","text":"shift to 10% green"}`,
			`{"time":"2026-01-01T12:01:03Z","event":"failed","deployment":"d1","step":"watch","text":"5.00% failed\nand more"}`,
			`{"time":"2026-01-01T12:01:04Z","event":"warning","deployment":"d1","text":"the lease stays"}`,
			`{"time":"2026-01-01T13:01:04Z","event":"end","deployment":"d1","text":"rolled-back after 1h","outcome":"rolled-back"}`,
			"",
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			p := New(cli.Streams{Out: &out, Err: &errs, ErrTTY: c.tty}, c.json)
			p.begun = begun
			for _, e := range story() {
				p.Report(e)
			}
			for _, stream := range []struct {
				want []string
				got  string
			}{{c.out, out.String()}, {c.errs, errs.String()}} {
				got := strings.Split(stream.got, "\n")
				if stream.want == nil {
					stream.want = []string{""}
				}
				if diff := cmp.Diff(stream.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// A log that nobody reads any more does not stop a deployment, and events may come from several goroutines.
func TestPrinterOfABrokenPipe(t *testing.T) {
	p := New(cli.Streams{Err: brokenPipe{}}, false)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for _, e := range story() {
				p.Report(e)
			}
		})
	}
	all.Wait()
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }
