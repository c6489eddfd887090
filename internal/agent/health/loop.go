package health

import (
	"context"
	"errors"
	"time"
)

// Run probes until ctx ends.
func (m *Monitor) Run(ctx context.Context) {
	for ctx.Err() == nil {
		epoch, prober := m.next()
		if prober == nil {
			pause(ctx, epoch, -1)
			continue
		}
		start := time.Now()
		err := m.probe(ctx, epoch, prober)
		if ctx.Err() != nil {
			return // which may be why the probe failed
		}
		m.note(epoch, time.Since(start), err)
		pause(ctx, epoch, max(m.pace()-time.Since(start), m.options.StartInterval))
	}
}

// next is what to probe now; nil for nothing until the epoch is over.
func (m *Monitor) next() (*epoch, Prober) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.epoch, m.target.Prober
}

// timeoutError is why a probe's context ends.
type timeoutError time.Duration

func (e timeoutError) Error() string { return "no answer within " + time.Duration(e).String() }

// probe asks once, for as long as the timeout and the epoch last.
func (m *Monitor) probe(ctx context.Context, e *epoch, p Prober) error {
	ctx, cancel := context.WithTimeoutCause(ctx, m.options.Timeout, timeoutError(m.options.Timeout))
	defer cancel()
	defer context.AfterFunc(e, cancel)()
	return p.Probe(ctx)
}

// note counts what a probe came to, if its epoch is not over.
func (m *Monitor) note(e *epoch, took time.Duration, err error) {
	if errors.Is(err, ErrUnknown) {
		m.change(func(now time.Time) {
			if e == m.epoch {
				m.target.lastError, m.target.lastErrorAt = text(err), now
			}
		})
		return
	}
	counted := false
	m.change(func(now time.Time) {
		if e != m.epoch {
			return
		}
		counted = true
		m.target.probed = now
		if err == nil {
			m.target.succeed(now, m.options.HealthyThreshold)
		} else {
			m.target.fail(now, err, m.options)
		}
	})
	if counted {
		m.options.Observe(took, err)
	}
}

func (t *target) succeed(now time.Time, threshold int) {
	t.failures = 0
	t.successes++
	if t.successes >= threshold {
		t.to(Healthy, now)
	}
}

func (t *target) fail(now time.Time, err error, o Options) {
	t.successes = 0
	t.lastError, t.lastErrorAt = text(err), now
	if t.state == Starting && (errors.Is(err, ErrNotYet) || now.Sub(t.begun) < o.StartPeriod) {
		return
	}
	if t.failures == 0 {
		t.failing = now
	}
	t.failures++
	if t.failures >= o.UnhealthyThreshold || errors.Is(err, ErrFinal) {
		t.to(Unhealthy, now)
	}
}

// pace is how long after the begin of the last probe the next one is due. An app that starts is asked often at first and
// then in steps of a tenth of the time that it has taken, so that it is found ready soon after it is, fast or slow.
func (m *Monitor) pace() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, age := &m.target, time.Since(m.target.begun)
	switch {
	case t.state != Starting:
		return m.options.Interval
	case t.successes > 0:
		return m.options.StartInterval
	case age < m.options.StartPeriod:
		return min(max(age/10, m.options.StartInterval), m.options.Interval)
	}
	return m.options.Interval
}

// pause waits for d, without end if that is negative, or until the epoch or ctx ends.
func pause(ctx context.Context, e *epoch, d time.Duration) {
	var over <-chan time.Time
	if d >= 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-over:
	case <-e.Done():
	case <-ctx.Done():
	}
}
