package docker_test

import (
	"context"
	"testing"
	"time"

	"bluegreen/internal/docker"
)

// What a container was sent is known to whoever was not there: while it takes its time to end, and although whoever has stopped
// it is gone.
func TestSignalled(t *testing.T) {
	b := shared(t)
	for _, signal := range []string{"", "SIGQUIT"} {
		t.Run(signal, func(t *testing.T) {
			id, _ := b.run(t, docker.Spec{Env: map[string]string{"APP_IGNORE_TERM": "yes"}, StopSignal: signal})
			if err := b.engine.Kill(t.Context(), id, "SIGUSR1"); err != nil {
				t.Fatal(err)
			}
			if at, err := b.engine.Signalled(t.Context(), b.container(t, id)); err != nil || !at.IsZero() {
				t.Errorf("before: %v, %v", at, err)
			}
			before := time.Now()
			stopping, gone := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- b.engine.Stop(stopping, id, time.Minute) }()
			var at time.Time
			eventually(t, "the signal", func() (sent bool) {
				var err error
				if at, err = b.engine.Signalled(t.Context(), b.container(t, id)); err != nil {
					t.Fatal(err)
				}
				return !at.IsZero()
			})
			gone()
			<-done
			if at.Before(before.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
				t.Errorf("at %v", at)
			}
		})
	}
}
