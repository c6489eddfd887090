package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/demo/load"
	"bluegreen/internal/exit"
	"bluegreen/internal/traffic"
)

// midway is the step that begins once half of the traffic was seen to have moved.
const midway = "watch-2"

// rolledBack begins a cutover, and has somebody else roll it back in the middle.
func (d *Demo) rolledBack(to traffic.Color, version string) func(context.Context) error {
	return func(ctx context.Context) error {
		half := &lookout{next: d.tell, want: func(e bluegreen.Event) bool {
			return e.Event == bluegreen.StepBegan && e.Step == midway
		}}
		ended := make(chan error, 1)
		seen := half.watch()
		go func() { ended <- d.cutOver(ctx, to, version, half) }()
		select {
		case <-seen:
		case err := <-ended:
			return fmt.Errorf("it ended before half of the traffic had moved: %w", err)
		}
		if err := d.rollBack(ctx, load.Side{Color: string(to), Version: version}); err != nil {
			return errors.Join(err, <-ended)
		}
		if err := <-ended; exit.CodeOf(err) != exit.RolledBack {
			return fmt.Errorf("the cutover that was rolled back did not see so: %w", err)
		}
		return nil
	}
}

// rollBack commands a rollback and takes its times: to the flip of the weights, and to the last request on the side that is
// left. Clients leave it when their caches and their connections run out.
func (d *Demo) rollBack(ctx context.Context, left load.Side) error {
	flip := &lookout{next: d.tell, want: func(e bluegreen.Event) bool { return e.Event == bluegreen.Shifted }}
	flipped := flip.watch()
	app, err := d.app("somebody else", flip)
	if err != nil {
		return err
	}
	d.tell.note("switcher rollback")
	commanded := time.Now()
	if err := app.Rollback(ctx); err != nil {
		return err
	}
	select {
	case at := <-flipped:
		d.rollback = at.Sub(commanded)
	default:
		return errors.New("the rollback moved no weights")
	}
	// The rollback has seen every cache run out: no connection to the abandoned side is made from here on.
	err = await(ctx, "clients to leave "+left.Color, func() (bool, string) {
		n := d.load.Connections(left.Color)
		return n == 0, fmt.Sprintf("%d connections", n)
	})
	if err != nil {
		return err
	}
	d.lastOld = max(0, d.load.Stats().Sides[left].Last.Sub(commanded))
	d.tell.note("weights were back %d ms after the command; the last request on %s came %d ms after it, when the last connection there had run out",
		d.rollback.Milliseconds(), left, d.lastOld.Milliseconds())
	return nil
}

// lookout passes events on, and tells when the first one comes that is wanted.
type lookout struct {
	next bluegreen.Reporter
	want func(bluegreen.Event) bool
	seen chan time.Time
}

// watch begins to look out. The channel gets the time of the event, once.
func (l *lookout) watch() <-chan time.Time {
	l.seen = make(chan time.Time, 1)
	return l.seen
}

// Report implements bluegreen.Reporter.
func (l *lookout) Report(e bluegreen.Event) {
	l.next.Report(e)
	if l.want(e) {
		select {
		case l.seen <- e.Time:
		default: // it was not the first one
		}
	}
}
