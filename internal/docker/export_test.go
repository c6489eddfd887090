package docker

import "time"

// SetLimits makes all limits the same.
func (e *Engine) SetLimits(d time.Duration) { e.limits = limits{d, d, d, d, d, d} }
