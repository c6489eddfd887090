package traffic

import (
	"fmt"
	"slices"

	"bluegreen/internal/aws/dns"
)

// maxElements is how many records one batch may have.
const maxElements = 1000

// InvariantError is a batch that was not sent, because what it would leave behind breaks a promise.
type InvariantError struct{ Why string }

func (e *InvariantError) Error() string { return "refused to send the batch: " + e.Why }

// check looks at the state after the batch, not at the way to it: whatever made the batch, this is what clients get.
func (a App) check(b Batch, proven []Color) error {
	refuse := func(format string, args ...any) error {
		return &InvariantError{Why: fmt.Sprintf(format, args...)}
	}
	before, after := group(b.From.Records), group(b.To.Records)
	for _, key := range sortedKeys(before) {
		w := a.of(after[key])
		sum := 0
		for _, c := range Colors {
			weight, has := w[c]
			switch {
			case weight < 0 || weight > MaxWeight:
				return refuse("%s would give %s weight %d, which is not from 0 to %d", key, c, weight, MaxWeight)
			case has && !slices.Contains(proven, c):
				return refuse("%s would have a record of %s, which has not passed its gates: even at weight 0 Route 53 sends clients there when all others are unhealthy", key, c)
			}
			sum += weight
		}
		if sum == 0 {
			return refuse("the weights of %s would sum to zero, which Route 53 answers with an equal split", key)
		}
	}
	if len(after) != len(before) || len(before) == 0 {
		return refuse("it would leave a name without any record")
	}
	old, there, err := b.From.ParseFence()
	if err != nil {
		return refuse("it would replace a fence that says something else: %v", err)
	}
	if there && b.Fence.Epoch < old.Epoch {
		return refuse("its epoch %d is behind that of the fence, %d", b.Fence.Epoch, old.Epoch)
	}
	if len(b.Changes) > maxElements {
		return refuse("%d changes are more than the %d that Route 53 takes at once; use fewer names", len(b.Changes), maxElements)
	}
	if len(b.Fence.Value()) > 257 {
		return refuse("the fence would be longer than a TXT string: %s", b.Fence.Value())
	}
	return nil
}

// Standby says who serves if the live side turns unhealthy, for a plan.
func (a App) Standby(s Set) string {
	w, err := a.Weights(s)
	if err != nil {
		return "unknown: " + err.Error()
	}
	evaluated := slices.ContainsFunc(s.Records, func(r dns.Record) bool {
		return r.Health != "" || r.Alias != nil && r.Alias.EvaluateHealth
	})
	live := w.Live()
	for _, c := range Colors {
		weight, has := w[c]
		if has && weight == 0 && evaluated {
			return fmt.Sprintf("%s, its record has weight 0 and Route 53 evaluates health", c)
		}
	}
	if len(live) > 1 && evaluated {
		return "the other color, both have weight and Route 53 evaluates health"
	}
	return "nobody else: no other color has a record that Route 53 could turn to"
}
