package bake_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/aws/image"
	"bluegreen/internal/bake"
	"bluegreen/internal/event"
	"bluegreen/internal/journal"
	"bluegreen/internal/step"
)

// forbidden is a network on which nobody may write parameters far away.
type forbidden struct{ to http.RoundTripper }

func (f forbidden) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.Contains(r.Header.Get("Authorization"), "/"+far+"/ssm/") || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".PutParameter") {
		return f.to.RoundTrip(r)
	}
	return &http.Response{
		StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"__type":"AccessDeniedException","message":"not by this policy"}`)),
	}, nil
}

const twoRegions = "promote.regions = [\"" + far + "\"]\n"

// TestBakeBesideAPromotionThatCannotEnd has the pointer of one region refuse to be moved, after that of the other one was: what is
// baked next is not held up by that, and says that the promotion is given up.
func TestBakeBesideAPromotionThatCannotEnd(t *testing.T) {
	inWorld(t, twoRegions, func(ctx context.Context, w *world) {
		t := w.t
		network := forbidden{w.sb.Transport()}
		one := w.bakes(ctx, "")
		b, _ := w.process("first", network)
		if err := b.Promote(ctx, one); exitCode(err) != 4 {
			t.Fatalf("the promotion: %v, want it dirty", err)
		}
		w.configure(w.base + "build.packages = [\"curl\"]\n")
		b, ev := w.process("next", network)
		two, baked, err := bakeOnce(ctx, b)
		if err != nil || !baked {
			ev.log(t)
			t.Fatalf("the next bake: baked %v: %v", baked, err)
		}
		warned := ""
		for _, e := range ev.all {
			if e.Event == event.Warning {
				warned += e.Text
			}
		}
		for _, want := range []string{"not by this policy", far, "given up", "amibake promote " + one} {
			if !strings.Contains(warned, want) {
				t.Errorf("it warns by %q, without %q", warned, want)
			}
		}
		// It has ended: its AMIs are in use by it no more.
		r, err := journal.InParams(w.cloud(nil).Params, "shop/bake").Latest(ctx, "bake-000002")
		if err != nil || r.Phase != step.Ended || r.Outcome != step.FailedDirty {
			t.Errorf("its record: %s, %s: %v", r.Phase, r.Outcome, err)
		}
		b, _ = w.process("mended", nil)
		if err := b.Promote(ctx, two); err != nil {
			t.Fatal(err)
		}
		for region, previous := range map[string]string{w.sb.Account.Region: one, far: "none"} {
			if got := w.handedOut(ctx, region); got.Source != two || got.Previous != previous {
				t.Errorf("in %s: %+v, want %s after %s", region, got, two, previous)
			}
		}
	})
}

// TestPromotionWithoutARegion takes a region off the list whose pointer cannot be moved: the same promotion comes to its end.
func TestPromotionWithoutARegion(t *testing.T) {
	inWorld(t, twoRegions, func(ctx context.Context, w *world) {
		t := w.t
		network := forbidden{w.sb.Transport()}
		one := w.bakes(ctx, "")
		for _, c := range []struct {
			without string
			code    int
		}{{"", 4}, {"", 4}, {twoRegions, 0}} {
			w.edit("", c.without, "")
			b, ev := w.process("promote", network)
			if err := b.Promote(ctx, one); exitCode(err) != c.code {
				ev.log(t)
				t.Fatalf("without %q: %v, want the code %d", c.without, err, c.code)
			}
		}
	})
}

// TestCopyGoesBeforeItIsMarked has somebody deregister a copy that the pointer names already.
func TestCopyGoesBeforeItIsMarked(t *testing.T) {
	inWorld(t, twoRegions, func(ctx context.Context, w *world) {
		t := w.t
		one := w.bakes(ctx, "")
		promote := func(ctx context.Context, b *bake.Bakery) error { return b.Promote(ctx, one) }
		w.interrupted(ctx, "pointer", promote)
		there := w.cloud(nil).In(far).Images
		copies, err := there.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{"amibake:source": one}})
		if err == nil && len(copies) != 1 {
			err = errors.New("there is no copy")
		}
		if err == nil {
			err = there.Deregister(ctx, copies[0].ID)
		}
		time.Sleep(time.Hour)
		b, ev := w.process("next", nil)
		if err == nil {
			err = promote(ctx, b)
		}
		if err != nil {
			ev.log(t)
			t.Error(err)
		}
	})
}
