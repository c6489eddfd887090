// Package docker speaks to a Docker Engine: it pulls images, runs containers with limits and hardening, and says how
// they are, in our words. It is the only package that knows Docker's own client.
//
// No call hangs on a daemon that does: each has an end of its own when its context has none, and a pull has three.
// Errors are of a few kinds, to be matched with errors.Is; those of a pull are a [*PullError], because most of what goes
// wrong there is the registry's doing.
//
// It works with every engine from API 1.40 on (Docker 19.03), on cgroup v1 and v2, with Docker's own image store and
// with containerd's.
package docker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/moby/moby/client"
)

// limits are how long the daemon may take over a call whose context has no deadline. They are long, because a daemon on
// a loaded disk is slow without being dead: it prepares a file system to create a container, and unmounts one to remove it.
type limits struct {
	read   time.Duration // also changes that touch nothing but the daemon's memory
	create time.Duration
	start  time.Duration
	stop   time.Duration // beyond the time that the container itself is given
	remove time.Duration
	// of what takes as long as it takes, such as a command in a container, or a file system
	transfer time.Duration
}

var defaultLimits = limits{
	read: 30 * time.Second, create: 4 * time.Minute, start: 3 * time.Minute, stop: 2 * time.Minute, remove: 5 * time.Minute,
	transfer: 15 * time.Minute,
}

// Engine is a Docker Engine. It is safe for concurrent use, and survives restarts and upgrades of the daemon.
type Engine struct {
	host   string
	conn   atomic.Pointer[client.Client]
	warn   func(container, warning string)
	limits limits
}

// Connect prepares to speak to the engine at host, e.g. "unix:///run/docker.sock"; the empty host is the one in
// DOCKER_HOST, or Docker's default. It makes no call. The API version is agreed on with the daemon at the first one.
func Connect(host string) (*Engine, error) {
	e := &Engine{host: host, warn: func(string, string) {}, limits: defaultLimits}
	conn, err := e.dial()
	if err != nil {
		return nil, fmt.Errorf("connect to docker: %w", err)
	}
	e.conn.Store(conn)
	return e, nil
}

// dial does not use the version in DOCKER_API_VERSION: an engine may refuse it after its next upgrade.
func (e *Engine) dial() (*client.Client, error) {
	host := client.WithHostFromEnv()
	if e.host != "" {
		host = client.WithHost(e.host)
	}
	return client.New(client.WithTLSClientConfigFromEnv(), host)
}

// renew replaces a connection whose agreement on a version may not hold any more: the daemon went away, and what comes
// back may be another version of it.
func (e *Engine) renew(old *client.Client) *client.Client {
	fresh, err := e.dial()
	if err != nil {
		return old
	}
	if !e.conn.CompareAndSwap(old, fresh) {
		return e.conn.Load()
	}
	_ = old.Close() // closes idle connections, which cannot fail
	return fresh
}

// Close closes idle connections.
func (e *Engine) Close() error { return e.conn.Load().Close() }

// Host is where the engine is, e.g. "unix:///var/run/docker.sock".
func (e *Engine) Host() string { return e.conn.Load().DaemonHost() }

// OnWarning sets what is told of the daemon's warnings on a container that it created nevertheless, e.g. without a
// limit that the kernel does not have. To be set before the engine is used.
func (e *Engine) OnWarning(tell func(container, warning string)) { e.warn = tell }

// request is what a call is for.
type request struct {
	doing    string        // e.g. `start container "shop-1"`
	limit    time.Duration // when the context has no deadline
	conflict error         // what a conflict means in this call
}

// call makes a request. One that the daemon refused because of its version, before looking at it, is made again.
func (e *Engine) call(ctx context.Context, r request, do func(context.Context, *client.Client) error) error {
	bounded, cancel := bound(ctx, r.limit)
	defer cancel()

	conn := e.conn.Load()
	err := do(bounded, conn)
	if refusedVersion(err) {
		conn = e.renew(conn)
		err = do(bounded, conn)
	}
	if err == nil {
		return nil
	}
	failed := explain(bounded, r, err)
	if errors.Is(failed, ErrUnavailable) {
		e.renew(conn)
	}
	return failed
}

func bound(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, limit, silence{limit})
}
