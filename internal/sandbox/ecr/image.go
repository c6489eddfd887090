package ecr

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/wire"
)

// image is a manifest that has been pushed. What it names is there.
type image struct {
	digest    string
	mediaType string
	artifact  string // the media type of its configuration
	manifest  []byte
	size      int64 // of its layers, as they are transferred
	pushed    time.Time
	pulled    time.Time // zero if it never was
}

// manifest is what ECR reads of a manifest: of an image, or of a list of images.
type manifest struct {
	MediaType string       `json:"mediaType"`
	Config    *descriptor  `json:"config"`
	Layers    []descriptor `json:"layers"`
	Manifests []descriptor `json:"manifests"`
}

type descriptor struct {
	MediaType string   `json:"mediaType"`
	Digest    string   `json:"digest"`
	Size      int64    `json:"size"`
	URLs      []string `json:"urls"` // of layers that are elsewhere
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

var tagForm = pattern.Lazy(`^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,299}$`)

func isDigest(reference string) bool { return strings.HasPrefix(reference, "sha256:") }

// lookUp is the image that a tag or a digest names; nil when there is none.
func (r *repository) lookUp(reference string) *image {
	if isDigest(reference) {
		return r.images[reference]
	}
	return r.images[r.tags[reference]]
}

// tagsOf are the tags of an image, sorted.
func (r *repository) tagsOf(digest string) []string {
	var tags []string
	for _, tag := range slices.Sorted(maps.Keys(r.tags)) {
		if r.tags[tag] == digest {
			tags = append(tags, tag)
		}
	}
	return tags
}

// put stores an image and gives it a tag, if there is one: another image loses it. All that the image is made of must have
// been pushed before.
func (s *Service) put(r *repository, content []byte, mediaType, tag string) (*image, error) {
	made, err := s.read(r, content, mediaType)
	if err != nil {
		return nil, err
	}
	if tag != "" {
		if err := r.checkTag(tag, made.digest, s.acct.ID); err != nil {
			return nil, err
		}
	}
	known := r.images[made.digest]
	if known == nil {
		known = made
		r.images[made.digest] = made
	}
	if tag != "" {
		r.tags[tag] = made.digest
	}
	return known, nil
}

// read makes an image of a manifest.
func (s *Service) read(r *repository, content []byte, mediaType string) (*image, error) {
	var m manifest
	if err := json.Unmarshal(content, &m); err != nil {
		return nil, invalid("Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'")
	}
	if mediaType == "" {
		mediaType = m.MediaType
	}
	if mediaType == "" || m.MediaType != "" && m.MediaType != mediaType || m.Config == nil && m.Manifests == nil {
		return nil, invalid("Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid or unsupported manifest'")
	}
	made := &image{digest: digestOf(content), mediaType: mediaType, manifest: content, pushed: s.acct.Now()}
	if m.Config == nil {
		return made, s.checkList(r, m.Manifests)
	}
	made.artifact = m.Config.MediaType
	var absent []string
	for _, part := range append([]descriptor{*m.Config}, m.Layers...) {
		if _, ok := s.layers.size(r.name(), part.Digest); !ok && len(part.URLs) == 0 {
			absent = append(absent, part.Digest)
		}
	}
	for _, layer := range m.Layers {
		made.size += layer.Size
	}
	if len(absent) > 0 {
		return nil, wire.Errorf("LayersNotFoundException",
			"Layers with digests '[%s]' required for pushing image into repository with name '%s' in the registry with id '%s' do not exist",
			strings.Join(absent, ", "), r.name(), s.acct.ID)
	}
	return made, nil
}

func (s *Service) checkList(r *repository, parts []descriptor) error {
	var absent []string
	for _, part := range parts {
		if r.images[part.Digest] == nil {
			absent = append(absent, part.Digest)
		}
	}
	if len(absent) > 0 {
		return wire.Errorf("ReferencedImagesNotFoundException", "Images with digests '[%s]' required for pushing image into repository "+
			"with name '%s' in the registry with id '%s' do not exist", strings.Join(absent, ", "), r.name(), s.acct.ID)
	}
	return nil
}

// checkTag says whether an image may have a tag.
func (r *repository) checkTag(tag, digest, registryID string) error {
	holder, taken := r.tags[tag]
	switch {
	case !tagForm().MatchString(tag):
		return invalid("Invalid parameter at 'imageTag' failed to satisfy constraint: 'must satisfy regular expression '%s''", tagForm())
	case taken && holder == digest:
		return wire.Errorf("ImageAlreadyExistsException",
			"Image with digest '%s' and tag '%s' already exists in the repository with name '%s' in registry with id '%s'",
			digest, tag, r.name(), registryID)
	case taken && r.immutable():
		return wire.Errorf("ImageTagAlreadyExistsException",
			"The image tag '%s' already exists in the '%s' repository and cannot be overwritten because the repository is immutable.", tag, r.name())
	}
	return nil
}

// remove deletes an image with all of its tags.
func (r *repository) remove(digest string) {
	delete(r.images, digest)
	maps.DeleteFunc(r.tags, func(_, holder string) bool { return holder == digest })
}

// listing is a list of images that holds this one; "" when there is none.
func (r *repository) listing(digest string) string {
	for _, other := range r.images {
		var m manifest
		if json.Unmarshal(other.manifest, &m) == nil &&
			slices.ContainsFunc(m.Manifests, func(part descriptor) bool { return part.Digest == digest }) {
			return other.digest
		}
	}
	return ""
}
