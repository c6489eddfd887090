package owner_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"bluegreen/internal/docker"
)

func (m *model) Events(ctx context.Context, labels map[string]string) (<-chan docker.Event, <-chan error) {
	out, failed := make(chan docker.Event), make(chan error, 1)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down || ctx.Err() != nil {
		close(out)
		failed <- cmp.Or(ctx.Err(), errDown)
		return out, failed
	}
	in, cut := make(chan docker.Event, 1000), m.cut
	m.subs = append(m.subs, in)
	go func() {
		defer close(out)
		for {
			select {
			case e := <-in:
				if !has(e.Attributes, labels) {
					continue
				}
				select {
				case out <- e:
					continue
				case <-ctx.Done():
				case <-cut:
				}
			case <-ctx.Done():
			case <-cut:
			}
			failed <- cmp.Or(ctx.Err(), errors.New("EOF"))
			return
		}
	}()
	return out, failed
}

func (m *model) emit(b *box, action string) {
	attributes := map[string]string{"name": b.Name, "exitCode": fmt.Sprint(b.ExitCode)}
	maps.Copy(attributes, b.Labels)
	for _, s := range m.subs {
		if action == "health" {
			break // the probes', not Docker's
		}
		s <- docker.Event{Time: time.Now(), Action: action, ContainerID: b.ID, Attributes: attributes}
	}
	if m.moved != nil {
		m.moved(b, action)
	}
}

// Signalled is when the app was told to end.
func (m *model) Signalled(ctx context.Context, c docker.Container) (at time.Time, err error) {
	return at, m.do(ctx, func() error {
		b, err := m.box(c.ID)
		if err == nil {
			at = b.told
		}
		return err
	})
}
