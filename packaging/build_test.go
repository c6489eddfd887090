package packaging_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

const (
	older = "1.0.0"
	newer = "1.0.1"
)

// packages are the packages of two versions, built by `make package` as a release would be, for this machine.
var packages = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "bluegreen-packages")
	if err != nil {
		return "", err
	}
	for _, version := range []string{older, newer} {
		cmd := exec.Command("make", "-C", "..", "package", "VERSION=v"+version, "ARCHES="+runtime.GOARCH,
			"OUT="+filepath.Join(dir, version))
		cmd.Env = withoutMake(os.Environ())
		if output, err := cmd.CombinedOutput(); err != nil {
			return dir, fmt.Errorf("make package: %w\n%s", err, output)
		}
	}
	return dir, nil
})

// withoutMake drops what a make that runs the tests tells the makes below it.
func withoutMake(env []string) []string {
	var kept []string
	for _, entry := range env {
		if name, _, _ := strings.Cut(entry, "="); !strings.HasPrefix(name, "MAKE") && !strings.HasPrefix(name, "MFLAGS") {
			kept = append(kept, entry)
		}
	}
	return kept
}

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := packages(); dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// file is what `make package` has written for a package: its "deb" or its "cdx.json".
func file(t *testing.T, name, version, kind string) string {
	t.Helper()
	dir, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, version, fmt.Sprintf("%s_%s_%s.%s", name, version, runtime.GOARCH, kind))
}

func deb(t *testing.T, name, version string) string { t.Helper(); return file(t, name, version, "deb") }
