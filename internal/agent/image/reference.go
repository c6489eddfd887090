package image

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

// Reference names an image in a registry, by tag or by digest.
type Reference struct {
	Registry   string // e.g. "docker.io", "localhost:5000"
	Repository string // as Docker lists it: with its registry, but for docker.io
	Tag        string // "latest" where neither tag nor digest is given
	Digest     string // "sha256:…"; it counts before the tag
}

// Parse reads a reference as one writes it after docker pull.
func Parse(text string) (Reference, error) {
	if scheme, rest, found := strings.Cut(text, "://"); found {
		return Reference{}, fmt.Errorf("image %q: a reference has no %s://, write %q", text, scheme, rest)
	}
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return Reference{}, fmt.Errorf("image %q: %w", text, err)
	}
	r := Reference{Registry: reference.Domain(named), Repository: reference.FamiliarName(named)}
	if d, ok := named.(reference.Digested); ok {
		r.Digest = d.Digest().String()
	}
	if t, ok := named.(reference.Tagged); ok {
		r.Tag = t.Tag()
	}
	if r.Tag == "" && r.Digest == "" {
		r.Tag = "latest"
	}
	return r, nil
}

func (r Reference) String() string {
	text := r.Repository
	if r.Tag != "" {
		text += ":" + r.Tag
	}
	if r.Digest != "" {
		text += "@" + r.Digest
	}
	return text
}

// Tagged is the repository with the tag, or nothing without one.
func (r Reference) Tagged() string {
	if r.Tag == "" {
		return ""
	}
	return r.Repository + ":" + r.Tag
}

// Pinned is the repository with a digest: what cannot come to mean something else.
func (r Reference) Pinned(digest string) string { return r.Repository + "@" + digest }

// parsePinned splits "repository@sha256:…".
func parsePinned(text string) (repository, digest string, ok bool) {
	repository, digest, ok = strings.Cut(text, "@")
	return repository, digest, ok && strings.HasPrefix(digest, "sha256:")
}

// repositoryOf is the repository of a reference as Docker lists it; empty for what is none, as an image's id.
func repositoryOf(text string) string {
	if strings.HasPrefix(text, "sha256:") {
		return ""
	}
	r, err := Parse(text)
	if err != nil {
		return ""
	}
	return r.Repository
}
