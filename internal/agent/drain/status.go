package drain

import "time"

// Status is how far the life of the instance is, for /status.
type Status struct {
	Launching bool              `json:"launching"` // a launch hook may hold the instance
	Draining  bool              `json:"draining"`
	Causes    []Cause           `json:"causes,omitempty"` // in the order of their coming
	Since     *time.Time        `json:"since,omitempty"`  // of the drain, by the clock of then
	Seconds   int               `json:"seconds,omitempty"`
	Stopped   bool              `json:"stopped"`   // the container, by this drain
	Completed bool              `json:"completed"` // our termination hook
	Waiting   string            `json:"waiting,omitempty"`
	Target    string            `json:"target,omitempty"` // what the metadata service said last
	Group     string            `json:"group,omitempty"`
	State     string            `json:"state,omitempty"` // what the group said last
	Rebalance bool              `json:"rebalance,omitempty"`
	Troubles  map[string]string `json:"troubles,omitempty"` // what does not work now, and why
}

// Status is a copy of what is known now.
func (d *Drainer) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Status{
		Launching: d.launching, Draining: d.facts.draining(), Stopped: d.stop.done, Completed: d.facts.Completed, Waiting: d.text,
		Target: string(d.seen.target), Group: d.group.Group, State: string(d.group.State), Rebalance: d.seen.rebalance, Troubles: d.told.troubles(),
	}
	for i, e := range d.facts.Causes {
		if i == 0 {
			s.Since = &e.Time
			s.Seconds = int((d.o.Uptime() - e.Uptime).Seconds())
		}
		s.Causes = append(s.Causes, Cause(e.What))
	}
	return s
}
