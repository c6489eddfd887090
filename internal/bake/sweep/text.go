package sweep

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// JSON is the plan on one line, with a newline.
func (p Plan) JSON() ([]byte, error) {
	if p.Findings == nil {
		p.Findings = []Finding{} // who reads it need not ask
	}
	line, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("print the plan: %w", err)
	}
	return append(line, '\n'), nil
}

// Write prints the plan as a table for people, a line for each reason, and what could not be read below it.
func (p Plan) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(p.Findings) > 0 {
		row(t, "KIND", "ID", "REGION", "RUN", "STATE", "ACTION", "WHY")
	}
	for _, f := range p.Findings {
		i := f.Item
		cells := []string{string(i.Kind), i.ID, i.Region, i.Run, i.State, string(f.Action)}
		row(t, append(cells, f.Reasons[0])...)
		for _, r := range f.Reasons[1:] {
			fmt.Fprintln(t, strings.Repeat("\t", len(cells))+oneLine(r))
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var notes strings.Builder
	if len(p.Findings) > 0 {
		notes.WriteString("\n")
	}
	for _, f := range p.Failed {
		fmt.Fprintf(&notes, "failed: %s\n", oneLine(f))
	}
	for _, k := range p.Skipped {
		fmt.Fprintf(&notes, "not looked for: %ss\n", k)
	}
	fmt.Fprintln(&notes, p.Summary())
	_, err := io.WriteString(w, notes.String())
	return err
}

// Summary counts: "leftovers: 2 remove, 1 keep".
func (p Plan) Summary() string {
	due := p.Due()
	switch kept := len(p.Findings) - due; {
	case len(p.Findings) == 0:
		return "leftovers: none"
	case kept == 0:
		return fmt.Sprintf("leftovers: %d remove", due)
	case due == 0:
		return fmt.Sprintf("leftovers: %d keep", kept)
	default:
		return fmt.Sprintf("leftovers: %d remove, %d keep", due, kept)
	}
}

// String is a step as it is told to people: "remove image ami-1: kept: run 2026… lives".
func (s Step) String() string {
	text := fmt.Sprintf("remove %s %s: %s", s.Kind, s.Ref, s.Outcome)
	if detail := cmp.Or(s.Error, strings.Join(s.Reasons, "; ")); detail != "" {
		text += ": " + oneLine(detail)
	}
	return text
}

// row leaves no cell empty, so that columns can be told apart by a machine, too.
func row(w io.Writer, cells ...string) {
	for n, c := range cells {
		cells[n] = cmp.Or(oneLine(c), "-")
	}
	fmt.Fprintln(w, strings.Join(cells, "\t"))
}

// oneLine keeps an error's own lines from looking like reasons.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
