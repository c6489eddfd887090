package bake_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bake"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/wire"
)

// sees is what seesBeside is where nobody else is at work: a doctor changes nothing.
func (w *world) sees(ctx context.Context, what string, want ...string) {
	w.t.Helper()
	before := w.sb.Front.Calls.Count()
	w.seesBeside(ctx, what, want...)
	for _, c := range w.sb.Front.Calls.Since(before) {
		if !slices.ContainsFunc([]string{"Describe", "Get", "List", "BatchGet"}, func(p string) bool { return strings.HasPrefix(c.Operation, p) }) {
			w.t.Errorf("%s: a doctor has called %s", what, c.Operation)
		}
	}
}

// seesBeside compares what a doctor finds with what it has to: "CHECK: a part of the text" each, in any order.
func (w *world) seesBeside(ctx context.Context, what string, want ...string) {
	w.t.Helper()
	b, _ := w.process("doctor", nil)
	found, err := b.Doctor(ctx, 26*time.Hour)
	if err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
	left := slices.Clone(want)
	for _, f := range found {
		at := slices.IndexFunc(left, func(text string) bool {
			check, part, _ := strings.Cut(text, ": ")
			return f.Check == check && strings.Contains(f.Text, part)
		})
		if at < 0 || f.Try == "" || strings.Contains(f.Text, "\n") {
			w.t.Errorf("%s: not expected: %s: %s (try: %q)", what, f.Check, f.Text, f.Try)
			continue
		}
		left = slices.Delete(left, at, at+1)
	}
	if len(left) > 0 {
		w.t.Errorf("%s: not found: %q in %+v", what, left, found)
	}
}

// timer does what a timer's run does.
func (w *world) timer(ctx context.Context) {
	w.t.Helper()
	b, ev := w.process("timer", nil)
	id, _, err := bakeOnce(ctx, b)
	if err == nil {
		_, err = b.PromoteIfNew(ctx, id)
	}
	b.Note(err == nil)
	if err != nil {
		ev.log(w.t)
		w.t.Fatal(err)
	}
	time.Sleep(time.Minute)
}

func TestDoctorOfATimer(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		w.sees(ctx, "nothing yet", "timer: nothing was heard of amibake bake for at least 76h", "promotion: there is no proven AMI of shop")
		w.timer(ctx)
		w.sees(ctx, "baked and handed out")
		time.Sleep(25 * time.Hour)
		w.sees(ctx, "not long ago")
		time.Sleep(2 * time.Hour)
		w.sees(ctx, "too long ago", "timer: and nothing was heard since: does its timer run?")
		w.timer(ctx)
		w.sees(ctx, "nothing was to be baked")
		time.Sleep(27 * time.Hour)
		b, _ := w.process("timer", nil)
		b.Note(false)
		time.Sleep(time.Minute)
		w.sees(ctx, "failing for too long", "timer: the last try failed at")
		time.Sleep(60 * time.Hour)
		w.sees(ctx, "failing for longer than is looked at", "timer: no amibake bake has succeeded for at least 76h0m0s; the last try failed")
	})
}

func TestDoctorWithoutMetrics(t *testing.T) {
	inWorld(t, "notify.namespace = \"\"\n", func(ctx context.Context, w *world) {
		w.sees(ctx, "nothing yet", "timer: no AMI was ever baked; runs that found nothing", "promotion: there is no proven AMI")
		w.timer(ctx)
		w.sees(ctx, "baked")
		time.Sleep(27 * time.Hour)
		w.sees(ctx, "too long ago", "timer: the last AMI was baked at")
	})
}

func TestDoctorOfAPointer(t *testing.T) {
	inWorld(t, everywhere, func(ctx context.Context, w *world) {
		t := w.t
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		cloud := w.cloud(nil)
		point := func(name, id string) {
			t.Helper()
			_, err := cloud.Params.Overwrite(ctx, name, id)
			must(err)
		}
		w.timer(ctx)
		w.sees(ctx, "all is well")
		first, err := cloud.Params.Get(ctx, pointer)
		must(err)
		copied, err := cloud.In(far).Params.Get(ctx, pointer)
		must(err)

		point(pointer, "ami-0123456789abcdef0")
		w.sees(ctx, "it names nothing", "pointer: names ami-0123456789abcdef0, which is gone", "pointer: which is no copy of ami-0123456789abcdef0",
			"promotion: the newest proven AMI, "+first.Value)
		point(pointer, "shop")
		w.sees(ctx, "it names no AMI", "pointer: names shop, which is no AMI's id", "pointer: which is no copy of shop", "promotion: the newest")
		point(pointer, first.Value)
		point(pointer+"-previous", "ami-0123456789abcdef0")
		w.sees(ctx, "there is no way back", "pointer: nothing can be rolled back to")
		must(cloud.Params.Delete(ctx, pointer+"-previous"))

		must(cloud.In(far).Params.Delete(ctx, pointer))
		w.sees(ctx, "a region has none", "pointer: there is no parameter "+pointer+" ("+far+")")
		_, err = cloud.In(far).Params.Overwrite(ctx, pointer, copied.Value)
		must(err)

		must(cloud.Images.Tag(ctx, first.Value, map[string]string{bake.TagStatus: bake.Baked}))
		w.sees(ctx, "it was not proven", `pointer: was never proven: its tag amibake:status is "baked"`, "promotion: there is no proven AMI")
		must(cloud.Images.Tag(ctx, first.Value, map[string]string{bake.TagStatus: bake.Verified}))

		w.configure(w.base + "build.packages = [\"curl\"]\n")
		b, _ := w.process("bake", nil)
		second, _, err := bakeOnce(ctx, b)
		must(err)
		w.sees(ctx, "a newer one is nobody's", "promotion: the newest proven AMI, "+second)
		must(b.Promote(ctx, second))
		w.sees(ctx, "handed out")

		must(cloud.Images.Deprecate(ctx, second, time.Now().Add(time.Hour)))
		w.sees(ctx, "to be deprecated")
		time.Sleep(2 * time.Hour)
		w.sees(ctx, "deprecated", "pointer: names "+second+", which is deprecated since")
		must(cloud.Images.Disable(ctx, second))
		w.sees(ctx, "disabled", "pointer: names "+second+", which is disabled", "promotion: the newest proven AMI, "+first.Value)
	})
}

// TestDoctorWithoutRights refuses each call that a doctor makes: what it cannot look at is a finding that names the action, and
// the rest is looked at all the same.
func TestDoctorWithoutRights(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		t := w.t
		w.timer(ctx)
		before := w.sb.Front.Calls.Count()
		w.sees(ctx, "all is well")
		operations := map[[2]string]bool{}
		for _, c := range w.sb.Front.Calls.Since(before) {
			operations[[2]string{c.Service, c.Operation}] = true
		}
		if len(operations) < 10 {
			t.Errorf("a doctor makes these calls only: %v", operations)
		}
		for o := range operations {
			w.sb.Front.Faults.Add(wire.Fault{Service: o[0], Operation: o[1], Action: wire.ActionError, Code: "AccessDenied", Message: "no", Status: 403})
			b, _ := w.process("doctor", nil)
			found, err := b.Doctor(ctx, 26*time.Hour)
			if err != nil {
				t.Errorf("without %s: %v", o, err)
			}
			named := func(f bake.Finding) bool {
				return f.Try == "amibake iam-policy" && strings.Contains(strings.ToLower(f.Text), ":"+strings.ToLower(o[1])+": ")
			}
			if !slices.ContainsFunc(found, named) {
				t.Errorf("without %s: %+v", o, found)
			}
			w.sb.Front.Faults.Clear()
		}
	})
}

func TestDoctorOfADeadRun(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		t := w.t
		w.timer(ctx)
		w.configure(w.base + "build.packages = [\"curl\"]\n")
		if _, died, err := w.mortal(ctx, "somebody", w.plug(40, true), theBake); !died {
			t.Fatalf("it lives: %v", err)
		}
		w.sees(ctx, "it died a moment ago", "run: somebody has held the lease since", "run: run bake-000003 (bake) was cut off in step ")
		time.Sleep(oldest)
		w.sees(ctx, "it has expired", "run: somebody has held the lease since", "run: run bake-000003 (bake) was cut off in step ",
			"leftovers: instance i-", "leftovers: object s3://shop-staging/amibake/shop/bake-000003-")

		b, _ := w.process("next", nil)
		done := make(chan error, 1)
		go func() { done <- theBake(ctx, b) }()
		time.Sleep(100 * time.Second)
		w.seesBeside(ctx, "somebody is at work again")
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		w.sees(ctx, "it has been at work", "promotion: the newest proven AMI")
	})
}

func TestDoctorOfInputs(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		w.timer(ctx)
		if err := w.cloud(nil).Params.Delete(ctx, "/base"); err != nil {
			w.t.Fatal(err)
		}
		w.sees(ctx, "the base AMI is nowhere", "inputs: /base")
	})
}

func TestDoctorIsInterrupted(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		ctx, cancel := context.WithCancelCause(ctx)
		cancel(exit.ErrInterrupted)
		b, _ := w.process("doctor", nil)
		if found, err := b.Doctor(ctx, time.Hour); !errors.Is(err, exit.ErrInterrupted) || found != nil {
			w.t.Errorf("%v, %v", found, err)
		}
	})
}

func TestHistory(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		t := w.t
		history := func(n int) []bake.Past {
			t.Helper()
			b, _ := w.process("history", nil)
			found, err := b.History(ctx, n)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range found {
				if p.Began.IsZero() || p.Last.Before(p.Began) {
					t.Errorf("%+v", p)
				}
				found[i].Began, found[i].Last, found[i].Name = time.Time{}, time.Time{}, ""
			}
			return found
		}
		if got := history(0); len(got) > 0 {
			t.Errorf("of nothing: %+v", got)
		}
		w.timer(ctx)
		first, err := w.cloud(nil).Params.Get(ctx, pointer)
		if err != nil {
			t.Fatal(err)
		}
		second := w.bakes(ctx, "build.packages = [\"curl\"]\n")
		b, _ := w.process("promote", nil)
		if err := b.Promote(ctx, second); err != nil {
			t.Fatal(err)
		}
		if _, err := b.PromoteBack(ctx); err != nil {
			t.Fatal(err)
		}
		w.says[bake.RoleBuilder] = silent
		w.configure(w.base + "build.packages = [\"jq\"]\n")
		b, _ = w.process("fails", nil)
		if _, _, err := bakeOnce(ctx, b); err == nil {
			t.Fatal("a builder that says nothing was enough")
		}
		w.configure(w.base + "build.packages = [\"htop\"]\n")
		if _, died, err := w.mortal(ctx, "somebody", w.plug(40, true), theBake); !died {
			t.Fatalf("it lives: %v", err)
		}
		want := []bake.Past{
			{Run: "bake-000007", What: "bake", How: "unfinished", Why: "in step provision"},
			{Run: "bake-000006", What: "bake", How: "failed-clean", Why: "provision: "},
			{Run: "bake-000005", What: "promote-back", How: "succeeded", Image: first.Value},
			{Run: "bake-000004", What: "promote", How: "succeeded", Image: second},
			{Run: "bake-000003", What: "bake", How: "succeeded", Image: second},
			{Run: "bake-000002", What: "promote", How: "succeeded", Image: first.Value},
			{Run: "bake-000001", What: "bake", How: "succeeded", Image: first.Value},
		}
		got := history(0)
		if len(got) > 1 {
			got[1].Why = got[1].Why[:min(len(got[1].Why), len(want[1].Why))]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want[:1], history(1)); diff != "" {
			t.Errorf("the last one (-want +got):\n%s", diff)
		}

		named, err := b.Pointer(ctx, 2)
		if err != nil || len(named) != 2 || named[0].Image != first.Value || !named[0].Now || named[1].Image != second || named[1].Now ||
			named[0].Since.Before(named[1].Since) || named[0].By == "" || named[0].Region != w.sb.Account.Region {
			t.Errorf("the pointer: %+v, %v", named, err)
		}
	})
}
