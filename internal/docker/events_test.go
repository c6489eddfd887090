package docker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"bluegreen/internal/docker"
)

// next waits for an event of a container, and fails when the stream ends.
func next(t *testing.T, events <-chan docker.Event, failed <-chan error) docker.Event {
	t.Helper()
	select {
	case e, open := <-events:
		if !open {
			t.Fatalf("the stream ended: %v", <-failed)
		}
		return e
	case <-time.After(time.Minute):
		t.Fatal("no event")
	}
	return docker.Event{}
}

func TestEvents(t *testing.T) {
	b := shared(t)
	events, failed := b.engine.Events(t.Context(), map[string]string{"events.app": "shop"})
	b.create(t, docker.Spec{Labels: map[string]string{"events.app": "other"}})
	before := time.Now()
	id := b.create(t, docker.Spec{
		Name: "events-1", Labels: map[string]string{"events.app": "shop"},
		Ports: []docker.Port{{HostIP: "127.0.0.1", Container: 8080}},
		Healthcheck: &docker.Healthcheck{
			Test: []string{"CMD", "/app", "check", "http://127.0.0.1:8080/health"}, Interval: 200 * time.Millisecond, Timeout: time.Minute,
			Retries: 300, // it may be asked before it serves
		},
	})
	for _, err := range []error{b.engine.Rename(t.Context(), id, "events-2"), b.engine.Start(t.Context(), id)} {
		if err != nil {
			t.Fatal(err)
		}
	}

	var actions []string
	for len(actions) == 0 || actions[len(actions)-1] != "destroy" {
		e := next(t, events, failed)
		if e.ContainerID != id || e.Attributes["events.app"] != "shop" || e.Attributes["image"] != b.image {
			t.Errorf("event %+v", e)
		}
		if e.Time.Before(before.Add(-time.Second)) || e.Time.After(time.Now().Add(time.Second)) {
			t.Errorf("%s at %v", e.Action, e.Time)
		}
		switch e.Action {
		case "health_status: healthy":
			crash(b.url(t, id), 3)
		case "die":
			if e.Attributes["exitCode"] != "3" || e.Attributes["name"] != "events-2" {
				t.Errorf("died: %v", e.Attributes)
			}
			if err := b.engine.Remove(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		actions = append(actions, e.Action)
	}
	want := []string{"create", "rename", "start", "health_status: healthy", "die", "destroy"}
	if diff := cmp.Diff(want, actions); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEventsOfMemory(t *testing.T) {
	b := shared(t)
	labels := map[string]string{"events.app": "hog"}
	events, failed := b.engine.Events(t.Context(), labels)
	_, url := b.run(t, docker.Spec{Labels: labels, Memory: 64 << 20, MemorySwap: 64 << 20})
	hog(url)
	var actions []string
	for len(actions) < 4 {
		actions = append(actions, next(t, events, failed).Action)
	}
	slices.Sort(actions[2:]) // the two last come in any order
	if diff := cmp.Diff([]string{"create", "start", "die", "oom"}, actions); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What happens right after Events has returned must not be lost, although the daemon answers before it subscribes.
func TestEventsAreCompleteFromTheStart(t *testing.T) {
	b := shared(t)
	labels := map[string]string{"events.app": "quick"}
	id := b.create(t, docker.Spec{Labels: labels})
	for i := range 30 {
		ctx, cancel := context.WithCancel(t.Context())
		events, failed := b.engine.Events(ctx, labels)
		if err := b.engine.Rename(ctx, id, fmt.Sprintf("quick-%d", i)); err != nil {
			t.Fatal(err)
		}
		if e := next(t, events, failed); e.Action != "rename" || e.Attributes["name"] != fmt.Sprintf("quick-%d", i) {
			t.Fatalf("subscription %d: %+v", i, e)
		}
		cancel()
	}
}

// ended waits for a stream to end as it says it does: one error, and both channels closed.
func ended(t *testing.T, events <-chan docker.Event, failed <-chan error) error {
	t.Helper()
	var err error
	select {
	case err = <-failed:
	case <-time.After(time.Minute):
		t.Fatal("the stream does not end")
	}
	if err == nil {
		t.Error("ended without an error")
	}
	for e := range events {
		t.Errorf("event after the end: %+v", e)
	}
	if more, open := <-failed; open {
		t.Errorf("another error: %v", more)
	}
	return err
}

func TestEventsEndWithTheirContext(t *testing.T) {
	b := shared(t)
	leaks := goleak.IgnoreCurrent()
	ctx, cancel := context.WithCancel(t.Context())
	events, failed := b.engine.Events(ctx, nil)
	cancel()
	if err := ended(t, events, failed); !errors.Is(err, context.Canceled) || errors.Is(err, docker.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	b.engine.Close()
	goleak.VerifyNone(t, leaks)
}

func TestEventsAndTheDaemonsEnd(t *testing.T) {
	b := private(t)
	labels := map[string]string{"app": "shop"}
	b.create(t, docker.Spec{Name: "shop", Labels: labels})
	for _, down := range []struct {
		name string
		end  func(testing.TB)
	}{{"killed", b.Kill}, {"stopped", b.Stop}} {
		t.Run(down.name, func(t *testing.T) {
			events, failed := b.engine.Events(t.Context(), labels)
			down.end(t)
			if err := ended(t, events, failed); !errors.Is(err, docker.ErrUnavailable) {
				t.Errorf("the stream: %v", err)
			}
			events, failed = b.engine.Events(t.Context(), labels)
			if err := ended(t, events, failed); !errors.Is(err, docker.ErrUnavailable) {
				t.Errorf("with no daemon: %v", err)
			}
			b.Up(t)
			events, failed = b.engine.Events(t.Context(), labels)
			if all, err := b.engine.Containers(t.Context(), labels); err != nil || len(all) != 1 {
				t.Fatalf("%d containers, %v", len(all), err)
			}
			if err := b.engine.Rename(t.Context(), "shop", "x-"+down.name); err != nil {
				t.Fatal(err)
			}
			if e := next(t, events, failed); e.Action != "rename" {
				t.Errorf("event %+v", e)
			}
			if err := b.engine.Rename(t.Context(), "x-"+down.name, "shop"); err != nil {
				t.Fatal(err)
			}
		})
	}
}
