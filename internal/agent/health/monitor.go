package health

import (
	"context"
	"sync"
	"time"
)

// Monitor probes a target that can be swapped, and keeps the verdict.
type Monitor struct {
	options Options

	mu         sync.Mutex
	generation uint64
	epoch      *epoch
	target     target
	drained    turnedAway    // for good
	quiet      turnedAway    // for a while
	since      time.Time     // of the state as seen from outside
	changed    chan struct{} // closed at the next change of a state or the epoch
}

// turnedAway is whether traffic is to go elsewhere, whatever the probes say, and why.
type turnedAway struct {
	is  bool
	why string
}

// epoch is a time in which probes are about the same process: what one finds out counts in the epoch it began in.
type epoch struct {
	context.Context
	end context.CancelFunc
}

func newEpoch() *epoch {
	ctx, cancel := context.WithCancel(context.Background())
	return &epoch{ctx, cancel}
}

// target is one container, from its Replace to the next.
type target struct {
	Target
	state       State
	since       time.Time // of the state
	begun       time.Time // begin of the start period
	probed      time.Time // end of the last probe that counted
	everHealthy bool
	successes   int
	failures    int
	failing     time.Time // the first of the failures
	lastError   string
	lastErrorAt time.Time
}

// New makes a monitor without a target. Run makes it work.
func New(o Options) *Monitor {
	now := time.Now()
	return &Monitor{
		options: o.withDefaults(), since: now, changed: make(chan struct{}), epoch: newEpoch(),
		target: target{state: Starting, since: now, begun: now, probed: now},
	}
}

// Replace swaps the target: the app is starting from here on, and what is left of the old target's probes does not count.
// It returns the generation by which the new target is known.
func (m *Monitor) Replace(t Target) (generation uint64) {
	m.change(func(now time.Time) {
		m.renew()
		m.generation++
		generation = m.generation
		m.target = target{Target: t, state: Starting, since: now, begun: now.Add(-max(t.Age, 0)), probed: now}
	})
	return generation
}

// Stop takes the target away: its container was stopped on purpose.
func (m *Monitor) Stop() {
	m.change(func(now time.Time) {
		m.renew()
		m.target.Prober = nil
		m.target.to(Stopped, now)
	})
}

// Down says that the container of a generation is known to have died. The app is not ready at once, before any probe could
// tell, and starts anew, as Docker may restart it. A generation that is over changes nothing.
func (m *Monitor) Down(generation uint64, why string) {
	m.change(func(now time.Time) {
		t := &m.target
		if generation != m.generation || t.Prober == nil {
			return
		}
		m.renew()
		t.to(Starting, now)
		t.begun, t.probed, t.successes, t.failures = now, now, 0, 0
		t.lastError, t.lastErrorAt = why, now
	})
}

// Drain makes the app not ready at once and for good, whatever its probes say and whatever the target is.
func (m *Monitor) Drain(why string) {
	m.change(func(time.Time) { m.drained = turnedAway{true, why} })
}

// Quiesce is Drain until Resume.
func (m *Monitor) Quiesce(why string) {
	m.change(func(time.Time) { m.quiet = turnedAway{true, why} })
}

// Resume takes Quiesce back. It takes no Drain back, whoever calls it when: what goes out of service stays out.
func (m *Monitor) Resume() {
	m.change(func(time.Time) { m.quiet = turnedAway{} })
}

// renew begins an epoch: the wait for the next probe ends, and so does a probe that is under way.
func (m *Monitor) renew() {
	m.epoch.end()
	m.epoch = newEpoch()
}

// change does something with the lock held and tells of what came of it without: a log that blocks holds up no verdict.
func (m *Monitor) change(do func(now time.Time)) {
	m.mu.Lock()
	now := time.Now()
	before, beneath, epoch := m.state(), m.target.state, m.epoch
	lasted := now.Sub(m.since)
	do(now)
	after := m.state()
	if after != before {
		m.since = now
	}
	if after != before || m.target.state != beneath || m.epoch != epoch { // under Draining, Await looks at the target
		close(m.changed)
		m.changed = make(chan struct{})
	}
	v := m.verdict(now)
	m.mu.Unlock()
	if after != before {
		m.options.Log.Info("Health changed", "from", before, "to", after, "after", lasted.Round(time.Millisecond),
			"container", v.Target, "reason", v.Reason)
	}
}

// to changes the state of a target.
func (t *target) to(s State, now time.Time) {
	if t.state != s {
		t.state, t.since = s, now
	}
	t.everHealthy = t.everHealthy || s == Healthy
}

// Changed is closed at the next change of the state or the target, so that a loop can look at the Verdict when there is
// reason to. Staleness is no change: nothing happens then.
func (m *Monitor) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}
