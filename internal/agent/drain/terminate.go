package drain

import (
	"context"
	"time"
)

const (
	extendEvery = 10 * time.Second
	extendBy    = 45 * time.Second // of which a turn with slow calls takes at most a part
)

// Terminate is for SIGTERM, while Run runs. When it is only the agent that ends (restart, upgrade), it returns false at once
// and the container stays as it is. When the machine goes down, it drains first and returns true when the container is
// stopped, or when there is no more time for that.
func (d *Drainer) Terminate(ctx context.Context) (down bool) {
	down, err := d.o.ShuttingDown(ctx)
	if err != nil {
		d.o.Log.Warn("cannot tell whether the machine goes down: leaving the container to it", "error", err)
	}
	if !down {
		d.o.Log.Info("only the agent ends: the container stays as it is")
		return false
	}
	limit := d.o.ShutdownLimit + d.o.StopTimeout + stopSlack + outPatience
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	d.begin(Shutdown)
	again := time.NewTicker(extendEvery)
	defer again.Stop()
	for {
		if d.o.Extend != nil {
			d.o.Extend(extendBy)
		}
		select {
		case <-again.C:
		case <-d.out:
			return true
		case <-d.gone:
			return true
		case <-ctx.Done():
			d.o.Log.Error("the machine goes down before the drain is over")
			return true
		}
	}
}
