package load_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"bluegreen/internal/demo/load"
	"bluegreen/internal/resolve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is an app with a name, and what came to it.
type site struct {
	t       *testing.T
	port    int
	queries atomic.Int64
	reached atomic.Int64 // requests
	conns   atomic.Int64

	mu       sync.Mutex
	resolver string
	color    string
	newest   time.Time // when the last request came
	answer   func(w http.ResponseWriter, r *http.Request)
}

func newSite(t *testing.T) *site {
	s := &site{t: t, color: "blue"}
	server := httptest.NewUnstartedServer(s)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.conns.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.port, _ = strconv.Atoi(port)

	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.resolver = packets.LocalAddr().String()
	names := &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(s.resolve)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = names.ActivateAndServe()
	}()
	t.Cleanup(func() {
		_ = packets.Close()
		<-ended
	})
	return s
}

// ttl is that of the site's address, in seconds.
const ttl = 1

func (s *site) resolve(w dns.ResponseWriter, q *dns.Msg) {
	s.queries.Add(1)
	m := new(dns.Msg)
	m.SetReply(q)
	m.Answer = []dns.RR{&dns.A{
		Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: ttl}, A: net.IPv4(127, 0, 0, 1),
	}}
	_ = w.WriteMsg(m)
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.reached.Add(1)
	s.mu.Lock()
	color, answer := s.color, s.answer
	s.newest = time.Now()
	s.mu.Unlock()
	w.Header().Set("X-Color", color)
	w.Header().Set("X-Version", "v1")
	if answer != nil {
		answer(w, r)
	}
}

// visit has clients visit the site until it has seen enough of them.
func (s *site) visit(o load.Options, enough func() bool) load.Stats {
	s.t.Helper()
	o.Host, o.Port, o.Path, o.Resolver = "shop.example.com", s.port, "/", resolve.Client{Resolver: s.resolver}
	o.Color, o.Version, o.Timeout = "X-Color", "X-Version", time.Minute
	if o.Idle == 0 {
		o.Idle = time.Minute
	}
	l := load.Start(o)
	defer l.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); !enough(); {
		select {
		case <-tick.C:
		case <-late:
			s.t.Fatalf("the site saw no more than %d requests on %d connections, and %d queries", s.reached.Load(), s.conns.Load(), s.queries.Load())
		}
	}
	l.Stop()
	if n := l.Connections("blue"); n != 0 {
		s.t.Errorf("%d connections are left", n)
	}
	return l.Stats()
}

func TestClientsCountWhoAnswered(t *testing.T) {
	s := newSite(t)
	// Two keep their second connection for good; the other two let go of theirs again and again.
	again := func() bool { return s.reached.Load() >= 20 && s.conns.Load() >= 12 }
	stats := s.visit(load.Options{Clients: 4, Long: 2, Keep: 50 * time.Millisecond, Stagger: 50 * time.Millisecond, Pause: 5 * time.Millisecond}, again)
	side := load.Side{Color: "blue", Version: "v1"}
	if stats.Failed != 0 || stats.Requests != int(s.reached.Load()) || stats.Sides[side].Requests != stats.Requests {
		t.Errorf("%+v, the site saw %d requests", stats, s.reached.Load())
	}
}

func TestLongClientsKeepTheirSecondConnection(t *testing.T) {
	s := newSite(t)
	var before int64 // requests until there was a second connection
	stats := s.visit(load.Options{Clients: 1, Long: 1, Keep: time.Millisecond, Stagger: 20 * time.Millisecond, Pause: 5 * time.Millisecond}, func() bool {
		if s.conns.Load() < 2 {
			before = s.reached.Load()
		}
		return s.conns.Load() >= 2 && s.reached.Load() > before+20
	})
	if n := s.conns.Load(); n != 2 {
		t.Errorf("%d connections for %d requests, want 2", n, stats.Requests)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := stats.Of("blue").Last; last.Before(s.newest) {
		t.Errorf("the last request was at %v, the site saw it at %v", last, s.newest)
	}
}

// A client asks again when the answer may not be remembered any longer, not with every connection.
func TestClientsRememberAnswers(t *testing.T) {
	s := newSite(t)
	begun := time.Now()
	s.visit(load.Options{Clients: 1, Keep: 10 * time.Millisecond, Pause: 5 * time.Millisecond}, func() bool {
		return s.queries.Load() >= 2 && s.conns.Load() >= 10
	})
	took := time.Since(begun)
	// One more than that where a query was lost, and sent again.
	if queries, most := s.queries.Load(), 2+int64(took/(ttl*time.Second)); queries > most {
		t.Errorf("%d queries for %d connections in %s, want %d at most", queries, s.conns.Load(), took, most)
	}
}

// No request is sent twice, and whatever is no 2xx is a failure.
func TestClientsCountFailures(t *testing.T) {
	cases := map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		failed bool
	}{
		"closed in place of an answer": {failed: true, answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		"broken off":                   {failed: true, answer: brokenOff},
		"status 500":                   {failed: true, answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }},
		"status 302":                   {failed: true, answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(302) }},
		"status 204":                   {answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }},
		"announced close":              {answer: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			var count atomic.Int64
			s.answer = func(w http.ResponseWriter, r *http.Request) {
				if count.Add(1)%3 == 0 { // others in between show that a connection was in use before
					c.answer(w, r)
				}
			}
			stats := s.visit(load.Options{Clients: 2, Long: 2, Pause: 5 * time.Millisecond}, func() bool { return s.reached.Load() >= 18 })
			struck := int(s.reached.Load()) / 3
			want := 0
			if c.failed {
				want = struck
			}
			if stats.Failed != want || stats.Requests != int(s.reached.Load()) {
				t.Errorf("%d of %d requests failed, want %d; the site saw %d; %v", stats.Failed, stats.Requests, want, s.reached.Load(), stats.Failures)
			}
		})
	}
}

func brokenOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = w.Write([]byte("half of it"))
	panic(http.ErrAbortHandler)
}

// A connection that has rested for too long is not used again: the other side may be closing it.
func TestClientsLeaveRestedConnections(t *testing.T) {
	s := newSite(t)
	stats := s.visit(load.Options{Clients: 1, Long: 1, Pause: 5 * time.Millisecond, Idle: time.Nanosecond}, func() bool { return s.reached.Load() >= 20 })
	if conns := int(s.conns.Load()); conns != stats.Requests || stats.Failed > 0 {
		t.Errorf("%d connections for %d requests, %d failed", conns, stats.Requests, stats.Failed)
	}
}

func TestSides(t *testing.T) {
	now := time.Now()
	s := load.Stats{Sides: map[load.Side]load.Traffic{
		{Color: "blue", Version: "v1"}:  {Requests: 3, Last: now.Add(-time.Minute)},
		{Color: "blue", Version: "v4"}:  {Requests: 4, Last: now},
		{Color: "green", Version: "v2"}: {Requests: 5, Last: now.Add(time.Minute)},
	}}
	if diff := cmp.Diff(load.Traffic{Requests: 7, Last: now}, s.Of("blue")); diff != "" {
		t.Error(diff)
	}
	var names []string
	for side := range s.Sides {
		names = append(names, side.String())
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"blue v1", "blue v4", "green v2"}, names); diff != "" {
		t.Error(diff)
	}
}
