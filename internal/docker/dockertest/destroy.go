package dockertest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// destroy ends the engine and everything in it, the quick way, since nobody needs what it would tidy up, and gives back to
// the machine what was taken from it. The bridge is the last: who has it has the name of the cgroups too.
func (h *home) destroy() error {
	if !filepath.IsAbs(h.dir) || !strings.HasPrefix(filepath.Base(h.dir), prefix) {
		return fmt.Errorf("%q is no home of an engine", h.dir)
	}
	err := errors.Join(h.kill(), h.removeNetworks(), h.unmount(), h.removeCgroups())
	if h.hidden && h.name != "" {
		err = errors.Join(err, removeHidden(h.name))
	}
	if h.name != "" {
		err = errors.Join(err, h.removeBridge())
	}
	return errors.Join(err, os.RemoveAll(h.dir))
}

// removeBridge removes the home's bridge, and none of the same name that has become another's.
func (h *home) removeBridge() error {
	if _, dir, err := owner(h.name); err == nil && dir != h.dir {
		return fmt.Errorf("the bridge %s of %s is that of %s", h.name, h.dir, dir)
	}
	return ip("link", "delete", h.name)
}

// removeNetworks removes the bridges of networks that the engine has made. Each takes a range of addresses from all engines
// of the machine. Which are the engine's, its own records say.
func (h *home) removeNetworks() error {
	records, err := os.ReadFile(h.path("data", "network", "files", "local-kv.db"))
	if errors.Is(err, os.ErrNotExist) {
		return nil // it has not come that far
	}
	links, failed := net.Interfaces()
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	for _, link := range links {
		if strings.HasPrefix(link.Name, "br-") && bytes.Contains(records, []byte(`"`+link.Name+`"`)) {
			err = errors.Join(err, ip("link", "delete", link.Name))
		}
	}
	return err
}

// kill ends the processes that name this home, which are the daemons and the shims of containers, and their children,
// which are the containers and the proxies of their ports.
func (h *home) kill() error {
	end := time.Now().Add(patience)
	for {
		pids := family(func(command string) bool { return strings.Contains(command, h.dir+"/") })
		if len(pids) == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("processes %v of %s do not end", pids, h.dir)
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
		}
		<-time.After(20 * time.Millisecond)
	}
}

// family lists the processes with such a command line, and all their descendants.
func family(is func(command string) bool) []int {
	children := map[int][]int{}
	var found []int
	commands, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range commands {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		command, err := os.ReadFile(path)
		if err != nil || pid == os.Getpid() {
			continue
		}
		if parent, alive := parent(pid); alive {
			children[parent] = append(children[parent], pid)
			if is(string(bytes.ReplaceAll(command, []byte{0}, []byte{' '}))) {
				found = append(found, pid)
			}
		}
	}
	for i := 0; i < len(found); i++ {
		for _, child := range children[found[i]] {
			if !slices.Contains(found, child) {
				found = append(found, child)
			}
		}
	}
	return found
}

// parent reads the parent of a process that is no zombie.
func parent(pid int) (ppid int, alive bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	_, rest, _ := bytes.Cut(stat, []byte(") ")) // the name before it may have spaces
	fields := bytes.Fields(rest)
	if len(fields) < 2 || fields[0][0] == 'Z' {
		return 0, false
	}
	ppid, err = strconv.Atoi(string(fields[1]))
	return ppid, err == nil
}

// unmount detaches all mounts in the directory, the innermost first.
func (h *home) unmount() error {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var points []string
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 4 && strings.HasPrefix(f[4], h.dir+"/") {
			points = append(points, f[4])
		}
	}
	for _, p := range slices.Backward(points) {
		if fault := syscall.Unmount(p, syscall.MNT_DETACH); fault != nil && !errors.Is(fault, syscall.EINVAL) {
			err = errors.Join(err, fmt.Errorf("unmount %s: %w", p, fault))
		}
	}
	return err
}

// removeCgroups removes the parent cgroup, which is in several hierarchies on v1, and those that killed containers left
// in it. A cgroup is busy for a moment after its last process has ended.
func (h *home) removeCgroups() error {
	if h.name == "" {
		return nil
	}
	end := time.Now().Add(patience)
	for {
		var busy []string
		tops, _ := filepath.Glob(filepath.Join(cgroups, "*", h.name))
		for _, top := range append(tops, filepath.Join(cgroups, h.name)) {
			for _, dir := range slices.Backward(directories(top)) {
				if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, syscall.ENOENT) {
					busy = append(busy, dir)
				}
			}
		}
		if len(busy) == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("cgroups stay busy: %s", strings.Join(busy, ", "))
		}
		<-time.After(20 * time.Millisecond)
	}
}

// directories lists a tree, each before those in it. What vanishes meanwhile is left out.
func directories(top string) []string {
	var found []string
	_ = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			found = append(found, path)
		}
		return nil
	})
	return found
}
