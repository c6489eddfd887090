package owner

import (
	"time"

	"bluegreen/internal/docker"
)

// memory is what Run's goroutine knows beside what the engine says. All of it may be lost: it saves work and keeps counts,
// and a new owner without it does the same, if later.
type memory struct {
	set     bool
	desired Desired
	image   *Image // that desired.Image is; nil until it was needed
	again   bool   // what the image is has to be asked once more
	pardon  bool   // what failed may be tried again

	fetching   *fetch
	refused    error     // why there is no image
	fetchAfter time.Time // the earliest time to ask again

	generation int // the youngest one seen or tried
	creating   attempts
	attempts   map[string]*attempts // at what was to be done to a container

	seen     map[string]time.Time // since when a container on trial is known to run
	free     map[string]bool      // containers that may be started once without being counted
	expected map[string]bool      // containers that were stopped on purpose: their end is no news
	refusals map[string]time.Time // when containers were found unhealthy, by a clock that nobody sets
	ending   map[string]ending    // what others have sent to containers that are to be stopped
	swapping bool                 // the good one was stopped for another, which was not started yet

	stumbles attempts  // at other calls
	back     time.Time // when the daemon could be reached again; zero if it was never away

	budget  budget
	appeal  appeal
	watched watched
	ends    map[string]time.Time // of the last run of each container, as far as it is known
	deaths  map[string]death     // that were told of and not seen yet
	exits   []Exit

	draining, stopping bool
}

// watched is the run of a container that is probed.
type watched struct {
	id      string
	started time.Time
}

func newMemory(o Options) memory {
	return memory{
		attempts: map[string]*attempts{}, seen: map[string]time.Time{}, free: map[string]bool{}, expected: map[string]bool{},
		refusals: map[string]time.Time{}, ending: map[string]ending{},
		ends: map[string]time.Time{}, deaths: map[string]death{}, budget: budget{perHour: o.Budget, coolDown: o.CoolDown},
	}
}

// attempts at a call that failed.
type attempts struct {
	failed int
	last   error
	after  time.Time // the earliest time for the next
}

// fail notes a failure: the next attempt is after a second, then two, and so on up to a minute.
func (a *attempts) fail(err error) {
	a.after = time.Now().Add(min(time.Second<<min(a.failed, 6), time.Minute))
	a.failed++
	a.last = err
}

// attemptsAt are the attempts at what was to be done last to a container.
func (m *memory) attemptsAt(id string) *attempts {
	if m.attempts[id] == nil {
		m.attempts[id] = &attempts{}
	}
	return m.attempts[id]
}

// forget drops what is known of containers that are gone, and takes in those that are new.
func (m *memory) forget(all []docker.Container) {
	here := map[string]bool{}
	for _, c := range all {
		here[c.ID] = true
		if _, known := m.ends[c.ID]; !known {
			m.free[c.ID] = true // whoever stopped it did so before our time
		}
	}
	for id := range m.ends {
		if !here[id] {
			delete(m.ends, id)
			delete(m.deaths, id)
			delete(m.attempts, id)
			delete(m.seen, id)
			delete(m.free, id)
			delete(m.expected, id)
			delete(m.refusals, id)
			delete(m.ending, id)
		}
	}
}

// read takes in what others have said.
func (o *Owner) read() {
	o.mu.Lock()
	in := o.inbox
	o.inbox = inbox{desired: in.desired, draining: in.draining, stopping: in.stopping, lost: in.lost}
	o.mu.Unlock()

	o.draining, o.stopping = in.draining, in.stopping
	if in.desired != nil && (!o.set || in.desired.Config != o.desired.Config || in.desired.Image != o.desired.Image) {
		o.drop()
	}
	if in.desired != nil {
		o.set, o.desired = true, *in.desired
	}
	if in.again {
		o.drop()
		o.again, o.pardon = true, true
	}
	if in.fetched != nil {
		o.take(*in.fetched)
	}
	if in.appeal != nil {
		o.memory.appeal = *in.appeal
	}
	for id, d := range in.deaths {
		known := o.deaths[id] // out of memory comes first, and the end after that
		o.deaths[id] = death{code: d.code, oom: d.oom || known.oom}
	}
}

// drop forgets what was found out about the image, and what has failed.
func (m *memory) drop() {
	m.image, m.refused, m.fetchAfter, m.creating = nil, nil, time.Time{}, attempts{}
	m.fetching.stop()
	m.fetching = nil
}

// returned is that the daemon can be reached again: it may have stopped anything.
func (o *Owner) returned() {
	o.mu.Lock()
	lost := o.inbox.lost
	o.inbox.lost = false
	o.mu.Unlock()
	if !lost {
		return
	}
	if time.Since(o.back) > 2*o.options.UnhealthyFor { // one that goes again and again is not to keep a sick app from its restart
		o.back = time.Now()
	}
	for id := range o.ends {
		o.free[id] = true
	}
	clear(o.seen)
	clear(o.attempts)
	o.creating = attempts{}
}
