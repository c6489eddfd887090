package health

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errRefused = errors.New("connection refused")

// app is a prober whose answers the test decides on, and which counts how often it was asked.
type app struct {
	mu    sync.Mutex
	err   error
	hangs bool // until the probe's context ends, and then answers all the same
	asked []time.Time
}

func (a *app) Probe(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, time.Now())
	if a.hangs {
		a.mu.Unlock()
		<-ctx.Done()
		a.mu.Lock()
	}
	return a.err
}

func (a *app) answers(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}

func (a *app) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked)
}

// watch runs a test in a bubble beside a running monitor.
func watch(t *testing.T, o Options, test func(t *testing.T, m *Monitor)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := New(o)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); m.Run(ctx) }()
		defer func() { cancel(); <-done }()
		test(t, m)
	})
}

// after lets time pass and everything that is due then happen.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// healthy is a monitor with an app that has been found healthy.
func healthy(t *testing.T, m *Monitor) (a *app, generation uint64) {
	t.Helper()
	a = &app{}
	generation = m.Replace(Target{Name: "app-1", Prober: a})
	if err := m.Await(t.Context(), generation); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return a, generation
}
