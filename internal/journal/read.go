package journal

import (
	"maps"
	"slices"
	"strings"

	"bluegreen/internal/aws/params"
	"bluegreen/internal/step"
)

// Kept is a run of an app, as its newest complete record has it.
type Kept struct {
	App string // whose journal it is in
	step.Record
}

// Read finds the runs among parameters, of whichever apps: who wants all of them need not ask for each. They are sorted by app
// and run.
func Read(list []params.Param) ([]Kept, error) {
	type key struct{ app, run string }
	records := map[key][]params.Param{}
	for _, p := range list {
		app, rest, ok := strings.Cut(strings.TrimPrefix(p.Name, "/bluegreen/"), "/deployments/")
		run, _, whole := strings.Cut(rest, "/")
		if ok && whole {
			records[key{app, run}] = append(records[key{app, run}], p)
		}
	}
	var all []Kept
	for _, k := range slices.SortedFunc(maps.Keys(records), func(a, b key) int { return strings.Compare(a.app+"/"+a.run, b.app+"/"+b.run) }) {
		text, _, ok := newest(records[k])
		if !ok {
			continue // its writer died before its first record was whole
		}
		record, err := decode(text)
		if err != nil {
			return nil, err
		}
		all = append(all, Kept{k.app, record})
	}
	return all, nil
}
