package traffic

import (
	"fmt"
	"slices"
	"strings"

	"bluegreen/internal/aws/dns"
)

// App says which records are an app's.
type App struct {
	Zone   string           // id of the hosted zone
	Names  []string         // as Route 53 lists them
	Fence  string           // name of the fence, as Route 53 lists it
	SetIDs map[Color]string // the set identifier of each colour's records
}

// color is the colour of a set identifier.
func (a App) color(setID string) (Color, bool) {
	for _, c := range Colors {
		if a.SetIDs[c] == setID {
			return c, true
		}
	}
	return "", false
}

// Set is what a zone holds for an app at one moment, exactly as it was listed.
type Set struct {
	Records []dns.Record // the weighted records, by name, type and set identifier
	Fence   *dns.Record  // nil before the first deployment
}

// types are those of records that take clients to a load balancer.
var types = []string{"A", "AAAA", "CNAME", "HTTPS", "SVCB"}

// Parse sorts out what was listed for the app's names and its fence. What cannot be switched is refused.
func (a App) Parse(listed []dns.Record) (Set, error) {
	var s Set
	for _, r := range listed {
		switch {
		case r.Name == a.Fence:
			if r.Type == "TXT" {
				fence := r
				s.Fence = &fence
			}
		case !slices.Contains(types, r.Type):
		case r.Policy == "":
			return Set{}, &SimpleRecordError{Record: r}
		case r.Policy != dns.Weighted:
			return Set{}, fmt.Errorf("%s %s (%s) is a record of routing policy %q: only weighted records can be switched", r.Name, r.Type, r.SetID, r.Policy)
		default:
			if _, ours := a.color(r.SetID); !ours {
				return Set{}, fmt.Errorf("%s has set identifier %q, which is neither blue's (%q) nor green's (%q): "+
					"its traffic would be shared with a stranger; remove it, or name it in the configuration", r, r.SetID, a.SetIDs[Blue], a.SetIDs[Green])
			}
			s.Records = append(s.Records, r)
		}
	}
	slices.SortFunc(s.Records, func(x, y dns.Record) int { return strings.Compare(x.Key(), y.Key()) })
	for _, name := range a.Names {
		if !slices.ContainsFunc(s.Records, func(r dns.Record) bool { return r.Name == name }) {
			return Set{}, fmt.Errorf("%s has no weighted record in zone %s: create one for the color that serves, with its set identifier and weight 100", name, a.Zone)
		}
	}
	return s, nil
}

// SimpleRecordError says that a name has a record without a routing policy.
type SimpleRecordError struct{ Record dns.Record }

func (e *SimpleRecordError) Error() string {
	return fmt.Sprintf("%s %s is a simple record: only weighted records can be switched; replace it in one batch, DELETE of the simple record first, "+
		"then CREATE of the same record with a set identifier and weight 100 (docs/guide.md, \"From simple to weighted records\")", e.Record.Name, e.Record.Type)
}

// ParseFence reads the fence of a set; ok is false before the first deployment.
func (s Set) ParseFence() (f Fence, ok bool, err error) {
	if s.Fence == nil {
		return Fence{}, false, nil
	}
	if len(s.Fence.Values) != 1 {
		return Fence{}, true, fmt.Errorf("the fence %s has %d values: want one", s.Fence.Name, len(s.Fence.Values))
	}
	f, err = ParseFence(s.Fence.Values[0])
	return f, true, err
}

// Of are the weights of one name and type.
func (a App) of(records []dns.Record) Weights {
	w := Weights{}
	for _, r := range records {
		if c, ok := a.color(r.SetID); ok {
			w[c] = int(r.Weight)
		}
	}
	return w
}

// group splits records by name and type: Route 53 weighs each such group by itself.
func group(records []dns.Record) map[string][]dns.Record {
	groups := map[string][]dns.Record{}
	for _, r := range records {
		key := r.Name + " " + r.Type
		groups[key] = append(groups[key], r)
	}
	return groups
}

// Weights are the weights of the app. It fails when its names and types differ: then no single answer is true.
func (a App) Weights(s Set) (Weights, error) {
	var first Weights
	var firstKey string
	for _, key := range sortedKeys(group(s.Records)) {
		w := a.of(group(s.Records)[key])
		if first == nil {
			first, firstKey = w, key
		} else if !first.Equal(w) {
			return nil, fmt.Errorf("the weights differ: %s has %s, but %s has %s; give all names and types of the app the same weights", firstKey, first, key, w)
		}
	}
	return first, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Diff says in which records two sets differ, one line each, ours first; the fence is left out.
func Diff(ours, theirs Set) []string {
	var lines []string
	find := func(s Set, key string) *dns.Record {
		i := slices.IndexFunc(s.Records, func(r dns.Record) bool { return r.Key() == key })
		if i < 0 {
			return nil
		}
		return &s.Records[i]
	}
	for _, r := range ours.Records {
		switch t := find(theirs, r.Key()); {
		case t == nil:
			lines = append(lines, fmt.Sprintf("%s %s %q is gone (it had weight %d)", r.Name, r.Type, r.SetID, r.Weight))
		case !t.Equal(r):
			lines = append(lines, difference(r, *t))
		}
	}
	for _, t := range theirs.Records {
		if find(ours, t.Key()) == nil {
			lines = append(lines, fmt.Sprintf("%s %s %q is new, with weight %d", t.Name, t.Type, t.SetID, t.Weight))
		}
	}
	return lines
}

func difference(ours, theirs dns.Record) string {
	what := fmt.Sprintf("%s %s %q", ours.Name, ours.Type, ours.SetID)
	if ours.Weight != theirs.Weight {
		return fmt.Sprintf("%s has weight %d, not %d", what, theirs.Weight, ours.Weight)
	}
	if ours.Target() != theirs.Target() {
		return fmt.Sprintf("%s points to %s, not to %s", what, theirs.Target(), ours.Target())
	}
	return fmt.Sprintf("%s was changed beside its weight and target", what)
}
