package app

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"bluegreen/internal/sandbox/account"
)

// restartPause is how long a service manager waits at least before it starts a dead app again.
const restartPause = time.Second

// app is the program of one instance. Its fields are guarded by the account's lock.
type app struct {
	host       *Host
	behavior   Behavior
	addr       netip.Addr
	instanceID string
	version    string
	color      string

	timer     *account.Timer // the next thing that happens to it: it listens, or it crashes
	server    *http.Server   // nil while it is down
	listeners []net.Listener
	stopped   bool
}

func (a *app) bootAfter(d time.Duration) { a.timer = a.host.account.After(d, a.listen) }

// listen opens the port and serves. It runs with the account locked; opening a socket does not block.
func (a *app) listen() {
	if a.stopped {
		return
	}
	listeners, err := a.ports()
	if err != nil { // the predecessor at this address is not quite gone
		a.bootAfter(restartPause)
		return
	}
	server := &http.Server{Handler: &handler{app: a, since: time.Now()}}
	a.listeners, a.server = listeners, server
	for _, l := range listeners {
		a.host.work.Go(func() { _ = server.Serve(l) }) // always ends with an error that says "closed"
	}
	if a.behavior.CrashLoop > 0 {
		a.timer = a.host.account.After(a.behavior.CrashLoop, a.crash)
	}
}

// ports opens all at which the app answers, or none.
func (a *app) ports() (open []net.Listener, err error) {
	for _, port := range []int{a.behavior.Port, a.behavior.Agent} {
		if port == 0 {
			continue
		}
		listener, err := a.host.fabric.Listen(net.JoinHostPort(a.addr.String(), strconv.Itoa(port)))
		if err != nil {
			closeAll(open)
			return nil, err
		}
		open = append(open, listener)
	}
	return open, nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		_ = l.Close()
	}
}

// crash breaks all connections and comes back as a service manager would have it.
func (a *app) crash() {
	a.hangUp()
	a.bootAfter(max(a.behavior.Boot, restartPause))
}

func (a *app) stop() {
	a.stopped = true
	a.timer.Stop()
	a.hangUp()
}

// hangUp refuses new connections at once and breaks the open ones.
func (a *app) hangUp() {
	if a.server == nil {
		return
	}
	closeAll(a.listeners)
	server := a.server
	a.listeners, a.server = nil, nil
	a.host.work.Go(func() { _ = server.Close() }) // waits for Serve to return: not under the account's lock
}
