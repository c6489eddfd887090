package owner

import "time"

// pulse shows that the turns go on.
type pulse struct {
	at   time.Time // the begin of a turn that is under way, or else the end of the last one
	busy bool
}

// busyLimit is more than any call of Docker may take: each has a limit of its own.
const busyLimit = 15 * time.Minute

func (o *Owner) beat(busy bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pulse = pulse{time.Now(), busy}
}

// Alive says whether Run goes on: it has had a turn lately, or waits for Docker within the limits that such waits have. A
// daemon that hangs is no reason to end the agent, which serves the health of an app that runs.
func (o *Owner) Alive() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	limit := 2*o.options.Tick + time.Minute
	if o.pulse.busy {
		limit = busyLimit
	}
	return time.Since(o.pulse.at) < limit
}
