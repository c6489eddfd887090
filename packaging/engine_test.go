package packaging_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/docker/dockertest"
)

// engine runs the instances of these tests: an engine of their own, driven by the docker CLI, which is how a person would look
// into an instance.
type engine struct{ host string }

func startEngine(t *testing.T) *engine {
	t.Helper()
	return &engine{host: dockertest.Start(t).Host}
}

func (e *engine) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+e.host, "DOCKER_CONTEXT=")
	return cmd
}

// docker runs a command of the docker CLI and returns what it prints.
func (e *engine) docker(t *testing.T, stdin io.Reader, args ...string) string {
	t.Helper()
	cmd := e.command(t.Context(), args...)
	cmd.Stdin = stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("docker %s: %v\n%s%s", strings.Join(args, " "), err, &stdout, &stderr)
	}
	return strings.TrimSpace(stdout.String())
}

// removeLater removes a container at the end of the test.
func (e *engine) removeLater(t *testing.T, id string) {
	t.Cleanup(func() {
		if output, err := e.command(context.Background(), "rm", "--force", "--volumes", id).CombinedOutput(); err != nil {
			t.Errorf("remove container: %v\n%s", err, output)
		}
	})
}

// patience is how long a busy machine may take for anything, such as to boot an instance.
const patience = 3 * time.Minute

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	if !within(patience, so) {
		t.Fatalf("after %s it is still not so that %s", patience, what)
	}
}

// within asks again and again whether something is so, until it is or the time is over.
func within(limit time.Duration, so func() bool) bool {
	timeout := time.After(limit)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-timeout:
			return false
		}
	}
	return true
}
