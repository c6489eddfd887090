package dockertest

import (
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// App is an image with the server in the package testapp as its only program. It listens on port 8080 and serves
//
//	/            JSON: version, uid, gid, pid, hostname, and the names of its environment
//	/health      200 or 503; /ready is the same
//	/slow?for=1s after so long
//	/status      its own /proc/self/status
//	/read?path=  a file
//	/write?path= makes one, and /mkdir?path= a directory; 500 when it cannot
//
// and on POST to /healthy and /unhealthy is that from then on, to /crash?code=1 exits, to /hog?bytes=1000000 takes
// memory and keeps it. How it behaves by itself is in the environment, of the image or of the container:
//
//	APP_PORT, APP_VERSION
//	APP_HEALTHY_AFTER, APP_UNHEALTHY_AFTER   durations since its start
//	APP_CRASH_AFTER, APP_EXIT_CODE           a duration, and what it exits with then; 1 when not set
//	APP_HOG                                  bytes to take at once
//	APP_SLOW                                 how long each request but those for its health takes
//	APP_IGNORE_TERM                          do not end on SIGTERM, when not empty
//	APP_STOP_DELAY                           how long it takes to end on SIGTERM, after its requests
//	APP_SAY, APP_SAY_BYTES                   a line to print at once, and how long another one is to be; it also
//	                                         prints each signal it gets
//
// As "/app check URL" it exits with 0 if a GET of that answers 200, for a HEALTHCHECK.
type App struct {
	Version string
	Env     map[string]string
	User    string
	Labels  map[string]string

	Healthcheck bool   // have a HEALTHCHECK, which runs each second
	Padding     int    // bytes that cannot be compressed, in a layer of their own
	Arch        string // that the image says it is for; this machine's when empty
}

// BuildApp makes an image of the server, which is compiled once in a process.
func BuildApp(t testing.TB, a App) *Image {
	t.Helper()
	program, err := compile()
	if err != nil {
		t.Fatal(err)
	}
	config := Config{
		Entrypoint: []string{"/app"}, User: a.User, Labels: a.Labels, Env: []string{"APP_VERSION=" + a.Version},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
	}
	for _, name := range slices.Sorted(maps.Keys(a.Env)) {
		config.Env = append(config.Env, name+"="+a.Env[name])
	}
	if a.Healthcheck {
		config.Healthcheck = &Healthcheck{
			Test:     []string{"CMD", "/app", "check", "http://127.0.0.1:8080/health"},
			Interval: time.Second, Timeout: 5 * time.Second, Retries: 2,
		}
	}
	layers := [][]File{{{Path: "app", Mode: 0o755, Data: program}, {Path: "tmp/", Mode: 0o1777}}}
	if a.Padding > 0 {
		padding := make([]byte, a.Padding)
		rand.Read(padding)
		layers = append(layers, []File{{Path: "padding", Mode: 0o644, Data: padding}})
	}
	arch := a.Arch
	if arch == "" {
		arch = runtime.GOARCH
	}
	image, err := NewImage(arch, config, layers...)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

var compile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // in the system's directory for what may stay
	path := filepath.Join(dir, "app")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path, "bluegreen/internal/docker/dockertest/testapp")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compile the test app: %w\n%s", err, out)
	}
	return os.ReadFile(path)
})
