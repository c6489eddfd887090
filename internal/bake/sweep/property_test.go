package sweep_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bluegreen/internal/bake/sweep"
)

func rare(t *rapid.T, what string) bool { return rapid.IntRange(0, 7).Draw(t, what) == 0 }

func draw(t *rapid.T) *account {
	a := &account{runs: map[string]string{}, runsOn: map[sweep.Ref]string{}, uses: map[sweep.Ref][]string{}, broken: map[string]bool{}}
	for n := range 4 {
		a.runs[fmt.Sprint("run-", n)] = rapid.SampledFrom([]string{"dead", "dead", "dead", "live", "hidden"}).Draw(t, "life")
	}
	for n := range rapid.IntRange(6, 12).Draw(t, "items") {
		a.items = append(a.items, a.drawItem(t, n))
	}
	for _, i := range a.of(sweep.Image) {
		if rare(t, "used") {
			a.uses[i.Ref] = []string{"launch template lt-1"}
		}
	}
	a.drawFaults(t)
	return a
}

func (a *account) drawItem(t *rapid.T, n int) sweep.Item {
	kind := rapid.SampledFrom([]sweep.Kind{sweep.Instance, sweep.Image, sweep.Image, sweep.Snapshot, sweep.Object}).Draw(t, "kind")
	hours := func(what string) time.Time {
		return start.Add(-time.Duration(rapid.IntRange(-5, 20).Draw(t, what))*time.Hour - time.Minute)
	}
	some := func(kind string) string { return fmt.Sprintf("%s-%02d", kind, rapid.IntRange(0, 11).Draw(t, kind)) }
	i := sweep.Item{
		Kind: kind, Ref: sweep.Ref{Region: rapid.SampledFrom([]string{"eu", "us"}).Draw(t, "region"), ID: fmt.Sprintf("%s-%02d", kind, n)},
		Managed: !rare(t, "foreign"), App: "shop", Run: fmt.Sprint("run-", rapid.IntRange(0, 3).Draw(t, "run")), Created: hours("made"),
	}
	if rare(t, "odd") {
		i.App, i.Run = rapid.SampledFrom([]string{"shop", "cart", ""}).Draw(t, "app"), rapid.SampledFrom([]string{"", "run-9"}).Draw(t, "odd run")
	}
	switch kind {
	case sweep.Instance:
		i.Role = rapid.SampledFrom([]string{"builder", "test", ""}).Draw(t, "role")
		i.State = rapid.SampledFrom([]string{"running", "stopped", "shutting-down", "terminated"}).Draw(t, "state")
		if !rare(t, "no expiry") {
			i.Expires = hours("expires")
		}
		a.runsOn[i.Ref] = some("image")
	case sweep.Image:
		i.Status = rapid.SampledFrom([]string{sweep.Verified, "baked", "copied", ""}).Draw(t, "status")
		i.State = rapid.SampledFrom([]string{"available", "pending", "failed"}).Draw(t, "state")
		i.Snapshots = []string{some("snapshot")}
	case sweep.Snapshot:
		i.State = rapid.SampledFrom([]string{"completed", "completed", "pending"}).Draw(t, "state")
		i.Image = rapid.SampledFrom([]string{"", "ami-gone", some("image")}).Draw(t, "of")
	case sweep.Object:
		i.Region, i.ID = "", fmt.Sprintf("s3://stage/%s/%d", i.Run, n)
	}
	return i
}

func (a *account) drawFaults(t *rapid.T) {
	a.broken = map[string]bool{}
	if rare(t, "faults") {
		a.broken[rapid.SampledFrom([]string{"instance", "image", "snapshot", "object", "uses"}).Draw(t, "broken")] = true
	}
}

// oracle says whether a thing has to go now. It strikes out, one after the other, all that must stay.
func (a *account) oracle(i sweep.Item) bool {
	switch {
	case !i.Managed, i.App != "shop", i.Run == "", a.runs[i.Run] == "live", a.runs[i.Run] == "hidden":
		return false
	}
	old := time.Since(i.Created) >= policy.Grace
	switch i.Kind {
	case sweep.Instance:
		if !i.Expires.IsZero() {
			old = !i.Expires.After(time.Now())
		}
		return old && (i.State == "running" || i.State == "stopped") && (i.Role == "builder" || i.Role == "test")
	case sweep.Image:
		return old && i.Status != sweep.Verified && !a.broken["uses"] && !a.needed(i)
	case sweep.Snapshot:
		if a.broken["image"] || i.State != "completed" {
			return false
		}
		return old && !slices.ContainsFunc(a.items, func(o sweep.Item) bool {
			return o.Kind == sweep.Image && o.Region == i.Region && (o.ID == i.Image || slices.Contains(o.Snapshots, i.ID))
		})
	}
	return old
}

// needed says that somebody other than builders and tests that are on their way out, or have to go, needs an image.
func (a *account) needed(image sweep.Item) bool {
	for _, i := range a.items {
		if i.Kind != sweep.Instance || i.Region != image.Region || a.runsOn[i.Ref] != image.ID || i.State == "terminated" {
			continue
		}
		ends := i.State == "shutting-down" && i.Role != "" && i.Managed && i.App == "shop" && !a.broken["instance"]
		if !ends && (a.broken["instance"] || !a.oracle(i)) {
			return true
		}
	}
	return len(a.uses[image.Ref]) > 0
}

// TestPlans compares each plan for a random account with the oracle's.
func TestPlans(t *testing.T) {
	removed := map[sweep.Kind]int{}
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t)
		plan, err := a.sweeper().Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		goes := map[sweep.Ref]sweep.Finding{}
		for _, f := range plan.Findings {
			goes[f.Item.Ref] = f
		}
		for _, i := range a.items {
			f := goes[i.Ref]
			if want := a.oracle(i) && !a.broken[string(i.Kind)]; want != (f.Action == sweep.Remove) {
				t.Fatalf("%+v: %s %q, has to go: %t", i, f.Action, f.Reasons, want)
			}
			if f.Action == sweep.Remove {
				removed[i.Kind]++
			}
		}
	})
	for _, k := range []sweep.Kind{sweep.Instance, sweep.Image, sweep.Snapshot, sweep.Object} {
		if removed[k] == 0 {
			t.Errorf("no account had a leftover of kind %s: the test is too narrow", k)
		}
	}
}

// TestLives sweeps random accounts again and again while runs come to life and die, images are verified and used, calls fail
// and sweeps are killed. Nothing may be removed against the oracle. Once all is quiet and old, nothing is left that has to go.
func TestLives(t *testing.T) {
	spared := 0
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t)
		for range rapid.IntRange(1, 4).Draw(t, "stormy sweeps") {
			spared += a.stormySweep(t)
			a.pass(time.Duration(rapid.IntRange(0, 9).Draw(t, "hours")) * time.Hour)
		}
		a.broken = map[string]bool{}
		for run := range a.runs {
			a.runs[run] = "dead"
		}
		a.pass(day)
		for range 2 { // the first one ends what others wait for
			s := a.sweeper()
			plan, err := s.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Apply(t.Context(), plan, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, i := range a.items {
			if a.oracle(i) {
				t.Fatalf("%+v is still there", i)
			}
		}
	})
	if spared == 0 {
		t.Error("nothing has ever changed between plan and removal: the test is too narrow")
	}
}

// stormySweep counts what was not removed because something had changed.
func (a *account) stormySweep(t *rapid.T) (spared int) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := a.sweeper()
	deeds, fatal := 0, rapid.IntRange(1, 8).Draw(t, "killed at deed")
	s.Remove = func(_ context.Context, i sweep.Item) error {
		n := slices.IndexFunc(a.items, func(o sweep.Item) bool { return o.Kind == i.Kind && o.Ref == i.Ref })
		blind := i.Kind != sweep.Object && a.broken[string(i.Kind)] // objects are not read again
		if deeds >= fatal || blind || n >= 0 && !a.oracle(a.items[n]) {
			t.Fatalf("deed %d of a sweep that dies at %d: %+v", deeds+1, fatal, i)
		}
		if deeds++; deeds == fatal {
			cancel()
		}
		if rare(t, "refused") {
			return errBroken
		}
		return a.remove(i)
	}
	plan, err := s.Plan(ctx)
	if err != nil {
		t.Fatal(err)
	}
	a.weather(t, plan)
	steps, _ := s.Apply(ctx, plan, func(sweep.Step) { a.weather(t, plan) })
	if len(steps) != plan.Due() {
		t.Fatalf("%d steps of %d", len(steps), plan.Due())
	}
	for _, s := range steps {
		if s.Outcome == sweep.Kept {
			spared++
		}
	}
	return spared
}

// weather changes something, now and then something about a thing that is about to go.
func (a *account) weather(t *rapid.T, plan sweep.Plan) {
	var about []*sweep.Item
	for n := range a.items {
		goes := func(f sweep.Finding) bool { return f.Action == sweep.Remove && f.Item.Ref == a.items[n].Ref }
		if slices.ContainsFunc(plan.Findings, goes) || rare(t, "another one") {
			about = append(about, &a.items[n])
		}
	}
	if len(about) == 0 {
		return
	}
	i := rapid.SampledFrom(about).Draw(t, "about")
	switch rapid.IntRange(0, 5).Draw(t, "weather") {
	case 0:
		a.runs[i.Run] = rapid.SampledFrom([]string{"live", "dead", "hidden"}).Draw(t, "life")
	case 1:
		if i.Kind == sweep.Image {
			i.Status = sweep.Verified
		}
	case 2:
		a.uses[i.Ref] = []string{"launch template lt-1"}
	case 3:
		a.drawFaults(t)
	}
}
