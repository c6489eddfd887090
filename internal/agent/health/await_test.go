package health

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAwaitEnds(t *testing.T) {
	errDeadline := errors.New("not healthy within 2m0s")
	watch(t, Options{StartPeriod: time.Hour}, func(t *testing.T, m *Monitor) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Minute, errDeadline)
		defer cancel()
		generation := m.Replace(Target{Name: "app-1", Prober: &app{err: errRefused}})
		err := m.Await(ctx, generation)
		want := "wait for app-1 to be healthy: not healthy within 2m0s (last probe: connection refused)"
		if !errors.Is(err, errDeadline) || err.Error() != want {
			t.Errorf("got %v", err)
		}
		time.AfterFunc(s, m.Stop)
		if err := m.Await(t.Context(), generation); !errors.Is(err, ErrReplaced) {
			t.Errorf("got %v", err)
		}
	})
}

// Whoever awaits is not told "healthy" of a container that drains, but of one that could serve: a replacement goes on.
func TestAwaitWhileDraining(t *testing.T) {
	watch(t, Options{}, func(t *testing.T, m *Monitor) {
		m.Drain("rebalance")
		healthy(t, m)
		expect(t, "awaited", see(m), seen{"draining", false, "rebalance"})
	})
}

func TestChanged(t *testing.T) {
	watch(t, Options{}, func(t *testing.T, m *Monitor) {
		a, _ := healthy(t, m)
		changes := func(d time.Duration) bool {
			select {
			case <-m.Changed():
				return true
			case <-time.After(d):
				return false
			}
		}
		if changes(time.Hour) {
			t.Error("changed for no reason")
		}
		a.answers(errRefused)
		if !changes(time.Minute) || see(m).Status != "unhealthy" {
			t.Errorf("not told, %+v", see(m))
		}
		time.AfterFunc(s, func() { m.Drain("x") })
		if !changes(time.Minute) || see(m).Status != "draining" {
			t.Errorf("not told, %+v", see(m))
		}
	})
}
