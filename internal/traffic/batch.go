package traffic

import (
	"fmt"
	"strings"

	"bluegreen/internal/aws/dns"
)

// Batch is one atomic change of an app's weights and fence.
type Batch struct {
	From, To Set
	Fence    Fence // of To
	Changes  []dns.Change
}

// fenceTTL is that of the fence, in seconds. Nobody resolves it through a cache: name servers are asked directly.
const fenceTTL = 60

// Want is what a batch is to bring about.
type Want struct {
	Weights Weights
	Fence   Fence // its nonce is made by Plan
	// Targets says where the records point that have to be created, by colour.
	Targets map[Color]dns.Alias
	// Known are records that were removed earlier: one that has to be created again keeps what is special about it.
	Known []dns.Record
	// Proven are the colours that passed their gates: no other may have a record.
	Proven []Color
}

// Plan makes the batch from the set as it was listed to the set that is wanted, and refuses one that would break a promise.
func (a App) Plan(from Set, want Want) (Batch, error) {
	fence := want.Fence
	fence.Nonce = NewNonce()
	to := Set{Fence: &dns.Record{Name: a.Fence, Type: "TXT", TTL: fenceTTL, Values: []string{fence.Value()}}}
	var err error
	if to.Records, err = a.Reweigh(from, want.Weights, want.Targets, want.Known...); err != nil {
		return Batch{}, err
	}
	changes := swap(from.Records, to.Records)
	if from.Fence != nil {
		changes = append(changes, dns.Change{Action: dns.Delete, Record: *from.Fence})
	}
	changes = append(changes, dns.Change{Action: dns.Create, Record: *to.Fence})
	b := Batch{From: from, To: to, Fence: fence, Changes: changes}
	return b, a.check(b, want.Proven)
}

// Reweigh is what the records of a set become with other weights. Targets and known are as in Want.
func (a App) Reweigh(from Set, weights Weights, targets map[Color]dns.Alias, known ...dns.Record) ([]dns.Record, error) {
	var out []dns.Record
	groups := group(from.Records)
	for _, key := range sortedKeys(groups) {
		for _, c := range Colors {
			weight, wanted := weights[c]
			if !wanted {
				continue
			}
			r, err := a.recordOf(c, groups[key], targets, known)
			if err != nil {
				return nil, err
			}
			r.Weight = int64(weight)
			out = append(out, r)
		}
	}
	return out, nil
}

// recordOf is the record of a colour: the one there is, or the one there was, or a new one made after its sibling.
func (a App) recordOf(c Color, records []dns.Record, targets map[Color]dns.Alias, known []dns.Record) (dns.Record, error) {
	for _, r := range records {
		if r.SetID == a.SetIDs[c] {
			return r, nil
		}
	}
	target, stands := targets[c]
	for _, r := range known {
		if r.Name == records[0].Name && r.Type == records[0].Type && r.SetID == a.SetIDs[c] {
			if r.Alias != nil && stands { // the load balancer may be another one by now
				r.Alias = pointing(*r.Alias, target)
			}
			return r, nil
		}
	}
	r := records[0]
	r.SetID = a.SetIDs[c]
	switch {
	case !stands:
		return r, &UnknownTargetError{Record: r, Color: c}
	case r.Health != "":
		return r, fmt.Errorf("%s %s of %s has health check %s: create the record of %s with a health check of its own and weight 0", r.Name, r.Type, c.Other(), r.Health, c)
	case r.Alias != nil:
		r.Alias = pointing(*r.Alias, target)
	case r.Type == "CNAME":
		r.Values = []string{target.Name}
	default:
		return r, fmt.Errorf("%s %s is no alias: create the record of %s with weight 0", r.Name, r.Type, c)
	}
	return r, nil
}

// UnknownTargetError says that a record has to be created, and nobody said where it points.
type UnknownTargetError struct {
	Record dns.Record
	Color  Color
}

func (e *UnknownTargetError) Error() string {
	return fmt.Sprintf("%s %s has no record of %s, and its load balancer is not known", e.Record.Name, e.Record.Type, e.Color)
}

// pointing is an alias with another target.
func pointing(like, target dns.Alias) *dns.Alias {
	target.EvaluateHealth = like.EvaluateHealth
	if strings.HasPrefix(like.Name, dualstack) {
		target.Name = dualstack + target.Name
	}
	return &target
}

// dualstack begins the alias name of a load balancer that answers A and AAAA.
const dualstack = "dualstack."

// swap deletes all records exactly as listed and creates those that are wanted. A record that stays as it is, is replaced by
// itself: if somebody changed it since it was listed, the batch fails, even one that only moves the fence.
func swap(from, to []dns.Record) []dns.Change {
	changes := make([]dns.Change, 0, len(from)+len(to))
	for _, r := range from {
		changes = append(changes, dns.Change{Action: dns.Delete, Record: r})
	}
	for _, r := range to {
		changes = append(changes, dns.Change{Action: dns.Create, Record: r})
	}
	return changes
}

// String prints the batch for a plan.
func (b Batch) String() string {
	lines := make([]string, 0, len(b.Changes))
	for _, c := range b.Changes {
		lines = append(lines, c.String())
	}
	return strings.Join(lines, "\n")
}
