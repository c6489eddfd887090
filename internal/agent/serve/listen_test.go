package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The agent goes and the next one comes. Its listener stays open in between, as in systemd's store of file descriptors:
// nobody is refused, whoever connects meanwhile is answered by the next one.
func TestHandOver(t *testing.T) {
	h, alive := Health{Ready: true, Status: "healthy"}, error(nil)
	first := listen(t, "127.0.0.1:0", nil).(*net.TCPListener)
	file, err := first.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := run(t, server(full(), &h, &alive), first)
	url := r.public + "/health"

	var clients sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for range 4 {
		clients.Go(func() {
			for ctx.Err() == nil {
				if status := ask200(t, url); status != 200 {
					t.Errorf("got %d", status)
					return
				}
			}
		})
	}
	for range 3 {
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		inherited, err := net.FileListener(file)
		if err != nil {
			t.Fatal(err)
		}
		r = run(t, server(full(), &h, &alive), listen(t, first.Addr().String(), inherited))
		if status := ask200(t, url); status != 200 {
			t.Errorf("got %d", status)
		}
	}
	stop()
	clients.Wait()
}

func TestInheritedForAnotherAddress(t *testing.T) {
	for _, c := range []struct {
		have, addr string
		want       bool
	}{
		{"127.0.0.1:9180", "127.0.0.1:9180", true},
		{"127.0.0.1:9180", "localhost:9180", true},
		{"127.0.0.1:9180", ":9180", false},
		{"127.0.0.1:9180", "127.0.0.1:9181", false},
		{"[::]:9180", ":9180", true},
		{"[::]:9180", "0.0.0.0:9180", true},
		{"[::]:9180", "127.0.0.1:9180", false},
		{"[::]:9180", "no such address", false},
	} {
		have, err := net.ResolveTCPAddr("tcp", c.have)
		if err != nil {
			t.Fatal(err)
		}
		if got := sameAddress(have, c.addr); got != c.want {
			t.Errorf("%s for %s: %v", c.have, c.addr, got)
		}
	}
	inherited := listen(t, "127.0.0.1:0", nil)
	l := listen(t, "127.0.0.1:0", inherited)
	defer l.Close()
	if _, err := inherited.Accept(); l == inherited || !errors.Is(err, net.ErrClosed) {
		t.Errorf("the other one goes on: %v", err)
	}
}

func TestThePortIsTaken(t *testing.T) {
	l := listen(t, "127.0.0.1:0", nil)
	defer l.Close()
	addr := l.Addr().String()
	_, err := Listen(t.Context(), addr, nil)
	comm, readErr := os.ReadFile("/proc/self/comm")
	if readErr != nil {
		t.Skip("no /proc here")
	}
	want := fmt.Sprintf("listen on %s: the port is taken by %s (pid %d)", addr, strings.TrimSpace(string(comm)), os.Getpid())
	var bind *BindError
	if !errors.As(err, &bind) || !errors.Is(err, syscall.EADDRINUSE) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// The agent before this one is on its way out.
func TestThePortIsFreeSoon(t *testing.T) {
	l := listen(t, "127.0.0.1:0", nil)
	time.AfterFunc(100*time.Millisecond, func() { _ = l.Close() })
	next, err := Listen(t.Context(), l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = next.Close()
}

func TestBindErrors(t *testing.T) {
	in := func(err error) error {
		return &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", err)}
	}
	for want, err := range map[string]error{
		"listen on :80: no interface of this machine has the address":                    in(syscall.EADDRNOTAVAIL),
		"listen on :80: not allowed: ports below 1024 need root or CAP_NET_BIND_SERVICE": in(syscall.EACCES),
		"listen on :80: bind: too many open files":                                       in(syscall.EMFILE),
		"listen on :80: something else":                                                  errors.New("something else"),
	} {
		if got := explain(":80", err); got.Error() != want || !errors.Is(got, err) {
			t.Errorf("got  %v\nwant %s", got, want)
		}
	}
	if _, err := Listen(t.Context(), "nonsense", nil); err == nil || err.Error() != "listen on nonsense: address nonsense: missing port in address" {
		t.Errorf("got %v", err)
	}
}

func TestHolder(t *testing.T) {
	proc := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(proc, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// 8080 is 1F90: a connection from it, another port's listener, then the listener.
	write("self/net/tcp", `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 11 1
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1
   2: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 14 1
`)
	write("self/net/tcp6", `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 13 1
`)
	for pid, inode := range map[string]string{"7": "11", "8": "12", "9": "13"} {
		write(pid+"/fd/.keep", "")
		if err := os.Symlink("socket:["+inode+"]", filepath.Join(proc, pid, "fd", "3")); err != nil {
			t.Fatal(err)
		}
	}
	write("9/comm", "docker-proxy\n")
	for addr, want := range map[string]string{
		":8080":        "docker-proxy (pid 9): a container publishes it",
		"127.0.0.1:80": "process 8",
		":8081":        "a process that cannot be seen from here (as root: ss -ltnp)",
		":http":        "somebody",
	} {
		if got := holder(proc, addr); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
	if got := holder(filepath.Join(proc, "none"), ":8080"); got != "a process that cannot be seen from here (as root: ss -ltnp)" {
		t.Errorf("without /proc: %s", got)
	}
}

func TestAsk(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	h, alive := Health{Ready: true, Status: "healthy", AgeMS: 1200}, error(nil)
	r := run(t, server(full(), &h, &alive), nil)
	admin := strings.TrimPrefix(r.admin, "http://")
	got, err := Ask(t.Context(), admin)
	if err != nil || got.App != "flask-app" || got.Container.Name != "flask-app-3" || !got.Health.Ready {
		t.Errorf("%+v %v", got, err)
	}
	public := strings.TrimPrefix(r.public, "http://")
	if _, err := Ask(t.Context(), public); err == nil || err.Error() != "ask the agent at "+public+" for its status: status 404: is that the admin address?" {
		t.Errorf("got %v", err)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := Ask(t.Context(), admin); !errors.Is(err, ErrNoAgent) {
		t.Errorf("got %v", err)
	}
	other := run(t, New(Options{Board: NewBoard(Status{}, func() Health { return h }), Live: func() error { return nil }, Metrics: http.NotFoundHandler()}), nil)
	if _, err := Ask(t.Context(), strings.TrimPrefix(other.admin, "http://")+"/metrics#"); err == nil {
		t.Error("no error for what is not a status")
	}
}
