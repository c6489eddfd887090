package sweep_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bake/sweep"
)

func written(t *testing.T, p sweep.Plan) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	line, err := p.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return out.String() + string(line)
}

func TestText(t *testing.T) {
	a := litter()
	a.items = a.items[2:]
	for n := range a.items {
		a.items[n].Region = "eu-central-1"
	}
	a.runs["dead"] = "live"
	a.broken["object"] = true
	s := a.sweeper()
	delete(s.Lists, sweep.Snapshot)
	plan, err := s.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plan.Findings = append(plan.Findings, sweep.Finding{Item: sweep.Item{Kind: sweep.Object, Ref: sweep.Ref{ID: "s3://b/k"}}, Action: sweep.Remove, Reasons: []string{"run dead is dead", "old"}})
	out := written(t, plan)
	table, _, _ := strings.Cut(out, "{")
	want := `
KIND      ID        REGION        RUN   STATE      ACTION  WHY
instance  i-1       eu-central-1  dead  running    keep    run dead lives
image     ami-1     eu-central-1  dead  available  keep    run dead lives
object    s3://b/k  -             -     -          remove  run dead is dead
                                                           old

failed: list objects: AccessDenied
not looked for: snapshots
leftovers: 1 remove, 2 keep
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), table); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNothing(t *testing.T) {
	want := "leftovers: none\n" + `{"app":"shop","findings":[]}` + "\n"
	if diff := cmp.Diff(want, written(t, sweep.Plan{App: "shop"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJSON(t *testing.T) {
	plan := sweep.Plan{App: "shop", Skipped: []sweep.Kind{sweep.Object}, Failed: []string{"list images: denied"}, Findings: []sweep.Finding{{
		Item:   sweep.Item{Kind: sweep.Image, Ref: sweep.Ref{Region: "eu-central-1", ID: "ami-1"}, Managed: true, App: "shop", Run: "r", State: "pending", Status: "baked"},
		Action: sweep.Remove, Reasons: []string{"run r is dead"},
	}}}
	line, err := plan.JSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"app":"shop","findings":[{"item":{"kind":"image","region":"eu-central-1","id":"ami-1","app":"shop","run":"r",` +
		`"state":"pending","status":"baked"},"action":"remove","reasons":["run r is dead"]}],"skipped":["object"],"failed":["list images: denied"]}` + "\n"
	if diff := cmp.Diff(want, string(line)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPolicy(t *testing.T) {
	a := litter()
	s := a.sweeper()
	s.Policy = sweep.Policy{Grace: -1}
	const want = "sweep: no app\nsweep: age of leftovers to keep: -1ns is negative"
	if _, err := s.Plan(t.Context()); errorText(err) != want {
		t.Errorf("plan: %v", err)
	}
	if _, err := s.Apply(t.Context(), sweep.Plan{}, nil); errorText(err) != want {
		t.Errorf("apply: %v", err)
	}
}
