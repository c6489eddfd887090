package owner_test

import (
	"context"
	"errors"
	"flag"
	"sync"
	"time"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/docker"
)

var verbose = false

func init() { flag.BoolVar(&verbose, "owner.log", false, "show what owners log") }

// plug is the way of a process to Docker, which ends with the process. Once pulled, nothing of the process reaches Docker:
// each call hangs, as it is with a process that is gone, until the world ends.
type plug struct {
	owner.Engine
	over <-chan struct{}
	at   int    // the call at which the process is killed; never when 0
	deed string // or the name of the call, the first of these
	// after says that the call has its effect, and the reply is lost.
	after bool

	killed func() // what is killed; the process when nil

	mu     sync.Mutex
	calls  []string
	pulled chan struct{}
}

var errDead = errors.New("this process is dead")

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

func (p *plug) made() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.calls...)
}

// call carries a call, unless the process is dead or dies of it.
func (p *plug) call(name string, do func() error) error {
	if p.dead() {
		<-p.over
		return errDead
	}
	p.mu.Lock()
	p.calls = append(p.calls, name)
	fatal := len(p.calls) == p.at || name == p.deed
	if fatal {
		p.deed = ""
	}
	p.mu.Unlock()
	kill := p.pull
	if p.killed != nil {
		kill = p.killed
	}
	if fatal && !p.after {
		kill()
	}
	if p.dead() {
		<-p.over
		return errDead
	}
	err := do()
	if fatal && p.after {
		kill()
	}
	if p.dead() {
		<-p.over
		return errDead
	}
	return err
}

func (p *plug) Containers(ctx context.Context, labels map[string]string) (out []docker.Container, err error) {
	return out, p.call("list", func() (err error) { out, err = p.Engine.Containers(ctx, labels); return err })
}

func (p *plug) Events(ctx context.Context, labels map[string]string) (out <-chan docker.Event, failed <-chan error) {
	err := p.call("events", func() error { out, failed = p.Engine.Events(ctx, labels); return nil })
	if err != nil {
		none, gone := make(chan docker.Event), make(chan error, 1)
		close(none)
		gone <- err
		return none, gone
	}
	return out, failed
}

func (p *plug) Create(ctx context.Context, s docker.Spec) (id string, err error) {
	return id, p.call("create", func() (err error) { id, err = p.Engine.Create(ctx, s); return err })
}

func (p *plug) Start(ctx context.Context, id string) error {
	return p.call("start", func() error { return p.Engine.Start(ctx, id) })
}

func (p *plug) Stop(ctx context.Context, id string, timeout time.Duration) error {
	return p.call("stop", func() error { return p.Engine.Stop(ctx, id, timeout) })
}

func (p *plug) Restart(ctx context.Context, id string, timeout time.Duration) error {
	return p.call("restart", func() error { return p.Engine.Restart(ctx, id, timeout) })
}

func (p *plug) Rename(ctx context.Context, id, name string) error {
	return p.call("rename", func() error { return p.Engine.Rename(ctx, id, name) })
}

func (p *plug) SetRestart(ctx context.Context, id string, restart docker.Restart) error {
	return p.call("policy", func() error { return p.Engine.SetRestart(ctx, id, restart) })
}

func (p *plug) Remove(ctx context.Context, id string) error {
	return p.call("remove", func() error { return p.Engine.Remove(ctx, id) })
}

func (p *plug) Logs(ctx context.Context, id string, tail int) (out []string, err error) {
	return out, p.call("logs", func() (err error) { out, err = p.Engine.Logs(ctx, id, tail); return err })
}

func (p *plug) Signalled(ctx context.Context, c docker.Container) (at time.Time, err error) {
	return at, p.call("signalled", func() (err error) { at, err = p.Engine.Signalled(ctx, c); return err })
}
