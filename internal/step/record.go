package step

import (
	"context"
	"encoding/json"
	"time"
)

// RecordVersion is the version of Record's JSON. A reader refuses what it does not know.
const RecordVersion = 1

// Record is the whole of a run at one moment, as the journal keeps it.
type Record struct {
	Version  int               `json:"v"`
	Run      string            `json:"run"`      // the deployment's id
	Workflow string            `json:"workflow"` // which list of steps, e.g. "cutover"
	Epoch    int64             `json:"epoch"`    // of the fence under which it was written
	Seq      int               `json:"seq"`      // 0, 1, 2 … within the run and epoch
	Time     time.Time         `json:"time"`
	Phase    Phase             `json:"phase"`
	Outcome  Outcome           `json:"outcome,omitempty"` // set when Phase is Ended
	Cause    string            `json:"cause,omitempty"`   // why it is being undone
	Steps    map[string]Status `json:"steps"`             // of those that were begun
	State    json.RawMessage   `json:"state"`
}

// Store keeps records. Every record of a run is kept; the newest is the run.
type Store interface {
	// Append stores a record. It fails if the place of its epoch and sequence number is taken by another one: two writers
	// never mix.
	Append(ctx context.Context, record Record) error
	// Latest is the newest complete record of a run: that of the highest epoch and, in it, of the highest sequence number.
	// It fails with an error that wraps ErrNoRun when there is none.
	Latest(ctx context.Context, run string) (Record, error)
}

// Trimmer is a Store that can forget. The newest record of a run that has ended says all that anybody will ask of it.
type Trimmer interface {
	// Trim removes all records of a run but its newest.
	Trim(ctx context.Context, run string) error
}
