// Package mortal is the network of a process that a test kills at one of its calls.
package mortal

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// Network is how a process reaches the world.
type Network struct {
	HTTP http.RoundTripper
	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil for a process that dials nobody
}

// Plug is the network of a process that can be killed. Once pulled, nothing of the process reaches the world: each call and each
// dial hangs, as it is with a process that is gone, until the world ends. Its context is not touched: a process that is killed
// does not get to know.
type Plug struct {
	to    Network
	over  <-chan struct{}
	at    int
	after bool

	mu     sync.Mutex
	calls  int
	pulled chan struct{} // closed at the kill
}

// New makes the network of a process that is killed at its nth call, before that has its effect, or after; never when at is 0.
// over is closed when the world ends.
func New(to Network, over <-chan struct{}, at int, after bool) *Plug {
	return &Plug{to: to, over: over, at: at, after: after, pulled: make(chan struct{})}
}

// Total is how many calls there were. Dials do not count.
func (p *Plug) Total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

// Pull kills the process.
func (p *Plug) Pull() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.dead() {
		close(p.pulled)
	}
}

// Pulled is closed when the process is killed.
func (p *Plug) Pulled() <-chan struct{} { return p.pulled }

// RoundTrip carries a call, unless the process is dead or dies of it.
func (p *Plug) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.dead() {
		return nil, p.hang()
	}
	fatal := p.count()
	if fatal && !p.after {
		p.Pull()
		return nil, p.hang()
	}
	response, err := p.to.HTTP.RoundTrip(r)
	if fatal {
		p.Pull()
	}
	if p.dead() {
		return nil, p.hang()
	}
	return response, err
}

// DialContext opens a connection, unless the process is dead.
func (p *Plug) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if p.dead() {
		return nil, p.hang()
	}
	return p.to.Dial(ctx, network, address)
}

// count numbers a call, and says whether it is the one to die at.
func (p *Plug) count() (fatal bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	return p.calls == p.at
}

func (p *Plug) dead() bool {
	select {
	case <-p.pulled:
		return true
	default:
		return false
	}
}

func (p *Plug) hang() error {
	<-p.over
	return errDead
}

// errDead is what a dead process gets to see of its network, after the end of the world.
var errDead error = deadError{}

type deadError struct{}

func (deadError) Error() string { return "this process is dead" }

// CanceledError tells the SDK not to try again.
func (deadError) CanceledError() bool { return true }
