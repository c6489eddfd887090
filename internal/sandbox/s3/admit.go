package s3

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/wire"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"
	maxExpires = 604800 // seconds: a week
)

var signatureForm = pattern.Lazy(`^[0-9a-f]{64}$`)

// admit says what keeps a request out: every bucket is private, so it has to be signed, in its headers or in its query.
func (s *Service) admit(r *http.Request) *wire.Error {
	query := r.URL.Query()
	if query.Has("X-Amz-Algorithm") || query.Has("X-Amz-Signature") {
		return s.admitPresigned(query)
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), algorithm) {
		return denied("Access Denied")
	}
	return nil
}

// admitPresigned checks a URL that was signed beforehand: it is good from the time in it for so many seconds. They are
// the client's to count, so they pass no faster in an account that is sped up.
func (s *Service) admitPresigned(query url.Values) *wire.Error {
	for _, name := range []string{"Algorithm", "Credential", "Signature", "Date", "SignedHeaders", "Expires"} {
		if query.Get("X-Amz-"+name) == "" {
			return malformed("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, " +
				"X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
		}
	}
	if query.Get("X-Amz-Algorithm") != algorithm {
		return malformed("X-Amz-Algorithm only supports \"" + algorithm + "\"")
	}
	begin, err := time.Parse(timeFormat, query.Get("X-Amz-Date"))
	if err != nil {
		return malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
	}
	seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	switch {
	case err != nil:
		return malformed("X-Amz-Expires should be a number")
	case seconds < 1:
		return malformed("X-Amz-Expires must be non-negative")
	case seconds > maxExpires:
		return malformed("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	if !signatureForm().MatchString(query.Get("X-Amz-Signature")) {
		return wire.Errorf("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "+
			"Check your key and signing method.").WithStatus(http.StatusForbidden)
	}
	const skew = 15 * time.Minute // by which the client's clock may be ahead
	switch now := s.acct.Now(); {
	case now.Before(begin.Add(-skew)):
		return denied("Request is not yet valid")
	case !now.Before(begin.Add(time.Duration(seconds) * time.Second)):
		return denied("Request has expired")
	}
	return nil
}

func denied(message string) *wire.Error {
	return wire.Errorf("AccessDenied", "%s", message).WithStatus(http.StatusForbidden)
}

func malformed(message string) *wire.Error {
	return wire.Errorf("AuthorizationQueryParametersError", "%s", message).WithStatus(http.StatusBadRequest)
}
