package bake_test

import (
	"context"
	"testing"
	"time"

	"bluegreen/internal/aws/image"
	"bluegreen/internal/bake"
	"bluegreen/internal/journal"
	"bluegreen/internal/step"
)

// both checks what is handed out at home and far away.
func (w *world) both(ctx context.Context, current, previous string) {
	w.t.Helper()
	for _, region := range []string{w.sb.Account.Region, far} {
		if got := w.handedOut(ctx, region); got.Source != current || got.Previous != previous {
			w.t.Errorf("in %s: %+v, want %s after %s", region, got, current, previous)
		}
	}
}

// TestPromotionThatEndsWhileItIsListenedTo has a process begin with another AMI while a promotion waits for its copies, and hear
// that nobody holds the lease: because the promotion has come to its end, and not because it was cut off.
func TestPromotionThatEndsWhileItIsListenedTo(t *testing.T) {
	inWorld(t, everywhere+"lease.term = \"1h\"\n", func(ctx context.Context, w *world) {
		t := w.t
		one := w.bakes(ctx, "")
		two := w.bakes(ctx, "build.packages = [\"curl\"]\n")
		first, ev := w.process("first", nil)
		ended := make(chan error, 1)
		w.left.Go(func() { ended <- first.Promote(ctx, one) })
		for len(ev.steps()) == 0 { // the copies are asked for
			time.Sleep(time.Second)
		}
		second, told := w.process("second", nil)
		if err := second.Promote(ctx, two); err != nil {
			told.log(t)
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		w.both(ctx, two, one)
	})
}

// TestBakeThatEndsWhileItIsListenedTo is the same of a deployment that gives up the bake that it had begun.
func TestBakeThatEndsWhileItIsListenedTo(t *testing.T) {
	inWorld(t, "lease.term = \"1h\"\n", func(ctx context.Context, w *world) {
		t := w.t
		first, ev := w.process("first", nil)
		p, err := first.Plan(ctx)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		w.left.Go(func() {
			_, err := first.Bake(ctx, p)
			ended <- err
		})
		for len(ev.steps()) == 0 {
			time.Sleep(time.Second)
		}
		second, told := w.process("second", nil)
		if err := second.Abandon(ctx, p.Key); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if undone := told.steps(); len(undone) > 0 {
			t.Errorf("%q of a run that has ended", undone)
		}
	})
}

// TestUndoLeavesWhatIsHandedOut has a journal that is behind what was done: the promotion that it says was cut off has come to its
// end, and what it copied stays when the next one undoes it.
func TestUndoLeavesWhatIsHandedOut(t *testing.T) {
	for _, status := range []string{bake.Verified, bake.Copied} { // known by its tag, and by the pointer alone
		inWorld(t, everywhere, func(ctx context.Context, w *world) {
			t := w.t
			one := w.bakes(ctx, "")
			two := w.bakes(ctx, "build.packages = [\"curl\"]\n")
			b, _ := w.process("first", nil)
			err := b.Promote(ctx, one)
			there := w.cloud(nil).In(far)
			if err == nil && status == bake.Copied {
				p, _ := there.Params.Get(ctx, pointer)
				err = there.Images.Tag(ctx, p.Value, map[string]string{bake.TagStatus: status})
			} else if err == nil {
				err = there.Params.Delete(ctx, pointer)
			}
			if err != nil {
				t.Fatal(err)
			}
			w.forgets(ctx, "bake-000003")
			b, ev := w.process("next", nil)
			if err := b.Promote(ctx, two); err != nil {
				ev.log(t)
				t.Fatal(err)
			}
			left, err := there.Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{"amibake:source": one}})
			if err != nil || len(left) != 1 {
				t.Errorf("%s: %d copies are left, want the one that was handed out: %v", status, len(left), err)
			}
		})
	}
}

// forgets has the journal know no more of a promotion than that its copies are waited for.
func (w *world) forgets(ctx context.Context, run string) {
	w.t.Helper()
	params := w.cloud(nil).Params
	store := journal.InParams(params, "shop/bake")
	r, err := store.Latest(ctx, run)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Seq, r.Phase, r.Outcome, r.Steps = r.Seq+1, step.Running, "", map[string]step.Status{"copy": step.Done, "copied": step.Doing}
	if err := store.Append(ctx, r); err != nil {
		w.t.Fatal(err)
	}
	lease := journal.LeaseInParams(params, "shop/bake", time.Minute)
	if err := lease.Take(ctx, run, "somebody", r.Epoch); err != nil {
		w.t.Fatal(err)
	}
	if err := lease.Release(ctx); err != nil {
		w.t.Fatal(err)
	}
}
