package owner

import (
	"slices"

	"bluegreen/internal/docker"
)

// view is the containers there are, and what each of them is.
type view struct {
	foreign []docker.Container // of another instance
	failed  []docker.Container // ours, not healthy in time
	good    *docker.Container  // the oldest of ours that has ever run; nil if none has
	wanted  *docker.Container  // the youngest that is as configured; it may be the good one
	extra   []docker.Container // ours, and of no use
	ours    []docker.Container // all of ours
	top     int                // youngest generation of any
}

// look says what the containers are.
func (o *Owner) look(all []docker.Container) view {
	var v view
	var tries []docker.Container
	for _, c := range all {
		if c.Labels[LabelApp] == o.options.App {
			v.top = max(v.top, generation(c))
		}
		switch {
		case c.State == docker.Removing:
		case c.Labels[LabelInstance] != o.options.Instance:
			v.foreign = append(v.foreign, c)
		case c.Labels[LabelApp] != o.options.App:
		case c.State == docker.Dead:
			v.extra = append(v.extra, c)
		case failed(c):
			v.failed = append(v.failed, c)
		default:
			tries = append(tries, c)
		}
	}
	slices.SortStableFunc(tries, func(a, b docker.Container) int { return generation(a) - generation(b) })
	if i := slices.IndexFunc(tries, ran); i >= 0 {
		v.good = &tries[i]
	}
	if o.set {
		for i := range tries {
			if o.matches(tries[i]) {
				v.wanted = &tries[i]
			}
		}
	}
	for i := range tries {
		if &tries[i] != v.good && &tries[i] != v.wanted {
			v.extra = append(v.extra, tries[i])
		}
	}
	v.ours = slices.Concat(tries, v.failed)
	return v
}

// trial says whether a container is to take the place of the good one.
func (v view) trial() bool { return v.good != nil && v.wanted != nil && v.good != v.wanted }

// main is the container that serves, or is to.
func (v view) main() *docker.Container {
	if v.wanted != nil && (v.good == nil || up(*v.wanted) || !up(*v.good)) {
		return v.wanted
	}
	return v.good
}
