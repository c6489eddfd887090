package agent

import (
	"context"
	"time"
)

const (
	// beatEvery is how often it is looked whether the owner's loop goes on, and beatBound when that counts as hanging.
	beatEvery = 5 * time.Second
	beatBound = 20 * time.Second
)

// watchdog lets systemd know that the loop which looks after the container is alive. Before there is one, waiting is all that
// there is to do.
func (a *agent) watchdog(ctx context.Context) error {
	go func() {
		for {
			if o := a.owned.Load(); o == nil || o.Alive() {
				a.heart.Beat()
			}
			if !sleep(ctx, beatEvery) {
				return
			}
		}
	}()
	return a.systemd.Watchdog(ctx, a.heart)
}
