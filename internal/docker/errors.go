package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"bluegreen/internal/pattern"
)

// The kinds of errors. Match them with errors.Is.
var (
	ErrNotFound    = errors.New("not found")            // no such container, image or network
	ErrConflict    = errors.New("name taken")           // of a container
	ErrInUse       = errors.New("in use")               // a container runs or is being removed; an image has containers or other names
	ErrNotRunning  = errors.New("not running")          // there is no process to signal or to measure
	ErrPortInUse   = errors.New("port in use")          // another container or process has the host port
	ErrInvalid     = errors.New("invalid")              // the daemon will never do this
	ErrUnavailable = errors.New("docker not reachable") // the daemon is down, going down, or does not answer
)

// Error is a failed call in the words of what it was for. When the caller's context ended it, it is that context's
// error and of no kind.
type Error struct {
	Op   string // what was being done, e.g. `start container "shop-1"`
	Kind error  // one of the kinds above, or nil
	Err  error  // what the daemon or the connection said
}

func (e *Error) Error() string { return e.Op + ": " + saying(e.Err) }

// Unwrap gives both the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Kind == nil {
		return []error{e.Err}
	}
	return []error{e.Kind, e.Err}
}

var (
	userInfo = pattern.Lazy(`(https?://)[^/\s"'@]+@`)
	query    = pattern.Lazy(`(https?://[^\s"'?]+)\?[^\s"']*`)
)

// saying is the error's text without the client's preface, and without the parts of URLs in which there are credentials:
// registries send the daemon to signed ones for layers, and its errors repeat them.
func saying(err error) string {
	text := strings.TrimPrefix(err.Error(), "Error response from daemon: ")
	return query().ReplaceAllString(userInfo().ReplaceAllString(text, "$1…@"), "$1?…")
}

// silence is the cause of a deadline of ours, as opposed to the caller's.
type silence struct{ limit time.Duration }

func (s silence) Error() string        { return fmt.Sprintf("the daemon did not answer within %v", s.limit) }
func (s silence) Is(target error) bool { return target == context.DeadlineExceeded }

// explain says of what kind a failure is; ctx is the one that the request was made with.
func explain(ctx context.Context, r request, err error) *Error {
	failed := &Error{Op: r.doing, Err: err}
	var silent silence
	switch {
	case errors.As(context.Cause(ctx), &silent):
		failed.Kind, failed.Err = ErrUnavailable, silent
	case ctx.Err() != nil:
		failed.Err = context.Cause(ctx)
	case disconnected(err), errdefs.IsUnavailable(err):
		failed.Kind = ErrUnavailable
	case errdefs.IsNotFound(err):
		failed.Kind = ErrNotFound
	case errdefs.IsConflict(err):
		failed.Kind = r.conflict
	case portTaken(err):
		failed.Kind = ErrPortInUse
	case errdefs.IsInvalidArgument(err):
		failed.Kind = ErrInvalid
	}
	return failed
}

// disconnected says whether the daemon could not be reached, or went away in the middle of its answer.
func disconnected(err error) bool {
	var network net.Error
	return client.IsErrConnectionFailed(err) || errors.As(err, &network) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// portTaken knows the two ways in which the daemon finds out: from its own list, and from the kernel.
func portTaken(err error) bool {
	text := err.Error()
	return strings.Contains(text, "port is already allocated") || strings.Contains(text, "address already in use")
}

// refusedVersion recognizes a daemon that does not speak the version agreed on, and so did nothing.
func refusedVersion(err error) bool {
	if err == nil || !errdefs.IsInvalidArgument(err) {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "client version") && (strings.Contains(text, "is too old") || strings.Contains(text, "is too new"))
}
