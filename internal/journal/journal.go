// Package journal keeps what a run did, and who is alive, where another machine finds it: in Parameter Store, or in files.
//
// Records are only ever added, each in a place of its own: …/deployments/RUN/EPOCH/SEQ. Two processes that believe they
// carry the same run have different epochs, so that they cannot write over each other.
package journal

import (
	"encoding/json"
	"fmt"
	"strings"

	"bluegreen/internal/step"
)

// ErrTaken says that the place of a record holds another record: two writers use one epoch. It stops a run as it is.
var ErrTaken error = takenError{}

type takenError struct{}

func (takenError) Error() string {
	return "another process writes to this journal under the same epoch"
}

// StopsRun tells the step engine to leave everything as it is: the other process may be in the middle of it.
func (takenError) StopsRun() bool { return true }

// encode writes a record so that it can stand in a parameter.
func encode(r step.Record) (string, error) {
	text, err := parameter(r)
	if err != nil {
		return "", fmt.Errorf("encode the record of run %s: %w", r.Run, err)
	}
	return text, nil
}

// parameter is JSON as a parameter may hold it, which must not contain "{{". Outside of its strings compact JSON never does;
// inside of them the second brace is escaped.
func parameter(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	text := string(b)
	for strings.Contains(text, "{{") {
		text = strings.ReplaceAll(text, "{{", `{\u007b`)
	}
	return text, nil
}

func decode(text string) (step.Record, error) {
	var r step.Record
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, fmt.Errorf("decode a journal record: %w", err)
	}
	if r.Version != step.RecordVersion {
		return r, fmt.Errorf("the journal was written by another release (version %d, this one reads %d)", r.Version, step.RecordVersion)
	}
	return r, nil
}
