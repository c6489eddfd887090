// Package machinetest has what tests need to run instances as containers: an engine with the Debian of instances in it.
package machinetest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
	"bluegreen/internal/sandbox/machine"
)

// Main runs a package's tests, and takes the engine of Shared down after them. Its result is for os.Exit.
func Main(m *testing.M) int { return dockertest.Main(m) }

// Shared is an engine for all tests of a package, in which a disk can be made at once. It needs Main. Tests remove what they
// make, but images.
func Shared(t testing.TB) *docker.Engine {
	t.Helper()
	engine := dockertest.Shared(t).Engine(t)
	images, err := engine.Images(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(images) > 0 {
		return engine
	}
	filesystem, err := os.Open(debian(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = filesystem.Close() }()
	if err := machine.ImportBase(t.Context(), engine, filesystem); err != nil {
		t.Fatal(err)
	}
	return engine
}

// debian is the file system of instances. It is made once and kept: that takes a minute.
func debian(t testing.TB) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	source, err := os.ReadFile(filepath.Join(filepath.Dir(here), "../debian.go")) // in which the recipe is
	if err != nil {
		t.Fatal(err)
	}
	cache := filepath.Join(filepath.Dir(here), "../../../../.cache/debian")
	recipe := sha256.Sum256(source)
	name := filepath.Join(cache, fmt.Sprintf("instance-%x.tar", recipe[:6]))
	if _, err := os.Stat(name); err == nil {
		return name
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	made, err := os.CreateTemp(cache, "making")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Remove(made.Name()) }() // gone when all went well
	if err := machine.Debootstrap(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(made.Name(), name); err != nil {
		t.Fatal(err)
	}
	return name
}
