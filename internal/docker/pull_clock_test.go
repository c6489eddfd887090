package docker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A clock that counts from the last progress does not end a pull that goes on, for however many times as long.
func TestClocksOfAPull(t *testing.T) {
	o := PullOptions{Begin: 5 * time.Second, Inactivity: 2 * time.Second, Total: 10 * time.Second}
	for name, c := range map[string]struct {
		until time.Duration // there is progress, each second
		ended time.Duration
		cause string
	}{
		"never begun": {0, 5 * time.Second, "no progress within 5s"},
		"stuck":       {6 * time.Second, 8 * time.Second, "no byte and no news for 2s"},
		"steady":      {time.Hour, 10 * time.Second, "not done after 10s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				clocks := startClocks(o, cancel)
				defer clocks.stop()
				tick := time.NewTicker(time.Second)
				defer tick.Stop()
				for ctx.Err() == nil {
					select {
					case <-tick.C:
						if time.Since(begun) <= c.until {
							clocks.moved()
						}
					case <-ctx.Done():
					}
				}
				if took := time.Since(begun); took != c.ended || context.Cause(ctx).Error() != c.cause {
					t.Errorf("after %s: %v, want after %s: %s", took, context.Cause(ctx), c.ended, c.cause)
				}
			})
		})
	}
}
