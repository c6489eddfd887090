package serve

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// holder says who listens at the port of an address, as far as a /proc tells.
func holder(proc, addr string) string {
	_, service, err := net.SplitHostPort(addr)
	if err != nil {
		return "somebody"
	}
	port, err := strconv.Atoi(service)
	if err != nil {
		return "somebody"
	}
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(filepath.Join(proc, "self", "net", table))
		if err != nil {
			continue
		}
		for _, inode := range listeners(string(text), port) {
			if pid := owner(proc, inode); pid != "" {
				return describe(proc, pid)
			}
		}
	}
	return "a process that cannot be seen from here (as root: ss -ltnp)"
}

// listeners are the inodes of the sockets that listen at a port, from a table like /proc/net/tcp.
func listeners(table string, port int) (inodes []string) {
	const local, state, inode, listening = 1, 3, 9, "0A"
	suffix := fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > inode && f[state] == listening && strings.HasSuffix(f[local], suffix) {
			inodes = append(inodes, f[inode])
		}
	}
	return inodes
}

// owner is the process that has a socket open; "" if none can be seen that has.
func owner(proc, inode string) (pid string) {
	fds, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*"))
	if err != nil {
		return ""
	}
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil && target == "socket:["+inode+"]" {
			return filepath.Base(filepath.Dir(filepath.Dir(fd)))
		}
	}
	return ""
}

func describe(proc, pid string) string {
	comm, err := os.ReadFile(filepath.Join(proc, pid, "comm"))
	if err != nil {
		return "process " + pid
	}
	name := strings.TrimSpace(string(comm))
	if name == "docker-proxy" || name == "dockerd" {
		return fmt.Sprintf("%s (pid %s): a container publishes it", name, pid)
	}
	return fmt.Sprintf("%s (pid %s)", name, pid)
}
