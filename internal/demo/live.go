package demo

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"bluegreen/internal/bluegreen"
)

// What a terminal understands.
const (
	esc       = "\x1b["
	bold      = esc + "1m"
	faint     = esc + "2m"
	red       = esc + "31m"
	greenText = esc + "32m"
	plain     = esc + "0m"
	clearDown = "\r" + esc + "J" // from here to the end of the screen
)

// liveView prints what has happened as lines that scroll away, and below them what happens now.
type liveView struct {
	out     io.Writer
	width   int // that a line of the picture may take: one that wrapped would not be cleared
	begun   time.Time
	lines   int // of the picture that stands on the screen
	act     string
	step    string
	waiting string
	weights string
	sample  Sample
}

func newLiveView(out io.Writer, columns int) *liveView {
	return &liveView{out: out, width: columns - 1, begun: time.Now()}
}

// columns is how wide a terminal is; 80 if it does not tell.
func columns(out io.Writer) int {
	if f, ok := out.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// Event implements View.
func (v *liveView) Event(e bluegreen.Event) {
	switch e.Event {
	case bluegreen.Waiting:
		v.waiting = e.Text
		v.draw("")
		return
	case bluegreen.StepEnded:
		return
	case bluegreen.StepBegan:
		v.step, v.waiting = e.Text, ""
	case bluegreen.Shifted:
		v.weights = e.Weights
	case Act:
		v.act, v.step, v.waiting = e.Text, "", ""
	case bluegreen.Failed, bluegreen.Note, bluegreen.Warning, bluegreen.Finished:
	}
	v.draw(v.line(e))
}

// Traffic implements View.
func (v *liveView) Traffic(s Sample) {
	v.sample = s
	v.draw("")
}

// line is what stays of an event.
func (v *liveView) line(e bluegreen.Event) string {
	sign, color, text := "•", plain, e.Text
	switch e.Event {
	case Act:
		sign, color = "▶", bold
	case bluegreen.Shifted:
		sign, color = "→", bold
	case bluegreen.Failed:
		sign, color = "✗", red
	case bluegreen.Warning:
		sign = "!"
	case bluegreen.Finished:
		sign, color = "■", greenText
	case bluegreen.StepBegan:
		text = v.step
	case bluegreen.Note, bluegreen.Waiting, bluegreen.StepEnded:
		sign = " "
	}
	return fmt.Sprintf("%s%6.1fs %s %s%s", color, e.Time.Sub(v.begun).Seconds(), sign, text, plain)
}

// draw puts a line above the picture, and the picture again.
func (v *liveView) draw(line string) {
	var b strings.Builder
	if v.lines > 0 {
		fmt.Fprintf(&b, "%s%dA", esc, v.lines)
	}
	b.WriteString(clearDown)
	if line != "" {
		b.WriteString(line + "\n")
	}
	picture := v.picture()
	for _, l := range picture {
		b.WriteString(l + "\n")
	}
	v.lines = len(picture)
	_, _ = io.WriteString(v.out, b.String()) // a terminal that is gone is no news
}

// barWidth is that of the bar of shares, in characters.
const barWidth = 40

func (v *liveView) picture() []string {
	failed := greenText
	if v.sample.Failed > 0 {
		failed = red
	}
	return []string{
		faint + strings.Repeat("─", v.width) + plain,
		cut(v.act, v.width),
		faint + cut("  "+v.now(), v.width) + plain,
		"  " + v.bar() + "  " + cut(v.sample.sharesText(), v.width-barWidth-4),
		cut(fmt.Sprintf("  %4.0f requests/s  %7d requests  ", v.sample.Rate, v.sample.Requests), v.width) +
			fmt.Sprintf("%s%d failed%s  weights %s", failed, v.sample.Failed, plain, v.weights),
	}
}

func (v *liveView) now() string {
	if v.waiting != "" {
		return v.waiting
	}
	return v.step
}

// bar shows who answered, one color after the other.
func (v *liveView) bar() string {
	var b strings.Builder
	drawn, sum := 0, 0.0
	for _, side := range slices.Sorted(maps.Keys(v.sample.Shares)) {
		sum += v.sample.Shares[side]
		n := min(int(sum*barWidth+0.5), barWidth) - drawn
		drawn += n
		b.WriteString(paint(side) + strings.Repeat("█", max(n, 0)))
	}
	return b.String() + plain + strings.Repeat("·", barWidth-drawn)
}

func paint(side string) string {
	if strings.HasPrefix(side, "green") {
		return greenText
	}
	return esc + "34m"
}

func cut(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	return string(runes[:max(width-1, 0)]) + "…"
}
