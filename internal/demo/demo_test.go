package demo_test

import (
	"context"
	"sync"
	"testing"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/demo"
	"bluegreen/internal/exit"
)

// stopper ends the demo with the first shift.
type stopper struct {
	once sync.Once
	stop context.CancelCauseFunc
}

func (s *stopper) Event(e bluegreen.Event) {
	if e.Event == bluegreen.Shifted {
		s.once.Do(func() { s.stop(exit.ErrInterrupted) })
	}
}

func (*stopper) Traffic(demo.Sample) {}

// Ctrl-C ends the demo where it is, with the exit code of an interrupt, and with no advice on an account that is gone.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	view := &stopper{stop: stop}
	s, err := demo.Run(ctx, demo.Options{Speed: 300, Seed: 1, View: view})
	if code := exit.CodeOf(err); code != exit.Interrupted {
		t.Errorf("exit code %d: %v", code, err)
	}
	if err != nil && err.Error() != "interrupted; the account of the demo is gone" {
		t.Errorf("it says %q", err)
	}
	if s.Requests == 0 || s.Failed > 0 || s.Shifts != 1 {
		t.Errorf("%+v", s)
	}
}
