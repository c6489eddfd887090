package bluegreen_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"bluegreen/internal/bluegreen"
)

// events are what a process reported.
type events struct {
	mu   sync.Mutex
	list []bluegreen.Event
	hear func(bluegreen.Event) // is told of each one, if set
}

func (e *events) Report(ev bluegreen.Event) {
	e.mu.Lock()
	e.list = append(e.list, ev)
	hear := e.hear
	e.mu.Unlock()
	if hear != nil {
		hear(ev)
	}
}

// on has fn called with each event from now on.
func (e *events) on(fn func(bluegreen.Event)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hear = fn
}

func (e *events) all() []bluegreen.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]bluegreen.Event(nil), e.list...)
}

// find is the first event of a kind whose text has a part.
func (e *events) find(kind bluegreen.Kind, part string) (bluegreen.Event, bool) {
	for _, ev := range e.all() {
		if ev.Event == kind && strings.Contains(ev.Text, part) {
			return ev, true
		}
	}
	return bluegreen.Event{}, false
}

// shifts are the weights that a process brought about, in order.
func (e *events) shifts() []string {
	var list []string
	for _, ev := range e.all() {
		if ev.Event == bluegreen.Shifted {
			list = append(list, ev.Weights)
		}
	}
	return list
}

// log prints what a process reported, for a test that fails. Of a wait only the last word is printed.
func (e *events) log(t *testing.T) {
	t.Helper()
	list := e.all()
	for i, ev := range list {
		if ev.Event == bluegreen.Waiting && i+1 < len(list) && list[i+1].Event == bluegreen.Waiting && list[i+1].Step == ev.Step {
			continue
		}
		t.Logf("%s %-9s %-10s undo=%v %s", ev.Time.Format(time.TimeOnly), ev.Event, ev.Step, ev.Undo, ev.Text)
	}
}
