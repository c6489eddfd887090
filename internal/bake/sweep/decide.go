package sweep

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Facts are what a decision goes by.
type Facts struct {
	Items  []Item
	Failed map[Kind]error   // kinds that could not be listed
	Lives  map[string]error // runs of which it is known: nil for a dead one, what speaks for its life for another
	Uses   map[Ref][]Use    // of the images of which it is known; empty for one that nobody uses
	Unsure error            // uses could not be determined
}

// Decide finds the leftovers among the items. Those that are kept are among the findings; what is no leftover is not. The
// findings are sorted by kind, region, run and id.
func Decide(f Facts, policy Policy, now time.Time) []Finding {
	j := judge{Facts: f, policy: policy, now: now, there: map[Ref]bool{}, swept: map[Ref]bool{}}
	for _, i := range f.Items {
		j.see(i)
	}
	var findings []Finding
	for _, kind := range kinds { // instances first: what they use is free when they are gone
		for _, i := range f.Items {
			if i.Kind != kind || !j.leftover(i) {
				continue
			}
			found := j.judge(i)
			if kind == Instance && found.Action == Remove {
				j.swept[i.Ref] = true
			}
			findings = append(findings, found)
		}
	}
	slices.SortFunc(findings, func(a, b Finding) int { return order(a.Item, b.Item) })
	return findings
}

func order(a, b Item) int {
	return cmp.Or(
		cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), cmp.Compare(a.Region, b.Region),
		cmp.Compare(a.Run, b.Run), cmp.Compare(a.ID, b.ID),
	)
}

type judge struct {
	Facts
	policy Policy
	now    time.Time
	there  map[Ref]bool // images and the snapshots that they have
	swept  map[Ref]bool // instances that go, or are going
}

func (j judge) see(i Item) {
	switch i.Kind {
	case Instance:
		j.swept[i.Ref] = j.ours(i) && i.ends()
	case Image:
		j.there[i.Ref] = true
		for _, s := range i.Snapshots {
			j.there[Ref{i.Region, s}] = true
		}
	}
}

func (j judge) ours(i Item) bool { return i.Managed && i.App != "" && i.App == j.policy.App }

// ends says that an instance of a builder or of a test is on its way out.
func (i Item) ends() bool {
	return i.Role != "" && (i.State == "terminated" || i.State == "shutting-down")
}

// leftover says that a thing is one that a run makes and takes away again, or makes something better of. Whether the run is
// still about to, is another question.
func (j judge) leftover(i Item) bool {
	if !j.ours(i) {
		return false
	}
	switch i.Kind {
	case Instance:
		return i.Role != "" && !i.ends()
	case Image:
		return i.Status != Verified && i.State != "deregistered"
	case Snapshot:
		return !j.there[i.Ref] && (i.Image == "" || !j.there[Ref{i.Region, i.Image}])
	}
	return true
}

func (j judge) judge(i Item) Finding {
	reasons := j.keep(i)
	if len(reasons) > 0 {
		return Finding{Item: i, Action: Keep, Reasons: reasons}
	}
	return Finding{Item: i, Action: Remove, Reasons: []string{"run " + i.Run + " is dead", j.old(i)}}
}

// keep lists why a leftover must stay.
func (j judge) keep(i Item) []string {
	var reasons []string
	if reason := j.young(i); reason != "" {
		reasons = append(reasons, reason)
	}
	if i.Kind == Snapshot && j.Failed[Image] != nil {
		reasons = append(reasons, fmt.Sprintf("unknown whether its image is gone: %v", j.Failed[Image]))
	}
	if i.Kind == Snapshot && i.State == "pending" {
		reasons = append(reasons, "somebody is still writing it")
	}
	switch life, known := j.Lives[i.Run]; {
	case i.Run == "":
		reasons = append(reasons, "its tags name no run")
	case !known:
		reasons = append(reasons, "unknown whether run "+i.Run+" lives")
	case life != nil:
		reasons = append(reasons, life.Error())
	}
	if i.Kind == Image {
		reasons = append(reasons, j.used(i)...)
	}
	return reasons
}

// young says why it is too early, if it is.
func (j judge) young(i Item) string {
	if i.Kind == Instance && !i.Expires.IsZero() {
		if i.Expires.After(j.now) {
			return "expires at " + stamp(i.Expires)
		}
		return ""
	}
	switch age := j.now.Sub(i.Created); {
	case i.Created.IsZero():
		return "nobody knows when it was made"
	case age < j.policy.Grace:
		return fmt.Sprintf("made %s ago, less than %s", span(age), span(j.policy.Grace))
	}
	return ""
}

func (j judge) old(i Item) string {
	if i.Kind == Instance && !i.Expires.IsZero() {
		return "expired at " + stamp(i.Expires)
	}
	return "made at " + stamp(i.Created)
}

// used lists who needs an image, apart from instances that go themselves.
func (j judge) used(i Item) []string {
	if j.Unsure != nil {
		return []string{fmt.Sprintf("in use by unknown: %v", j.Unsure)}
	}
	uses, known := j.Uses[i.Ref]
	if !known {
		return []string{"in use by unknown: nobody has looked"}
	}
	var reasons []string
	for _, u := range uses {
		if u.Instance == "" || !j.swept[Ref{i.Region, u.Instance}] {
			reasons = append(reasons, "in use by "+u.By)
		}
	}
	slices.Sort(reasons)
	return slices.Compact(reasons)
}

// span is a duration for people: hours from two hours on, else minutes and seconds.
func span(d time.Duration) string {
	switch {
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return d.Round(time.Second).String()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
