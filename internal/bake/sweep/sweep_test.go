package sweep_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bake/sweep"
)

// TestPlan is about the last item of an account: what is found out about it, "-" if it is no leftover.
func TestPlan(t *testing.T) {
	item := func(kind sweep.Kind, change ...func(*sweep.Item)) []sweep.Item {
		return []sweep.Item{leftover(kind, "x", change...)}
	}
	run := func(run string) func(*sweep.Item) { return func(i *sweep.Item) { i.Run = run } }
	state := func(state string) func(*sweep.Item) { return func(i *sweep.Item) { i.State = state } }
	dead, made := "run dead is dead", "made at "+stamp(-2*day)
	for name, c := range map[string]struct {
		account account
		action  sweep.Action
		reasons []string
	}{
		"a builder": {
			account{items: item(sweep.Instance)},
			sweep.Remove, []string{dead, "expired at " + stamp(-day)},
		},
		"a builder that is stopped": {
			account{items: item(sweep.Instance, state("stopped"))},
			sweep.Remove, []string{dead, "expired at " + stamp(-day)},
		},
		"a builder that has not expired": {
			account{items: item(sweep.Instance, func(i *sweep.Item) { i.Expires = start.Add(time.Hour) })},
			sweep.Keep, []string{"expires at " + stamp(time.Hour)},
		},
		"a builder of a run that lives": {
			account{items: item(sweep.Instance, run("live"))},
			sweep.Keep, []string{"run live lives"},
		},
		"a builder of a run that may live": {
			account{items: item(sweep.Instance, run("hidden"))},
			sweep.Keep, []string{"unknown whether run hidden lives: AccessDenied"},
		},
		"a builder of no run": {
			account{items: item(sweep.Instance, run(""))},
			sweep.Keep, []string{"its tags name no run"},
		},
		"a builder whose expiry cannot be read": {
			account{items: item(sweep.Instance, func(i *sweep.Item) { i.Expires = time.Time{} })},
			sweep.Remove, []string{dead, made},
		},
		"a young builder whose expiry cannot be read": {
			account{items: item(sweep.Instance, func(i *sweep.Item) { i.Expires, i.Created = time.Time{}, start.Add(time.Hour-policy.Grace) })},
			sweep.Keep, []string{"made 5 hours ago, less than 6 hours"},
		},
		"a builder made at no time": {
			account{items: item(sweep.Instance, func(i *sweep.Item) { i.Expires, i.Created = time.Time{}, time.Time{} })},
			sweep.Keep, []string{"nobody knows when it was made"},
		},
		"an instance of the app":         {account{items: item(sweep.Instance, func(i *sweep.Item) { i.Role = "" })}, "-", nil},
		"a builder that is terminated":   {account{items: item(sweep.Instance, state("terminated"))}, "-", nil},
		"a builder that shuts down":      {account{items: item(sweep.Instance, state("shutting-down"))}, "-", nil},
		"another app's builder":          {account{items: item(sweep.Instance, func(i *sweep.Item) { i.App = "cart" })}, "-", nil},
		"somebody else's builder":        {account{items: item(sweep.Instance, func(i *sweep.Item) { i.Managed = false })}, "-", nil},
		"somebody's builder of some app": {account{items: item(sweep.Instance, func(i *sweep.Item) { i.App = "" })}, "-", nil},

		"a pending image":           {account{items: item(sweep.Image, state("pending"))}, sweep.Remove, []string{dead, made}},
		"a failed image":            {account{items: item(sweep.Image, state("failed"))}, sweep.Remove, []string{dead, made}},
		"an unverified image":       {account{items: item(sweep.Image)}, sweep.Remove, []string{dead, made}},
		"a copy not promoted":       {account{items: item(sweep.Image, func(i *sweep.Item) { i.Status = "copied" })}, sweep.Remove, []string{dead, made}},
		"a verified image":          {account{items: item(sweep.Image, func(i *sweep.Item) { i.Status = sweep.Verified })}, "-", nil},
		"a deregistered image":      {account{items: item(sweep.Image, state("deregistered"))}, "-", nil},
		"an image of a live run":    {account{items: item(sweep.Image, run("live"))}, sweep.Keep, []string{"run live lives"}},
		"an image of a run resumed": {account{items: item(sweep.Image, run("hidden"))}, sweep.Keep, []string{"unknown whether run hidden lives: AccessDenied"}},
		"a young image": {
			account{items: item(sweep.Image, func(i *sweep.Item) { i.Created = start.Add(-time.Hour) })},
			sweep.Keep, []string{"made 60 minutes ago, less than 6 hours"},
		},
		"an image that is used": {
			account{items: item(sweep.Image), uses: map[sweep.Ref][]string{{ID: "x"}: {"parameter /shop/ami", "launch template lt-1"}}},
			sweep.Keep, []string{"in use by launch template lt-1", "in use by parameter /shop/ami"},
		},
		"an image of which nobody knows who uses it": {
			account{items: item(sweep.Image), broken: map[string]bool{"uses": true}},
			sweep.Keep, []string{"in use by unknown: AccessDenied"},
		},
		"an image whose test instance goes": {
			account{
				items:  append([]sweep.Item{leftover(sweep.Instance, "i-1")}, item(sweep.Image)...),
				runsOn: map[sweep.Ref]string{{ID: "i-1"}: "x"},
			},
			sweep.Remove, []string{dead, made},
		},
		"an image whose test instance shuts down": {
			account{
				items:  append([]sweep.Item{leftover(sweep.Instance, "i-1", state("shutting-down"))}, item(sweep.Image)...),
				runsOn: map[sweep.Ref]string{{ID: "i-1"}: "x"},
			},
			sweep.Remove, []string{dead, made},
		},
		"an image whose test instance stays": {
			account{
				items: append([]sweep.Item{leftover(sweep.Instance, "i-1", func(i *sweep.Item) { i.Expires = start.Add(time.Hour) })},
					item(sweep.Image)...),
				runsOn: map[sweep.Ref]string{{ID: "i-1"}: "x"},
			},
			sweep.Keep, []string{"in use by instance i-1 (running)"},
		},
		"an image on which an instance of the app shuts down": {
			account{
				items: append([]sweep.Item{leftover(sweep.Instance, "i-1", func(i *sweep.Item) { i.Role, i.State = "", "shutting-down" })},
					item(sweep.Image)...),
				runsOn: map[sweep.Ref]string{{ID: "i-1"}: "x"},
			},
			sweep.Keep, []string{"in use by instance i-1 (shutting-down)"},
		},

		"an image on which somebody else's test instance shuts down": {
			account{
				items: append([]sweep.Item{leftover(sweep.Instance, "i-1", state("shutting-down"), func(i *sweep.Item) { i.App = "cart" })},
					item(sweep.Image)...),
				runsOn: map[sweep.Ref]string{{ID: "i-1"}: "x"},
			},
			sweep.Keep, []string{"in use by instance i-1 (shutting-down)"},
		},

		"a snapshot": {account{items: item(sweep.Snapshot)}, sweep.Remove, []string{dead, made}},
		"a snapshot of an image that is there": {
			account{items: append([]sweep.Item{leftover(sweep.Image, "ami-gone")}, item(sweep.Snapshot)...)}, "-", nil,
		},
		"a snapshot that an image has": {
			account{items: append([]sweep.Item{leftover(sweep.Image, "ami-1", func(i *sweep.Item) { i.Snapshots = []string{"x"} })}, item(sweep.Snapshot)...)},
			"-", nil,
		},
		"a snapshot that is being written": {account{items: item(sweep.Snapshot, state("pending"))}, sweep.Keep, []string{"somebody is still writing it"}},
		"a snapshot when images cannot be listed": {
			account{items: item(sweep.Snapshot), broken: map[string]bool{"image": true}},
			sweep.Keep, []string{"unknown whether its image is gone: AccessDenied"},
		},

		"a staged object": {account{items: item(sweep.Object)}, sweep.Remove, []string{dead, made}},
		"half a list": {
			account{items: append(item(sweep.Object), leftover(sweep.Object, "y")), broken: map[string]bool{"object": true}}, "-", nil,
		},
		"a staged object of a run that lives": {
			account{items: item(sweep.Object, run("live"))},
			sweep.Keep, []string{"run live lives"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.account
			a.runs = map[string]string{"dead": "dead", "live": "live", "hidden": "hidden"}
			plan, err := a.sweeper().Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := sweep.Finding{Action: "-"}
			for _, f := range plan.Findings {
				if f.Item.ID == "x" {
					got = f
				}
			}
			if got.Action != c.action {
				t.Errorf("%s, want %s", got.Action, c.action)
			}
			if diff := cmp.Diff(c.reasons, got.Reasons); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDecideKnowsNothing gives facts that say nothing of a run, of uses and of images: all is kept.
func TestDecideKnowsNothing(t *testing.T) {
	facts := sweep.Facts{
		Items:  []sweep.Item{leftover(sweep.Instance, "i-1"), leftover(sweep.Image, "ami-1"), leftover(sweep.Image, "ami-2", func(i *sweep.Item) { i.Run = "known" })},
		Lives:  map[string]error{"known": nil},
		Failed: map[sweep.Kind]error{},
	}
	got := map[string][]string{}
	for _, f := range sweep.Decide(facts, policy, start) {
		got[f.Item.ID] = append([]string{string(f.Action)}, f.Reasons...)
	}
	want := map[string][]string{
		"i-1":   {"keep", "unknown whether run dead lives"},
		"ami-1": {"keep", "unknown whether run dead lives", "in use by unknown: nobody has looked"},
		"ami-2": {"keep", "in use by unknown: nobody has looked"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSnapshotsWithoutImages(t *testing.T) {
	a := litter()
	s := a.sweeper()
	delete(s.Lists, sweep.Image)
	plan, err := s.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range plan.Findings {
		want := sweep.Remove
		if f.Item.Kind == sweep.Snapshot {
			want = sweep.Keep
		}
		if f.Action != want {
			t.Errorf("%s: %s %q, want %s", f.Item.Ref, f.Action, f.Reasons, want)
		}
	}
}

func stamp(d time.Duration) string { return start.Add(d).UTC().Format(time.RFC3339) }

// litter is one leftover of each kind. The image has a test instance and a snapshot of its own.
func litter() *account {
	return &account{
		items: []sweep.Item{
			leftover(sweep.Object, "s3://stage/amibake/dead/agent.deb"),
			leftover(sweep.Snapshot, "snap-0"),
			leftover(sweep.Snapshot, "snap-1", func(i *sweep.Item) { i.Image = "ami-1" }),
			leftover(sweep.Image, "ami-1", func(i *sweep.Item) { i.Snapshots = []string{"snap-1"} }),
			leftover(sweep.Instance, "i-1", func(i *sweep.Item) { i.Role = "test" }),
		},
		runs:   map[string]string{"dead": "dead"},
		runsOn: map[sweep.Ref]string{{ID: "i-1"}: "ami-1"},
		uses:   map[sweep.Ref][]string{},
		broken: map[string]bool{},
	}
}

// TestApply plans for the litter, changes something and applies the plan.
func TestApply(t *testing.T) {
	for name, c := range map[string]struct {
		between func(*account, *sweep.Sweeper)
		steps   []string
		err     string
	}{
		"nothing has changed": {
			nil,
			[]string{
				"remove instance i-1: done", "remove image ami-1: done", "remove snapshot snap-0: done",
				"remove object s3://stage/amibake/dead/agent.deb: done",
			},
			"",
		},
		"all are gone": {
			func(a *account, _ *sweep.Sweeper) { a.items = nil },
			[]string{
				"remove instance i-1: gone", "remove image ami-1: gone", "remove snapshot snap-0: gone",
				"remove object s3://stage/amibake/dead/agent.deb: gone",
			},
			"",
		},
		"the run is resumed": {
			func(a *account, _ *sweep.Sweeper) { a.runs["dead"] = "live" },
			[]string{
				"remove instance i-1: kept: run dead lives", "remove image ami-1: kept: run dead lives; in use by instance i-1 (running)",
				"remove snapshot snap-0: kept: run dead lives",
				"remove object s3://stage/amibake/dead/agent.deb: kept: run dead lives",
			},
			"",
		},
		"the run was resumed and has ended well": {
			func(a *account, _ *sweep.Sweeper) {
				a.items[3].Status = sweep.Verified
				a.items[1].Image = "ami-1"
			},
			[]string{
				"remove instance i-1: done", "remove image ami-1: gone", "remove snapshot snap-0: gone",
				"remove object s3://stage/amibake/dead/agent.deb: done",
			},
			"",
		},
		"nobody knows of the run": {
			func(a *account, _ *sweep.Sweeper) { a.runs["dead"] = "hidden" },
			[]string{
				"remove instance i-1: kept: unknown whether run dead lives: AccessDenied",
				"remove image ami-1: kept: unknown whether run dead lives: AccessDenied; in use by instance i-1 (running)",
				"remove snapshot snap-0: kept: unknown whether run dead lives: AccessDenied",
				"remove object s3://stage/amibake/dead/agent.deb: kept: unknown whether run dead lives: AccessDenied",
			},
			"unknown whether run dead lives: AccessDenied",
		},
		"the image is used": {
			func(a *account, _ *sweep.Sweeper) { a.uses[sweep.Ref{ID: "ami-1"}] = []string{"launch template lt-1"} },
			[]string{
				"remove instance i-1: done", "remove image ami-1: kept: in use by launch template lt-1", "remove snapshot snap-0: done",
				"remove object s3://stage/amibake/dead/agent.deb: done",
			},
			"",
		},
		"images cannot be listed": {
			func(a *account, _ *sweep.Sweeper) { a.broken["image"] = true },
			[]string{
				"remove instance i-1: done", "remove image ami-1: kept: list images: AccessDenied",
				"remove snapshot snap-0: kept: unknown whether its image is gone: AccessDenied",
				"remove object s3://stage/amibake/dead/agent.deb: done",
			},
			"list images: AccessDenied",
		},
		"an instance cannot be removed: it is a leftover, and needs its image no more for that": {
			func(a *account, s *sweep.Sweeper) {
				s.Remove = func(_ context.Context, i sweep.Item) error {
					if i.Kind == sweep.Instance {
						return errors.New("RequestLimitExceeded")
					}
					return a.remove(i)
				}
			},
			[]string{
				"remove instance i-1: failed: RequestLimitExceeded", "remove image ami-1: done",
				"remove snapshot snap-0: done", "remove object s3://stage/amibake/dead/agent.deb: done",
			},
			"remove instance i-1: RequestLimitExceeded",
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := litter()
			s := a.sweeper()
			plan, err := s.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if c.between != nil {
				c.between(a, &s)
			}
			var told []sweep.Step
			steps, err := s.Apply(t.Context(), plan, func(s sweep.Step) { told = append(told, s) })
			if got := errorText(err); got != c.err {
				t.Errorf("error %q, want %q", got, c.err)
			}
			if diff := cmp.Diff(c.steps, texts(steps)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(steps, told); diff != "" {
				t.Errorf("progress (-steps +told):\n%s", diff)
			}
		})
	}
}

func TestApplyEndsWithItsContext(t *testing.T) {
	a := litter()
	s := a.sweeper()
	plan, err := s.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	steps, err := s.Apply(ctx, plan, func(s sweep.Step) {
		if s.Kind == sweep.Image {
			cancel(errors.New("interrupted"))
		}
	})
	want := []string{
		"remove instance i-1: done", "remove image ami-1: done", "remove snapshot snap-0: not reached",
		"remove object s3://stage/amibake/dead/agent.deb: not reached",
	}
	if diff := cmp.Diff(want, texts(steps)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := errorText(err); got != "interrupted" {
		t.Errorf("error %q", got)
	}
}

func texts(steps []sweep.Step) []string {
	var lines []string
	for _, s := range steps {
		lines = append(lines, s.String())
	}
	return lines
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
