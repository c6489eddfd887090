package bake

import (
	"context"
	"time"

	"bluegreen/internal/aws/metrics"
	"bluegreen/internal/event"
)

// metricSucceeded is 1 for a bake that succeeded, be it that nothing was due, and 0 for one that failed.
const metricSucceeded = "BakeSucceeded"

// Note puts the end of a command into a metric, so that an alarm hears of a timer that fails, or that does not run any more.
// That it cannot is told of, and no more.
func (b *Bakery) Note(succeeded bool) {
	if b.Settings.Notify.Namespace == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	value := 0.0
	if succeeded {
		value = 1
	}
	datum := metrics.Datum{Name: metricSucceeded, Dimensions: map[string]string{"App": b.Settings.App}, Time: time.Now(), Value: value, Unit: metrics.Count}
	if err := b.Cloud.Metrics.Put(ctx, b.Settings.Notify.Namespace, datum); err != nil {
		b.event(event.Warning, "", "the end could not be noted as a metric: %v", err)
	}
}
