// Package progress tells people, or machines, what a deployment does.
package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"

	"bluegreen/internal/cli"
	"bluegreen/internal/event"
)

// Printer tells about events: as JSON, as lines for a log, or as lines for a person who looks.
type Printer struct {
	mu     sync.Mutex
	out    io.Writer
	format func(p *Printer, e event.Event) string
	begun  time.Time

	waits   map[string]time.Time // when which wait of this step was told of, by its text without numbers and names
	partial bool                 // the last line on a TTY is one that will be overwritten
}

// New picks the form: --json goes to stdout, lines go to stderr.
func New(s cli.Streams, asJSON bool) *Printer {
	p := &Printer{out: s.Err, format: (*Printer).line, begun: time.Now()}
	switch {
	case asJSON:
		p.out, p.format = s.Out, (*Printer).json
	case s.ErrTTY:
		p.format = (*Printer).tty
	}
	return p
}

// Report prints an event.
func (p *Printer) Report(e event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = io.WriteString(p.out, p.format(p, e)) // a broken pipe must not stop a deployment
}

func (p *Printer) json(e event.Event) string {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // an Event is plain data
	}
	return string(text) + "\n"
}

// waitEvery is how often a wait is told of in a log when nothing but its numbers has changed.
const waitEvery = 30 * time.Second

// line is one line of a log.
func (p *Printer) line(e event.Event) string {
	if e.Event == event.StepEnded {
		return ""
	}
	if e.Event != event.Waiting {
		p.waits = nil
	} else {
		same := e.Step + unnumbered(e.Text)
		if told, before := p.waits[same]; before && e.Time.Sub(told) < waitEvery {
			return ""
		}
		if p.waits == nil {
			p.waits = map[string]time.Time{}
		}
		p.waits[same] = e.Time
	}
	return fmt.Sprintf("%s %-8s %s\n", e.Time.Format(time.RFC3339), e.Event, describe(e))
}

// unnumbered leaves out the words of a text that have a digit in them: counts, times, addresses, ids.
func unnumbered(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		if strings.ContainsFunc(word, unicode.IsDigit) {
			words[i] = "#"
		}
	}
	return strings.Join(words, " ")
}

// describe is an event in one line.
func describe(e event.Event) string {
	text := strings.ReplaceAll(e.Text, "\n", "; ")
	if e.Step == "" || e.Event == event.Note {
		return text
	}
	return e.Step + ": " + text
}

// The colours of a terminal that say how it goes.
const (
	green  = "\x1b[32m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
	faint  = "\x1b[2m"
	plain  = "\x1b[0m"
)

// tty is one line for a person: how long after the begin, and a sign for how it goes. A wait is overwritten by what comes
// after it.
func (p *Printer) tty(e event.Event) string {
	sign, color := " ", plain
	switch e.Event {
	case event.StepBegan:
		sign, color = "•", bold
	case event.StepEnded:
		sign, color = "✓", green
	case event.Failed:
		sign, color = "✗", red
	case event.Warning:
		sign, color = "!", yellow
	case event.Shifted:
		sign, color = "→", bold
	case event.Waiting:
		sign, color = "…", faint
	case event.Finished:
		sign, color = "■", bold
	case event.Note:
	}
	begin := ""
	if p.partial {
		begin = cli.ClearLine
	}
	if p.partial = e.Event == event.Waiting || e.Event == event.StepBegan; p.partial {
		return fmt.Sprintf("%s%s%7s %s %s%s", begin, color, p.since(e), sign, describe(e), plain)
	}
	return fmt.Sprintf("%s%7s %s%s %s%s\n", begin, p.since(e), color, sign, describe(e), plain)
}

func (p *Printer) since(e event.Event) string {
	return "+" + e.Time.Sub(p.begun).Round(100*time.Millisecond).String()
}
