package dockertest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const cgroups = "/sys/fs/cgroup"

// home is all that an engine takes of the machine: a directory, and a name that is free because the bridge of that name
// was. The bridge also says whose it is, so that what a killed process left can be found.
type home struct {
	dir    string
	name   string // of the bridge and the parent cgroup
	hidden bool   // there is a parent cgroup in hierarchies that are not mounted here: see Measured
}

const prefix = "bgt"

func newHome(disk int64) (*home, error) {
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return nil, err
	}
	h := &home{dir: dir}
	if err = h.furnish(disk); err != nil {
		return nil, errors.Join(err, h.destroy())
	}
	return h, nil
}

func (h *home) furnish(disk int64) error {
	if err := os.MkdirAll(h.path("data"), 0o711); err != nil {
		return err
	}
	if disk > 0 {
		if err := syscall.Mount("tmpfs", h.path("data"), "tmpfs", 0, fmt.Sprintf("size=%d", disk)); err != nil {
			return fmt.Errorf("mount a disk of %d bytes: %w", disk, err)
		}
	}
	unlock, err := lock()
	if err != nil {
		return err
	}
	defer unlock()
	for n := range 255 {
		name := fmt.Sprintf("%s%d", prefix, n)
		if _, err := net.InterfaceByName(name); err == nil || ip("link", "add", name, "type", "bridge") != nil {
			continue // somebody has it
		}
		h.name = name
		return errors.Join(
			ip("link", "set", name, "alias", fmt.Sprintf("%d %s", os.Getpid(), h.dir)),
			ip("address", "add", fmt.Sprintf("198.18.%d.1/24", n), "dev", name), // a range that is for tests only
			ip("link", "set", name, "up"),
		)
	}
	return errors.New("make a bridge: no name is free, or this machine does not allow it: ip link add type bridge")
}

// lock has processes sweep, and take names, one after the other: a bridge that one of them finds to be dead must not be a new one of the
// same name when it is removed. The lock goes with the process.
func lock() (unlock func(), err error) {
	file, err := os.OpenFile("/run/"+prefix+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", file.Name(), err), file.Close())
	}
	return func() { _ = file.Close() }, nil
}

func (h *home) path(elements ...string) string {
	return filepath.Join(append([]string{h.dir}, elements...)...)
}

func ip(args ...string) error {
	path, err := lookUp("ip")
	if err != nil {
		return err
	}
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// storageDriver tries whether this directory can be the upper one of an overlay, which it cannot on top of another.
func storageDriver(dir string) string {
	try, err := os.MkdirTemp(dir, "overlay")
	if err != nil {
		return "vfs"
	}
	defer func() { _ = os.RemoveAll(try) }() // what stays goes with the home
	var paths []any
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		path := filepath.Join(try, name)
		if os.Mkdir(path, 0o700) != nil {
			return "vfs"
		}
		paths = append(paths, path)
	}
	merged := paths[3].(string)
	if syscall.Mount("overlay", merged, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", paths[:3]...)) != nil {
		return "vfs"
	}
	if syscall.Unmount(merged, 0) != nil {
		return "vfs"
	}
	return "overlay2"
}

// sweep destroys the homes of processes that are gone.
func sweep() error {
	unlock, err := lock()
	if err != nil {
		return err
	}
	defer unlock()
	links, err := filepath.Glob("/sys/class/net/" + prefix + "[0-9]*")
	if err != nil {
		return err
	}
	for _, link := range links {
		name := filepath.Base(link)
		pid, dir, err := owner(name)
		if err != nil || syscall.Kill(pid, 0) != syscall.ESRCH {
			continue
		}
		h := &home{dir: dir, name: name, hidden: unmounted()}
		_ = h.destroy() // what does not go now is left to the next one
	}
	return nil
}

// owner reads whose a bridge is.
func owner(bridge string) (pid int, dir string, err error) {
	alias, err := os.ReadFile("/sys/class/net/" + bridge + "/ifalias")
	if err != nil {
		return 0, "", err
	}
	text, dir, ok := strings.Cut(strings.TrimSpace(string(alias)), " ")
	if !ok {
		return 0, "", fmt.Errorf("the bridge %s does not say whose it is: %q", bridge, alias)
	}
	pid, err = strconv.Atoi(text)
	return pid, dir, err
}
