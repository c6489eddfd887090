package bake_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bake"
	"bluegreen/internal/bake/recipe"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/ec2"
)

func TestBake(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		t := w.t
		b, ev := w.process("first", nil)
		id, baked, err := bakeOnce(ctx, b)
		if err != nil || !baked {
			ev.log(t)
			t.Fatalf("baked %v: %v", baked, err)
		}
		want := []string{"stage", "builder", "provision", "stop", "stopped", "image", "available", "end-builder", "unstage", "test", "verify", "end-test", "mark"}
		if diff := cmp.Diff(want, ev.steps()); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
		time.Sleep(time.Hour)
		if diff := cmp.Diff(holdings{Verified: 1}, w.holdings()); diff != "" {
			t.Errorf("the account (-want +got):\n%s", diff)
		}
		img, err := w.cloud(nil).Images.Get(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if !img.Encrypted {
			t.Error("the AMI is not encrypted")
		}
		for tag, value := range map[string]string{
			bake.TagApp: "shop", bake.TagManaged: "bluegreen", bake.TagStatus: "verified", bake.TagBase: w.made.Images["v1"],
			bake.TagImage: strings.TrimSuffix(w.made.Containers["v1"], ":v1") + "@" + w.digest, bake.TagAgent: "1.2.0",
		} {
			if img.Tags[tag] != value {
				t.Errorf("tag %s is %q, want %q", tag, img.Tags[tag], value)
			}
		}

		again, _ := w.process("second", nil)
		same, baked, err := bakeOnce(ctx, again)
		if err != nil || baked || same != id {
			t.Errorf("the next bake: %s, baked %v: %v; want %s without a bake", same, baked, err, id)
		}
	})
}

// TestRunningBuilders makes AMIs of builders that go on running: those that must not be stopped, and those that cannot be.
func TestRunningBuilders(t *testing.T) {
	for _, setting := range []string{"build.no_reboot = true\n", "build.spot = true\n"} {
		inWorld(t, setting, func(ctx context.Context, w *world) {
			b, ev := w.process("first", nil)
			if _, baked, err := bakeOnce(ctx, b); err != nil || !baked {
				ev.log(w.t)
				w.t.Fatalf("%s: baked %v: %v", setting, baked, err)
			}
			time.Sleep(time.Hour)
			if diff := cmp.Diff(holdings{Verified: 1}, w.holdings()); diff != "" {
				w.t.Errorf("%s: the account (-want +got):\n%s", setting, diff)
			}
		})
	}
}

// silent is an instance that never says anything of its own.
func silent(string) ec2.Guest { return ec2.Guest{{After: time.Minute, Print: "login:"}} }

// TestFailures has instances go wrong: what a person gets to read, and that nothing is left.
func TestFailures(t *testing.T) {
	failing := func(run string) ec2.Guest {
		return ec2.Guest{{After: time.Minute, Print: recipe.Say(run, "stage", "scripts") + "\n" +
			"amibake " + run + " log 1 + make install\namibake " + run + " log 2 make: not found\n" +
			recipe.Say(run, "failed", "scripts: provision.sh: exit status 127")}}
	}
	deed := func(d ec2.Deed) func(string) ec2.Guest {
		return func(run string) ec2.Guest {
			return ec2.Guest{{After: time.Minute, Print: recipe.Say(run, "stage", "packages")}, {After: time.Minute, Do: d}}
		}
	}
	for _, c := range []struct {
		name, role string
		says       func(w *world) func(run string) ec2.Guest
		want       []string // in the message
	}{
		{"a provision script fails", bake.RoleBuilder, func(*world) func(string) ec2.Guest { return failing }, []string{"provision.sh: exit status 127", "make: not found"}},
		{"the builder dies", bake.RoleBuilder, func(*world) func(string) ec2.Guest { return deed(ec2.Die) }, []string{"packages", "the instance is "}},
		{"a spot builder is taken away", bake.RoleBuilder, func(*world) func(string) ec2.Guest { return deed(ec2.Reclaim) }, []string{"packages", "the instance is "}},
		{"the builder powers off", bake.RoleBuilder, func(*world) func(string) ec2.Guest { return deed(ec2.PowerOff) }, []string{"packages", "the instance is "}},
		{"the builder says nothing", bake.RoleBuilder, func(*world) func(string) ec2.Guest { return silent }, []string{"before it said anything", "login:"}},
		{"the builder has another image", bake.RoleBuilder, func(*world) func(string) ec2.Guest {
			return func(run string) ec2.Guest {
				other := "sha256:" + strings.Repeat("0", 64)
				return ec2.Guest{{After: time.Minute, Print: say(run, "ready", map[string]any{"agent": "1.2.0", "digest": other})}}
			}
		}, []string{"it has the image sha256:0000"}},
		{"the test instance has an open port", bake.RoleTest, func(w *world) func(string) ec2.Guest {
			return func(run string) ec2.Guest {
				return ec2.Guest{{After: time.Minute, Print: w.verified(run, map[string]any{"ports": []int{22, 6379}})}}
			}
		}, []string{"port 6379 is open"}},
		{"the test instance never gets healthy", bake.RoleTest, func(*world) func(string) ec2.Guest { return silent }, []string{"before it said anything"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, "", func(ctx context.Context, w *world) {
				t := w.t
				w.says[c.role] = c.says(w)
				b, ev := w.process("first", nil)
				_, _, err := bakeOnce(ctx, b)
				var problem *exit.Problem
				if !errors.As(err, &problem) || problem.Code != exit.Failed {
					ev.log(t)
					t.Fatalf("got %v, want a clean failure", err)
				}
				for _, want := range c.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("the message does not say %q:\n%v", want, err)
					}
				}
				time.Sleep(time.Hour)
				if diff := cmp.Diff(holdings{}, w.holdings()); diff != "" {
					t.Errorf("the account (-want +got):\n%s", diff)
				}
				// And the next one, whose instances are well, goes through.
				w.says = map[string]func(string) ec2.Guest{}
				next, ev := w.process("next", nil)
				if _, baked, err := bakeOnce(ctx, next); err != nil || !baked {
					ev.log(t)
					t.Errorf("the bake after it: baked %v: %v", baked, err)
				}
			})
		})
	}
}
