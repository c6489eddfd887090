package demo

import (
	"fmt"
	"sync"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/demo/load"
)

// View shows what happens. It is called from one goroutine at a time.
type View interface {
	Event(bluegreen.Event) // of the product, and of the demo itself: "act" and "note"
	Traffic(Sample)
}

// Act is the kind of event with which each act of the demo begins.
const Act bluegreen.Kind = "act"

// Sample is what the clients saw in the last while.
type Sample struct {
	Time     time.Time          `json:"time"`
	Event    string             `json:"event"` // "traffic"
	Rate     float64            `json:"requests_per_second"`
	Requests int                `json:"requests"` // from the beginning
	Failed   int                `json:"failed"`
	Shares   map[string]float64 `json:"shares"` // of the requests in the while, by who answered: "blue v1"
}

// teller passes on to the view what happens, and counts.
type teller struct {
	of int // how many acts there are

	mu     sync.Mutex
	view   View
	shifts int
}

func newTeller(v View) *teller { return &teller{view: v} }

// Report implements bluegreen.Reporter.
func (t *teller) Report(e bluegreen.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.Event == bluegreen.Shifted {
		t.shifts++
	}
	t.view.Event(e)
}

func (t *teller) shiftCount() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.shifts
}

func (t *teller) act(n int, title string) {
	if n > 0 {
		title = fmt.Sprintf("%d/%d %s", n, t.of, title)
	}
	t.Report(bluegreen.Event{Time: time.Now().UTC(), Event: Act, Text: title})
}

func (t *teller) note(format string, args ...any) {
	t.Report(bluegreen.Event{Time: time.Now().UTC(), Event: bluegreen.Note, Text: fmt.Sprintf(format, args...)})
}

// sampleEvery is how often the traffic is shown.
const sampleEvery = 500 * time.Millisecond

// sample shows the traffic until stop is called.
func (t *teller) sample(l *load.Load) (stop func()) {
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		last, lastAt := l.Stats(), time.Now()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			now, at := l.Stats(), time.Now()
			t.mu.Lock()
			t.view.Traffic(between(last, now, lastAt, at))
			t.mu.Unlock()
			last, lastAt = now, at
		}
	}()
	return func() {
		close(end)
		<-done
	}
}

func between(last, now load.Stats, from, to time.Time) Sample {
	s := Sample{Time: to.UTC(), Event: "traffic", Requests: now.Requests, Failed: now.Failed, Shares: map[string]float64{}}
	n := float64(now.Requests - last.Requests)
	s.Rate = n / to.Sub(from).Seconds()
	for side, traffic := range now.Sides {
		if came := traffic.Requests - last.Sides[side].Requests; came > 0 {
			s.Shares[side.String()] = float64(came) / n
		}
	}
	return s
}
