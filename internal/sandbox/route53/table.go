package route53

import (
	"maps"
	"slices"
)

// table is the records of a zone at one moment. It never changes, so that name servers that have not heard of a change keep
// the table they know.
type table struct {
	records []*record           // in the order of the API
	groups  map[group][]*record // the same, by name and type
	names   map[string]bool     // every name in the zone, with those that only have names below them
}

func newTable(zoneName string, groups map[group][]*record) *table {
	t := &table{groups: groups, names: map[string]bool{}}
	for g, records := range groups {
		t.records = append(t.records, records...)
		for n := g.name; within(n, zoneName) && !t.names[n]; n = parentOf(n) {
			t.names[n] = true
		}
	}
	slices.SortFunc(t.records, compare)
	return t
}

// draft is a copy to try a batch on.
func (t *table) draft() map[group][]*record { return maps.Clone(t.groups) }

// from is the position of the first record at or after a name, type and identifier.
func (t *table) from(start *record) int {
	at, _ := slices.BinarySearchFunc(t.records, start, compare)
	return at
}

// source is the name whose records answer for name: its own, or the wildcard of the closest name above it that exists.
func (t *table) source(name, zoneName string) (string, bool) {
	if t.names[name] {
		return name, true
	}
	for above := parentOf(name); within(above, zoneName); above = parentOf(above) {
		if star := wildcard + "." + above; t.names[star] {
			return star, true
		}
		if t.names[above] || above == "." {
			break
		}
	}
	return "", false
}
