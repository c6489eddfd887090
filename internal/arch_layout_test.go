package internal_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// layout is a set of rules on imports, in words that a reader can check against the picture.
type layout struct {
	floors  []floor
	doors   []door
	rules   []rule
	planned []string // patterns that match nothing yet
}

// floor is a layer. A package stands on the floor whose pattern describes it best.
type floor struct {
	name  string
	rooms []string
	apart bool // rooms of this floor do not import each other
}

// door lets one room import another although their floor keeps rooms apart.
type door struct{ from, to string }

// rule restricts what the rooms import beside the order of the floors. Exactly one of only and never is set.
type rule struct {
	rooms  []string
	except []string
	only   []string
	never  []string
	why    string
}

// faults lists, sorted, every import that breaks the layout and every part of the layout that can break nothing: a rule
// that names what does not exist would be disarmed by a rename, and nobody would know.
func (l layout) faults(t tree) []string {
	var faults []string
	used := map[door]bool{}
	for pkg, imports := range t.imports {
		if _, ok := l.place(pkg); !ok {
			faults = append(faults, fmt.Sprintf("%s stands on no floor: add it to one", pkg))
		}
		for _, i := range imports {
			if fault := l.climb(pkg, i, used); fault != "" {
				faults = append(faults, fault)
			}
			faults = append(faults, l.broken(pkg, i)...)
		}
	}
	faults = append(faults, l.dead(t)...)
	for _, d := range l.doors {
		if !used[d] && t.has(d.from) && t.has(d.to) {
			faults = append(faults, fmt.Sprintf("nobody uses the door from %s to %s: close it", d.from, d.to))
		}
	}
	slices.Sort(faults)
	return slices.Compact(faults)
}

// place is the floor that a package stands on: the one whose pattern describes it best.
func (l layout) place(pkg string) (level int, ok bool) {
	best := -1
	for i, f := range l.floors {
		for _, pattern := range f.rooms {
			if closeness := specificity(pattern, pkg); closeness > best {
				level, best = i, closeness
			}
		}
	}
	return level, best >= 0
}

// specificity is how well a pattern describes a package: itself before the closest folder above it; -1 for not at all.
func specificity(pattern, pkg string) int {
	switch {
	case !matches(pattern, pkg):
		return -1
	case pattern == pkg:
		return len(pkg) + 1
	}
	return len(strings.TrimSuffix(pattern, "/..."))
}

// climb says what is wrong with an import as seen from the floors, if anything is, and notes the door it went through.
func (l layout) climb(pkg string, i imported, used map[door]bool) string {
	from, ok := l.place(pkg)
	to, inside := l.place(i.path)
	if !ok || !inside || from < to {
		return ""
	}
	if from > to {
		return fmt.Sprintf("%s imports %s: %s do not know %s", i.file, i.path, l.floors[from].name, l.floors[to].name)
	}
	if !l.floors[from].apart || under(pkg, i.path) || under(i.path, pkg) {
		return "" // a folder and those below it are one room
	}
	for _, d := range l.doors {
		if d.from == pkg && d.to == i.path {
			used[d] = true
			return ""
		}
	}
	return fmt.Sprintf("%s imports %s: %s do not import each other", i.file, i.path, l.floors[from].name)
}

func (l layout) broken(pkg string, i imported) []string {
	var faults []string
	for _, r := range l.rules {
		if !matchesAny(r.rooms, pkg) || matchesAny(r.except, pkg) {
			continue
		}
		if matchesAny(r.never, i.path) || len(r.only) > 0 && !matchesAny(r.only, i.path) {
			faults = append(faults, fmt.Sprintf("%s imports %s: %s", i.file, i.path, r.why))
		}
	}
	return faults
}

// dead lists the patterns that match nothing and are not planned, and the plans that are none.
func (l layout) dead(t tree) []string {
	named := map[string]bool{}
	name := func(patterns ...string) {
		for _, p := range patterns {
			named[p] = true
		}
	}
	for _, f := range l.floors {
		name(f.rooms...)
	}
	for _, d := range l.doors {
		name(d.from, d.to)
	}
	for _, r := range l.rules {
		name(slices.Concat(r.rooms, r.except, r.only, r.never)...)
	}

	var faults []string
	for _, pattern := range slices.Sorted(maps.Keys(named)) {
		if !t.has(pattern) && !slices.Contains(l.planned, pattern) {
			faults = append(faults, fmt.Sprintf("the rules name %s, which does not exist", pattern))
		}
	}
	for _, pattern := range l.planned {
		switch {
		case !named[pattern]:
			faults = append(faults, fmt.Sprintf("%s is planned, but no rule names it", pattern))
		case t.has(pattern):
			faults = append(faults, fmt.Sprintf("%s exists now: take it off the planned ones", pattern))
		}
	}
	return faults
}

func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}
