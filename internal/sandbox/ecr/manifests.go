package ecr

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"

	"bluegreen/internal/sandbox/wire"
)

// maxManifest is how large a manifest may be, in bytes.
const maxManifest = 4 << 20

func (s *Service) getManifest(w http.ResponseWriter, asked request) {
	found := s.pull(asked)
	if found == nil {
		refuse(w, &wire.Error{Code: "MANIFEST_UNKNOWN", Message: "Requested image not found", Status: http.StatusNotFound})
		return
	}
	w.Header().Set("Content-Type", found.mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(found.manifest)))
	w.Header().Set("Docker-Content-Digest", found.digest)
	w.WriteHeader(http.StatusOK)
	if asked.Method == http.MethodGet {
		_, _ = w.Write(found.manifest) // a client that has gone needs no reply
	}
}

// pull is the image that is asked for, and notes that it was; nil when there is none. Of what comes back only the time of
// the last pull ever changes, which is not to be read without the lock.
func (s *Service) pull(asked request) *image {
	s.acct.Lock()
	defer s.acct.Unlock()
	r := s.repositories[asked.repository]
	if r == nil {
		return nil
	}
	found := r.lookUp(asked.reference)
	if found != nil && asked.Method == http.MethodGet {
		found.pulled = s.acct.Now()
	}
	return found
}

func (s *Service) putManifest(w http.ResponseWriter, asked request) {
	content, err := io.ReadAll(http.MaxBytesReader(w, asked.Body, maxManifest))
	if err != nil {
		refuse(w, &wire.Error{Code: "SIZE_INVALID", Message: "The manifest could not be read whole.", Status: http.StatusBadRequest})
		return
	}
	mediaType, _, _ := mime.ParseMediaType(asked.Header.Get("Content-Type")) // without one, the manifest says it itself
	stored, refused := s.push(asked, content, mediaType)
	if refused != nil {
		refuse(w, outward(refused))
		return
	}
	w.Header().Set("Docker-Content-Digest", stored.digest)
	w.Header().Set("Location", "/v2/"+asked.repository+"/manifests/"+stored.digest)
	w.WriteHeader(http.StatusCreated)
}

func (s *Service) push(asked request, content []byte, mediaType string) (*image, *wire.Error) {
	s.acct.Lock()
	defer s.acct.Unlock()
	r := s.repositories[asked.repository]
	if r == nil {
		return nil, unknownRepository(asked.repository, s.acct.ID)
	}
	tag := asked.reference
	if isDigest(tag) {
		if tag != digestOf(content) {
			return nil, invalid("The manifest's digest is %s, not %s.", digestOf(content), tag)
		}
		tag = ""
	}
	stored, err := s.put(r, content, mediaType, tag)
	var refused *wire.Error
	if errors.As(err, &refused) {
		// To push what is there already is no fault, unless nothing may ever be pushed twice.
		if refused.Code == "ImageAlreadyExistsException" && !r.immutable() {
			return r.lookUp(tag), nil
		}
		return nil, refused
	}
	return stored, nil
}

func (s *Service) listTags(w http.ResponseWriter, asked request) {
	s.acct.Lock()
	tags := []string{}
	if r := s.repositories[asked.repository]; r != nil {
		tags = append(tags, slices.Sorted(maps.Keys(r.tags))...)
	}
	s.acct.Unlock()
	body, err := json.Marshal(map[string]any{"name": asked.repository, "tags": tags})
	if err != nil {
		panic(err) // strings can always be written
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // a client that has gone needs no reply
}
