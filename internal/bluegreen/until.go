package bluegreen

import (
	"context"
	"fmt"
	"sync"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/wait"
)

// until polls for a step, and tells what it waits for. An API that throttles or does not answer is no reason to give up
// before the limit.
func (r *run) until(ctx context.Context, stepName, what string, limit time.Duration, check wait.Check) error {
	return r.untilEvery(ctx, r.Config.Limits.Poll.Span(), stepName, what, limit, check)
}

func (r *run) untilEvery(ctx context.Context, every time.Duration, stepName, what string, limit time.Duration, check wait.Check) error {
	return pollFor(ctx, every, stepName, what, limit, check, r.report)
}

func pollFor(ctx context.Context, every time.Duration, stepName, what string, limit time.Duration, check wait.Check, report func(Event)) error {
	tell := func(value string, remaining time.Duration) {
		text := fmt.Sprintf("waiting for %s: %s (at most %s)", what, value, remaining.Round(time.Second))
		report(Event{Time: time.Now().UTC(), Event: Waiting, Step: stepName, Text: text})
	}
	end := time.Now().Add(limit)
	ending := false // with an error, which is told of as that
	poll := wait.Poll{
		What: what, Timeout: limit, Interval: every,
		Observe: func(p wait.Progress) {
			if p.Value != "" && !ending {
				tell(p.Value, p.Remaining)
			}
		},
	}
	return wait.Until(ctx, poll, func(ctx context.Context) (bool, string, error) {
		stop := whileSlow(func(took time.Duration) {
			tell(fmt.Sprintf("no answer for %s, trying on", took), time.Until(end))
		})
		done, status, err := check(ctx)
		stop()
		if awserr.Transient(err) {
			err = wait.Soft(err)
		}
		ending = err != nil && !wait.IsSoft(err)
		return done, status, err
	})
}

// slow is how long a look may take before people are told. The SDK repeats a call that fails, for a minute and more, before
// it says so.
const slow = 3 * time.Second

// whileSlow calls tell every so often until stop is called.
func whileSlow(tell func(took time.Duration)) (stop func()) {
	over := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() {
		tick := time.NewTicker(slow)
		defer tick.Stop()
		for took := slow; ; took += slow {
			select {
			case <-over:
				return
			case <-tick.C:
				tell(took)
			}
		}
	})
	return func() {
		close(over)
		telling.Wait()
	}
}
