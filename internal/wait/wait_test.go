package wait

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	errThrottled = errors.New("throttled")
	errDenied    = errors.New("denied")
	errInterrupt = errors.New("interrupted")
)

// look is what one look at something comes to.
type look struct {
	done   bool
	status string
	err    error
}

// outcome is all that can be seen of a wait.
type outcome struct {
	Err      string
	At       []time.Duration // of each look, since the start
	Observed []Progress
	Took     time.Duration
}

// run waits in a bubble, on looks of which the last one repeats.
func run(t *testing.T, p Poll, looks ...look) (got outcome, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p.Observe = func(g Progress) { got.Observed = append(got.Observed, g) }
		err = Until(t.Context(), p, func(context.Context) (bool, string, error) {
			l := looks[min(len(got.At), len(looks)-1)]
			got.At = append(got.At, time.Since(start))
			return l.done, l.status, l.err
		})
		got.Took = time.Since(start)
	})
	if err != nil {
		got.Err = err.Error()
	}
	return got, err
}

func TestUntil(t *testing.T) {
	const s = time.Second
	say := func(value string, remaining time.Duration) Progress {
		return Progress{What: "targets", Bound: "2", Value: value, Remaining: remaining}
	}
	for _, c := range []struct {
		name  string
		poll  Poll
		looks []look
		want  outcome
	}{
		{"so at once", Poll{}, []look{{done: true, status: "2"}},
			outcome{At: []time.Duration{0}, Observed: []Progress{say("2", 10*s)}}},
		{"so in the end", Poll{}, []look{{status: "0"}, {status: "1"}, {status: "1"}, {done: true, status: "2"}},
			outcome{At: []time.Duration{0, s, 2 * s, 3 * s}, Took: 3 * s,
				Observed: []Progress{say("0", 10*s), say("1", 9*s), say("2", 7*s)}}},
		{"done with the same value is not said twice", Poll{}, []look{{status: "2"}, {done: true, status: "2"}},
			outcome{At: []time.Duration{0, s}, Took: s, Observed: []Progress{say("2", 10*s)}}},
		{"not so", Poll{Interval: 4 * s}, []look{{status: "0"}, {status: "1"}},
			outcome{Err: "wait for targets: timed out after 10s, last seen: 1", At: []time.Duration{0, 4 * s, 8 * s}, Took: 10 * s,
				Observed: []Progress{say("0", 10*s), say("1", 6*s)}}},
		{"nothing seen", Poll{Interval: 20 * s}, []look{{}},
			outcome{Err: "wait for targets: timed out after 10s, last seen: nothing", At: []time.Duration{0}, Took: 10 * s,
				Observed: []Progress{say("", 10*s)}}},
		{"hard error", Poll{}, []look{{status: "0"}, {status: "1", err: errDenied}},
			outcome{Err: "wait for targets: denied", At: []time.Duration{0, s}, Took: s,
				Observed: []Progress{say("0", 10*s), say("1: denied", 9*s)}}},
		{"soft errors", Poll{}, []look{{err: Soft(errThrottled)}, {status: "1", err: Soft(errThrottled)}, {done: true, status: "2"}},
			outcome{At: []time.Duration{0, s, 2 * s}, Took: 2 * s,
				Observed: []Progress{say("throttled", 10*s), say("1: throttled", 9*s), say("2", 8*s)}}},
		{"soft error that says it is done", Poll{}, []look{{done: true, err: Soft(errThrottled)}, {done: true, status: "2"}},
			outcome{At: []time.Duration{0, s}, Took: s, Observed: []Progress{say("throttled", 10*s), say("2", 9*s)}}},
		{"soft errors to the end", Poll{Interval: 6 * s}, []look{{err: fmt.Errorf("get: %w", Soft(errThrottled))}},
			outcome{Err: "wait for targets: timed out after 10s, last seen: get: throttled", At: []time.Duration{0, 6 * s}, Took: 10 * s,
				Observed: []Progress{say("get: throttled", 10*s)}}},
		{"pauses grow", Poll{Interval: s, MaxInterval: 3 * s, Growth: 2}, []look{{}, {}, {}, {}, {done: true}},
			outcome{At: []time.Duration{0, s, 3 * s, 6 * s, 9 * s}, Took: 9 * s, Observed: []Progress{say("", 10*s)}}},
		{"pauses grow by half", Poll{Interval: 2 * s, MaxInterval: s * 4}, []look{{}, {}, {}, {done: true}},
			outcome{At: []time.Duration{0, 2 * s, 5 * s, 9 * s}, Took: 9 * s, Observed: []Progress{say("", 10*s)}}},
		{"jitter", Poll{Interval: s, Jitter: 0.5, Rand: func() float64 { return 0 }}, []look{{}, {}, {done: true}},
			outcome{At: []time.Duration{0, s * 3 / 4, s * 3 / 2}, Took: s * 3 / 2, Observed: []Progress{say("", 10*s)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.poll.What, c.poll.Bound, c.poll.Timeout = "targets", "2", 10*s
			got, _ := run(t, c.poll, c.looks...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJitterStaysInBounds(t *testing.T) {
	p := Poll{Jitter: 0.2}
	for range 1000 {
		if got := p.jittered(time.Second); got < 900*time.Millisecond || got > 1100*time.Millisecond {
			t.Fatalf("a pause of a second became %v", got)
		}
	}
}

func TestTimeoutError(t *testing.T) {
	_, err := run(t, Poll{What: "targets", Timeout: time.Minute}, look{status: "1", err: Soft(errThrottled)})
	var timeout *TimeoutError
	if !errors.As(err, &timeout) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errThrottled) {
		t.Fatalf("got %v", err)
	}
	if timeout.What != "targets" || timeout.Last != "1: throttled" || timeout.After != time.Minute {
		t.Errorf("got %+v", timeout)
	}
}

func TestHardErrorsAreWrapped(t *testing.T) {
	_, err := run(t, Poll{What: "targets", Timeout: time.Minute}, look{err: errDenied})
	if !errors.Is(err, errDenied) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestNoTimeout(t *testing.T) {
	if err := Until(t.Context(), Poll{What: "targets"}, nil); err == nil {
		t.Error("a wait without a timeout was accepted")
	}
}

// TestInterrupted ends the parent's context at various points.
func TestInterrupted(t *testing.T) {
	for _, c := range []struct {
		name  string
		check Check
		want  string
	}{
		{"between two looks", func(context.Context) (bool, string, error) { return false, "1", nil },
			"wait for targets (last seen: 1): interrupted"},
		{"during a look", func(ctx context.Context) (bool, string, error) { <-ctx.Done(); return false, "", ctx.Err() },
			"wait for targets: interrupted"},
		{"during a look that says why", func(ctx context.Context) (bool, string, error) {
			<-ctx.Done()
			return false, "", fmt.Errorf("get: %w", context.Cause(ctx))
		}, "wait for targets: interrupted"},
		{"during a look that takes it for soft", func(ctx context.Context) (bool, string, error) { <-ctx.Done(); return false, "", Soft(errThrottled) },
			"wait for targets: interrupted"},
		{"during a look that fails otherwise", func(ctx context.Context) (bool, string, error) { <-ctx.Done(); return false, "", errDenied },
			"wait for targets: denied"},
		{"during a look that is done", func(ctx context.Context) (bool, string, error) { <-ctx.Done(); return true, "2", nil }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(90*time.Second, func() { cancel(errInterrupt) })
				start := time.Now()
				err := Until(ctx, Poll{What: "targets", Timeout: time.Hour, Interval: time.Minute}, c.check)
				got := ""
				if err != nil {
					got = err.Error()
				}
				if got != c.want || time.Since(start) != 90*time.Second {
					t.Errorf("after %v: %q, want %q", time.Since(start), got, c.want)
				}
			})
		})
	}
}

func TestInterruptedBeforeTheFirstLook(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupt)
	err := Until(ctx, Poll{What: "targets", Timeout: time.Hour}, func(ctx context.Context) (bool, string, error) {
		return false, "", ctx.Err()
	})
	if !errors.Is(err, errInterrupt) {
		t.Errorf("got %v", err)
	}
}

func TestTimeoutDuringALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := Until(t.Context(), Poll{What: "targets", Timeout: time.Minute}, func(ctx context.Context) (bool, string, error) {
			<-ctx.Done()
			return false, "", ctx.Err()
		})
		var timeout *TimeoutError
		if !errors.As(err, &timeout) || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestParentDeadlineIsNotOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := Until(ctx, Poll{What: "targets", Timeout: time.Hour}, func(context.Context) (bool, string, error) { return false, "1", nil })
		var timeout *TimeoutError
		if errors.As(err, &timeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestSoft(t *testing.T) {
	if Soft(nil) != nil {
		t.Error("Soft(nil) is an error")
	}
	err := Soft(errThrottled)
	if err.Error() != "throttled" || !errors.Is(err, errThrottled) || !IsSoft(fmt.Errorf("x: %w", err)) || IsSoft(errThrottled) || IsSoft(nil) {
		t.Errorf("got %v", err)
	}
}
