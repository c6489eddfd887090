package bluegreen_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// slowRoad is a network on which one batch gets stuck: all attempts at it fail, and the first of them arrives after all.
type slowRoad struct {
	w  *world
	to http.RoundTripper
	at int // which batch gets stuck, from 1

	mu       sync.Mutex
	attempts int
	stuck    *http.Request
}

// attemptsOfSDK is how often the SDK sends a batch before it gives up.
const attemptsOfSDK = 9

func (s *slowRoad) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost || !strings.HasSuffix(strings.TrimSuffix(r.URL.Path, "/"), "/rrset") {
		return s.to.RoundTrip(r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts++
	switch s.attempts {
	case s.at:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		s.stuck = r.Clone(context.Background())
		s.stuck.Body = io.NopCloser(bytes.NewReader(body))
	case s.at + attemptsOfSDK - 1:
		s.w.left.Go(func() {
			time.Sleep(2 * time.Second) // by now its sender has looked, and waits before it goes on
			if response, err := s.to.RoundTrip(s.stuck); err == nil {
				_ = response.Body.Close()
			}
		})
	}
	if s.attempts >= s.at && s.attempts < s.at+attemptsOfSDK {
		return nil, errors.New("connection reset")
	}
	return s.to.RoundTrip(r)
}

// TestLateBatch has a batch arrive after its sender has seen that it did not. It is the sender's own all the same: nobody took
// anything over.
func TestLateBatch(t *testing.T) {
	e := uninterrupted(t, scenario{name: "cutover", do: cutoverTo(traffic.Green)})
	for n := 1; n <= 5; n++ {
		t.Run(fmt.Sprintf("batch %d", n), func(t *testing.T) {
			inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
				g := w.watch()
				app, ev := w.process("me", &slowRoad{w: w, to: w.sb.Transport(), at: n}, brisk, canary)
				if err := cutoverTo(traffic.Green)(ctx, app); err != nil {
					ev.log(w.t)
					w.t.Fatal(err)
				}
				time.Sleep(rest)
				if diff := cmp.Diff(e.done, w.snapshot()); diff != "" {
					ev.log(w.t)
					w.t.Errorf("-want +got:\n%s", diff)
				}
				g.check()
			})
		})
	}
}
