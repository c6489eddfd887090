package image

import (
	"context"
	"time"
)

// backoff is the pauses between attempts: from first, doubled each time, up to most.
type backoff struct {
	first, most time.Duration
	rand        func() float64
	last        time.Duration
}

// next is a pause that is up to a quarter shorter or longer than its due, and never longer than most.
func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, b.first), b.most)
	return min(time.Duration(float64(b.last)*(0.75+0.5*b.rand())), b.most)
}

// pause lasts for d, or until ctx ends, with its cause as the error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
