package dockertest

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

var shared struct {
	sync.Mutex
	running bool // Main is
	opts    []Option
	daemon  *Daemon
	err     error
}

// Main runs a package's tests and takes the shared engine, which has these options, down after them. Its result is for
// os.Exit:
//
//	func TestMain(m *testing.M) { os.Exit(dockertest.Main(m)) }
func Main(m *testing.M, opts ...Option) int {
	shared.Lock()
	shared.running, shared.opts = true, opts
	shared.Unlock()

	code := m.Run()

	shared.Lock()
	defer shared.Unlock()
	if shared.daemon != nil {
		if err := shared.daemon.home.destroy(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	return code
}

// Shared is one engine for all tests of a process, for those that leave alone what is not theirs: they name what they
// create after themselves, remove it, and neither end nor freeze the daemon. It needs Main.
func Shared(t testing.TB) *Daemon {
	t.Helper()
	paths := programs(t)
	shared.Lock()
	defer shared.Unlock()
	if !shared.running {
		t.Fatal("dockertest.Shared needs func TestMain(m *testing.M) { os.Exit(dockertest.Main(m)) }")
	}
	if shared.daemon == nil && shared.err == nil {
		shared.daemon, shared.err = start(paths, shared.opts)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.daemon
}
