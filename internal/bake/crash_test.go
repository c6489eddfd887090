package bake_test

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bake"
	"bluegreen/internal/bake/sweep"
	"bluegreen/internal/sandbox/mortal"
)

var everyCall = flag.Bool("every-call", false, "kill a bake at each of its calls, and not just at some")

// deed is a command of a process.
type deed func(ctx context.Context, b *bake.Bakery) error

func theBake(ctx context.Context, b *bake.Bakery) error {
	_, _, err := bakeOnce(ctx, b)
	return err
}

// mortal runs a deed in a process that may be killed, and returns when it has ended or died.
func (w *world) mortal(ctx context.Context, owner string, p *mortal.Plug, do deed) (ev *events, died bool, err error) {
	b, ev := w.process(owner, p)
	done := make(chan error, 1)
	w.left.Go(func() { done <- do(ctx, b) })
	select {
	case err = <-done:
		return ev, false, err
	case <-p.Pulled():
		return ev, true, nil
	}
}

// TestCrashAtEveryCall kills a bake before and after each of its calls. The bake after it comes to the same AMI or to a new one,
// and once what is left has been swept the account holds one proven AMI and nothing else.
func TestCrashAtEveryCall(t *testing.T) {
	t.Run("console", func(t *testing.T) { crashAtEveryCall(t, "") })
	t.Run("run-command", func(t *testing.T) { crashAtEveryCall(t, sent) })
}

func crashAtEveryCall(t *testing.T, more string) {
	calls := 0
	inWorld(t, more, func(ctx context.Context, w *world) {
		p := w.plug(0, false)
		if _, _, err := w.mortal(ctx, "uninterrupted", p, theBake); err != nil {
			w.t.Fatal(err)
		}
		calls = p.Total()
	})
	stride := 1
	if !*everyCall {
		stride = 5 // another one of these with each length that a bake may have
	}
	points := 0
	for call := 1 + calls%stride; call <= calls; call += stride {
		for _, after := range []bool{false, true} {
			points++
			inWorld(t, more, func(ctx context.Context, w *world) { w.dieAndRecover(ctx, call, after) })
		}
	}
	t.Logf("%d crash points of %d calls", points, calls)
}

func (w *world) dieAndRecover(ctx context.Context, call int, after bool) {
	t := w.t
	first, died, err := w.mortal(ctx, "the one that dies", w.plug(call, after), theBake)
	if !died && err != nil {
		t.Fatalf("call %d: it failed before it died: %v", call, err)
	}
	next, _, err := w.mortal(ctx, "the next", w.plug(0, false), theBake)
	if err == nil {
		time.Sleep(oldest)
		err = w.sweep(ctx)
	}
	if err == nil {
		time.Sleep(time.Hour)
		if diff := cmp.Diff(holdings{Verified: 1}, w.holdings()); diff != "" {
			err = fmt.Errorf("the account (-want +got):\n%s", diff)
		}
	}
	if err != nil {
		first.log(t)
		t.Log("the next:")
		next.log(t)
		t.Fatalf("killed at call %d (after its effect: %v): %v", call, after, err)
	}
}

func (w *world) sweep(ctx context.Context) error {
	b, _ := w.process("the sweeper", nil)
	sweeper := b.Sweeper()
	p, err := sweeper.Plan(ctx)
	if err != nil {
		return err
	}
	if err := p.Err(); err != nil {
		return err
	}
	_, err = sweeper.Apply(ctx, p, func(sweep.Step) {})
	return err
}

// TestTwoAtOnce has two timers fire at the same moment: one bakes, the other says so.
func TestTwoAtOnce(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		type end struct {
			baked bool
			err   error
		}
		ends := make(chan end, 2)
		for i := range 2 {
			b, _ := w.process(fmt.Sprintf("process %d", i), nil)
			w.left.Go(func() {
				_, baked, err := bakeOnce(ctx, b)
				ends <- end{baked, err}
			})
		}
		made, locked := 0, 0
		for range 2 {
			switch e := <-ends; {
			case e.err == nil && e.baked:
				made++
			case e.err != nil && exitCode(e.err) == 11:
				locked++
			default:
				w.t.Errorf("baked %v: %v", e.baked, e.err)
			}
		}
		if made != 1 || locked != 1 {
			w.t.Errorf("%d have baked and %d were locked out, want one each", made, locked)
		}
		time.Sleep(time.Hour)
		if diff := cmp.Diff(holdings{Verified: 1}, w.holdings()); diff != "" {
			w.t.Errorf("the account (-want +got):\n%s", diff)
		}
	})
}

// TestSweepOfTheDead leaves a dead run alone until it expires, and then takes all of it away.
func TestSweepOfTheDead(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		t := w.t
		p := w.plug(0, false)
		b, _ := w.process("the one that dies", p)
		w.left.Go(func() { _ = theBake(ctx, b) })
		for w.holdings().Instances == 0 {
			time.Sleep(time.Second)
		}
		p.Pull()
		before := w.holdings()
		if err := w.sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, w.holdings()); diff != "" {
			t.Errorf("a run that may be gone on with (-before +after the sweep):\n%s", diff)
		}
		time.Sleep(oldest)
		if err := w.sweep(ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if diff := cmp.Diff(holdings{}, w.holdings()); diff != "" {
			t.Errorf("a run that has expired (-want +got):\n%s", diff)
		}
	})
}
