package bluegreen

import (
	"context"
	"time"

	"bluegreen/internal/traffic"
)

// shift makes shift i, unless the zone has it already. The live colour may have grown since the shift before: the new one
// grows with it before it gets more traffic.
func (r *run) shift(ctx context.Context, s *State, i int) error {
	if err := r.check(ctx, s); err != nil {
		return err
	}
	want := s.Rollout.weights(i, s.To)
	if i > 0 && !r.weights(s).Equal(want) {
		if err := r.awaitReady(ctx, s); err != nil {
			return err
		}
	}
	s.Served, s.Since, s.Watched = true, time.Time{}, 0
	if i == 0 {
		// From here on others may see the new colour, whatever becomes of the call below.
		if err := r.Save(ctx); err != nil {
			return err
		}
	}
	if r.weights(s).Equal(want) {
		return nil
	}
	if err := r.apply(ctx, s, traffic.OpShift, traffic.Pinned, want, s.old(), s.To); err != nil {
		return err
	}
	r.shifted(s)
	return nil
}

func (r *run) shifted(s *State) {
	w := r.weights(s)
	r.report(Event{Event: Shifted, Weights: w.String(), Text: "weights are " + w.String()})
}

// shiftBack gives all traffic to the colour that had it, and sees to it that every name server says so. It keeps trying
// while Route 53 cannot be reached.
func (r *run) shiftBack(ctx context.Context, s *State) error {
	want := back(s.Found, s.old())
	if !s.Served {
		want = r.weights(s) // the shift that was under way did not come to be, or was never begun
	}
	moved := false
	err := r.until(ctx, "shift-1", "Route 53 to take the weights back", r.Config.Limits.Rollback.Span(), func(ctx context.Context) (bool, string, error) {
		if f := s.fence(); r.weights(s).Equal(want) && f.Op == traffic.OpRollback {
			return true, "", nil
		}
		err := r.check(ctx, s)
		if err == nil {
			err = r.apply(ctx, s, traffic.OpRollback, s.fence().Old, want, s.old())
		}
		moved = err == nil
		return moved, "", err
	})
	if err != nil {
		return err
	}
	if moved {
		r.shifted(s)
	}
	return r.verify(ctx, s)
}

// back are the weights of a rollback: as found, but without a record of the colour that is being left. It has failed, so it
// must not be what Route 53 turns to.
func back(found traffic.Weights, old traffic.Color) traffic.Weights {
	return traffic.Weights{old: found[old]}
}
