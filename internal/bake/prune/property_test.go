package prune_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bluegreen/internal/bake/prune"
)

var regions = []string{"eu-central-1", "us-east-1"}

const perRegion = 6

// names of images are of one length, so that none is within another one.
func imageID(region, n int) string { return fmt.Sprintf("ami-%d%02d", region, n) }

// draw makes an account whose images are used in all ways there are, or not at all.
func draw(t *rapid.T) *account {
	a := &account{
		noReports: rapid.Bool().Draw(t, "no reports"), broken: map[string]bool{},
	}
	for r, region := range regions {
		for n := range rapid.IntRange(3, perRegion).Draw(t, "images") {
			a.images = append(a.images, drawImage(t, region, imageID(r, n)))
		}
	}
	for _, s := range rapid.SliceOfN(rapid.IntRange(0, 3), 0, 3).Draw(t, "snapshots") {
		a.snapshots = append(a.snapshots, drawSnapshot(t, fmt.Sprintf("snap-%d-%d", len(a.snapshots), s)))
	}
	if !rare(t, "dangling") {
		a.settle(rapid.IntRange(0, perRegion-1).Draw(t, "of an alias"))
	}
	for range rapid.IntRange(0, 5).Draw(t, "uses") {
		a.drawUse(t)
	}
	return a
}

// settle makes the parameters that aliases name. That of one is an image that nothing else of the parameter keeps.
func (a *account) settle(n int) {
	for r, region := range regions {
		a.params = append(a.params, param{region, "/p", []string{imageID(r, n), "ami-none"}}, param{region, "/q", []string{"ami-none", "ami-none"}})
	}
}

func drawImage(t *rapid.T, region, id string) prune.Image {
	days := func(what string) time.Time {
		return start.Add(-time.Duration(rapid.IntRange(-1, 60).Draw(t, what))*day - time.Hour)
	}
	i := prune.Image{
		Ref: prune.Ref{Region: region, ID: id}, Created: days("made"), App: "shop", State: prune.Available,
		Managed: !rare(t, "foreign"), Protected: rare(t, "protected"),
		Status: rapid.SampledFrom([]string{prune.Verified, prune.Verified, prune.Verified, "baked", ""}).Draw(t, "status"),
	}
	if rare(t, "other app") {
		i.App = rapid.SampledFrom([]string{"cart", ""}).Draw(t, "app")
	}
	if !rare(t, "backup of an instance") {
		i.Key = "0123456789abcdef0123"
	}
	if rare(t, "shared") {
		i.SharedWith = []string{"111122223333"}
	}
	if rapid.Bool().Draw(t, "deprecated") {
		i.Deprecated = days("deprecated since")
	}
	switch rapid.IntRange(0, 5).Draw(t, "state") {
	case 0, 1:
		i.State, i.DisabledAt = prune.Disabled, days("disabled since")
	case 2:
		i.State = rapid.SampledFrom([]string{prune.Pending, "failed", prune.Disabled}).Draw(t, "odd state")
		i.Source = prune.Ref{Region: regions[0], ID: imageID(0, rapid.IntRange(0, perRegion-1).Draw(t, "source"))}
	}
	return i
}

func drawSnapshot(t *rapid.T, id string) prune.Snapshot {
	key := "0123456789abcdef0123"
	if rare(t, "backup of an instance") {
		key = ""
	}
	return prune.Snapshot{
		Ref: prune.Ref{Region: regions[0], ID: id}, Managed: !rare(t, "foreign"), App: "shop", Key: key,
		Created: start.Add(-time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour),
		Image:   rapid.SampledFrom([]string{"", "ami-gone", imageID(0, 0)}).Draw(t, "image"),
		State:   rapid.SampledFrom([]string{prune.Completed, prune.Completed, "pending"}).Draw(t, "state"),
	}
}

func rare(t *rapid.T, what string) bool { return rapid.IntRange(0, 9).Draw(t, what) == 0 }

// drawUse adds something that may need an image: which one, if any, is a matter of how it is referred to.
func (a *account) drawUse(t *rapid.T) {
	r := rapid.IntRange(0, len(regions)-1).Draw(t, "region")
	region := regions[r]
	image := func() string { return imageID(r, rapid.IntRange(0, perRegion-1).Draw(t, "of")) }
	reference := func() string {
		return rapid.SampledFrom([]string{image(), image(), "resolve:ssm:/p", "resolve:ssm:/p:1", "resolve:ssm:/q:2", ""}).Draw(t, "reference")
	}
	launch := func(override bool) prune.Launch {
		l := prune.Launch{
			Override: override, Template: rapid.SampledFrom([]string{"lt-0", "lt-1", "name-0", "lt-gone"}).Draw(t, "template"),
			Version: rapid.SampledFrom([]string{"1", "2", "$Latest", "$Default", ""}).Draw(t, "version"),
		}
		if override && rapid.Bool().Draw(t, "own image") {
			return prune.Launch{Override: true, Image: reference()}
		}
		return l
	}
	switch rapid.SampledFrom([]string{"instance", "template", "group", "config", "param", "run", "report"}).Draw(t, "use") {
	case "instance":
		state := rapid.SampledFrom([]string{"pending", "running", "stopping", "stopped", "shutting-down", "terminated"}).Draw(t, "state")
		a.instances = append(a.instances, machine{region, fmt.Sprintf("i-%d", len(a.instances)), state, image()})
	case "template":
		n := len(a.templates)
		versions := rapid.SliceOfN(rapid.Custom(func(*rapid.T) string { return reference() }), 1, 3).Draw(t, "versions")
		standard := rapid.IntRange(1, len(versions)).Draw(t, "default")
		ours := rapid.SliceOfN(rapid.IntRange(1, len(versions)), 0, 3).Draw(t, "ours")
		a.templates = append(a.templates, template{region, fmt.Sprintf("lt-%d", n), fmt.Sprintf("name-%d", n), versions, standard, ours})
	case "group":
		launches := []prune.Launch{launch(false)}
		for range rapid.IntRange(0, 2).Draw(t, "overrides") {
			launches = append(launches, launch(true))
		}
		a.groups = append(a.groups, group{region: region, name: fmt.Sprintf("g-%d", len(a.groups)), launches: launches})
	case "config":
		a.configs = append(a.configs, config{region, fmt.Sprintf("lc-%d", len(a.configs)), image()})
	case "param":
		values := []string{image(), `{"ami":"` + image() + `"}`, image()}[:rapid.IntRange(1, 3).Draw(t, "values")]
		a.params = append(a.params, param{region, rapid.SampledFrom([]string{"/p", "/q"}).Draw(t, "name"), values})
	case "run":
		id := fmt.Sprintf("2026-%d", len(a.runs))
		run := prune.Run{ID: id, Ended: rapid.Bool().Draw(t, "ended"), Images: []string{image(), image()}}
		if rapid.Bool().Draw(t, "makes a version") {
			run.Templates = []string{rapid.SampledFrom([]string{"lt-0", "lt-1"}).Draw(t, "template")}
		}
		a.runs = append(a.runs, run)
	case "report":
		a.reports = append(a.reports, report{"111122223333", image()})
	}
}

func (a *account) drawFaults(t *rapid.T) {
	a.broken = map[string]bool{}
	if rapid.IntRange(0, 2).Draw(t, "faults") == 0 {
		what := []string{
			"deployments", "instances", "launch configurations", "launch templates", "groups", "resolve", "parameters",
			"usage reports", "images", "snapshots",
		}
		a.broken[rapid.SampledFrom(what).Draw(t, "broken")] = true
	}
}

// TestDecisions compares each decision in random accounts with the oracle's.
func TestDecisions(t *testing.T) {
	seen := map[prune.Action]int{}
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t)
		a.drawFaults(t)
		plan, err := a.pruner(policy, regions...).Plan(t.Context())
		if a.broken["images"] {
			if !errors.Is(err, errBroken) {
				t.Fatalf("a plan without images: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Images) != len(a.images) || len(plan.Snapshots) != len(a.snapshots) && !a.broken["snapshots"] {
			t.Fatalf("%d images and %d snapshots in the plan, want %d and %d", len(plan.Images), len(plan.Snapshots), len(a.images), len(a.snapshots))
		}
		for _, v := range plan.Images {
			seen[v.Action]++
			if want := a.oracle(v.Image.Ref, regions...); v.Action != want || len(v.Reasons) == 0 {
				t.Fatalf("%s: %s %q, want %s", v.Image.Ref, v.Action, v.Reasons, want)
			}
		}
		for _, v := range plan.Snapshots {
			seen[v.Action]++
			if want := a.orphan(v.Snapshot); (v.Action == prune.Delete) != want {
				t.Fatalf("%s: %s %q, orphan: %t", v.Snapshot.Ref, v.Action, v.Reasons, want)
			}
		}
	})
	for _, action := range []prune.Action{prune.Keep, prune.Deprecate, prune.Disable, prune.Deregister, prune.Delete} {
		if seen[action] == 0 {
			t.Errorf("no account led to %q: the test is too narrow", action)
		}
	}
}

// TestLives prunes random accounts again and again while uses come up between any two steps, calls fail and runs are killed.
// No step may be taken against the oracle. Once all is quiet, what nobody needs has to go and the rest has to stay.
func TestLives(t *testing.T) {
	removed, spared := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t)
		for range rapid.IntRange(1, 4).Draw(t, "stormy runs") {
			a.drawFaults(t)
			spared += a.stormyRun(t)
			a.pass(time.Duration(rapid.IntRange(0, 20).Draw(t, "days")) * day)
		}
		a.broken = map[string]bool{}
		a.settle(0)
		before := len(a.images)
		a.quietRuns(t)
		removed += before - len(a.images)
	})
	if removed == 0 || spared == 0 {
		t.Errorf("%d images removed in quiet runs, %d spared in stormy ones: the test is too narrow", removed, spared)
	}
}

// stormyRun counts the steps that were not taken because something had changed.
func (a *account) stormyRun(t *rapid.T) (spared int) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := a.pruner(policy, regions...)
	deeds, fatal := 0, rapid.IntRange(1, 12).Draw(t, "killed at deed")
	dead, after := false, rapid.Bool().Draw(t, "after it")
	deed := func(ref prune.Ref, action prune.Action, do func() error) error {
		deeds++
		if dead {
			t.Fatalf("%s %s by a run that is dead", action, ref)
		}
		if want := a.oracle(ref, ref.Region); action != prune.Deprecate && action != want { // a deprecation can be a step late, and harms nobody
			t.Fatalf("%s %s, the oracle says %s", action, ref, want)
		}
		if dead = deeds == fatal; dead {
			cancel()
		}
		if dead && !after || rare(t, "refused") {
			return errBroken
		}
		return do()
	}
	actor := p.Actor
	p.Actor.Deprecate = func(ctx context.Context, i prune.Image, at time.Time) error {
		return deed(i.Ref, prune.Deprecate, func() error { return actor.Deprecate(ctx, i, at) })
	}
	p.Actor.Disable = func(ctx context.Context, i prune.Image, at time.Time) error {
		return deed(i.Ref, prune.Disable, func() error { return actor.Disable(ctx, i, at) })
	}
	p.Actor.Deregister = func(ctx context.Context, i prune.Image) error {
		return deed(i.Ref, prune.Deregister, func() error { return actor.Deregister(ctx, i) })
	}
	plan, err := p.Plan(ctx)
	if err != nil {
		return 0
	}
	weather := func() {
		switch rapid.IntRange(0, 5).Draw(t, "weather") {
		case 0:
			a.drawUse(t)
		case 1:
			a.drawFaults(t)
		case 2, 3: // of an image that is about to go
			v := rapid.SampledFrom(plan.Images).Draw(t, "about")
			if v.Action != prune.Keep {
				a.instances = append(a.instances, machine{v.Image.Region, fmt.Sprintf("i-%d", len(a.instances)), "running", v.Image.ID})
			}
		}
	}
	weather()
	steps, err := p.Apply(ctx, plan, func(prune.Step) { weather() })
	if len(steps) != plan.Due() {
		t.Fatalf("%d steps of %d", len(steps), plan.Due())
	}
	failed := slices.ContainsFunc(steps, func(s prune.Step) bool { return s.Outcome == prune.Failed || s.Outcome == prune.Unreached })
	if failed && err == nil {
		t.Fatalf("no error for %v", steps)
	}
	for _, s := range steps {
		if s.Outcome == prune.Kept {
			spared++
		}
	}
	return spared
}

// quietRuns go on until there is nothing left to do.
func (a *account) quietRuns(t *rapid.T) {
	for range 5 {
		p := a.pruner(policy, regions...)
		plan, err := p.Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		steps, err := p.Apply(t.Context(), plan, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if s.Outcome != prune.Done {
				t.Fatalf("a quiet run: %s", s)
			}
		}
		a.pass(30 * day)
	}
	for _, i := range a.images {
		if !a.protects(i) {
			t.Fatalf("%+v is still there: nobody needs it", i)
		}
	}
	for _, s := range a.snapshots {
		if a.orphan(s) {
			t.Fatalf("%+v is still there: nobody needs it", s)
		}
	}
}
