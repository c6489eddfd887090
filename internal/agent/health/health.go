// Package health says whether the app's container is ready for traffic: a cached verdict with an age, from a loop of probes
// that asks the app itself and never Docker. When Docker hangs, the app goes on being served; when the loop hangs, the
// verdict grows stale and the app counts as not ready.
//
// All times are taken from the monotonic clock and given out as durations: a clock that is set changes nothing.
package health

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// State is what is known of the app.
type State string

// The states. Only Healthy is ready for traffic, and only while its verdict is fresh.
const (
	Starting  State = "starting" // no verdict yet: probes fail within the start period, or there was none
	Healthy   State = "healthy"
	Unhealthy State = "unhealthy" // too many probes failed in a row
	Draining  State = "draining"  // whatever the probes say, which go on
	Stopped   State = "stopped"   // there is no container, and none is expected
)

// Prober asks the app once. It returns nil when the app is well, ErrNotYet or ErrUnknown for answers that count as none,
// and any other error for an app that is not well. It returns soon after ctx has ended.
type Prober interface {
	Probe(ctx context.Context) error
}

// Errors of a Prober with a meaning of their own.
var (
	// ErrNotYet says that the app is still starting. It counts as a failure of an app that was not.
	ErrNotYet = errors.New("still starting")
	// ErrUnknown says that nothing could be found out. It counts neither way, and the verdict gets older.
	ErrUnknown = errors.New("not known")
	// ErrFinal says that whoever was asked has already counted failures, so that this one needs no others.
	ErrFinal = errors.New("unhealthy")
)

// Options of a Monitor.
type Options struct {
	Interval      time.Duration // from one probe to the next; 5 s when zero
	Timeout       time.Duration // of one probe; 2 s when zero
	StartPeriod   time.Duration // in which failures of a starting app do not count; none when zero
	StartInterval time.Duration // between the first probes of a starting app, which get slower from there; 25 ms when zero

	HealthyThreshold   int           // successes in a row that make the app healthy; 2 when zero
	UnhealthyThreshold int           // failures in a row that make it unhealthy; 3 when zero
	MaxAge             time.Duration // of a verdict that is believed; 3×Interval+Timeout when zero

	Observe func(took time.Duration, err error) // is told of every probe with an answer; may be nil
	Log     *slog.Logger                        // gets changes of the state; may be nil
}

func (o Options) withDefaults() Options {
	set(&o.Interval, 5*time.Second)
	set(&o.Timeout, 2*time.Second)
	set(&o.StartInterval, min(25*time.Millisecond, o.Interval))
	set(&o.HealthyThreshold, 2)
	set(&o.UnhealthyThreshold, 3)
	set(&o.MaxAge, 3*o.Interval+o.Timeout)
	if o.Observe == nil {
		o.Observe = func(time.Duration, error) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// set fills in a default.
func set[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}

// Target is what to probe.
type Target struct {
	Name   string // of the container, for people
	Prober Prober
	Age    time.Duration // for how long the container has been running already: its start period is over that much sooner
}
