package prune

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// JSON is the plan on one line, with a newline.
func (p Plan) JSON() ([]byte, error) {
	p.Images, p.Snapshots = nonNil(p.Images), nonNil(p.Snapshots)
	line, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("print the plan: %w", err)
	}
	return append(line, '\n'), nil
}

// nonNil makes an empty list one in JSON, too, so that who reads it need not ask.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Write prints the plan as a table for people, a line for each reason, and what could not be checked below it.
func (p Plan) Write(w io.Writer) error {
	t := table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	if len(p.Images) > 0 {
		t.row("IMAGE", "REGION", "NAME", "MADE", "STATUS", "ACTION", "WHY")
	}
	for _, v := range p.Images {
		i := v.Image
		t.reasons(v.Reasons, i.ID, i.Region, i.Name, date(i.Created), i.Status, string(v.Action))
	}
	for n, v := range p.Snapshots {
		if n == 0 {
			t.line("")
			t.row("SNAPSHOT", "REGION", "IMAGE", "MADE", "STATUS", "ACTION", "WHY")
		}
		s := v.Snapshot
		t.reasons(v.Reasons, s.ID, s.Region, s.Image, date(s.Created), s.State, string(v.Action))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var notes strings.Builder
	if len(p.Images)+len(p.Snapshots) > 0 {
		notes.WriteString("\n")
	}
	for _, f := range p.Failed {
		fmt.Fprintf(&notes, "failed: %s\n", oneLine(f))
	}
	if len(p.Failed) > 0 {
		notes.WriteString("        every image counts as in use until this can be checked\n")
	}
	for _, s := range p.Skipped {
		fmt.Fprintf(&notes, "not checked: %s\n", s)
	}
	fmt.Fprintln(&notes, p.Summary())
	_, err := io.WriteString(w, notes.String())
	return err
}

// Summary counts the actions: "images: 2 keep, 1 disable; snapshots: 1 delete".
func (p Plan) Summary() string {
	images, snapshots := map[Action]int{}, map[Action]int{}
	for _, v := range p.Images {
		images[v.Action]++
	}
	for _, v := range p.Snapshots {
		snapshots[v.Action]++
	}
	text := "images: " + count(images)
	if len(snapshots) > 0 {
		text += "; snapshots: " + count(snapshots)
	}
	return text
}

func count(actions map[Action]int) string {
	var parts []string
	for _, a := range []Action{Keep, Deprecate, Disable, Deregister, Delete} {
		if actions[a] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", actions[a], a))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "none")
}

// String is a step as it is told to people: "deregister ami-1: kept: in use by instance i-1".
func (s Step) String() string {
	text := fmt.Sprintf("%s %s: %s", s.Action, s.Ref, s.Outcome)
	if detail := cmp.Or(s.Error, strings.Join(s.Reasons, "; ")); detail != "" {
		text += ": " + oneLine(detail)
	}
	return text
}

type table struct{ *tabwriter.Writer }

func (t table) line(s string) { fmt.Fprintln(t, s) }

// row leaves no cell empty, so that columns can be told apart by a machine, too.
func (t table) row(cells ...string) {
	for n, c := range cells {
		cells[n] = cmp.Or(c, "-")
	}
	t.line(strings.Join(cells, "\t"))
}

// reasons is a row for the first reason and a line below it for each other one.
func (t table) reasons(reasons []string, cells ...string) {
	t.row(append(cells, oneLine(reasons[0]))...)
	for _, r := range reasons[1:] {
		t.line(strings.Repeat("\t", len(cells)) + oneLine(r))
	}
}

// oneLine keeps an error's own lines from looking like reasons.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func date(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return stamp(at)
}
