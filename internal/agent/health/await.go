package health

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Errors of Await.
var (
	// ErrUnhealthy says that the app's start period is over and that its probes fail.
	ErrUnhealthy = errors.New("not healthy")
	// ErrReplaced says that another target has been set, or none.
	ErrReplaced = errors.New("another container has taken its place")
)

// Await waits until the target of a generation is healthy, draining or not. It fails with ErrUnhealthy or ErrReplaced, or
// when ctx ends with ctx's cause, and says what the last probe came to.
func (m *Monitor) Await(ctx context.Context, generation uint64) error {
	for {
		state, changed, failure := m.outlook(generation)
		switch {
		case failure != nil:
			return failure
		case state == Healthy:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			v := m.Verdict()
			return fmt.Errorf("wait for %s to be healthy: %w (last probe: %s)", v.Target, context.Cause(ctx), lastProbe(v))
		}
	}
}

// outlook is how the target of a generation stands, and what to wait for before that can be otherwise.
func (m *Monitor) outlook(generation uint64) (state State, changed <-chan struct{}, failure error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.verdict(time.Now())
	switch {
	case m.generation != generation || m.target.state == Stopped:
		return "", nil, fmt.Errorf("wait for generation %d to be healthy: %w", generation, ErrReplaced)
	case m.target.state == Unhealthy:
		return "", nil, fmt.Errorf("wait for %s to be healthy: %w (last probe: %s)", v.Target, ErrUnhealthy, lastProbe(v))
	}
	return m.target.state, m.changed, nil
}

func lastProbe(v Verdict) string {
	switch {
	case v.LastError != "":
		return v.LastError
	case v.Successes > 0:
		return "good"
	}
	return "none yet"
}
