package bluegreen

import (
	"time"

	"bluegreen/internal/config"
	"bluegreen/internal/traffic"
)

// Strategies are the names of the ways to move traffic.
var Strategies = []string{"all-at-once", "canary", "linear"}

// Rollout is the list of shifts of a deployment.
type Rollout struct {
	Strategy string        `json:"strategy"`
	Shifts   []int         `json:"shifts"`   // percent for the new colour, ascending, ends at 100
	Interval time.Duration `json:"interval"` // between two shifts
	Hold     time.Duration `json:"hold"`     // after the last one
}

// Shifts turns settings into the list of shifts, and refuses those that cannot be.
func (r RolloutConfig) Shifts() (Rollout, error) {
	faults := &config.Faults{File: "the rollout"}
	r.validate(faults)
	if err := faults.Err(); err != nil {
		return Rollout{}, err
	}
	out := Rollout{Strategy: r.Strategy, Interval: r.Interval.Span(), Hold: r.Hold.Span()}
	switch r.Strategy {
	case "all-at-once":
	case "canary":
		for _, s := range r.Steps {
			if s < 100 {
				out.Shifts = append(out.Shifts, s)
			}
		}
	case "linear":
		for s := r.Step; s < 100; s += r.Step {
			out.Shifts = append(out.Shifts, s)
		}
	}
	out.Shifts = append(out.Shifts, 100)
	return out, nil
}

// weights are those of shift i, towards a colour. The colour that is left keeps its record: while it stands at capacity it
// is a standby that has proven itself.
func (r Rollout) weights(i int, to traffic.Color) traffic.Weights {
	share := r.Shifts[i]
	return traffic.Weights{to: share, to.Other(): 100 - share}
}
