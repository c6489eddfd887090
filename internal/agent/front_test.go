package agent_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// front stands between an agent and its engine. It counts the calls, and has something killed at one of them: before the
// engine hears of it, or when it is done and the agent has not heard so.
type front struct {
	host   string
	socket string // of the engine

	mu     sync.Mutex
	server *http.Server
	calls  int
	at     int // the call that is fatal; none when 0
	after  bool
	kill   func()
	fatal  string // what was asked for then
}

func newFront(t testing.TB, engine string) *front {
	t.Helper()
	f := &front{host: "unix://" + filepath.Join(t.TempDir(), "front.sock"), socket: strings.TrimPrefix(engine, "unix://")}
	f.up(t)
	t.Cleanup(f.down)
	return f
}

// up listens, as an engine does that has started.
func (f *front) up(t testing.TB) {
	t.Helper()
	l, err := net.Listen("unix", strings.TrimPrefix(f.host, "unix://"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f, ErrorLog: log.New(io.Discard, "", 0)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.server = server
	go server.Serve(l)
}

// down breaks all connections, as an engine does that is killed.
func (f *front) down() {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.server.Close()
}

// arm says what is fatal. The count begins anew.
func (f *front) arm(at int, after bool, kill func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls, f.at, f.after, f.kill, f.fatal = 0, at, after, kill, ""
}

// victim is the call that was fatal, or "".
func (f *front) victim() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fatal
}

// strike kills if this is the call, and the time.
func (f *front) strike(call int, after bool, what string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if call != f.at || after != f.after {
		return false
	}
	f.fatal = what
	f.kill()
	return true
}

var errKilled = errors.New("killed")

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.calls++
	call := f.calls
	f.mu.Unlock()
	what := r.Method + " " + r.URL.Path
	if f.strike(call, false, what) {
		panic(http.ErrAbortHandler)
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "docker"})
	proxy.FlushInterval = -1
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	proxy.Transport = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", f.socket)
	}}
	proxy.ModifyResponse = func(*http.Response) error {
		if f.strike(call, true, what) {
			return errKilled
		}
		return nil
	}
	proxy.ServeHTTP(w, r)
}
