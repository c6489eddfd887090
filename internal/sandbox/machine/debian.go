package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"bluegreen/internal/docker"
)

// suite is the release of Debian that instances have.
const suite = "bookworm"

// packages are what an instance has beside the smallest Debian there is.
var packages = []string{"systemd", "systemd-sysv", "dbus", "ca-certificates", "docker.io", "iptables", "curl"}

// Debootstrap writes the file system of a new Debian as a tar archive. It needs the superuser, and a mirror of Debian.
func Debootstrap(ctx context.Context, out io.Writer) error {
	if os.Geteuid() != 0 {
		return errors.New("a Debian for instances is made by debootstrap, which only root can run: use sudo, or name an image of Debian 12")
	}
	program, err := exec.LookPath("debootstrap")
	if err != nil {
		program = "/usr/sbin/debootstrap" // where a user's PATH may not lead
	}
	if _, err := os.Stat(program); err != nil {
		return errors.New("a Debian for instances is made by debootstrap, which is not installed: apt-get install debootstrap, " +
			"or name an image of Debian 12")
	}
	root, err := os.MkdirTemp("", "bluegreen-debian-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(root) }() // in a temporary directory: what is left goes with that
	if err := isolated(ctx, nil, program, "--variant=minbase", "--include="+strings.Join(packages, ","), suite, root); err != nil {
		return err
	}
	return isolated(ctx, out, "tar", "-C", root, "--one-file-system", "--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*",
		"--exclude=./proc/*", "--exclude=./sys/*", "-c", ".")
}

// isolated runs a program in a mount namespace of its own, so that a mount does not outlive it, however it ends. Without an out,
// what it writes is for the error only.
func isolated(ctx context.Context, out io.Writer, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	said := &tail{}
	cmd.Stdout, cmd.Stderr = out, said
	if out == nil {
		cmd.Stdout = said
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err := cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", filepath.Base(program), context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(program), err, said)
	}
	return nil
}

// tail keeps the end of what a program says.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-2<<10):]
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.text)) }

// furnish turns an image of Debian into one that can be an instance.
const furnish = `set -e
export DEBIAN_FRONTEND=noninteractive
dpkg --status %[1]s >/dev/null 2>&1 || { apt-get update; apt-get install --yes --no-install-recommends %[1]s; }
rm -rf /usr/sbin/policy-rc.d /var/lib/apt/lists/* /var/cache/apt/*
`

// furnished makes an image of another one: a Debian, of which the engine or a registry has the image.
func furnished(ctx context.Context, e *docker.Engine, from, ref string) error {
	_, err := e.Image(ctx, from)
	if errors.Is(err, docker.ErrNotFound) {
		err = e.Pull(ctx, docker.PullOptions{Reference: from})
	}
	if err != nil {
		return err
	}
	return alter(ctx, e, alteration{from: from, script: fmt.Sprintf(furnish, strings.Join(packages, " ")), ref: ref, labels: kept(ref)})
}
