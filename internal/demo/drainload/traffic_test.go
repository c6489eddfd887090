package drainload_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"bluegreen/internal/demo/load"
	"bluegreen/internal/resolve"
	"bluegreen/internal/sandbox/stack"
)

// traffic is the app's clients: many who get their answer at once, and some who get it late.
type traffic struct {
	quick, slow *load.Load
	begun       time.Time
}

func (w *world) startTraffic(t *testing.T) {
	t.Helper()
	common := load.Options{
		Host: w.app, Port: stack.HTTPPort, Resolver: resolve.Client{Resolver: w.sb.Resolver()},
		Keep: 2 * time.Second, Stagger: 30 * time.Second, Idle: 2 * time.Second, Timeout: 20 * time.Second,
	}
	quick, slow := common, common
	quick.Path, quick.Clients, quick.Long, quick.Pause = "/", 30, 15, 200*time.Millisecond
	slow.Path, slow.Clients, slow.Long, slow.Pause = "/slow?for=1500ms", 15, 8, 1600*time.Millisecond
	w.traffic = &traffic{quick: load.Start(quick), slow: load.Start(slow), begun: time.Now()}
	t.Cleanup(w.traffic.stop)
}

func (tr *traffic) stop() {
	tr.quick.Stop()
	tr.slow.Stop()
}

// count is how many requests there were.
type count struct{ quick, slow, failed int }

func (tr *traffic) count() count {
	quick, slow := tr.quick.Stats(), tr.slow.Stats()
	return count{quick: quick.Requests, slow: slow.Requests, failed: quick.Failed + slow.Failed}
}

func (c count) total() int { return c.quick + c.slow }

// rate is how many requests there have been in a second.
func (tr *traffic) rate() float64 {
	return float64(tr.count().total()) / time.Since(tr.begun).Seconds()
}

// wantFlow fails if a request has failed since, or if there were too few to tell.
func (tr *traffic) wantFlow(t *testing.T, since count) {
	t.Helper()
	now := tr.count()
	sent := count{quick: now.quick - since.quick, slow: now.slow - since.slow, failed: now.failed - since.failed}
	t.Logf("%d requests, and %d slow ones; %d failed", sent.quick, sent.slow, sent.failed)
	if sent.quick < 100 || sent.slow < 5 {
		t.Error("these are too few requests to tell anything")
	}
	if sent.failed == 0 {
		return
	}
	t.Error("requests have failed")
	for _, l := range []*load.Load{tr.quick, tr.slow} {
		for _, f := range l.Stats().Failures {
			t.Logf("%s to %s: %s", f.Begun.Format(time.StampMilli), f.Ended.Format(time.StampMilli), f.Text)
		}
	}
}

// asking is somebody who asks for an instance's health all the time, each time by a new connection.
type asking struct {
	stop chan struct{}
	done sync.WaitGroup

	asked, unready int
	longest        time.Duration // without an answer that says ready
	refused        []string
}

func (w *world) askForHealth(id string) *asking {
	a := &asking{stop: make(chan struct{})}
	url := fmt.Sprintf("http://%s:%d/health", w.addr(id), stack.AgentPort)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	a.done.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		ready := time.Now()
		for {
			select {
			case <-a.stop:
				return
			case <-tick.C:
			}
			status, err := get(&client, url)
			a.asked++
			switch {
			case err != nil:
				a.refused = append(a.refused, err.Error())
			case status == http.StatusOK:
				a.longest = max(a.longest, time.Since(ready))
				ready = time.Now()
			default:
				a.unready++
			}
		}
	})
	return a
}

func get(client *http.Client, url string) (status int, err error) {
	reply, err := client.Get(url)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, reply.Body)
	return reply.StatusCode, errors.Join(err, reply.Body.Close())
}

// wantAnswers ends it. Each time there has to have been an answer.
func (a *asking) wantAnswers(t *testing.T) {
	t.Helper()
	close(a.stop)
	a.done.Wait()
	t.Logf("/health: asked %d times, %d times not ready, ready again after at most %s", a.asked, a.unready, a.longest.Round(time.Millisecond))
	if a.asked < 10 || len(a.refused) > 0 {
		t.Errorf("/health was asked %d times, and %d times nobody answered:\n%s", a.asked, len(a.refused), strings.Join(a.refused, "\n"))
	}
}
