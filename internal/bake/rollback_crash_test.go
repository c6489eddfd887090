package bake_test

import (
	"context"
	"testing"

	"bluegreen/internal/bake"
)

// TestCrashOfARollback kills a rollback at each of its calls: the next one ends as if nothing had been, also if the one before
// had all but said so.
func TestCrashOfARollback(t *testing.T) {
	calls := 0
	die := func(call int, after bool) {
		inWorld(t, "", func(ctx context.Context, w *world) {
			one := w.bakes(ctx, "")
			b, _ := w.process("first", nil)
			if err := b.Promote(ctx, one); err != nil {
				w.t.Fatal(err)
			}
			two := w.bakes(ctx, "build.packages = [\"curl\"]\n")
			b, _ = w.process("second", nil)
			if err := b.Promote(ctx, two); err != nil {
				w.t.Fatal(err)
			}
			back := func(ctx context.Context, b *bake.Bakery) error { _, err := b.PromoteBack(ctx); return err }
			p := w.plug(call, after)
			_, died, err := w.mortal(ctx, "the one that dies", p, back)
			if !died {
				if err != nil {
					w.t.Fatal(err)
				}
				calls = p.Total()
				return
			}
			if _, _, err = w.mortal(ctx, "the next", w.plug(0, false), back); err != nil {
				w.t.Error(err)
			}
			if got := w.handedOut(ctx, w.sb.Account.Region); got.Source != one || got.Previous != one {
				w.t.Errorf("killed at call %d (after its effect: %v): %+v, want %s, and nothing else before it", call, after, got, one)
			}
		})
	}
	die(0, false)
	for call := 1; call <= calls; call++ {
		die(call, false)
		die(call, true)
	}
}
