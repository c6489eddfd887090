package ecr

import (
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Image is what Store needs of an image; every v1.Image has it.
type Image interface {
	RawManifest() ([]byte, error)
	MediaType() (types.MediaType, error)
	RawConfigFile() ([]byte, error)
	Layers() ([]v1.Layer, error)
}

// Store puts an image into a repository, which it makes if there is none, as if it had been pushed there long ago. The
// account must not be locked: an image can be large.
func (s *Service) Store(repository, tag string, img Image) (digest string, err error) {
	if err := s.storeLayers(repository, img); err != nil {
		return "", err
	}
	content, err := img.RawManifest()
	if err != nil {
		return "", fmt.Errorf("read the manifest: %w", err)
	}
	mediaType, err := img.MediaType()
	if err != nil {
		return "", fmt.Errorf("read the media type: %w", err)
	}
	s.acct.Lock()
	defer s.acct.Unlock()
	r := s.repositories[repository]
	if r == nil {
		r = s.addRepository(repository)
	}
	if digest := digestOf(content); r.tags[tag] == digest {
		return digest, nil
	}
	stored, err := s.put(r, content, string(mediaType), tag)
	if err != nil {
		return "", fmt.Errorf("store %s:%s: %w", repository, tag, err)
	}
	return stored.digest, nil
}

func (s *Service) storeLayers(repository string, img Image) error {
	config, err := img.RawConfigFile()
	if err != nil {
		return fmt.Errorf("read the image's configuration: %w", err)
	}
	s.layers.add(repository, digestOf(config), config)
	parts, err := img.Layers()
	if err != nil {
		return fmt.Errorf("read the image's layers: %w", err)
	}
	for _, layer := range parts {
		content, err := readLayer(layer)
		if err != nil {
			return fmt.Errorf("read a layer: %w", err)
		}
		s.layers.add(repository, digestOf(content), content)
	}
	return nil
}

func readLayer(layer v1.Layer) ([]byte, error) {
	compressed, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(compressed)
	if closed := compressed.Close(); err == nil {
		err = closed
	}
	return content, err
}
