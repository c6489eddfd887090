package imds

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
)

// service is a metadata service of version 2, inside of this process.
type service struct {
	items  map[string]string // by path below /latest; what is not in it is not there
	fault  func(*http.Request) error
	status int    // of every answer to a request for an item, when it is not zero
	tokens string // "" or what becomes of requests for a token: "403 Forbidden" …

	token   int // the valid one
	asked   []string
	version []int // of each request for an item: 1 or 2
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	if s.fault != nil {
		if err := s.fault(r); err != nil {
			return nil, err
		}
	}
	w := httptest.NewRecorder()
	s.answer(w, r)
	out := w.Result()
	out.Request = r
	return out, nil
}

func (s *service) answer(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		if s.tokens != "" {
			code := 0
			_, _ = fmt.Sscanf(s.tokens, "%d", &code)
			http.Error(w, s.tokens, code)
			return
		}
		s.token++
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"))
		fmt.Fprintf(w, "token-%d", s.token)
		return
	}
	token := r.Header.Get("X-Aws-Ec2-Metadata-Token")
	if token == "" {
		s.version = append(s.version, 1)
	} else {
		s.version = append(s.version, 2)
	}
	item, found := s.items[strings.TrimPrefix(r.URL.Path, "/latest/")]
	switch {
	case token != fmt.Sprintf("token-%d", s.token):
		http.Error(w, "401 - Unauthorized", http.StatusUnauthorized)
	case s.status != 0:
		http.Error(w, item, s.status)
	case !found:
		http.Error(w, "404 - Not Found", http.StatusNotFound)
	default:
		fmt.Fprint(w, item)
	}
}

// with runs a test with a client of a service, in a bubble of its own time.
func with(t *testing.T, s *service, test func(t *testing.T, c *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, New(Options{HTTP: s})) })
	for _, v := range s.version {
		if v != 2 {
			t.Errorf("an item was asked for in version %d", v)
		}
	}
}

// refused is what every request meets.
func refused(*http.Request) error { return syscall.ECONNREFUSED }

// hang keeps a request waiting for as long as its sender does.
func hang(r *http.Request) error {
	<-r.Context().Done()
	return context.Cause(r.Context())
}

func kind(err error, kinds ...error) error {
	for _, k := range kinds {
		if errors.Is(err, k) {
			return k
		}
	}
	return nil
}
