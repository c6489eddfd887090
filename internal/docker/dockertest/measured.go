package dockertest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Measured makes an engine whose containers can be measured and are known to be out of memory when they are, also where
// containerd is blind because a hierarchy of cgroup v1 that the kernel has is not mounted, as in some virtual machines
// and CI systems. There, the engine gets a mount namespace of its own in which all are: it does not see what is mounted
// on the machine later.
func Measured() Option {
	return func(o *options) { o.measured = true }
}

// unmounted says whether there are hierarchies of cgroup v1 that are not mounted.
func unmounted() bool {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	for _, controllers := range hierarchies() {
		if !strings.Contains(string(mounts), " "+cgroups+"/"+controllers+" ") {
			return true
		}
	}
	return false
}

// hierarchies lists those of cgroup v1, e.g. "memory", "net_cls,net_prio", "systemd".
func hierarchies() []string {
	table, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil
	}
	var all []string
	for line := range strings.Lines(string(table)) {
		if f := strings.SplitN(strings.TrimSpace(line), ":", 3); len(f) == 3 && f[1] != "" {
			all = append(all, strings.TrimPrefix(f[1], "name="))
		}
	}
	return all
}

// inNamespace makes a command that runs in a mount namespace with all hierarchies.
func inNamespace(program string, args ...string) (string, []string) {
	script := []string{"set -e", "mount -t tmpfs cgroups " + cgroups, "cd " + cgroups}
	for _, h := range hierarchies() {
		options := h
		if h == "systemd" {
			options = "none,name=systemd"
		}
		script = append(script, fmt.Sprintf("mkdir %s; mount -t cgroup -o %s cgroup %s", h, options, h))
		if parts := strings.Split(h, ","); len(parts) > 1 {
			for _, part := range parts {
				script = append(script, fmt.Sprintf("ln -s %s %s", h, part))
			}
		}
	}
	script = append(script, "cd /", `exec "$0" "$@"`)
	return "unshare", append([]string{"--mount", "sh", "-c", strings.Join(script, "\n"), program}, args...)
}

// joining makes a command that runs in the mount namespace of a process.
func joining(pid int, program string, args ...string) (string, []string) {
	return "nsenter", append([]string{fmt.Sprintf("--mount=/proc/%d/ns/mnt", pid), program}, args...)
}

// removeHidden removes the cgroups of that name in hierarchies that are not mounted here.
func removeHidden(name string) error {
	program, args := inNamespace("sh", "-c", fmt.Sprintf("find %s/*/%s -depth -type d -delete", cgroups, name))
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil && !strings.Contains(string(out), "No such file") {
		return fmt.Errorf("remove cgroups: %w: %s", err, out)
	}
	return nil
}
