package agent_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"bluegreen/internal/agent"
	"bluegreen/internal/agent/settings"
	"bluegreen/internal/docker/dockertest"
)

// The variables by which the test's program is told to be an agent, and which.
const (
	beAgent  = "BLUEGREEN_TEST_AGENT" // the folder with the settings
	agentRun = "BLUEGREEN_TEST_RUN"
	agentFor = "BLUEGREEN_TEST_DOCKER"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(beAgent); dir != "" {
		os.Exit(beAnAgent(dir))
	}
	os.Exit(dockertest.Main(m))
}

// beAnAgent is an agent in a process of its own. It ends when the process that has started it does.
func beAnAgent(dir string) int {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM)
	err := agent.Run(ctx, agent.Options{
		Paths:   settings.Paths{File: filepath.Join(dir, "agent.toml"), Dir: filepath.Join(dir, "agent.d")},
		Version: "test", Docker: os.Getenv(agentFor), RunDir: os.Getenv(agentRun),
		Log: slog.New(slog.NewJSONHandler(os.Stderr, nil)), Terminate: terminate,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// process is an agent in a process of its own.
type process struct {
	cmd  *exec.Cmd
	log  lockedBuffer
	done chan struct{} // closed when it has ended
}

// spawn starts an agent as a process, which reaches its engine by that host.
func (w *world) spawn(host string) *process {
	w.t.Helper()
	p := &process{cmd: exec.Command("/proc/self/exe"), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), beAgent+"="+w.dir, agentRun+"="+w.runDir(), agentFor+"="+host)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	stdin, err := p.cmd.StdinPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // that it was killed is no news
		_ = stdin.Close()
		close(p.done)
	}()
	w.t.Cleanup(p.kill)
	return p
}

// kill ends it with SIGKILL, and returns when it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

func (p *process) dead() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}
