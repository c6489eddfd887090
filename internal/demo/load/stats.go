package load

import (
	"maps"
	"time"
)

// Side is who answered.
type Side struct{ Color, Version string }

// unknown is who is at the other end of a connection without an answer yet.
var unknown = Side{Color: "unknown"}

func (s Side) String() string {
	if s.Version == "" {
		return s.Color
	}
	return s.Color + " " + s.Version
}

// Traffic is what one side has answered.
type Traffic struct {
	Requests int       `json:"requests"`
	Last     time.Time `json:"last"` // when its last answer was complete
}

// Stats is what the clients have seen.
type Stats struct {
	Requests int
	Failed   int
	Failures []Failure // the first ones
	Sides    map[Side]Traffic
}

// Failure is a request without a good answer.
type Failure struct {
	Begun, Ended time.Time
	Text         string
}

// shownFailures is how many failures are kept in words.
const shownFailures = 20

// Stats is a copy of what there is so far.
func (l *Load) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Sides = maps.Clone(s.Sides)
	s.Failures = append([]Failure(nil), s.Failures...)
	return s
}

// Of adds up what a color has answered, whatever its version.
func (s Stats) Of(color string) Traffic {
	var all Traffic
	for side, t := range s.Sides {
		if side.Color == color {
			all.Requests += t.Requests
			if t.Last.After(all.Last) {
				all.Last = t.Last
			}
		}
	}
	return all
}

// Connections is how many connections there are to a color. One without an answer yet counts for each.
func (l *Load) Connections(color string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for side, open := range l.open {
		if side.Color == color || side == unknown {
			n += open
		}
	}
	return n
}

func (l *Load) count(begun time.Time, side Side, err error) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Requests++
	if side != (Side{}) && side != unknown {
		t := l.stats.Sides[side]
		t.Requests++
		t.Last = now
		l.stats.Sides[side] = t
	}
	if err == nil {
		return
	}
	l.stats.Failed++
	if len(l.stats.Failures) < shownFailures {
		l.stats.Failures = append(l.stats.Failures, Failure{Begun: begun, Ended: now, Text: err.Error()})
	}
}

// moved counts a connection that came, went, or turned out to be to another side.
func (l *Load) moved(from, to Side) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from != (Side{}) {
		l.open[from]--
	}
	if to != (Side{}) {
		l.open[to]++
	}
}
