package owner

import "time"

// pulse shows that the turns go on.
type pulse struct {
	at    time.Time     // of the last sign of life
	limit time.Duration // until the next
}

// busyLimit is more than any call of Docker may take, beside the time that a container is given to stop: each has a limit of
// its own.
const busyLimit = 15 * time.Minute

// busy says that something begins which takes as long as Docker does, and as a container that is stopped may take: an agent
// that is ended for its patience leaves the app to the next one, which would send it another signal.
func (o *Owner) busy(stop time.Duration) { o.beat(busyLimit + stop) }

// idle says that a turn is over.
func (o *Owner) idle() { o.beat(2*o.options.Tick + time.Minute) }

func (o *Owner) beat(limit time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pulse = pulse{time.Now(), limit}
}

// Alive says whether Run goes on: it has had a turn lately, or waits for Docker within the limits that such waits have. A
// daemon that hangs is no reason to end the agent, which serves the health of an app that runs.
func (o *Owner) Alive() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Since(o.pulse.at) < o.pulse.limit
}
