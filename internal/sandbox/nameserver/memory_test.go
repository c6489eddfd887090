package nameserver_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/route53"
)

// TestPropagationOnTheWire watches a change arrive: server by server at their own addresses, and through the resolver, which
// asks any of them.
func TestPropagationOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t, fabric.Memory(), route53.Options{Processing: -1})
		id := x.zone("example.test")
		x.put(id, "a.example.test A 192.0.2.1")
		time.Sleep(time.Minute)
		x.put(id, "a.example.test A 192.0.2.2")
		const before, after = "a.example.test. 30 IN A 192.0.2.1", "a.example.test. 30 IN A 192.0.2.2"
		start := time.Now()
		for learned, delay := range append([]time.Duration{0}, route53.DefaultPropagation[:]...) {
			time.Sleep(delay - time.Since(start))
			synctest.Wait()
			var want, got []string
			resolved := map[string]bool{}
			for server := range route53.NameServers {
				want = append(want, map[bool]string{true: after, false: before}[server < learned])
				got = append(got, x.query("tcp", x.servers.Authoritative()[server], "a.example.test A")[1])
			}
			for range 50 {
				resolved[x.query("udp", x.servers.Resolver(), "a.example.test A")[1]] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v after the change (-want +got):\n%s", delay, diff)
			}
			wanted := slices.Compact(slices.Sorted(slices.Values(want)))
			if diff := cmp.Diff(wanted, slices.Sorted(maps.Keys(resolved))); diff != "" {
				t.Errorf("through the resolver, %v after the change (-want +got):\n%s", delay, diff)
			}
		}
	})
}

// TestServersDown makes name servers deaf. The resolver does without them, until none is left.
func TestServersDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t, fabric.Memory(), instant())
		x.put(x.zone("example.test"), "a.example.test A 192.0.2.1")
		ask := func() string { return fmt.Sprint(x.query("tcp", x.servers.Resolver(), "a.example.test A")) }
		const fine = "[NOERROR ra a.example.test. 30 IN A 192.0.2.1]"
		servers := x.servers.Authoritative()[:route53.NameServers]
		for _, s := range servers[1:] {
			x.servers.SetDown(s.Addr(), true)
		}
		for range 20 {
			if got := ask(); got != fine {
				t.Fatalf("three servers down: %s", got)
			}
		}
		if m, err := x.exchange("tcp", servers[1], new(dns.Msg).SetQuestion("a.example.test.", dns.TypeA)); err == nil {
			t.Errorf("a server that is down answers %v", m)
		}
		x.servers.SetDown(servers[0].Addr(), true)
		if got, want := ask(), "[SERVFAIL ra]"; got != want {
			t.Errorf("all servers down: %s, want %s", got, want)
		}
		x.servers.SetDown(servers[2].Addr(), false)
		if got := ask(); got != fine {
			t.Errorf("one server back: %s", got)
		}
	})
}

// TestResolverDoesWithoutServersThatDoNotKnowAZone asks while three of four have not heard of a new zone.
func TestResolverDoesWithoutServersThatDoNotKnowAZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t, fabric.Memory(), route53.Options{})
		x.zone("example.test")
		ask := func() string { return x.query("tcp", x.servers.Resolver(), "example.test SOA")[0] }
		if got := ask(); got != "SERVFAIL ra" {
			t.Errorf("nobody knows the zone: %s", got)
		}
		time.Sleep(route53.DefaultPropagation[0])
		synctest.Wait()
		for range 20 {
			if got := ask(); got != "NOERROR ra" {
				t.Fatalf("one server knows the zone: %s", got)
			}
		}
	})
}

// TestStreams shows that a stream carries many queries, is closed when idle, and does not keep the servers from closing: not
// by saying nothing, nor by asking and never reading.
func TestStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t, fabric.Memory(), instant())
		x.put(x.zone("example.test"), "a.example.test A 192.0.2.1")
		dial := func() *dns.Conn {
			conn, err := x.fabric.DialContext(context.Background(), "tcp", x.servers.Resolver().String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			return &dns.Conn{Conn: conn}
		}
		question := new(dns.Msg).SetQuestion("a.example.test.", dns.TypeA)
		c := dial()
		for range 200 {
			time.Sleep(time.Second)
			if err := c.WriteMsg(question); err != nil {
				t.Fatal(err)
			}
			if _, err := c.ReadMsg(); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		if err := c.WriteMsg(question); err == nil {
			t.Error("a stream was still open after a minute of silence")
		}
		dial()
		if err := dial().WriteMsg(question); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		begun := time.Now()
		if err := x.servers.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("closing took %v", took)
		}
	})
}
