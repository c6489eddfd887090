package health

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bluegreen/internal/sandbox/fabric"
)

// serve answers on an in-memory network until the test ends.
func serve(t *testing.T, network *fabric.Fabric, h http.HandlerFunc) {
	t.Helper()
	l, err := network.Listen("127.0.0.1:80")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
}

// once asks once, with the monitor's timeout.
func once(t *testing.T, p Prober) string {
	t.Helper()
	m := New(Options{})
	if err := m.probe(t.Context(), m.epoch, p); err != nil {
		return err.Error()
	}
	return ""
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestHTTP(t *testing.T) {
	stall := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	const at = "GET http://127.0.0.1:80/health: "
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		expect  string
		want    string
	}{
		{"good", reply(200, "ok"), "", ""},
		{"without a body", reply(204, ""), "", ""},
		{"not followed", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere/", http.StatusFound)
		}, "", ""},
		{"a redirect where none is wanted", reply(302, ""), "200", at + "status 302, want 200"},
		{"not good, its body is nobody's business", reply(503, "password=hunter2"), "", at + "status 503, want 200-399"},
		{"among several", reply(404, ""), "200-299, 404", ""},
		{"a long body", reply(200, strings.Repeat("x", 3<<20)), "", ""},
		{"stalled", stall, "", at + "no answer within 2s"},
		{"stalled in the body", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, "", at + "read the body after status 200: no answer within 2s"},
		{"cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", at + "EOF"},
		{"a header without end", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 128<<10)) }, "",
			at + "net/http: HTTP/1.x transport connection broken: net/http: server response headers exceeded 65536 bytes; aborted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := fabric.Memory()
				serve(t, network, c.handler)
				p, err := HTTP{Addr: "127.0.0.1:80", Expect: c.expect, Dial: network.DialContext}.Prober()
				if err != nil {
					t.Fatal(err)
				}
				if got := once(t, p); got != c.want {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
			})
		})
	}
}

func TestHTTPAsksForWhatItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fabric.Memory()
		asked := ""
		serve(t, network, func(w http.ResponseWriter, r *http.Request) {
			asked = r.Method + " " + r.Host + r.URL.String() + " " + r.UserAgent()
			w.WriteHeader(500)
		})
		p, err := HTTP{Addr: "127.0.0.1:80", Path: "/ready?token=hunter2", Host: "app.example.com", Dial: network.DialContext}.Prober()
		if err != nil {
			t.Fatal(err)
		}
		if got := once(t, p); got != "GET http://127.0.0.1:80/ready: status 500, want 200-399" {
			t.Errorf("got %s", got)
		}
		if asked != "GET app.example.com/ready?token=hunter2 bluegreen-agent" {
			t.Errorf("asked for %s", asked)
		}
	})
}

func TestHTTPConnectsEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fabric.Memory()
		serve(t, network, reply(200, "ok"))
		var dials atomic.Int32
		p, err := HTTP{Addr: "127.0.0.1:80", Dial: func(ctx context.Context, n, addr string) (net.Conn, error) {
			dials.Add(1)
			return network.DialContext(ctx, n, addr)
		}}.Prober()
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if got := once(t, p); got != "" {
				t.Error(got)
			}
		}
		if n := dials.Load(); n != 3 {
			t.Errorf("%d connections for 3 probes", n)
		}
	})
}

// A proxy of the environment would be asked in place of the app.
func TestHTTPUsesNoProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	server := httptest.NewServer(reply(200, "ok"))
	defer server.Close()
	p, err := HTTP{Addr: strings.TrimPrefix(server.URL, "http://")}.Prober()
	if err != nil {
		t.Fatal(err)
	}
	if got := once(t, p); got != "" {
		t.Error(got)
	}
}

func TestHTTPS(t *testing.T) {
	server := httptest.NewTLSServer(reply(200, "ok"))
	defer server.Close()
	p, err := HTTP{Addr: strings.TrimPrefix(server.URL, "https://"), TLS: true}.Prober()
	if err != nil {
		t.Fatal(err)
	}
	if got := once(t, p); got != "" {
		t.Error(got)
	}
}

func TestHTTPRefuses(t *testing.T) {
	for want, h := range map[string]HTTP{
		"address: ":                      {Addr: "127.0.0.1"},
		`path: "x" does not begin`:       {Addr: "127.0.0.1:80", Path: "x"},
		"path: parse":                    {Addr: "127.0.0.1:80", Path: "/%zz"},
		`host: "a b" is not a host name`: {Addr: "127.0.0.1:80", Host: "a b"},
		`expected status: "99"`:          {Addr: "127.0.0.1:80", Expect: "99"},
	} {
		if p, err := h.Prober(); p != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", h, err)
		}
	}
	_, err := HTTP{Addr: "x", Expect: "no"}.Prober()
	if err == nil || !strings.Contains(err.Error(), "address: ") || !strings.Contains(err.Error(), "expected status: ") {
		t.Errorf("not all at once: %v", err)
	}
}

func TestTCP(t *testing.T) {
	for _, c := range []struct {
		name   string
		listen bool
		talk   func(net.Conn)
		want   string
	}{
		{"waits for us", true, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }, ""},
		{"speaks first", true, func(c net.Conn) { _, _ = c.Write([]byte("220 hello")) }, ""},
		{"hangs up", true, func(net.Conn) {}, "connect to 127.0.0.1:80: accepted and closed at once: nobody listens behind the published port"},
		{"is not there", false, nil, "connect to 127.0.0.1:80: connection refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := fabric.Memory()
				if c.listen {
					l, err := network.Listen("127.0.0.1:80")
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = l.Close() }()
					go func() {
						conn, err := l.Accept()
						if err != nil {
							t.Error(err)
							return
						}
						c.talk(conn)
						_ = conn.Close()
					}()
				}
				if got := once(t, TCP{Addr: "127.0.0.1:80", Dial: network.DialContext}); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		})
	}
}

// The same over real sockets, whose errors have other words and types.
func TestTCPOverSockets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if got := once(t, TCP{Addr: addr}); got != "" { // accepted by the kernel
		t.Error(got)
	}
	_ = l.Close()
	if got := once(t, TCP{Addr: addr}); got != "connect to "+addr+": connect: connection refused" {
		t.Error(got)
	}
}

func TestTCPTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
		start := time.Now()
		if got := once(t, TCP{Addr: "127.0.0.1:80", Dial: hang}); got != "connect to 127.0.0.1:80: no answer within 2s" || time.Since(start) != 2*s {
			t.Errorf("after %v: %s", time.Since(start), got)
		}
	})
}

func TestDocker(t *testing.T) {
	for _, c := range []struct {
		name     string
		health   string
		age      time.Duration
		fallback Prober
		want     string
		kind     error
	}{
		{"healthy", "healthy", s, nil, "", nil},
		{"starting", "starting", s, nil, "HEALTHCHECK: still starting", ErrNotYet},
		{"unhealthy", "unhealthy", s, nil, "HEALTHCHECK: unhealthy", ErrFinal},
		{"none", "", s, nil, "the container has no HEALTHCHECK", nil},
		{"a new word", "dubious", s, nil, `HEALTHCHECK: "dubious" is no state of health`, nil},
		{"Docker hangs", "healthy", 91 * s, nil, "HEALTHCHECK: Docker last answered 1m31s ago: not known", ErrUnknown},
		{"Docker hangs, the app does not", "unhealthy", 91 * s, &app{}, "", nil},
		{"Docker hangs, and so does the app", "healthy", 91 * s, &app{err: errRefused}, "connection refused", errRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Docker{State: func() (string, time.Duration) { return c.health, c.age }, Fallback: c.fallback}.Probe(t.Context())
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != c.want || c.kind != nil && !errors.Is(err, c.kind) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// Docker hangs for an hour. The app is asked directly, and the fleet stays in service.
func TestHungDockerTakesNoFleetOut(t *testing.T) {
	network := (*fabric.Fabric)(nil)
	watch(t, Options{}, func(t *testing.T, m *Monitor) {
		network = fabric.Memory()
		serve(t, network, reply(200, "ok"))
		web, err := HTTP{Addr: "127.0.0.1:80", Dial: network.DialContext}.Prober()
		if err != nil {
			t.Fatal(err)
		}
		answered := time.Now()
		generation := m.Replace(Target{Prober: Docker{
			State:    func() (string, time.Duration) { return "healthy", time.Since(answered) },
			Fallback: web,
		}})
		if err := m.Await(t.Context(), generation); err != nil {
			t.Fatal(err)
		}
		for range 720 {
			after(5 * s)
			if v := m.Verdict(); !v.Ready {
				t.Fatalf("got %+v", v)
			}
		}
	})
}
