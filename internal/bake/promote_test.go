package bake_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/image"
	"bluegreen/internal/bake"
	"bluegreen/internal/exit"
)

func exitCode(err error) int { return int(exit.CodeOf(err)) }

const far = "us-east-1"

const everywhere = "promote.regions = [\"" + far + "\"]\npromote.accounts = [\"111122223333\"]\n" +
	"build.kms_key = \"arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555\"\n" +
	"promote.kms_keys." + far + " = \"arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-666666666666\"\n"

// bakes makes an AMI of other inputs than those before.
func (w *world) bakes(ctx context.Context, more string) string {
	w.t.Helper()
	w.configure(w.base + more)
	b, ev := w.process("bake", nil)
	id, baked, err := bakeOnce(ctx, b)
	if err != nil || !baked {
		ev.log(w.t)
		w.t.Fatalf("baked %v: %v", baked, err)
	}
	return id
}

// handedOut is what others see of an AMI in a region.
type handedOut struct {
	Source    string // of the AMI that the pointer names: itself at home
	Previous  string
	Shared    []string
	Encrypted bool
}

func (w *world) handedOut(ctx context.Context, region string) (h handedOut) {
	w.t.Helper()
	cloud := w.cloud(nil).In(region)
	source := func(name string) string {
		p, err := cloud.Params.Get(ctx, name)
		if err != nil {
			return "none"
		}
		img, err := cloud.Images.Get(ctx, p.Value)
		if err != nil {
			w.t.Fatal(err)
		}
		if name == pointer {
			audience, err := cloud.Images.Audience(ctx, p.Value)
			if err != nil {
				w.t.Fatal(err)
			}
			h.Shared, h.Encrypted = audience.Accounts, img.Encrypted
			if img.State != image.Available {
				w.t.Errorf("%s in %s is %s", p.Value, region, img.State)
			}
		}
		if from := img.Tags["amibake:source"]; from != "" {
			return from
		}
		return img.ID
	}
	h.Source, h.Previous = source(pointer), source(pointer+"-previous")
	return h
}

func TestPromote(t *testing.T) {
	inWorld(t, everywhere, func(ctx context.Context, w *world) {
		t := w.t
		check := func(what, current, previous string) {
			t.Helper()
			for _, region := range []string{w.sb.Account.Region, far} {
				want := handedOut{Source: current, Previous: previous, Shared: []string{"111122223333"}, Encrypted: true}
				if diff := cmp.Diff(want, w.handedOut(ctx, region)); diff != "" {
					t.Errorf("%s, in %s (-want +got):\n%s", what, region, diff)
				}
			}
		}
		promote := func(id string) {
			t.Helper()
			b, ev := w.process("promote", nil)
			if err := b.Promote(ctx, id); err != nil {
				ev.log(t)
				t.Fatal(err)
			}
		}
		one := w.bakes(ctx, "")
		promote(one)
		check("the first", one, "none")
		two := w.bakes(ctx, "build.packages = [\"curl\"]\n")
		promote(two)
		check("the second", two, one)
		b, _ := w.process("promote again", nil)
		if moved, err := b.PromoteIfNew(ctx, two); moved || err != nil {
			t.Errorf("promoted again: %v, %v", moved, err)
		}
		if id, err := b.PromoteBack(ctx); id != one || err != nil {
			t.Errorf("back: %s, %v; want %s", id, err, one)
		}
		check("back", one, one)
		if id, err := b.PromoteBack(ctx); id != one || err != nil {
			t.Errorf("back again: %s, %v; want %s", id, err, one)
		}
		check("back again", one, one)
	})
}

func TestPromoteRefuses(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		t := w.t
		b, _ := w.process("promote", nil)
		for what, c := range map[string]struct {
			do   func() error
			want string
		}{
			"another app's":   {func() error { return b.Promote(ctx, w.made.Images["v1"]) }, "is no AMI that amibake has made for shop"},
			"one that is not": {func() error { return b.Promote(ctx, "ami-0123456789abcdef0") }, "does not exist"},
			"nothing before": {func() error {
				_, err := b.PromoteBack(ctx)
				return err
			}, "nothing was promoted before"},
		} {
			err := c.do()
			var problem *exit.Problem
			if !errors.As(err, &problem) || problem.Code != exit.Failed || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v, want %q", what, err, c.want)
			}
		}
	})
}

// TestCrashOfAPromotion kills a promotion at each of its calls: the pointer always names an AMI that is there, and the next
// promotion ends as if nothing had been, also where it is asked for as a timer does: unless there is nothing to do.
func TestCrashOfAPromotion(t *testing.T) {
	calls := 0
	die := func(call int, after bool) {
		inWorld(t, everywhere, func(ctx context.Context, w *world) {
			t := w.t
			id := w.bakes(ctx, "")
			promote := func(ctx context.Context, b *bake.Bakery) error { _, err := b.PromoteIfNew(ctx, id); return err }
			p := w.plug(call, after)
			first, died, err := w.mortal(ctx, "the one that dies", p, promote)
			if !died {
				if err != nil {
					t.Fatalf("call %d: it failed before it died: %v", call, err)
				}
				calls = p.Total()
				return
			}
			for _, region := range []string{w.sb.Account.Region, far} {
				w.handedOut(ctx, region) // looks whether what is named is there
			}
			if next, _, err := w.mortal(ctx, "the next", w.plug(0, false), promote); err != nil {
				first.log(t)
				next.log(t)
				t.Fatalf("killed at call %d (after its effect: %v), the next: %v", call, after, err)
			}
			time.Sleep(time.Hour)
			for _, region := range []string{w.sb.Account.Region, far} {
				if got := w.handedOut(ctx, region); got.Source != id || got.Previous != "none" {
					t.Errorf("killed at call %d (after its effect: %v), in %s: %+v", call, after, region, got)
				}
				all, err := w.cloud(nil).In(region).Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{bake.TagApp: "shop", bake.TagManaged: bake.Managed}, Everything: true})
				if err != nil || len(all) != 1 || all[0].Tags[bake.TagStatus] != bake.Verified {
					t.Errorf("killed at call %d (after its effect: %v), AMIs in %s: %+v, %v", call, after, region, all, err)
				}
			}
		})
	}
	die(0, false)
	for call := 1; call <= calls; call++ {
		die(call, false)
		die(call, true)
	}
	t.Logf("%d crash points", 2*calls)
}
