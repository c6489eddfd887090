package bluegreen

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"bluegreen/internal/aws/dns"
	"bluegreen/internal/traffic"
)

// State is what a deployment has to remember, as the journal keeps it: what the account cannot tell again.
type State struct {
	Deployment string          `json:"deployment"`
	Begun      time.Time       `json:"begun"`
	To         traffic.Color   `json:"to"`
	Rollout    Rollout         `json:"rollout"`
	Found      traffic.Weights `json:"found"`             // the weights before
	Needed     int             `json:"needed"`            // instances that the new colour has to have
	Standby    int             `json:"standby,omitempty"` // instances that retire leaves
	Make       *Make           `json:"make,omitempty"`    // nil: the new colour stands as it is
	// Targets is where records point that have to be created.
	Targets map[traffic.Color]dns.Alias `json:"targets"`
	// Known are the records of the new colour that were removed until it has proven itself.
	Known []dns.Record `json:"known,omitempty"`

	Set      traffic.Set `json:"set"`       // the app's records as this deployment left them
	ChangeID string      `json:"change_id"` // of the newest batch
	Served   bool        `json:"served"`    // the new colour got traffic
	Since    time.Time   `json:"since"`     // begin of the watch or hold that is under way
	// Watched is how much of that the gates were asked: the time in which no process lived does not count.
	Watched time.Duration `json:"watched,omitempty"`
	Cause   string        `json:"cause,omitempty"`
}

// old is the colour that traffic leaves.
func (s *State) old() traffic.Color { return s.To.Other() }

// fence is the fence as the deployment left it.
func (s *State) fence() traffic.Fence {
	f, _, err := s.Set.ParseFence()
	if err != nil { // we wrote it
		panic(err)
	}
	return f
}

// newID names a deployment: sortable by time, and short enough for names and tags.
func newID(now time.Time) string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	return fmt.Sprintf("%s-%s", now.UTC().Format("20060102-150405"), hex.EncodeToString(b[:]))
}
