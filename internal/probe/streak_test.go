package probe

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/wait"
)

func TestStreak(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name     string
		statuses []int // of the second address, one each second; the last one stays
		want     []string
		err      string
		took     time.Duration
	}{
		{"good at once", []int{200}, []string{"1 in a row", "2 in a row", "3 in a row"}, "", 2 * s},
		{"a failure starts again", []int{200, 200, 503, 200},
			[]string{"1 in a row", "2 in a row", "0 in a row: 127.1.0.2: status 503, want 200", "1 in a row", "2 in a row", "3 in a row"}, "", 5 * s},
		{"never", []int{503}, []string{"0 in a row: 127.1.0.2: status 503, want 200"},
			"wait for 3 good answers in a row from http://app.example.com/health?deep=1: timed out after 10s, " +
				"last seen: 0 in a row: 127.1.0.2: status 503, want 200", 10 * s},
	} {
		t.Run(c.name, func(t *testing.T) {
			inMemory(t, func(t *testing.T, network *fabric.Fabric) {
				var asked atomic.Int32
				serve(t, network, "127.1.0.1:80", reply(200, ""))
				serve(t, network, "127.1.0.2:80", func(w http.ResponseWriter, _ *http.Request) {
					n := int(asked.Add(1)) - 1
					w.WriteHeader(c.statuses[min(n, len(c.statuses)-1)])
				})
				p, err := New(target(), network.DialContext)
				p = must(t, p, err)
				var seen []string
				start := time.Now()
				err = p.Streak(t.Context(), 3, wait.Poll{Timeout: 10 * s, Interval: s, Observe: func(g wait.Progress) {
					seen = append(seen, g.Value)
					if g.Bound != "3 in a row" {
						t.Errorf("bound %q", g.Bound)
					}
				}})
				if diff := cmp.Diff(c.want, seen); diff != "" {
					t.Error(diff)
				}
				if errText(err) != c.err || time.Since(start) != c.took {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
			})
		})
	}
}

func TestStreakInterruptedByTheDeadlineOfTheWait(t *testing.T) {
	inMemory(t, func(t *testing.T, network *fabric.Fabric) {
		for _, addr := range target().Addrs {
			serve(t, network, addr+":80", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		}
		p, err := New(target(), network.DialContext)
		err = must(t, p, err).Streak(t.Context(), 1, wait.Poll{What: "green", Timeout: 2 * time.Second})
		var timeout *wait.TimeoutError
		if !errors.As(err, &timeout) || timeout.What != "green" {
			t.Errorf("got %v", err)
		}
	})
}

func TestStreakOfNothing(t *testing.T) {
	p, err := New(target(), nil)
	if err := must(t, p, err).Streak(t.Context(), 0, wait.Poll{Timeout: time.Second}); err == nil {
		t.Error("a streak of 0 was accepted")
	}
}
