package probe

import (
	"fmt"
	"strings"
	"time"
)

// Result is what came of one request.
type Result struct {
	Addr       string        // as in the target
	RemoteAddr string        // what was connected to; empty if nothing was
	Status     int           // HTTP status; 0 without an answer
	Latency    time.Duration // until the last byte, or the failure
	Err        error         // why the answer is not good; nil if it is
}

// Results has a Result for each address of a target, in their order.
type Results []Result

// Err is nil if all results are good, and otherwise says what is wrong where.
func (rs Results) Err() error {
	var bad []error
	for _, r := range rs {
		if r.Err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", r.Addr, r.Err))
		}
	}
	return joined(bad)
}

// manyErrors is several errors on one line: they end up in a status.
type manyErrors []error

// joined is nil for no errors.
func joined(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return manyErrors(errs)
}

func (es manyErrors) Error() string {
	lines := make([]string, len(es))
	for i, err := range es {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "; ")
}

func (es manyErrors) Unwrap() []error { return es }
