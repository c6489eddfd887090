package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/mortal"
	"bluegreen/internal/traffic"
)

var everyCall = flag.Bool("every-call", false, "kill a cutover that bakes at each of its calls, and not just at some")

// deed is a command of a process.
type deed func(ctx context.Context, app *bluegreen.App) error

// cutoverBake is `switcher cutover --to green --bake --replace-user-data`.
func (w *world) cutoverBake(ctx context.Context, app *bluegreen.App) error {
	rollout, err := app.Config.Rollout.Shifts()
	if err != nil {
		return err
	}
	p, err := app.PlanCutover(ctx, bluegreen.CutoverOptions{To: traffic.Green, Rollout: rollout, Bake: w.bakery, Replace: true})
	if err != nil {
		return err
	}
	return app.Cutover(ctx, p)
}

// forward ends what a dead process has begun. One that died before it had the fence has begun nothing.
func (w *world) forward(ctx context.Context, app *bluegreen.App) error {
	err := app.Resume(ctx)
	if !isNothing(err) {
		return err
	}
	if green := w.color(traffic.Green); green.Weight != nil && green.Share == 1 {
		return nil // it had come to its end
	}
	return w.cutoverBake(ctx, app)
}

// back takes back what a dead process has begun.
func back(ctx context.Context, app *bluegreen.App) error {
	if err := app.Rollback(ctx); !isNothing(err) {
		return err
	}
	return nil
}

// isNothing says that a command found nothing to do.
func isNothing(err error) bool {
	var problem *exit.Problem
	return errors.As(err, &problem) && problem.Code == exit.Failed && strings.Contains(err.Error(), "there is nothing to ")
}

// mortal runs a deed in a process that may be killed, and returns when it has ended or died.
func (w *world) mortal(ctx context.Context, owner string, p *mortal.Plug, do deed) (ev *events, died bool, err error) {
	app, ev := w.process(owner, p)
	done := make(chan error, 1)
	w.left.Go(func() { done <- do(ctx, app) })
	select {
	case err = <-done:
		return ev, false, err
	case <-p.Pulled():
		return ev, true, nil
	}
}

// TestCrashAtEveryCall kills a cutover that bakes before and after each of its calls, and resumes it: one image comes of it, green
// serves it, each name was answered for all the time, and nothing is left for a sweep. In another world it is rolled back: blue
// serves, and after a sweep there is nothing but a proven image, if it came so far.
func TestCrashAtEveryCall(t *testing.T) {
	calls := 0
	inWorld(t, func(ctx context.Context, w *world) {
		p := w.plug(0, false)
		ev, _, err := w.mortal(ctx, "uninterrupted", p, w.cutoverBake)
		if err == nil {
			err = w.judgeForward(ctx)
		}
		if err != nil {
			ev.log(t)
			w.t.Fatal(err)
		}
		calls = p.Total()
	})
	stride := 1
	if !*everyCall {
		stride = 37 // odd: both kinds of death come up
	}
	points := 0
	t.Run("at", func(t *testing.T) { // returns when all have ended
		for at := calls % stride; at < 2*calls; at += stride {
			call, after := at/2+1, at%2 == 1
			for name, rollback := range map[string]bool{"resumed": false, "rolled back": true} {
				points++
				t.Run(fmt.Sprintf("call %d, after %v, %s", call, after, name), func(t *testing.T) {
					t.Parallel()
					inWorld(t, func(ctx context.Context, w *world) { w.dieAndRecover(ctx, call, after, rollback) })
				})
			}
		}
	})
	fmt.Printf("%d crash points in a cutover that bakes, of %d calls\n", points, calls)
}

func (w *world) dieAndRecover(ctx context.Context, call int, after, rollback bool) {
	t := w.t
	broken := w.watch(ctx)
	first, died, err := w.mortal(ctx, "the one that dies", w.plug(call, after), w.cutoverBake)
	if !died && err != nil {
		t.Fatalf("it failed before it died: %v", err)
	}
	do, judge := w.forward, w.judgeForward
	if rollback {
		do, judge = back, w.judgeBack
	}
	next, _, err := w.mortal(ctx, "the next", w.plug(0, false), do)
	if err == nil {
		err = judge(ctx)
	}
	if faults := broken(); len(faults) > 0 {
		err = errors.Join(err, errors.New(strings.Join(faults, "\n")))
	}
	if err != nil {
		first.log(t)
		t.Log("the next:")
		next.log(t)
		t.Fatal(err)
	}
}

// afterAll is when whatever a dead run may have left has expired.
const afterAll = time.Hour

func (w *world) judgeForward(ctx context.Context) error {
	time.Sleep(afterAll)
	if n := w.sweep(ctx); n > 0 {
		return fmt.Errorf("%d things were left for a sweep", n)
	}
	held, id := w.holdings(ctx)
	if diff := cmp.Diff(holdings{Proven: 1, Promoted: true}, held); diff != "" {
		return fmt.Errorf("what bakes have left (-want +got):\n%s", diff)
	}
	green := w.color(traffic.Green)
	if green.Share != 1 || green.Image != id || green.Healthy < 2 {
		return fmt.Errorf("green has %.0f%% of the traffic and %d healthy instances of %s, want all and two of %s", 100*green.Share, green.Healthy, green.Image, id)
	}
	return nil
}

func (w *world) judgeBack(ctx context.Context) error {
	time.Sleep(afterAll)
	w.sweep(ctx)
	time.Sleep(10 * time.Minute)
	held, _ := w.holdings(ctx)
	held.Proven, held.Promoted = 0, false // as far as it came
	if diff := cmp.Diff(holdings{}, held); diff != "" {
		return fmt.Errorf("what bakes have left after a sweep (-want +got):\n%s", diff)
	}
	if blue := w.color(traffic.Blue); blue.Share != 1 || blue.Healthy < 2 {
		return fmt.Errorf("blue has %.0f%% of the traffic and %d healthy instances", 100*blue.Share, blue.Healthy)
	}
	return nil
}
