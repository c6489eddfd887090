package prune

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Decide judges images: by what uses them, by the policy and by the rung of the ladder on which they stand at a time. It
// wants all images of the account, of every region and in every state, because what is the newest depends on the others.
// The verdicts are sorted by region, newest first.
func Decide(images []Image, uses Uses, policy Policy, now time.Time) []Verdict {
	j := judge{policy: policy, uses: uses, now: now, rank: rank(images, policy), copies: copies(images)}
	verdicts := make([]Verdict, 0, len(images))
	for _, i := range images {
		verdicts = append(verdicts, j.image(i))
	}
	slices.SortFunc(verdicts, func(a, b Verdict) int { return order(a.Image, b.Image) })
	return verdicts
}

// order is by region, newest first; ids decide between images made at one time.
func order(a, b Image) int {
	return cmp.Or(cmp.Compare(a.Region, b.Region), b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
}

// ours says that an image is amibake's, of this app. Groups of the app, and so their instances, have its tags, too, and what backs
// up instances copies them: the key of a bake is on nothing but what a bake has made.
func (p Policy) ours(i Image) bool { return i.Managed && i.Key != "" && i.App != "" && i.App == p.App }

// rank numbers the verified images of each region that can be launched, from the newest on: 1 is the newest.
func rank(images []Image, policy Policy) map[Ref]int {
	var verified []Image
	for _, i := range images {
		if policy.ours(i) && i.Status == Verified && i.State == Available {
			verified = append(verified, i)
		}
	}
	slices.SortFunc(verified, order)
	ranks, perRegion := map[Ref]int{}, map[string]int{}
	for _, i := range verified {
		perRegion[i.Region]++
		ranks[i.Ref] = perRegion[i.Region]
	}
	return ranks
}

// copies finds what is still being copied, by its source.
func copies(images []Image) map[Ref][]Use {
	found := map[Ref][]Use{}
	for _, i := range images {
		if i.Source.ID != "" && i.State == Pending {
			found[i.Source] = append(found[i.Source], Use{fmt.Sprintf("copy %s (pending)", i.Ref)})
		}
	}
	return found
}

// judge is all that the verdict on one image needs to know of the others.
type judge struct {
	policy Policy
	uses   Uses
	now    time.Time
	rank   map[Ref]int
	copies map[Ref][]Use
}

func (j judge) image(i Image) Verdict {
	if reason := j.stranger(i); reason != "" {
		return Verdict{Image: i, Action: Keep, Reasons: []string{reason}}
	}
	v := Verdict{Image: i, Action: Keep, Uses: slices.Concat(j.uses.of(i), j.copies[i.Ref])}
	for _, u := range v.Uses {
		v.Reasons = append(v.Reasons, "in use by "+u.By)
	}
	v.Reasons = append(v.Reasons, j.kept(i)...)
	if len(v.Reasons) > 0 {
		if i.State == Disabled {
			v.Reasons = append(v.Reasons, "disabled: nothing can be launched from it before EnableImage")
		}
		return v
	}
	v.Action, v.Reasons = j.rung(i)
	return v
}

// stranger says why an image is none of our business, if it is not.
func (j judge) stranger(i Image) string {
	switch {
	case !i.Managed || i.Key == "" || i.App == "":
		return "not made by amibake: its tags are missing"
	case i.App != j.policy.App:
		return "belongs to app " + i.App
	}
	return ""
}

// kept lists why the policy does not let an image go.
func (j judge) kept(i Image) []string {
	var reasons []string
	if i.State != Available && i.State != Disabled {
		reasons = append(reasons, fmt.Sprintf("its state is %q: prune leaves it to amibake sweep", i.State))
	}
	if n := j.rank[i.Ref]; n > 0 && n <= j.policy.Newest {
		reasons = append(reasons, newest(n, j.policy.Newest))
	}
	switch age := j.now.Sub(i.Created); {
	case i.Created.IsZero():
		reasons = append(reasons, "nobody knows when it was made")
	case age < j.policy.Young:
		reasons = append(reasons, fmt.Sprintf("made %s ago, less than %s", span(age), span(j.policy.Young)))
	}
	return reasons
}

func newest(n, of int) string {
	switch {
	case of == 1:
		return "the newest verified image"
	case n == 1:
		return fmt.Sprintf("the newest of the %d verified images that are kept", of)
	}
	return fmt.Sprintf("number %d of the %d newest verified images", n, of)
}

// span is a duration for people: days from two days on, else hours, minutes and seconds.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return d.Round(time.Second).String()
}
