package serve

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHealth(t *testing.T) {
	for _, c := range []struct {
		name   string
		health Health
		phase  Phase
		want   answer
	}{
		{"ready", Health{Ready: true, Status: "healthy", AgeMS: 1200}, Serving, answer{200, "application/json",
			`{"status":"healthy","phase":"serving","age_ms":1200,"reason":"","version":"v2","color":"green"}`}},
		{"not yet", Health{Status: "starting", Reason: "connection refused", AgeMS: 20}, Waiting, answer{503, "application/json",
			`{"status":"starting","phase":"waiting","age_ms":20,"reason":"connection refused","version":"v2","color":"green"}`}},
		{"stale", Health{Status: "stale", Reason: "the last probe was 20s ago", AgeMS: 20000}, Serving, answer{503, "application/json",
			`{"status":"stale","phase":"serving","age_ms":20000,"reason":"the last probe was 20s ago","version":"v2","color":"green"}`}},
		{"draining", Health{Status: "draining", Reason: "spot \"notice\"", AgeMS: 1}, Draining, answer{503, "application/json",
			`{"status":"draining","phase":"draining","age_ms":1,"reason":"spot \"notice\"","version":"v2","color":"green"}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := full()
			s.Phase = c.phase
			var alive error
			for face, h := range map[string]http.Handler{"public": server(s, &c.health, &alive).Public(), "admin": server(s, &c.health, &alive).Admin()} {
				got, header := get(h, "GET", "/health")
				if diff := cmp.Diff(c.want, got); diff != "" || header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s: %s, %v", face, diff, header)
				}
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	h, alive := Health{Ready: true, Status: "healthy"}, error(nil)
	s := server(full(), &h, &alive)
	const json = "application/json"
	nothing := answer{404, json, `{"error":"there is nothing here"}`}
	for _, c := range []struct {
		face         http.Handler
		method, path string
		want         answer
	}{
		{s.Public(), "GET", "/live", answer{200, json, `{"status":"live"}`}},
		{s.Public(), "GET", "/", nothing},
		{s.Public(), "GET", "/health/", nothing},
		{s.Public(), "GET", "/status", nothing},
		{s.Public(), "GET", "/metrics", nothing},
		{s.Public(), "GET", "/debug/pprof/", nothing},
		{s.Admin(), "GET", "/debug/pprof/", nothing},
		{s.Public(), "POST", "/health", answer{405, json, `{"error":"use GET or HEAD"}`}},
		{s.Admin(), "DELETE", "/status", answer{405, json, `{"error":"use GET or HEAD"}`}},
	} {
		got, header := get(c.face, c.method, c.path)
		if diff := cmp.Diff(c.want, got); diff != "" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %s, %v", c.method, c.path, diff, header)
		}
		if allow := header.Get("Allow"); (c.want.Status == 405) != (allow == "GET, HEAD") {
			t.Errorf("%s %s: Allow: %s", c.method, c.path, allow)
		}
	}
	for _, path := range []string{"/status", "/metrics"} {
		if got, header := get(s.Admin(), "GET", path); got.Status != 200 || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %+v %v", path, got, header)
		}
	}
}

// The agent that is stuck says so where nobody takes the app out of service for it.
func TestLive(t *testing.T) {
	h, alive := Health{Ready: true, Status: "healthy"}, errors.New("the loop was last seen\n5m ago")
	s := server(full(), &h, &alive)
	want := answer{503, "application/json", `{"status":"stuck","reason":"the loop was last seen 5m ago"}`}
	if got, _ := get(s.Public(), "GET", "/live"); got != want {
		t.Errorf("got %+v", got)
	}
	if got, _ := get(s.Public(), "GET", "/health"); got.Status != 200 {
		t.Errorf("got %+v", got)
	}
}

// HEAD has the header of GET, over a real connection that is used again after it.
func TestHead(t *testing.T) {
	h, alive := Health{Status: "draining"}, error(nil)
	r := run(t, server(full(), &h, &alive), nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.public, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	var lengths []int64
	for _, method := range []string{"HEAD", "GET", "HEAD"} {
		fmt.Fprintf(conn, "%s /health HTTP/1.1\r\nHost: x\r\n\r\n", method)
		resp, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 503 || (method == "HEAD") != (len(body) == 0) {
			t.Errorf("%s: %d %q %v", method, resp.StatusCode, body, err)
		}
		lengths = append(lengths, resp.ContentLength)
	}
	if lengths[0] < 50 || lengths[0] != lengths[1] || lengths[1] != lengths[2] {
		t.Errorf("lengths %v", lengths)
	}
}

func TestAHeaderTooLongIsRefused(t *testing.T) {
	h, alive := Health{Ready: true}, error(nil)
	r := run(t, server(full(), &h, &alive), nil)
	request, err := http.NewRequest("GET", r.public+"/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X", strings.Repeat("x", 32<<10))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %d", resp.StatusCode)
	}
}

// Clients that connect and say nothing keep nobody from being answered for long: there is room for more of them than a load
// balancer has nodes.
func TestSilentClients(t *testing.T) {
	h, alive := Health{Ready: true, Status: "healthy"}, error(nil)
	r := run(t, server(full(), &h, &alive), nil)
	for range publicConnections - 1 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.public, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	if status := ask200(t, r.public+"/health"); status != 200 {
		t.Errorf("got %d", status)
	}
}

func ask200(t *testing.T, url string) int {
	t.Helper()
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// An answer that is under way when the agent stops goes out.
func TestStopLetsAnswersOut(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	board := NewBoard(full(), func() Health { close(entered); <-leave; return Health{Ready: true, Status: "healthy"} })
	r := run(t, New(Options{Board: board, Live: func() error { return nil }, Metrics: http.NotFoundHandler()}), nil)
	status := make(chan int)
	go func() { status <- ask200(t, r.public+"/health") }()
	<-entered
	ended := make(chan error)
	go func() { ended <- r.stop() }()
	for { // until the server has begun to stop
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.public, "http://"))
		if err != nil {
			break
		}
		conn.Close()
	}
	close(leave)
	if got := <-status; got != 200 {
		t.Errorf("got %d", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestServeSaysThatAListenerFailed(t *testing.T) {
	h, alive := Health{}, error(nil)
	public, admin := listen(t, "127.0.0.1:0", nil), listen(t, "127.0.0.1:0", nil)
	if err := public.Close(); err != nil {
		t.Fatal(err)
	}
	if err := server(full(), &h, &alive).Serve(t.Context(), public, admin); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// What /health costs, apart from what net/http does for any request.
func TestHealthAllocatesLittle(t *testing.T) {
	h, alive := Health{Ready: true, Status: "healthy", AgeMS: 1200}, error(nil)
	face := server(full(), &h, &alive).Public()
	request, w := mustRequest(t), &discard{header: http.Header{}}
	if n := testing.AllocsPerRun(1000, func() { face.ServeHTTP(w, request) }); n > 5 {
		t.Errorf("%v allocations", n)
	}
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

func mustRequest(tb testing.TB) *http.Request {
	tb.Helper()
	request, err := http.NewRequest("GET", "http://x/health", nil)
	if err != nil {
		tb.Fatal(err)
	}
	return request
}
