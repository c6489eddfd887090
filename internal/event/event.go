// Package event is what runs tell people and machines while they go on.
package event

import (
	"time"
)

// Event is one thing that happens in a run.
type Event struct {
	Time       time.Time `json:"time"`
	Event      Kind      `json:"event"`
	Deployment string    `json:"deployment,omitempty"` // its id; that of a bake, too
	Step       string    `json:"step,omitempty"`
	Undo       bool      `json:"undo,omitempty"`
	Text       string    `json:"text"`
	Weights    string    `json:"weights,omitempty"` // after a shift: "blue:90,green:10"
	Outcome    string    `json:"outcome,omitempty"` // of the end
}

// Kind tells events apart.
type Kind string

// The kinds of events.
const (
	StepBegan Kind = "step"
	StepEnded Kind = "step-done"
	Failed    Kind = "failed"
	Waiting   Kind = "wait" // what is waited for: step, value, bound
	Note      Kind = "note"
	Warning   Kind = "warning"
	Shifted   Kind = "shift" // weights were moved
	Finished  Kind = "end"
)

// Reporter is told of events as they happen. It is called from several goroutines.
type Reporter interface{ Report(Event) }

// Silent reports nothing.
type Silent struct{}

// Report does nothing.
func (Silent) Report(Event) {}
