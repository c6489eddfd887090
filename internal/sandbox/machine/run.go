package machine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"bluegreen/internal/docker"
	"bluegreen/internal/sandbox/ec2"
)

// run is an instance from when it is started to when it has shut down.
type run struct {
	*instance
	machine ec2.Machine
	ctx     context.Context // ends when the instance is to shut down
	console *console

	// With the host's lock:
	begun bool
	first []func() // what is to be done before it boots

	up       chan struct{} // closed when it has booted, or has failed to
	metadata *server
	behind   *server // the metadata service as containers on the instance see it
	forward  *forwarder
	terminal *docker.Console
	reading  sync.WaitGroup
}

// live takes the instance through the run.
func (r *run) live() {
	r.host.mu.Lock()
	r.begun = true
	first := r.first
	r.host.mu.Unlock()
	for _, do := range first {
		do()
	}
	ended, err := (<-chan struct{})(nil), error(nil)
	if r.ctx.Err() == nil {
		if ended, err = r.boot(); err != nil {
			r.tell(fmt.Errorf("boot: %w", err))
		}
	}
	close(r.up)
	for ended != nil {
		select {
		case <-r.ctx.Done():
			ended = nil
		case <-ended:
			ended = r.ended()
		}
	}
	<-r.ctx.Done()
	if err := r.end(); err != nil {
		r.tell(fmt.Errorf("end: %w", err))
	}
}

// boot returns when the container runs; what is in it comes up in its own time. It is not interrupted when the instance is
// to end: a container whose creation was cut short may be there or not.
func (r *run) boot() (ended <-chan struct{}, err error) {
	h := r.host
	r.turn.Lock()
	defer r.turn.Unlock()
	if r.metadata, err = h.serve(h.sandbox.IMDS(r.id), false); err != nil {
		return nil, err
	}
	if r.behind, err = h.serve(h.sandbox.IMDSBehind(r.id, 1), false); err != nil {
		return nil, err
	}
	if r.container == "" {
		if err := r.create(h.ctx); err != nil {
			return nil, err
		}
	}
	if err := r.write(h.ctx, r.files()); err != nil {
		return nil, err
	}
	return r.switchOn()
}

// switchOn starts the container; ended is closed when its terminal is.
func (r *run) switchOn() (ended <-chan struct{}, err error) {
	h := r.host
	if ended, err = r.read(); err != nil {
		return nil, err
	}
	if err := h.Engine.Start(h.ctx, r.container); err != nil {
		return nil, err
	}
	running, err := h.Engine.Container(h.ctx, r.container)
	if err != nil {
		return nil, err
	}
	if running.IP == "" {
		return nil, fmt.Errorf("it is %s at once, with exit code %d: %s", running.State, running.ExitCode, strings.TrimSpace(r.console.String()))
	}
	r.forward, err = forward(h.sandbox.Fabric, r.machine.Addr, running.IP, h.Ports)
	return ended, err
}

// read has what the terminal says kept.
func (r *run) read() (ended <-chan struct{}, err error) {
	r.terminal.Close()
	if r.terminal, err = r.host.Engine.Console(r.host.ctx, r.container); err != nil {
		return nil, err
	}
	terminal, done := r.terminal, make(chan struct{})
	r.reading.Go(func() {
		defer close(done)
		terminal.CopyTo(r.console)
	})
	return done, nil
}

const (
	exitReboot = 128 + 1 // of a container whose systemd has rebooted it: the kernel makes a signal of that
	lookAfter  = 250 * time.Millisecond
)

// ended finds out why the terminal has fallen silent, and does what a machine does then. It returns what to wait for next;
// nil for the end of the run.
func (r *run) ended() (again <-chan struct{}) {
	r.turn.Lock()
	defer r.turn.Unlock()
	for r.ctx.Err() == nil {
		c, err := r.host.Engine.Container(r.host.ctx, r.container)
		switch {
		case errors.Is(err, docker.ErrNotFound):
			r.tell(errors.New("somebody has removed its container"))
			r.host.poweredOff(r.id)
			return nil
		case off(c):
			return r.switchedOff(c)
		}
		if again := r.readAgain(); again != nil {
			return again
		}
	}
	return nil
}

func off(c docker.Container) bool { return c.State == docker.Exited || c.State == docker.Dead }

// switchedOff starts an instance again that has rebooted, and tells of one that has shut itself down.
func (r *run) switchedOff(c docker.Container) (again <-chan struct{}) {
	r.forward.close()
	r.forward = nil
	if c.ExitCode == exitReboot {
		again, err := r.switchOn()
		if err == nil {
			return again
		}
		r.tell(fmt.Errorf("reboot: %w", err))
	}
	r.host.poweredOff(r.id)
	return nil
}

// readAgain waits a moment and attaches to the terminal of a container that runs: either the engine is slow to notice that
// it does not, or it was the engine that went away. It is nil when that has to be looked at again.
func (r *run) readAgain() (ended <-chan struct{}) {
	select {
	case <-r.ctx.Done():
		return nil
	case <-time.After(lookAfter):
	}
	ended, err := r.read()
	if err != nil {
		return nil
	}
	c, err := r.host.Engine.Container(r.host.ctx, r.container)
	if err != nil || off(c) { // the terminal would be silent until the next start
		return nil
	}
	return ended
}

// end shuts the instance down, and cuts its power when that takes too long or the host is closed. The container stays.
func (r *run) end() error {
	h := r.host
	r.turn.Lock()
	defer r.turn.Unlock()
	var err error
	if r.container != "" && h.ctx.Err() == nil {
		err = h.Engine.Stop(h.ctx, r.container, h.ShutdownLimit)
		if h.ctx.Err() != nil || errors.Is(err, docker.ErrNotFound) {
			err = nil
		}
	}
	r.forward.close()
	r.terminal.Close()
	r.reading.Wait()
	r.metadata.close()
	r.behind.close()
	return err
}
