package probe

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/fabric"
)

// serve answers at an address of an in-memory network until the test ends.
func serve(t *testing.T, network *fabric.Fabric, addr string, h http.HandlerFunc) {
	t.Helper()
	l, err := network.Listen(addr)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
}

// reply answers everything alike.
func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// inMemory runs a test in a bubble with a network of its own.
func inMemory(t *testing.T, test func(t *testing.T, network *fabric.Fabric)) {
	synctest.Test(t, func(t *testing.T) { test(t, fabric.Memory()) })
}

// target is two nodes of a load balancer.
func target() Target {
	return Target{Addrs: []string{"127.1.0.1", "127.1.0.2"}, Host: "app.example.com", Path: "/health?deep=1"}
}

func must(t *testing.T, p *Probe, err error) *Probe {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// errText is an error's text, "" for none.
func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name         string
		handler      http.HandlerFunc
		status, body string // expected
		wantStatus   int
		wantErr      string
	}{
		{"good", reply(200, "ok"), "", "", 200, ""},
		{"any of a range", reply(204, ""), "200-299,301", "", 204, ""},
		{"one of a list", reply(301, ""), "200-299, 301", "", 301, ""},
		{"not in the list", reply(302, ""), "200-299,301", "", 302, "status 302, want 200-299,301"},
		{"an error with a body", reply(503, "no\n  healthy\x00 targets"), "", "", 503, "status 503, want 200 (\"no healthy\\x00 targets\")"},
		{"a long body", reply(500, strings.Repeat("ä", 200)), "", "", 500, `status 500, want 200 ("` + strings.Repeat("ä", 80) + `…")`},
		{"a part of the body", reply(200, "version: v2"), "", "v2", 200, ""},
		{"not a part of the body", reply(200, "version: v1"), "", "v2", 200, `status 200, but the body does not have v2 ("version: v1")`},
		{"a pattern", reply(200, "version: v23"), "", `/v2\d$/`, 200, ""},
		{"not the pattern", reply(200, "version: v2"), "", `/v2\d$/`, 200, `status 200, but the body does not have /v2\d$/ ("version: v2")`},
		{"a redirect is not followed", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
			"302", "", 302, ""},
		{"cut before the answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", "", 0, "EOF"},
		{"cut in the body", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "some of it")
		}, "", "", 200, "read the body after status 200: unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inMemory(t, func(t *testing.T, network *fabric.Fabric) {
				serve(t, network, "127.1.0.1:80", c.handler)
				one := target()
				one.Addrs, one.ExpectStatus, one.ExpectBody = one.Addrs[:1], c.status, c.body
				p, err := New(one, network.DialContext)
				got := must(t, p, err).Once(t.Context())[0]
				if got.Status != c.wantStatus || errText(got.Err) != c.wantErr {
					t.Errorf("got %d, %v\nwant %d, %s", got.Status, got.Err, c.wantStatus, c.wantErr)
				}
			})
		})
	}
}

func TestEveryAddressIsAskedUnderTheHost(t *testing.T) {
	inMemory(t, func(t *testing.T, network *fabric.Fabric) {
		slow := func(delay time.Duration) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(delay) // of the bubble
				if got := r.Method + " " + r.Host + r.URL.String(); got != "GET app.example.com/health?deep=1" {
					t.Errorf("asked for %s", got)
				}
			}
		}
		serve(t, network, "127.1.0.1:80", slow(time.Second))
		serve(t, network, "127.1.0.2:80", slow(2*time.Second))
		p, err := New(target(), network.DialContext)
		start := time.Now()
		got := must(t, p, err).Once(t.Context())
		want := Results{
			{Addr: "127.1.0.1", RemoteAddr: "127.1.0.1:80", Status: 200, Latency: time.Second},
			{Addr: "127.1.0.2", RemoteAddr: "127.1.0.2:80", Status: 200, Latency: 2 * time.Second},
		}
		if diff := cmp.Diff(want, got); diff != "" || got.Err() != nil {
			t.Errorf("%v, %s", got.Err(), diff)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("asked one after the other: %v", took)
		}
	})
}

func TestFailuresAreNamedByAddress(t *testing.T) {
	inMemory(t, func(t *testing.T, network *fabric.Fabric) {
		serve(t, network, "127.1.0.2:80", reply(502, ""))
		p, err := New(target(), network.DialContext)
		results := must(t, p, err).Once(t.Context())
		want := "127.1.0.1: dial tcp 127.1.0.1:80: connection refused; 127.1.0.2: status 502, want 200"
		if got := errText(results.Err()); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if results[0].RemoteAddr != "" || results[0].Status != 0 {
			t.Errorf("got %+v", results[0])
		}
	})
}

func TestTimeout(t *testing.T) {
	stall := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	stallInBody := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	for name, handler := range map[string]http.HandlerFunc{"before the answer": stall, "in the body": stallInBody} {
		t.Run(name, func(t *testing.T) {
			inMemory(t, func(t *testing.T, network *fabric.Fabric) {
				serve(t, network, "127.1.0.1:80", handler)
				one := target()
				one.Addrs, one.Timeout = one.Addrs[:1], 3*time.Second
				p, err := New(one, network.DialContext)
				got := must(t, p, err).Once(t.Context())[0]
				if errText(got.Err) != "no answer within 3s: context deadline exceeded" || !errors.Is(got.Err, context.DeadlineExceeded) ||
					got.Latency != 3*time.Second {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

func TestInterrupted(t *testing.T) {
	interrupted := errors.New("interrupted")
	inMemory(t, func(t *testing.T, network *fabric.Fabric) {
		serve(t, network, "127.1.0.1:80", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		one := target()
		one.Addrs = one.Addrs[:1]
		p, err := New(one, network.DialContext)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(interrupted) })
		if got := must(t, p, err).Once(ctx)[0]; !errors.Is(got.Err, interrupted) || got.Latency != time.Second {
			t.Errorf("got %+v", got)
		}
	})
}

func TestNoConnectionIsUsedTwice(t *testing.T) {
	inMemory(t, func(t *testing.T, network *fabric.Fabric) {
		serve(t, network, "127.1.0.1:80", reply(200, "ok"))
		var dials atomic.Int32
		one := target()
		one.Addrs = one.Addrs[:1]
		p, err := New(one, func(ctx context.Context, n, addr string) (net.Conn, error) {
			dials.Add(1)
			return network.DialContext(ctx, n, addr)
		})
		for range 3 {
			if err := must(t, p, err).Once(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if n := dials.Load(); n != 3 {
			t.Errorf("%d connections for 3 samples", n)
		}
	})
}

func TestTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(reply(200, "ok"))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it logs refused handshakes
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	addr := server.Listener.Addr().(*net.TCPAddr)
	for _, c := range []struct {
		name, host string
		change     func(*Target)
		want       string // a part of the error
	}{
		{"trusted", "example.com", func(t *Target) { t.CAFile = ca }, ""},
		{"trusted, with a port", "example.com:8443", func(t *Target) { t.CAFile = ca }, ""},
		{"another name", "app.example.org", func(t *Target) { t.CAFile = ca }, "certificate is valid for"},
		{"not trusted", "example.com", func(*Target) {}, "certificate"},
		{"not verified", "app.example.org", func(t *Target) { t.Insecure = true }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tg := Target{Scheme: "https", Addrs: []string{addr.IP.String()}, Port: addr.Port, Host: c.host}
			c.change(&tg)
			p, err := New(tg, nil)
			got := must(t, p, err).Once(t.Context()).Err()
			if (got == nil) != (c.want == "") || !strings.Contains(errText(got), c.want) {
				t.Errorf("got %v, want %q", got, c.want)
			}
		})
	}
}

func TestBadTargets(t *testing.T) {
	notPEM := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(notPEM, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*Target)
		want   []string // parts of the error
	}{
		{"several faults at once", func(t *Target) { *t = Target{Scheme: "ftp", Path: "x", Port: -1, ExpectStatus: "abc"} },
			[]string{`scheme: "ftp"`, "addresses: none", "port: -1", "host: missing", `path: "x"`, `expected status: "abc"`}},
		{"an address with a slash", func(t *Target) { t.Addrs = []string{"http://127.0.0.1"} }, []string{"addresses: "}},
		{"a host with a path", func(t *Target) { t.Host = "a/b" }, []string{"host: "}},
		{"a port beyond all", func(t *Target) { t.Port = 65536 }, []string{"port: 65536"}},
		{"a path that is none", func(t *Target) { t.Path = "/%zz" }, []string{"method and path: "}},
		{"a method that is none", func(t *Target) { t.Method = "GE T" }, []string{"method and path: "}},
		{"a negative timeout", func(t *Target) { t.Timeout = -1 }, []string{"timeout: "}},
		{"a status that is none", func(t *Target) { t.ExpectStatus = "99" }, []string{"expected status: "}},
		{"a range upside down", func(t *Target) { t.ExpectStatus = "299-200" }, []string{"expected status: "}},
		{"a status too many", func(t *Target) { t.ExpectStatus = "200," }, []string{"expected status: "}},
		{"a pattern that is none", func(t *Target) { t.ExpectBody = "/(/" }, []string{"expected body: "}},
		{"the body of HEAD", func(t *Target) { t.Method, t.ExpectBody = "HEAD", "ok" }, []string{"expected body: "}},
		{"a CA file without TLS", func(t *Target) { t.CAFile = notPEM }, []string{"CA file"}},
		{"a CA file that is not there", func(t *Target) { t.Scheme, t.CAFile = "https", "/nowhere/ca.pem" }, []string{"CA file: open /nowhere/ca.pem"}},
		{"a CA file without certificates", func(t *Target) { t.Scheme, t.CAFile = "https", notPEM }, []string{"holds no certificate"}},
		{"a CA file for nothing", func(t *Target) { t.Scheme, t.CAFile, t.Insecure = "https", notPEM, true }, []string{"nothing to trust"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := target()
			c.change(&bad)
			_, err := New(bad, nil)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
		})
	}
}

func TestURL(t *testing.T) {
	for want, tg := range map[string]Target{
		"http://app/":             {Host: "app"},
		"https://app/health":      {Scheme: "https", Host: "app", Path: "/health"},
		"http://app:8080/":        {Host: "app", Port: 8080},
		"https://[::1]:80/":       {Scheme: "https", Host: "[::1]", Port: 80},
		"http://app/search?q=%20": {Host: "app", Path: "/search?q=%20"},
	} {
		tg = tg.withDefaults()
		if got := tg.URL(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func ExampleResults_Err() {
	results := Results{{Addr: "10.0.0.1", Status: 200}, {Addr: "10.0.0.2", Status: 503, Err: errors.New("status 503, want 200")}}
	fmt.Println(results.Err())
	// Output: 10.0.0.2: status 503, want 200
}
