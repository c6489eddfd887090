package bakery_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"bluegreen/internal/bake"
	"bluegreen/internal/demo/lab"
	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
	"bluegreen/internal/event"
	"bluegreen/internal/sandbox/machine/machinetest"
	"bluegreen/internal/sandbox/stack"
)

func TestMain(m *testing.M) { os.Exit(machinetest.Main(m)) }

const (
	speed   = 30      // times faster than on AWS the account's own delays pass, as in the demo
	version = "1.0.0" // of the agent
)

// world is an account whose instances are containers, with an app of one instance.
type world struct {
	*lab.Lab
	engine *docker.Engine
	tells  *tells
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{engine: machinetest.Shared(t), tells: &tells{begun: time.Now()}}
	t.Cleanup(func() {
		if t.Failed() {
			w.tells.log(t)
		}
	})
	var err error
	w.Lab, err = lab.Open(t.Context(), t.TempDir(), lab.Options{
		Spec:  stack.Spec{BlueOnly: true, Blue: stack.Size{Min: 1, Max: 2, Desired: 1}},
		Speed: speed,
		Docker: &lab.Docker{
			Host: dockertest.Shared(t).Host, Package: machinetest.Release(t, version), Program: program(t), Tell: w.tells.add,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// program is switcher, which is the app of such accounts.
func program(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "switcher")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", file, "bluegreen/switcher")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the app: %v\n%s", err, said)
	}
	return file
}

// bakery is a process that makes images of a version of the app.
func (w *world) bakery(t testing.TB, version string) *bake.Bakery {
	t.Helper()
	b, err := w.Bakery("the test", version, w.tells)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// bake makes the image that is due.
func (w *world) bake(t testing.TB, b *bake.Bakery) bake.Baking {
	t.Helper()
	p, err := b.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !p.Due() {
		t.Fatalf("nothing is due: %s", p.Why)
	}
	made, err := b.Bake(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// tells are what was told, for the one who has to find out why a test fails.
type tells struct {
	begun time.Time
	mu    sync.Mutex
	all   []string
}

func (l *tells) add(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, time.Since(l.begun).Round(100*time.Millisecond).String()+" "+what)
}

// Report implements event.Reporter.
func (l *tells) Report(e event.Event) { l.add(string(e.Event) + " " + e.Text) }

func (l *tells) log(t testing.TB) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, what := range l.all {
		t.Log(what)
	}
}

// eventually waits for something outside of this process, for which no clock can be faked.
func eventually(ctx context.Context, t testing.TB, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(5 * time.Minute)
	for !so() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("interrupted while it was waited until %s", what)
		case <-late:
			t.Fatalf("gave up waiting until %s", what)
		}
	}
}
