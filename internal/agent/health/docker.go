package health

import (
	"context"
	"fmt"
	"time"
)

// Docker takes over what the container's HEALTHCHECK says, from a cache: no probe may wait for Docker.
type Docker struct {
	// State is Docker's word for the container's health ("starting", "healthy", "unhealthy"; "" for no HEALTHCHECK) and for
	// how long Docker is known to have stood by it. It must not block.
	State func() (health string, age time.Duration)

	MaxAge time.Duration // up to which that is believed; 90 s when zero
	// Fallback is asked in place of Docker when its word is older. A Docker that hangs runs no HEALTHCHECK, and the app
	// may be well. Without one, nothing is known then, and the verdict grows stale.
	Fallback Prober
}

// Probe reads the cache.
func (p Docker) Probe(ctx context.Context) error {
	set(&p.MaxAge, 90*time.Second)
	health, age := p.State()
	if age > p.MaxAge {
		if p.Fallback != nil {
			return p.Fallback.Probe(ctx)
		}
		return fmt.Errorf("HEALTHCHECK: Docker last answered %v ago: %w", age.Round(time.Second), ErrUnknown)
	}
	switch health {
	case "healthy":
		return nil
	case "starting":
		return fmt.Errorf("HEALTHCHECK: %w", ErrNotYet)
	case "unhealthy":
		return fmt.Errorf("HEALTHCHECK: %w", ErrFinal)
	case "":
		return fmt.Errorf("the container has no HEALTHCHECK")
	}
	return fmt.Errorf("HEALTHCHECK: %q is no state of health", health)
}
