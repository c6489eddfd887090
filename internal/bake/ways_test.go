package bake_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bake"
	"bluegreen/internal/event"
	"bluegreen/internal/sandbox/wire"
)

// interruption is a Ctrl-C when a step has ended.
type interruption struct {
	*events
	after string
	stop  context.CancelFunc
}

func (i interruption) Report(e event.Event) {
	i.events.Report(e)
	if e.Event == event.StepEnded && e.Step == i.after && !e.Undo {
		i.stop()
	}
}

// interrupted has a process begin a deed and be interrupted after a step.
func (w *world) interrupted(ctx context.Context, after string, do deed) {
	w.t.Helper()
	b, ev := w.process("interrupted", nil)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	b.Report = interruption{ev, after, stop}
	if err := do(ctx, b); exitCode(err) != 130 {
		ev.log(w.t)
		w.t.Fatalf("interrupted after %s: %v", after, err)
	}
}

// edit configures the world, and replaces something in that.
func (w *world) edit(more, old, replacement string) {
	w.t.Helper()
	w.configure(w.base + more)
	text, err := os.ReadFile(w.file)
	if err == nil && !strings.Contains(string(text), old) {
		w.t.Fatalf("there is no %q in the configuration", old)
	}
	if err == nil {
		err = os.WriteFile(w.file, []byte(strings.Replace(string(text), old, replacement, 1)), 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

const staged = "staging.bucket = \"" + bucket + "\"\n"

// TestBakeAfterAnEdit interrupts a bake, edits the configuration and bakes again: with the same inputs, which goes on, and with
// others, which undoes it.
func TestBakeAfterAnEdit(t *testing.T) {
	for _, c := range []struct{ name, more, after, old, replacement string }{
		{"no staging any more", "", "builder", staged, ""},
		{"staging elsewhere", "", "builder", staged, staged + "staging.prefix = \"elsewhere\"\n"},
		{"no staging any more, and nothing launched", "", "stage", staged, ""},
		{"not to be stopped any more", "", "stop", "app =", "build.no_reboot = true\napp ="},
		{"a spot instance", "", "stopped", "app =", "build.spot = true\napp ="},
		{"to be stopped", "build.no_reboot = true\n", "provision", "build.no_reboot = true\n", ""},
	} {
		for what, other := range map[string]string{"the same inputs": "", "others": "build.packages = [\"curl\"]\n"} {
			t.Run(c.name+", "+what, func(t *testing.T) {
				inWorld(t, c.more, func(ctx context.Context, w *world) {
					t := w.t
					w.interrupted(ctx, c.after, theBake)
					w.edit(other, c.old, c.replacement)
					b, ev := w.process("next", nil)
					if err := theBake(ctx, b); err != nil {
						ev.log(t)
						t.Fatal(err)
					}
					time.Sleep(time.Hour)
					if diff := cmp.Diff(holdings{Verified: 1}, w.holdings()); diff != "" {
						t.Errorf("the account (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// TestUndoWithoutTheBucket takes the bucket away in which an interrupted bake has staged its files.
func TestUndoWithoutTheBucket(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		t := w.t
		w.interrupted(ctx, "builder", theBake)
		w.edit("build.packages = [\"curl\"]\n", staged, "")
		w.sb.Front.Faults.Add(wire.Fault{Service: "s3", Operation: "DeleteObject", Action: wire.ActionError, Code: "NoSuchBucket", Status: 404})
		b, ev := w.process("next", nil)
		if err := theBake(ctx, b); err != nil {
			ev.log(t)
			t.Fatal(err)
		}
	})
}

// TestPromotionAfterAnEdit interrupts a promotion, edits the configuration, and promotes the same AMI, or another one.
func TestPromotionAfterAnEdit(t *testing.T) {
	const other = "promote.parameter = \"/images/shop\"\n"
	for _, c := range []struct{ name, after, old, replacement string }{
		{"no launch template any more", "template", "promote.launch_template", "# "},
		{"shared no more", "share", "promote.accounts", "# "},
		{"another pointer", "template", "app =", other + "app ="},
	} {
		for _, same := range []bool{true, false} {
			t.Run(c.name, func(t *testing.T) {
				inWorld(t, everywhere, func(ctx context.Context, w *world) {
					t := w.t
					blue, err := w.cloud(nil).Groups.Get(ctx, "shop-blue-asg")
					if err != nil {
						t.Fatal(err)
					}
					w.base += "promote.launch_template = \"" + blue.TemplateID + "\"\n"
					one, two := w.bakes(ctx, ""), w.bakes(ctx, "build.packages = [\"curl\"]\n")
					w.interrupted(ctx, c.after, func(ctx context.Context, b *bake.Bakery) error { return b.Promote(ctx, one) })
					w.edit("", c.old, c.replacement)
					want, versions := one, 1
					if !same {
						want = two
					}
					if c.after == "template" && c.replacement == "# " { // it is taken back, and none is made
						versions = 0
					}
					b, ev := w.process("next", nil)
					if err := b.Promote(ctx, want); err != nil {
						ev.log(t)
						t.Fatal(err)
					}
					now, err := w.cloud(nil).Params.Get(ctx, b.Settings.Promote.Parameter)
					if err != nil || now.Value != want {
						t.Errorf("the pointer names %q, want %s: %v", now.Value, want, err)
					}
					all, err := w.cloud(nil).References.Versions(ctx)
					made := 0
					for _, v := range all {
						if v.Template == blue.TemplateID && strings.HasPrefix(v.Description, "bake-") {
							made++
						}
					}
					if err != nil || made != versions {
						t.Errorf("%d versions of the launch template are left, want %d: %v", made, versions, err)
					}
				})
			})
		}
	}
}
