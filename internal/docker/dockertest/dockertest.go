// Package dockertest brings up real Docker Engines for tests, and gives them something to run: an HTTP server whose
// behaviour is told to it, as an image in an engine or in a registry.
//
// An engine is private: it has a containerd, directories, a bridge and a parent cgroup of its own, so that many may run
// beside each other and beside the machine's. Nothing of it is left when its test ends, and what a killed test left is
// swept by the next one. Published ports work through Docker's userland proxy, without iptables.
//
// It needs root and the programs that Debian has in docker.io, iptables and iproute2. Without them a test fails, unless
// it runs with -short: a test that was not run has shown nothing.
package dockertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// programs finds what an engine consists of, or ends the test.
func programs(t testing.TB) map[string]string {
	t.Helper()
	found, missing := map[string]string{}, []string{}
	if os.Geteuid() != 0 {
		missing = append(missing, "root")
	}
	for _, name := range []string{"dockerd", "containerd", "runc", "docker-proxy", "docker-init", "iptables", "ip"} {
		path, err := lookUp(name)
		if err != nil {
			missing = append(missing, name)
		}
		found[name] = path
	}
	if len(missing) == 0 {
		return found
	}
	text := fmt.Sprintf("this test runs a real Docker Engine and lacks %s: run it as root, and on Debian or Ubuntu\n"+
		"\tapt-get install --no-install-recommends docker.io iptables iproute2\n"+
		"or leave such tests out with go test -short", strings.Join(missing, ", "))
	if testing.Short() {
		t.Skip(text)
	}
	t.Fatal(text)
	return nil
}

// lookUp also looks where daemons are: a user's PATH may lack it.
func lookUp(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return exec.LookPath(filepath.Join("/usr/sbin", name))
}
