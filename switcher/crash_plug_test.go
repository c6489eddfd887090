package main

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// deadError is what a dead process gets to see of its network, after the end of the world.
type deadError struct{}

func (deadError) Error() string { return "this process is dead" }

// CanceledError tells the SDK not to try again.
func (deadError) CanceledError() bool { return true }

// plug is the network of a process that can be killed. Once pulled, nothing of the process reaches the world: each call and each
// dial hangs, as it is with a process that is gone, until the world ends.
type plug struct {
	w      *world
	mu     sync.Mutex
	calls  int
	at     int // the call at which the process is killed; never when 0
	after  bool
	pulled chan struct{} // closed at the kill
}

// plug makes a network whose process is killed at its nth call: before it has its effect, or after.
func (w *world) plug(at int, after bool) *plug {
	return &plug{w: w, at: at, after: after, pulled: make(chan struct{})}
}

// count numbers a call, and says whether it is the one to die at.
func (p *plug) count() (fatal bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	return p.calls == p.at
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
	<-p.w.over
	return deadError{}
}

// RoundTrip carries a call, unless the process is dead or dies of it.
func (p *plug) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.dead() {
		return nil, p.hang()
	}
	fatal := p.count()
	if fatal && !p.after {
		close(p.pulled)
		return nil, p.hang()
	}
	response, err := p.w.sb.Transport().RoundTrip(r)
	if fatal {
		close(p.pulled)
	}
	if p.dead() {
		return nil, p.hang()
	}
	return response, err
}

func (p *plug) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if p.dead() {
		return nil, p.hang()
	}
	return p.w.sb.Fabric.DialContext(ctx, network, addr)
}
