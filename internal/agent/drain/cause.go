package drain

// Cause is why an instance goes out of service.
type Cause string

// The causes of a drain.
const (
	Termination Cause = "termination" // the group takes the instance out
	Spot        Cause = "spot"        // EC2 takes the instance back
	Rebalance   Cause = "rebalance"   // EC2 may take the instance back soon
	Shutdown    Cause = "shutdown"    // the machine goes down
)

// begin drains for a cause. The first begins the drain; another can only hasten it; the same again changes nothing.
func (d *Drainer) begin(c Cause) {
	d.mu.Lock()
	if _, known := d.facts.since(c); known {
		d.mu.Unlock()
		return
	}
	first := !d.facts.draining()
	d.facts.Causes = append(d.facts.Causes, d.happened(string(c)))
	d.launching, d.ask = false, true
	if first {
		d.stale = true
	}
	d.mu.Unlock()

	d.refuse(c) // before anything that may take time
	d.mu.Lock()
	d.save()
	d.mu.Unlock()
	if first {
		d.o.Log.Warn("draining", "cause", c)
	} else {
		d.o.Log.Info("draining for one more cause", "cause", c)
	}
	d.nudge()
}

// refuse has /health answer 503, once.
func (d *Drainer) refuse(c Cause) {
	d.mu.Lock()
	again := d.refused
	d.refused = true
	d.mu.Unlock()
	if !again {
		d.o.Refuse(c)
	}
}
