package drain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Systemd tells the end of the machine from the end of one service. The zero value asks this machine's.
type Systemd struct {
	Systemctl string // "/usr/bin/systemctl" or "/bin/systemctl" when empty: a service need not have a PATH
	Scheduled string // where logind notes a planned shutdown; "/run/systemd/shutdown/scheduled" when empty
}

const systemctlTimeout = 3 * time.Second

// A manager that has a job for one of these takes the machine, or all of its services, down.
var endingTargets = []string{
	"shutdown.target", "reboot.target", "poweroff.target", "halt.target", "kexec.target", "soft-reboot.target", "final.target",
}

// ShuttingDown tells whether the machine goes down. systemctl talks to systemd itself, so that this works when D-Bus has
// been stopped. An error says that nobody could tell.
func (s Systemd) ShuttingDown(ctx context.Context) (bool, error) {
	fill(&s.Scheduled, "/run/systemd/shutdown/scheduled")
	state, stateErr := s.ask(ctx, "is-system-running")
	switch strings.TrimSpace(state) {
	case "stopping":
		return true, nil
	case "running", "degraded", "maintenance":
		return false, nil
	}
	// Until the boot is over, systemd says "starting" whatever else is going on.
	jobs, jobsErr := s.ask(ctx, "list-jobs", "--no-legend", "--no-pager", "--plain")
	if jobsErr == nil {
		return endingJob(jobs), nil
	}
	if due, err := scheduled(s.Scheduled); err == nil && !time.Now().Before(due) {
		return true, nil
	}
	if stateErr == nil {
		stateErr = fmt.Errorf("systemctl is-system-running says %q", strings.TrimSpace(state))
	}
	return false, errors.Join(stateErr, jobsErr)
}

// ask runs systemctl. Its exit code is of no interest where it says something: it is 1 for all but a perfect machine.
func (s Systemd) ask(ctx context.Context, args ...string) (string, error) {
	if s.Systemctl == "" {
		s.Systemctl = "/usr/bin/systemctl"
		if _, err := os.Stat(s.Systemctl); err != nil {
			s.Systemctl = "/bin/systemctl"
		}
	}
	ctx, cancel := context.WithTimeout(ctx, systemctlTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, s.Systemctl, args...)
	command.Env = append(os.Environ(), "LC_ALL=C", "SYSTEMD_PAGER=")
	command.WaitDelay = time.Second
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() && (len(out) > 0 || stderr.Len() == 0) {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("systemctl %s: %w", args[0], errors.Join(err, complaint(&stderr)))
	}
	return string(out), err
}

func complaint(stderr *bytes.Buffer) error {
	if text := strings.TrimSpace(stderr.String()); text != "" {
		return errors.New(text)
	}
	return nil
}

// endingJob tells whether there is a job among them that ends the machine: "123 reboot.target start waiting".
func endingJob(jobs string) bool {
	for line := range strings.Lines(jobs) {
		words := strings.Fields(line)
		if len(words) >= 3 && words[2] == "start" && slices.Contains(endingTargets, words[1]) {
			return true
		}
	}
	return false
}

// scheduled is when logind is going to shut down: a shutdown that is planned for later is none yet.
func scheduled(file string) (time.Time, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return time.Time{}, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "USEC="); ok {
			micros, err := strconv.ParseInt(value, 10, 64)
			return time.UnixMicro(micros), err
		}
	}
	return time.Time{}, fmt.Errorf("%s has no USEC", file)
}
