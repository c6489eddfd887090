package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/cli"
	"bluegreen/internal/cli/progress"
)

// NewView picks the form: JSON on stdout, a live picture on stderr where a person looks, or lines on stderr.
func NewView(s cli.Streams, asJSON bool) View {
	switch {
	case asJSON:
		return &jsonView{out: s.Out}
	case s.ErrTTY:
		return newLiveView(s.Err, columns(s.Err))
	}
	return &lineView{printer: progress.New(s, false), out: s.Err}
}

// jsonView prints everything, one line each.
type jsonView struct{ out io.Writer }

func (v *jsonView) Event(e bluegreen.Event) { v.print(e) }
func (v *jsonView) Traffic(s Sample)        { v.print(s) }

func (v *jsonView) print(value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // plain data
	}
	fmt.Fprintf(v.out, "%s\n", text)
}

// lineView prints lines for a log.
type lineView struct {
	printer *progress.Printer
	out     io.Writer
	shown   time.Time
}

func (v *lineView) Event(e bluegreen.Event) { v.printer.Report(e) }

// trafficEvery is how often a log is told of the traffic.
const trafficEvery = 5 * time.Second

func (v *lineView) Traffic(s Sample) {
	if s.Time.Sub(v.shown) < trafficEvery {
		return
	}
	v.shown = s.Time
	fmt.Fprintf(v.out, "%s %-8s %s\n", s.Time.Format(time.RFC3339), s.Event, s.text())
}

func (s Sample) text() string {
	return fmt.Sprintf("%.0f requests/s, %d in all, %d failed; %s", s.Rate, s.Requests, s.Failed, s.sharesText())
}

func (s Sample) sharesText() string {
	var parts []string
	for _, side := range slices.Sorted(maps.Keys(s.Shares)) {
		parts = append(parts, fmt.Sprintf("%s %.0f%%", side, 100*s.Shares[side]))
	}
	return strings.Join(parts, ", ")
}
