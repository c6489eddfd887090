package prune

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// DecideSnapshots judges snapshots that seem to have lost their image. Images are those that are there; a snapshot of one
// of them is kept, whatever was said about it. That no other image has it, AWS makes sure of: it refuses to delete one in use.
func DecideSnapshots(snapshots []Snapshot, images []Image, policy Policy, now time.Time) []SnapshotVerdict {
	there := map[Ref]Ref{}
	for _, i := range images {
		there[i.Ref] = i.Ref
		for _, s := range i.Snapshots {
			there[Ref{i.Region, s}] = i.Ref
		}
	}
	verdicts := make([]SnapshotVerdict, 0, len(snapshots))
	for _, s := range snapshots {
		verdicts = append(verdicts, judgeSnapshot(s, there, policy, now))
	}
	slices.SortFunc(verdicts, func(a, b SnapshotVerdict) int {
		return cmp.Or(cmp.Compare(a.Snapshot.Region, b.Snapshot.Region), b.Snapshot.Created.Compare(a.Snapshot.Created), cmp.Compare(b.Snapshot.ID, a.Snapshot.ID))
	})
	return verdicts
}

func judgeSnapshot(s Snapshot, there map[Ref]Ref, policy Policy, now time.Time) SnapshotVerdict {
	keep := func(format string, args ...any) SnapshotVerdict {
		return SnapshotVerdict{Snapshot: s, Action: Keep, Reasons: []string{fmt.Sprintf(format, args...)}}
	}
	image, found := there[s.Ref]
	if !found && s.Image != "" {
		image, found = there[Ref{s.Region, s.Image}]
	}
	age := now.Sub(s.Created)
	switch {
	case !s.Managed || s.Key == "" || s.App == "":
		return keep("not made by amibake: its tags are missing")
	case s.App != policy.App:
		return keep("belongs to app %s", s.App)
	case found:
		return keep("belongs to %s", image)
	case s.State != Completed:
		return keep("its state is %q", s.State)
	case s.Created.IsZero():
		return keep("nobody knows when it was made")
	case age < policy.Orphan:
		return keep("made %s ago, less than %s", span(age), span(policy.Orphan))
	}
	gone := "no image has it"
	if s.Image != "" {
		gone = s.Image + " is gone"
	}
	return SnapshotVerdict{Snapshot: s, Action: Delete, Reasons: []string{gone, span(age) + " old"}}
}
