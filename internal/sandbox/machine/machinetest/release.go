package machinetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Release builds the agent's Debian package for this machine as a release would be, by `make package`, and returns its
// file. The version has no "v" before it.
func Release(t testing.TB, version string) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	out := t.TempDir()
	build := exec.CommandContext(t.Context(), "make", "-C", filepath.Join(filepath.Dir(here), "../../../.."),
		"package", "VERSION=v"+version, "ARCHES="+runtime.GOARCH, "OUT="+out)
	for _, entry := range os.Environ() { // a make that runs the tests has told things that are not for the one below it
		if name, _, _ := strings.Cut(entry, "="); !strings.HasPrefix(name, "MAKE") && !strings.HasPrefix(name, "MFLAGS") {
			build.Env = append(build.Env, entry)
		}
	}
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("make package: %v\n%s", err, said)
	}
	return filepath.Join(out, fmt.Sprintf("bluegreen-agent_%s_%s.deb", version, runtime.GOARCH))
}
