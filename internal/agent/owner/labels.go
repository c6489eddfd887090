package owner

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"bluegreen/internal/docker"
)

// The labels of our containers. They are the truth, and part of the contract with whoever looks at them.
const (
	LabelApp        = "bluegreen.app"
	LabelColor      = "bluegreen.color"
	LabelInstance   = "bluegreen.instance"
	LabelImage      = "bluegreen.image"        // as configured
	LabelDigest     = "bluegreen.digest"       // of the image that runs
	LabelPrevious   = "bluegreen.previous"     // digest of the good image before it, if it is another one
	LabelConfig     = "bluegreen.config"       // hash
	LabelGeneration = "bluegreen.generation"   // from 1
	LabelStop       = "bluegreen.stop-timeout" // e.g. "30s"
	LabelAgent      = "bluegreen.agent"        // version of the agent that made it
)

// failedSuffix ends the name of a container that was not healthy in time.
const failedSuffix = "-failed"

// name is what the container of a generation is called.
func name(app string, generation int) string { return fmt.Sprintf("%s-%d", app, generation) }

func generation(c docker.Container) int {
	n, err := strconv.Atoi(c.Labels[LabelGeneration])
	if err != nil {
		return 0
	}
	return n
}

func failed(c docker.Container) bool { return strings.HasSuffix(c.Name, failedSuffix) }

// ran says whether a container has ever run.
func ran(c docker.Container) bool { return !c.StartedAt.IsZero() }

// up says whether a container has processes, or will have again without our doing.
func up(c docker.Container) bool {
	return c.State == docker.Running || c.State == docker.Paused || c.State == docker.Restarting
}

// stopTimeout is how long a container was promised to be given.
func stopTimeout(c docker.Container) time.Duration {
	d, err := time.ParseDuration(c.Labels[LabelStop])
	if err != nil || d <= 0 {
		return 30 * time.Second
	}
	return d
}

// matches says whether a container is what there is to be. What the image is called counts, and its digest if that has
// been asked for: a tag that has moved on since is no reason to replace what runs.
func (m *memory) matches(c docker.Container) bool {
	return c.Labels[LabelConfig] == m.desired.Config && c.Labels[LabelImage] == m.desired.Image &&
		(m.image == nil || m.image.Digest == c.Labels[LabelDigest])
}

// spec is the container to create.
func (o *Owner) spec(v view) docker.Spec {
	s := o.desired.Spec
	s.Name, s.Image, s.StopTimeout = name(o.options.App, o.generation), o.image.Pinned, o.desired.StopTimeout
	s.Restart = o.restart()
	s.Labels = maps.Clone(s.Labels)
	if s.Labels == nil {
		s.Labels = map[string]string{}
	}
	maps.Copy(s.Labels, map[string]string{
		LabelApp: o.options.App, LabelColor: o.options.Color, LabelInstance: o.options.Instance, LabelAgent: o.options.Version,
		LabelImage: o.desired.Image, LabelDigest: o.image.Digest, LabelConfig: o.desired.Config,
		LabelGeneration: strconv.Itoa(o.generation), LabelStop: o.desired.StopTimeout.String(),
	})
	if previous := v.previous(o.image.Digest); previous != "" {
		s.Labels[LabelPrevious] = previous
	}
	return s
}

// previous is the digest of the last good image that is another one.
func (v view) previous(digest string) string {
	if v.good == nil {
		return ""
	}
	if d := v.good.Labels[LabelDigest]; d != digest {
		return d
	}
	return v.good.Labels[LabelPrevious]
}
