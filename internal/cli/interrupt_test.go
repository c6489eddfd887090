package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// whoPipes is set in the process that TestBrokenPipe starts.
const whoPipes = "BLUEGREEN_TEST_BROKEN_PIPE"

// A deployment under `| tee log` outlives tee, and a session over SSH the connection: it is told, and stops where it is safe.
func TestBrokenPipe(t *testing.T) {
	if os.Getenv(whoPipes) != "" {
		stopOnHangup(t)
		return
	}
	unread, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBrokenPipe$")
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), whoPipes+"=1"), &stdout, stderr
	if err := unread.Close(); err != nil {
		t.Fatal(err)
	}
	err = cmd.Run()
	if err := stderr.Close(); err != nil {
		t.Error(err)
	}
	if err != nil || !strings.Contains(stdout.String(), "stopped: interrupted") {
		t.Errorf("it ended with %v, and said\n%s", err, &stdout)
	}
}

// stopOnHangup writes to whom nobody reads, is hung up on, and tells how that ended.
func stopOnHangup(t *testing.T) {
	ctx, stop := Interrupt(t.Context(), System())
	defer stop()
	if _, err := fmt.Fprintln(os.Stderr, "progress"); err == nil {
		t.Error("somebody reads stderr")
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	fmt.Println("stopped:", context.Cause(ctx))
}
