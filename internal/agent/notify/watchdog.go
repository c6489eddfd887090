package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Watchdog feeds systemd's watchdog until ctx ends, as long as the heart beats in time: a loop that hangs is found out by
// systemd, which restarts the agent. A unit without a watchdog is fine. The error says that the unit's setting makes no sense.
func (n *Notifier) Watchdog(ctx context.Context, heart *Heart) error {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("watchdog: %w", err)
	}
	if limit > 0 {
		n.feed(ctx, heart, limit)
	}
	return nil
}

func (n *Notifier) feed(ctx context.Context, heart *Heart, limit time.Duration) {
	tick := time.NewTicker(limit / 3) // systemd asks for at least twice; one can get lost
	defer tick.Stop()
	hungry := false
	for {
		switch err := heart.Err(); {
		case err == nil:
			hungry = false
			n.tell(daemon.SdNotifyWatchdog)
		case !hungry:
			hungry = true
			n.log.Error("Not feeding the watchdog", "error", err, "killed_after", limit)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
