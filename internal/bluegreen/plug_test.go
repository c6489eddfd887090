package bluegreen_test

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// link is the network of a process.
type link struct {
	http http.RoundTripper
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// deadError is what a dead process gets to see of its network, after the end of the world.
type deadError struct{}

func (deadError) Error() string { return "this process is dead" }

// CanceledError tells the SDK not to try again.
func (deadError) CanceledError() bool { return true }

// plug is the network of a process that can be killed. Once pulled, nothing of the process reaches the world: each call
// and each dial hangs, as it is with a process that is gone, until the world ends. Its context is not touched.
type plug struct {
	to   link
	over <-chan struct{}

	mu     sync.Mutex
	calls  int // API calls so far
	at     int // the call at which the process is killed; never when 0
	after  bool
	pulled chan struct{} // closed at the kill
}

// plug makes a network whose process is killed at its nth call: before it has its effect, or after.
func (w *world) plug(at int, after bool) *plug {
	return &plug{
		to: link{http: w.sb.Transport(), dial: w.sb.Fabric.DialContext}, over: w.over,
		at: at, after: after, pulled: make(chan struct{}),
	}
}

func (p *plug) link() link { return link{http: p, dial: p.dialContext} }

// count numbers a call, and says whether it is the one to die at.
func (p *plug) count() (fatal bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	return p.calls == p.at
}

func (p *plug) total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

func (p *plug) pull() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.dead() {
		close(p.pulled)
	}
}

func (p *plug) dead() bool {
	select {
	case <-p.pulled:
		return true
	default:
		return false
	}
}

func (p *plug) hang() error {
	<-p.over
	return deadError{}
}

// RoundTrip carries a call, unless the process is dead or dies of it.
func (p *plug) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.dead() {
		return nil, p.hang()
	}
	fatal := p.count()
	if fatal && !p.after {
		p.pull()
		return nil, p.hang()
	}
	response, err := p.to.http.RoundTrip(r)
	if fatal {
		p.pull()
	}
	if p.dead() {
		return nil, p.hang()
	}
	return response, err
}

func (p *plug) dialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if p.dead() {
		return nil, p.hang()
	}
	return p.to.dial(ctx, network, addr)
}
