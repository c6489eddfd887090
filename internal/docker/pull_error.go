package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"

	"bluegreen/internal/pattern"
)

// PullKind is why a pull failed.
type PullKind string

// The kinds of failed pulls.
const (
	NotFound    PullKind = "not found"     // no such repository, tag, digest or platform
	Denied      PullKind = "denied"        // wrong or no credentials, or not allowed to
	Expired     PullKind = "token expired" // the credentials were right once
	Throttled   PullKind = "throttled"
	Unreachable PullKind = "unreachable" // the registry, or (ErrUnavailable) the daemon itself
	NoSpace     PullKind = "no space"    // the engine's disk is full
	Stalled     PullKind = "stalled"     // no progress within Begin or Inactivity
	Timeout     PullKind = "timed out"   // not done within Total, or at the caller's deadline
	Other       PullKind = "failed"
)

// PullError is a failed pull.
type PullError struct {
	Reference string
	Kind      PullKind
	Err       error
}

func (e *PullError) Error() string {
	return fmt.Sprintf("pull %s: %s: %s", e.Reference, e.Kind, saying(e.Err))
}

func (e *PullError) Unwrap() error { return e.Err }

// Terminal says that the same pull will fail again until somebody changes the reference, the registry or the
// credentials. An expired token is not terminal, nor is a full disk: both can be mended from here.
func (e *PullError) Terminal() bool {
	return e.Kind == NotFound || e.Kind == Denied || errors.Is(e.Err, ErrInvalid)
}

// pullError says why a pull failed: bounded is the context that it ran in, ctx its caller's.
func pullError(ctx, bounded context.Context, named reference.Named, ref string, err error) error {
	failed := &PullError{Reference: ref, Kind: Other, Err: err}
	var l late
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("pull %s: %w", ref, context.Cause(ctx))
	case ctx.Err() != nil:
		failed.Kind, failed.Err = Timeout, context.Cause(ctx)
	case errors.As(context.Cause(bounded), &l):
		failed.Kind, failed.Err = l.kind, l
	case errors.Is(err, ErrUnavailable):
		failed.Kind = Unreachable
	default:
		failed.Kind = pullKind(withoutNames(err.Error(), named), err)
	}
	if failed.Kind == Other && errdefs.IsInvalidArgument(err) {
		failed.Err = &Error{Op: "docker", Kind: ErrInvalid, Err: err}
	}
	return failed
}

// said maps what daemons and registries say to kinds. The order matters: an expired token and a full disk also come
// as "denied" and "failed", and a registry that hides what it has says "denied … does not exist".
var said = []struct {
	kind  PullKind
	texts []string
}{
	{NoSpace, []string{"no space left on device", "disk quota exceeded"}},
	{Expired, []string{"token has expired", "token is expired", "token expired", "expiredtoken"}},
	{Throttled, []string{"toomanyrequests", "too many requests", "rate exceeded", "rate limit", "throttl", "slowdown", "slow down"}},
	{Denied, []string{
		"denied", "unauthorized", "no basic auth credentials", "authentication required", "not authorized", "forbidden",
	}},
	{NotFound, []string{
		"manifest unknown", "name unknown", "no matching manifest", "does not match the specified platform", "not found",
		"name invalid", "blob unknown", "unknown blob",
	}},
	{Unreachable, []string{
		"connection refused", "connection reset", "connection timed out", "no such host", "server misbehaving",
		"temporary failure in name resolution", "network is unreachable", "no route to host", "i/o timeout",
		"tls handshake timeout", "tls:", "x509:", "certificate", "request canceled", "client.timeout", "deadline exceeded", "eof",
		"internal server error", "bad gateway", "service unavailable", "gateway timeout", "http status: 5", "unavailable",
		"use of closed network connection", "broken pipe", "server gave http response",
	}},
}

// pullKind goes by the text first: a daemon passes on what a registry said under a status of its own, and has none in
// the stream.
func pullKind(text string, err error) PullKind {
	for _, s := range said {
		for _, t := range s.texts {
			if strings.Contains(text, t) {
				return s.kind
			}
		}
	}
	switch {
	case errdefs.IsNotFound(err):
		return NotFound
	case errdefs.IsUnauthorized(err), errdefs.IsPermissionDenied(err):
		return Denied
	case errdefs.IsResourceExhausted(err):
		return Throttled
	case errdefs.IsUnavailable(err):
		return Unreachable
	}
	return Other
}

var link = pattern.Lazy(`https?://[^\s"]+`)

// withoutNames takes out what the user named, so that an image "shop/throttled" is not taken for an answer. Names that
// could be words of the answer are only taken out where they are marked as names.
func withoutNames(text string, named reference.Named) string {
	text = link().ReplaceAllString(text, "")
	for _, name := range []string{
		named.String(), reference.FamiliarString(named), reference.FamiliarString(reference.TagNameOnly(named)),
		named.Name(), reference.FamiliarName(named), reference.Path(named),
	} {
		if strings.ContainsAny(name, "/:@") {
			text = strings.ReplaceAll(text, name, "")
		}
		text = strings.NewReplacer("'"+name+"'", "", "\""+name+"\"", "", "Name:"+name, "").Replace(text)
	}
	return strings.ToLower(text)
}
