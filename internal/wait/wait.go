// Package wait polls until something is so, with a deadline on every wait, and says what it is waiting for.
package wait

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Poll says what to wait for, for how long, and how often to look.
type Poll struct {
	What    string        // e.g. "change C0123 to be in sync"; errors read "wait for …"
	Bound   string        // the value that ends it, for people, e.g. "INSYNC" or "3 healthy"
	Timeout time.Duration // required: there is no wait without an end

	Interval    time.Duration // between two looks; a second when zero
	MaxInterval time.Duration // up to which Interval grows; it does not grow when zero
	Growth      float64       // of Interval from one pause to the next; 1.5 when zero
	Jitter      float64       // share of a pause that is random, in [0, 1]: 0.2 makes it 0.9 to 1.1 of its length

	Observe func(Progress) // gets the first value and each other one after that; may be nil
	Rand    func() float64 // in [0, 1); the global source when nil
}

// Progress is what a wait has come to.
type Progress struct {
	What, Bound string        // as in Poll
	Value       string        // what the check says, or the soft error that kept it from saying anything
	Remaining   time.Duration // until the timeout
}

// Check looks once. Status is the value that it saw, for people. An error ends the wait unless it is Soft.
type Check func(ctx context.Context) (done bool, status string, err error)

// TimeoutError says that what was waited for did not come in time. It is a context.DeadlineExceeded.
type TimeoutError struct {
	What  string
	Last  string        // the last value seen
	After time.Duration // the timeout
	Err   error         // the last soft error, if the last look failed
}

func (e *TimeoutError) Error() string {
	last := e.Last
	if last == "" {
		last = "nothing"
	}
	return fmt.Sprintf("wait for %s: timed out after %v, last seen: %s", e.What, e.After, last)
}

// Unwrap makes a TimeoutError a context.DeadlineExceeded and the soft error it ended with.
func (e *TimeoutError) Unwrap() []error {
	if e.Err == nil {
		return []error{context.DeadlineExceeded}
	}
	return []error{context.DeadlineExceeded, e.Err}
}

// Until looks at once and then again and again until check is done (nil), fails (its error) or the timeout has passed
// (*TimeoutError), or until ctx ends (an error that wraps ctx's cause). The context that check gets ends with the wait.
func Until(ctx context.Context, p Poll, check Check) error {
	if p.Timeout <= 0 {
		return fmt.Errorf("wait for %s: no timeout", p.What)
	}
	timeout := &TimeoutError{What: p.What, After: p.Timeout}
	ctx, cancel := context.WithTimeoutCause(ctx, p.Timeout, timeout)
	defer cancel()
	w := waiter{poll: p, end: time.Now().Add(p.Timeout)}
	for pause := p.first(); ; pause = p.next(pause) {
		done, status, err := check(ctx)
		if ctx.Err() != nil && !done && endedBy(ctx, err) {
			return w.ended(ctx, timeout)
		}
		w.see(status, err)
		if err != nil && !IsSoft(err) {
			return fmt.Errorf("wait for %s: %w", p.What, err)
		}
		if done && err == nil {
			return nil
		}
		if !sleep(ctx, p.jittered(pause)) {
			return w.ended(ctx, timeout)
		}
	}
}

// endedBy says whether a check came back because its context ended: with no error, with one that can wait or with the
// context's own. Any other error is news.
func endedBy(ctx context.Context, err error) bool {
	return err == nil || IsSoft(err) || errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))
}

// waiter is what one Until has seen.
type waiter struct {
	poll Poll
	end  time.Time
	seen bool
	last string
	err  error // the soft error of the last look
}

// see notes what a look came to and tells the observer if that is new.
func (w *waiter) see(status string, err error) {
	w.err = err
	if err != nil {
		if status != "" {
			status += ": "
		}
		status += err.Error()
	}
	if w.seen && status == w.last {
		return
	}
	w.seen, w.last = true, status
	if w.poll.Observe != nil {
		w.poll.Observe(Progress{What: w.poll.What, Bound: w.poll.Bound, Value: status, Remaining: time.Until(w.end)})
	}
}

// ended is the error of a wait whose context has ended.
func (w *waiter) ended(ctx context.Context, timeout *TimeoutError) error {
	cause := context.Cause(ctx)
	if cause == error(timeout) { //nolint:errorlint // this very timeout, not one that somebody wrapped
		// The context has held timeout as its cause all along: complete a copy, check may still look at it.
		e := *timeout
		e.Last, e.Err = w.last, w.err
		return &e
	}
	if w.last == "" {
		return fmt.Errorf("wait for %s: %w", w.poll.What, cause)
	}
	return fmt.Errorf("wait for %s (last seen: %s): %w", w.poll.What, w.last, cause)
}

func (p *Poll) first() time.Duration {
	if p.Interval <= 0 {
		return time.Second
	}
	return p.Interval
}

func (p *Poll) next(pause time.Duration) time.Duration {
	growth := p.Growth
	if growth == 0 {
		growth = 1.5
	}
	if p.MaxInterval <= pause || growth < 1 {
		return pause
	}
	return min(time.Duration(float64(pause)*growth), p.MaxInterval)
}

func (p *Poll) jittered(pause time.Duration) time.Duration {
	if p.Jitter <= 0 {
		return pause
	}
	random := rand.Float64
	if p.Rand != nil {
		random = p.Rand
	}
	return time.Duration(float64(pause) * (1 + p.Jitter*(random()-0.5)))
}

// sleep says whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
