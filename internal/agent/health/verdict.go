package health

import (
	"fmt"
	"time"
)

// Verdict is what is known of the app at one moment.
type Verdict struct {
	State  State
	Ready  bool          // for traffic: healthy, and freshly so
	Reason string        // why not ready; empty when it is
	Age    time.Duration // since the last probe with an answer ended; since the target was set if there was none
	Stale  bool          // that is longer ago than MaxAge
	For    time.Duration // in this state

	Generation  uint64 // of the target: one more with each Replace; 0 before the first
	Target      string // its name
	EverHealthy bool   // this target has been healthy

	Successes    int           // probes in a row that went well
	Failures     int           // probes in a row that failed and counted
	FailingFor   time.Duration // since the first of those failures
	UnhealthyFor time.Duration // since the app became unhealthy, draining or not; 0 when it is not
	LastError    string        // of this target; it may have got well since
	LastErrorAge time.Duration
}

// Status is the state in one word, "stale" for one that is too old to be believed.
func (v Verdict) Status() string {
	if v.Stale && v.State == Healthy {
		return "stale"
	}
	return string(v.State)
}

// Verdict is the verdict now. It never blocks on anything but the few lines that change it.
func (m *Monitor) Verdict() Verdict {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.verdict(time.Now())
}

// verdict is Verdict with the lock held.
func (m *Monitor) verdict(now time.Time) Verdict {
	t := &m.target
	v := Verdict{
		State: m.state(), Generation: m.generation, Target: t.Name, EverHealthy: t.everHealthy,
		Age: now.Sub(t.probed), For: now.Sub(m.since),
		Successes: t.successes, Failures: t.failures, LastError: t.lastError,
	}
	if t.failures > 0 {
		v.FailingFor = now.Sub(t.failing)
	}
	if t.state == Unhealthy {
		v.UnhealthyFor = now.Sub(t.since)
	}
	if t.lastError != "" {
		v.LastErrorAge = now.Sub(t.lastErrorAt)
	}
	v.Stale = v.Age > m.options.MaxAge
	v.Ready = v.State == Healthy && !v.Stale
	v.Reason = m.reason(v)
	return v
}

// state is what counts first: an app without a container, then one that is to get no more traffic.
func (m *Monitor) state() State {
	switch {
	case m.target.state == Stopped:
		return Stopped
	case m.drained.is, m.quiet.is:
		return Draining
	}
	return m.target.state
}

// reason says why there is to be no traffic.
func (m *Monitor) reason(v Verdict) string {
	switch {
	case v.Ready:
		return ""
	case v.State == Draining && m.drained.is:
		return m.drained.why
	case v.State == Draining:
		return m.quiet.why
	case v.State == Stopped:
		return "the container is stopped"
	case v.Generation == 0:
		return "there is no container yet"
	case v.Stale && v.State == Healthy:
		return fmt.Sprintf("the last probe was %v ago, more than %v", v.Age.Round(time.Second), m.options.MaxAge)
	case v.LastError != "":
		return v.LastError
	}
	return fmt.Sprintf("%d of %d probes went well so far", v.Successes, m.options.HealthyThreshold)
}
