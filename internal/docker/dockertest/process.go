package dockertest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// process is a daemon that dies with this process, whatever ends it.
type process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
}

func spawn(log, program string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(program, args...), log: log, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}

	started := make(chan error)
	go func() {
		// The kernel sends Pdeathsig when the thread ends that has started the process.
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // p.cmd.ProcessState has it
			close(p.done)
		}
	}()
	if err = errors.Join(<-started, out.Close()); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return p, nil
}

// until waits for the process to be ready.
func (p *process) until(what string, ready func() bool) error {
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !ready() {
		select {
		case <-tick.C:
		case <-p.done:
			return fmt.Errorf("wait until %s: it ended: %v\n%s", what, p.cmd.ProcessState, p.tail())
		case <-late:
			return fmt.Errorf("wait until %s: gave up after %v\n%s", what, patience, p.tail())
		}
	}
	return nil
}

// end sends a signal and waits for the process to end. It may have ended before.
func (p *process) end(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("%s did not end %v after %v\n%s", p.cmd.Path, patience, s, p.tail())
	}
}

// tail is the end of the process's log.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-8<<10):])
}

// standsStill says whether all threads of a process are stopped.
func standsStill(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		return false
	}
	for _, path := range threads {
		stat, err := os.ReadFile(path)
		_, state, _ := bytes.Cut(stat, []byte(") "))
		if err != nil || !bytes.HasPrefix(state, []byte("T")) {
			return false
		}
	}
	return true
}
