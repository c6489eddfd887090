package bluegreen

import "bluegreen/internal/event"

// What a deployment tells.
type (
	Event    = event.Event
	Kind     = event.Kind
	Reporter = event.Reporter
	Silent   = event.Silent
)

// The kinds of events.
const (
	StepBegan = event.StepBegan
	StepEnded = event.StepEnded
	Failed    = event.Failed
	Waiting   = event.Waiting
	Note      = event.Note
	Warning   = event.Warning
	Shifted   = event.Shifted
	Finished  = event.Finished
)
