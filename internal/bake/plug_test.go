package bake_test

import (
	"net/http"
	"sync"
)

// deadError is what a dead process gets to see of its network, after the end of the world.
type deadError struct{}

func (deadError) Error() string { return "this process is dead" }

// CanceledError tells the SDK not to try again.
func (deadError) CanceledError() bool { return true }

// plug is the network of a process that can be killed. Once pulled, nothing of the process reaches the world: each call hangs,
// as it is with a process that is gone, until the world ends.
type plug struct {
	to   http.RoundTripper
	over <-chan struct{}

	mu     sync.Mutex
	calls  int
	at     int // the call at which the process is killed; never when 0
	after  bool
	pulled chan struct{} // closed at the kill
}

// plug makes a network whose process is killed at its nth call: before it has its effect, or after.
func (w *world) plug(at int, after bool) *plug {
	return &plug{to: w.sb.Transport(), over: w.over, at: at, after: after, pulled: make(chan struct{})}
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

// RoundTrip carries a call, unless the process is dead or dies of it.
func (p *plug) RoundTrip(r *http.Request) (*http.Response, error) {
	hang := func() (*http.Response, error) {
		<-p.over
		return nil, deadError{}
	}
	if p.dead() {
		return hang()
	}
	p.mu.Lock()
	p.calls++
	fatal := p.calls == p.at
	p.mu.Unlock()
	if fatal && !p.after {
		p.pull()
		return hang()
	}
	response, err := p.to.RoundTrip(r)
	if fatal {
		p.pull()
	}
	if p.dead() {
		return hang()
	}
	return response, err
}
