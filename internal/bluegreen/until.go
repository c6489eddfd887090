package bluegreen

import (
	"context"
	"fmt"
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
	poll := wait.Poll{
		What: what, Timeout: limit, Interval: every,
		Observe: func(p wait.Progress) {
			if p.Value == "" {
				return
			}
			text := fmt.Sprintf("waiting for %s: %s (at most %s)", p.What, p.Value, p.Remaining.Round(time.Second))
			report(Event{Time: time.Now().UTC(), Event: Waiting, Step: stepName, Text: text})
		},
	}
	return wait.Until(ctx, poll, func(ctx context.Context) (bool, string, error) {
		done, status, err := check(ctx)
		if awserr.Transient(err) {
			err = wait.Soft(err)
		}
		return done, status, err
	})
}
