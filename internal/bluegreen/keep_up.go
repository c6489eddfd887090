package bluegreen

import "context"

// keepUp gives the old colour, which is held to take all traffic back at once, as many instances as the new one has by now: that one
// may have grown with the day. Its maximum stays what it is. A hold does not fail for it.
func (r *run) keepUp(ctx context.Context, s *State) {
	live, err := r.groupOf(ctx, s.To)
	if err != nil || live.Size.Desired <= r.keptUp {
		return
	}
	old, err := r.groupOf(ctx, s.old())
	if err != nil {
		return
	}
	want := min(live.Size.Desired, old.Size.Max)
	if want < live.Size.Desired {
		r.note(Warning, "hold", "%s has grown to %d instances, and %s may have %d: a rollback would move the traffic to fewer",
			s.To, live.Size.Desired, s.old(), old.Size.Max)
	}
	if want > old.Size.Min {
		pin := func(ctx context.Context) error { return r.pinAt(ctx, old, s.Deployment, want, 0) }
		if err := r.soon(ctx, pin, r.mayTake()); err != nil {
			r.note(Warning, "hold", "%s could not be given the %d instances that %s has: %v", s.old(), want, s.To, err)
			return
		}
		r.note(Note, "hold", "%s is held at %d instances now, as %s has %d", s.old(), want, s.To, live.Size.Desired)
	}
	r.keptUp = live.Size.Desired
}
