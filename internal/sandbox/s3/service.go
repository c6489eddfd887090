// Package s3 is the sandbox's S3, as far as files are staged in it: buckets, objects, listings, uploads in parts, and URLs
// that are signed beforehand. Objects live in memory, in the backend of gofakes3; what stands around it here admits
// requests, refuses what that library would take for something else, and puts right where its answers are not S3's.
//
// Every bucket is private. That a request is signed, by whom and until when is checked; the signature itself is not.
package s3

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

// SigningName is what requests to S3 are signed for.
const SigningName = "s3"

// Service is S3 in one account. It guards itself: the account need not be locked around it.
type Service struct {
	acct    *account.Account
	store   *s3mem.Backend
	handler http.Handler
}

// New makes an S3 without buckets.
func New(acct *account.Account) *Service {
	clock := clock{acct}
	store := s3mem.New(s3mem.WithTimeSource(clock), s3mem.WithVersionSeed(1))
	fake := gofakes3.New(store, gofakes3.WithTimeSource(clock), gofakes3.WithUnimplementedPageError(), gofakes3.WithoutVersioning())
	return &Service{acct: acct, store: store, handler: fake.Server()}
}

// clock is the account's.
type clock struct{ *account.Account }

func (c clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// CreateBucket makes a bucket, which must not be there.
func (s *Service) CreateBucket(name string) error {
	if err := gofakes3.ValidateBucketName(name); err != nil {
		return fmt.Errorf("create bucket %q: %w", name, err)
	}
	if err := s.store.CreateBucket(name); err != nil {
		return fmt.Errorf("create bucket %q: %w", name, err)
	}
	return nil
}

// API is S3 as it stands beside the other APIs: with a protocol that is its own. Buckets are named in the path.
func (s *Service) API() wire.Beside {
	return wire.Beside{
		Name:      SigningName,
		Operation: operation,
		Refuse:    refuse,
		Throttled: wire.Error{Code: "SlowDown", Message: "Please reduce your request rate.", Status: http.StatusServiceUnavailable},
		Handler:   http.HandlerFunc(s.serve),
	}
}

// Claims says whether a request that nobody has signed would be for S3: on AWS it is the host that says so.
func (s *Service) Claims(r *http.Request) bool {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	exists, err := s.store.BucketExists(bucket)
	return err == nil && exists
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	if e := s.admit(r); e != nil {
		refuse(w, e)
		return
	}
	name := operation(r)
	if name == "" {
		refuse(w, wire.Errorf("NotImplemented", "A header or query you provided requests a function that is not implemented.").
			WithStatus(http.StatusNotImplemented))
		return
	}
	if r.ContentLength >= 0 {
		r.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10)) // which may be known from elsewhere
	}
	if err := unwrap(r); err != nil {
		refuse(w, wire.Errorf("IncompleteBody", "%v", err).WithStatus(http.StatusBadRequest))
		return
	}
	// The library keeps what begins with X-Amz- and gives it to those who read the object.
	for _, private := range []string{"X-Amz-Security-Token", "X-Amz-Content-Sha256", "X-Amz-Sdk-Checksum-Algorithm"} {
		r.Header.Del(private)
	}
	if name == "HeadBucket" {
		w.Header().Set("X-Amz-Bucket-Region", s.acct.Region)
	}
	s.handler.ServeHTTP(&reply{ResponseWriter: w}, r)
}

// reply is on its way from the library to the client.
type reply struct {
	http.ResponseWriter
	begun bool
}

// WriteHeader takes from a part of an object the checksum of the whole.
func (w *reply) WriteHeader(status int) {
	if w.begun {
		return // the library says twice how it went when something fails late
	}
	w.begun = true
	if status == http.StatusPartialContent {
		for name := range w.Header() {
			if strings.HasPrefix(name, "X-Amz-Checksum-") {
				w.Header().Del(name)
			}
		}
	}
	if status >= http.StatusBadRequest {
		w.Header().Set("Content-Type", "application/xml")
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *reply) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.ResponseWriter.Write(p)
}
