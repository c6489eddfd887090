package drain

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestShuttingDown has a systemctl that says what the real one says.
func TestShuttingDown(t *testing.T) {
	const ending = "echo '312 systemd-reboot.service start waiting'; echo '311 reboot.target start waiting'"
	for _, c := range []struct {
		name      string
		state     string // a shell's answer to is-system-running
		jobs      string // and to list-jobs
		scheduled time.Duration
		want      bool
		err       string
	}{
		{"the machine goes down", "echo stopping; exit 1", "exit 9", 0, true, ""},
		{"a restart on a perfect machine", "echo running", "exit 9", 0, false, ""},
		{"a restart where some unit has failed", "echo degraded; exit 1", "exit 9", 0, false, ""},
		{"an upgrade by cloud-init, while booting", "echo starting; exit 1", "echo '2 multi-user.target start waiting'", 0, false, ""},
		{"a reboot by cloud-init, while booting", "echo starting; exit 1", ending, 0, true, ""},
		{"a reboot, very early", "echo initializing; exit 1", ending, 0, true, ""},
		{"a restart with a reboot planned for tonight", "echo running", "exit 9", time.Hour, false, ""},
		{"a restart with a reboot planned for just now", "echo running", "exit 9", -time.Second, false, ""},
		{"the state is unknown, a job is there", "echo unknown; exit 1", ending, 0, true, ""},
		{"the state is unknown, other jobs are there", "echo unknown; exit 1", "echo '12 nginx.service restart running'", 0, false, ""},
		{"the state is unknown, no jobs are there", "echo unknown; exit 1", "echo 'No jobs running.'", 0, false, ""},
		{"a shutdown job is taken back", "echo offline; exit 1", "echo '311 reboot.target stop waiting'", 0, false, ""},
		{"nothing answers, and it was time", "echo no >&2; exit 1", "echo no >&2; exit 1", -time.Second, true, ""},
		{"nothing answers, and it is not time", "echo no >&2; exit 1", "echo no >&2; exit 1", time.Hour, false, "systemctl is-system-running: exit status 1\nno"},
		{"nothing answers", "echo bus is gone >&2; exit 1", "exec sleep 60", 0, false, "bus is gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			script := fmt.Sprintf("#!/bin/sh\ncase $1 in is-system-running) %s;; list-jobs) %s;; esac\n", c.state, c.jobs)
			s := Systemd{Systemctl: filepath.Join(dir, "systemctl"), Scheduled: filepath.Join(dir, "scheduled")}
			if err := os.WriteFile(s.Systemctl, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			if c.scheduled != 0 {
				note := fmt.Sprintf("USEC=%d\nWARN_WALL=1\nMODE=reboot\n", time.Now().Add(c.scheduled).UnixMicro())
				if err := os.WriteFile(s.Scheduled, []byte(note), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.ShuttingDown(t.Context())
			if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, %v; want %v, %q", got, err, c.want, c.err)
			}
		})
	}
}

func TestNoSystemctl(t *testing.T) {
	s := Systemd{Systemctl: filepath.Join(t.TempDir(), "systemctl"), Scheduled: filepath.Join(t.TempDir(), "scheduled")}
	if down, err := s.ShuttingDown(t.Context()); down || err == nil {
		t.Errorf("got %v, %v where nobody can tell", down, err)
	}
}
