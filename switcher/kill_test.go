package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/demo/lab"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// killSpeed is that of the accounts in which processes are killed.
const killSpeed = 100

// TestKill kills the program itself with SIGKILL in the middle of a call, over real sockets, and ends what it began with a
// process of its own: forward, and back. TestCrashAtEveryCall does the same at each call, in one process.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program and takes seconds of real time")
	}
	program := program(t)
	for _, c := range []struct {
		operation string
		nth       int
		action    wire.Action
		back      bool
	}{
		{"ChangeResourceRecordSets", 1, wire.ActionCrashBefore, false},
		{"ChangeResourceRecordSets", 1, wire.ActionCrashAfter, true},
		{"UpdateAutoScalingGroup", 1, wire.ActionCrashAfter, false},
		{"UpdateAutoScalingGroup", 1, wire.ActionCrashAfter, true},
		{"PutParameter", 14, wire.ActionCrashBefore, false},
		{"ChangeResourceRecordSets", 3, wire.ActionCrashAfter, false},
		{"ChangeResourceRecordSets", 3, wire.ActionCrashAfter, true},
		{"DeleteTags", 1, wire.ActionCrashAfter, true},
	} {
		name := fmt.Sprintf("%s, %s %d, then %s", c.action, c.operation, c.nth, map[bool]string{false: "resume", true: "rollback"}[c.back])
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := lab.Open(t.Context(), t.TempDir(), lab.Options{Speed: killSpeed, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			hurry(t, l.ConfigFile())
			killed(t, l, program, wire.Fault{Operation: c.operation, Nth: c.nth, Action: c.action}, cutoverCommand...)
			switch {
			case c.back:
				mustRun(t, l, program, exit.Done, "rollback", "--yes")
			case c.action == wire.ActionCrashBefore && c.nth == 1: // it died before it had the fence, and has begun nothing
				mustRun(t, l, program, exit.Failed, "rollback", "--yes")
				mustRun(t, l, program, exit.Failed, "resume")
				mustRun(t, l, program, exit.Done, cutoverCommand...)
			default:
				mustRun(t, l, program, exit.Done, "resume")
			}
			settled(t, mustRun(t, l, program, exit.Done, "status", "--json"), c.back)
		})
	}
}

// cutoverCommand is what is killed.
var cutoverCommand = []string{"cutover", "--to", "green", "--yes", "--steps", "50", "--interval", "300ms", "--hold", "300ms"}

// hurry makes the lease as short as it can be: whoever resumes listens for so long.
func hurry(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "lease = ") {
			lines[i] = `lease = "3s"`
		}
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// killed runs a command that is killed in the middle of a call.
func killed(t *testing.T, l *lab.Lab, program string, f wire.Fault, args ...string) {
	t.Helper()
	var out bytes.Buffer
	cmd := command(l, program, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	dead, born := make(chan struct{}), make(chan *os.Process, 1)
	f.Crash = func() {
		_ = (<-born).Kill()
		<-dead // nothing of what the sandbox does from here on reaches it
	}
	l.Sandbox.Front.Faults.Add(f)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	born <- cmd.Process
	go func() {
		_ = cmd.Wait() // also until all that it printed is here
		close(dead)
	}()
	select {
	case <-dead:
	case <-time.After(time.Minute):
		t.Fatalf("it lives for a minute:\n%s", out.String())
	}
	for _, call := range l.Sandbox.Front.Calls.Since(0) {
		if call.Fault == f.Action {
			l.Sandbox.Front.Faults.Clear()
			return
		}
	}
	t.Fatalf("it ended by itself:\n%s", out.String())
}

// mustRun runs a command to its end, and returns what it printed as its result.
func mustRun(t *testing.T, l *lab.Lab, program string, code exit.Code, args ...string) []byte {
	t.Helper()
	var out, progress bytes.Buffer
	cmd := command(l, program, args...)
	cmd.Stdout, cmd.Stderr = &out, &progress
	err := cmd.Run()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != int(code) {
		t.Fatalf("%s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, out.Bytes(), progress.Bytes())
	}
	return out.Bytes()
}

// settled checks that one colour serves, and that nothing is left of the deployment.
func settled(t *testing.T, status []byte, back bool) {
	t.Helper()
	var st bluegreen.Status
	if err := json.Unmarshal(status, &st); err != nil {
		t.Fatalf("read the status: %v\n%s", err, status)
	}
	serves := traffic.Green
	if back {
		serves = traffic.Blue
	}
	for _, c := range st.Colors {
		want := 0.0
		if c.Color == serves {
			want = 1
		}
		if c.Share != want || want == 1 && c.Healthy < 2 || c.Pin != "" {
			t.Errorf("%s has %.0f%% of the traffic, %d healthy targets and pin %q", c.Color, 100*c.Share, c.Healthy, c.Pin)
		}
	}
	if d := st.Deployment; d != nil && !d.Op.Ended() {
		t.Errorf("deployment %s is at %s", d.ID, d.Op)
	}
	if t.Failed() {
		t.Logf("%s", status)
	}
}
