package prune_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegreen/internal/bake/prune"
)

// oracle says what has to become of an image in the next run. It knows nothing of checks: it launches, on paper, everything
// that can be launched in the account, and looks for the image among what comes up.
// It goes by what is broken in the regions in which somebody looks.
func (a *account) oracle(ref prune.Ref, looked ...string) prune.Action {
	i, ok := a.find(ref)
	if !ok {
		return "nothing: it is gone"
	}
	if a.hidden(looked) || a.protects(i) && !onlyFromEnding(a, i) {
		return prune.Keep
	}
	now := time.Now()
	past := func(t time.Time, d time.Duration) bool { return !t.IsZero() && !t.Add(d).After(now) }
	disabled, noted := i.State == prune.Disabled, !i.DisabledAt.IsZero()
	switch {
	case disabled && noted && i.Protected, disabled && noted && !past(i.DisabledAt, policy.Deregister):
		return prune.Keep
	case disabled && noted:
		return prune.Deregister
	case disabled, past(i.Deprecated, policy.Disable):
		return prune.Disable
	case past(i.Deprecated, -2*time.Minute):
		return prune.Keep
	}
	return prune.Deprecate
}

func (a *account) find(ref prune.Ref) (prune.Image, bool) {
	n := slices.IndexFunc(a.images, func(i prune.Image) bool { return i.Ref == ref })
	if n < 0 {
		return prune.Image{}, false
	}
	return a.images[n], true
}

// hidden says that what is broken keeps uses from being seen. Nobody resolves an alias where there is none, or where no image
// is asked about, and reports may not be wanted.
func (a *account) hidden(looked []string) bool {
	switch {
	case slices.ContainsFunc(looked, a.dangling):
		return true
	case a.broken["usage reports"]:
		return !a.noReports
	}
	return len(a.broken) > 0 && !a.broken["snapshots"] && !a.broken["resolve"]
}

// dangling says that something in a region would launch what a parameter names that cannot be read, or that is not there. Nobody
// resolves it where no image is asked about.
func (a *account) dangling(region string) bool {
	ours := func(i prune.Image) bool { return i.Region == region && baked(i) }
	return slices.ContainsFunc(a.images, ours) && slices.ContainsFunc(a.launched(region), func(image string) bool {
		parameter, ok := strings.CutPrefix(image, "resolve:ssm:")
		if !ok {
			return false
		}
		_, err := a.resolve(region, parameter)
		return err != nil
	})
}

// baked says that an image is one that a bake of the app has made: what carries less than all three tags is somebody else's.
func baked(i prune.Image) bool { return i.Managed && i.Key != "" && i.App == "shop" }

// protects says that an image may never go as things are, whatever its rung on the ladder.
func (a *account) protects(i prune.Image) bool {
	switch {
	case !baked(i), i.State != prune.Available && i.State != prune.Disabled, i.Protected, a.needs(i):
		return true
	case time.Since(i.Created) < policy.Young:
		return true
	}
	return i.Status == prune.Verified && i.State == prune.Available && a.newer(i) < policy.Newest
}

// onlyFromEnding says that nothing but its protection keeps an image, which lets it come down to the last rung.
func onlyFromEnding(a *account, i prune.Image) bool {
	if !i.Protected {
		return false
	}
	i.Protected = false
	return !a.protects(i)
}

func (a *account) newer(than prune.Image) int {
	n := 0
	for _, i := range a.images {
		later := i.Created.After(than.Created) || i.Created.Equal(than.Created) && i.ID > than.ID
		if i.Region == than.Region && baked(i) && i.Status == prune.Verified && i.State == prune.Available && later {
			n++
		}
	}
	return n
}

// needs says that somebody needs an image.
func (a *account) needs(i prune.Image) bool {
	for _, m := range a.instances {
		if m.region == i.Region && m.image == i.ID && m.state != "terminated" {
			return true
		}
	}
	for _, image := range a.launched(i.Region) {
		if parameter, ok := strings.CutPrefix(image, "resolve:ssm:"); ok {
			image, _ = a.resolve(i.Region, parameter)
			if strings.HasPrefix(image, "{") {
				continue // no image: the launch fails
			}
		}
		if image == i.ID {
			return true
		}
	}
	for _, p := range a.params {
		if p.region == i.Region && strings.Contains(p.values[len(p.values)-1], i.ID) {
			return true
		}
	}
	for _, r := range a.runs {
		if !r.Ended && slices.Contains(r.Images, i.ID) {
			return true
		}
	}
	for _, c := range a.images {
		if c.Source == i.Ref && c.State == prune.Pending {
			return true
		}
	}
	if a.noReports {
		return len(i.SharedWith) > 0
	}
	return slices.ContainsFunc(a.reports, func(r report) bool { return r.image == i.ID })
}

// launched is what everything that launches in a region would bring up now: ids and aliases.
func (a *account) launched(region string) []string {
	var images []string
	for _, c := range a.configs {
		if c.region == region {
			images = append(images, c.image)
		}
	}
	for _, t := range a.templates {
		if t.region != region {
			continue
		}
		images = append(images, t.launch("$Latest"), t.launch("$Default"))
		// A version of somebody else's may be launched by whoever knows its number, one of ours by a run that goes on or back.
		busy := slices.ContainsFunc(a.runs, func(r prune.Run) bool { return !r.Ended && slices.Contains(r.Templates, t.id) })
		for n := range t.versions {
			if busy || !slices.Contains(t.ours, n+1) {
				images = append(images, t.launch(fmt.Sprint(n+1)))
			}
		}
	}
	for _, g := range a.groups {
		for _, l := range g.launches {
			if g.region != region {
				continue
			}
			images = append(images, l.Image)
			for _, t := range a.templates {
				if t.region == region && (t.id == l.Template || t.name == l.Template) {
					images = append(images, t.launch(l.Version))
				}
			}
		}
	}
	return images
}

// launch is the image of a version, "" if there is no such version.
func (t template) launch(version string) string {
	switch version {
	case "$Latest":
		return t.versions[len(t.versions)-1]
	case "$Default", "":
		return t.versions[t.standard-1]
	}
	for n, image := range t.versions {
		if version == fmt.Sprint(n+1) {
			return image
		}
	}
	return ""
}

// orphan says that a snapshot has to go.
func (a *account) orphan(s prune.Snapshot) bool {
	_, there := a.find(prune.Ref{Region: s.Region, ID: s.Image})
	return s.Managed && s.Key != "" && s.App == "shop" && !there && s.State == prune.Completed && time.Since(s.Created) >= policy.Orphan
}
