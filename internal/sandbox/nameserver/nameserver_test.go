package nameserver_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"bluegreen/internal/sandbox/nameserver"
)

const exampleSOA = "example.test. 900 IN SOA ns-1.dns.sandbox.test. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"

// TestServers asks every kind of server, on both transports.
func TestServers(t *testing.T) {
	x := loopback(t)
	id := x.zone("example.test")
	x.put(id, "app.example.test A alias blue.elb.test", "app.example.test AAAA alias dualstack.blue.elb.test", "two.example.test A 192.0.2.1,192.0.2.2",
		"c.example.test CNAME two.example.test", "far.example.test CNAME www.example.org", "elb.example.test CNAME Blue.elb.test",
		"gone.example.test CNAME absent.example.org", "to.example.test CNAME 1.sub.example.test")
	org := x.zone("example.org")
	x.put(org, "www.example.org A 192.0.2.3")
	x.put(x.zone("sub.example.test"), "1.sub.example.test A 192.0.2.4")
	x.put(x.zone("lost.example.test"), "1.lost.example.test A 192.0.2.5")
	x.put(id, "sub.example.test NS ns-5.dns.sandbox.test,ns-6.dns.sandbox.test")

	resolver, parent, first := x.servers.Resolver(), x.servers.Parent(), x.servers.Authoritative()[0]
	delegation := []string{
		"NOERROR", "--", "example.test. 172800 IN NS ns-1.dns.sandbox.test.", "example.test. 172800 IN NS ns-2.dns.sandbox.test.",
		"example.test. 172800 IN NS ns-3.dns.sandbox.test.", "example.test. 172800 IN NS ns-4.dns.sandbox.test.",
		"++", "ns-1.dns.sandbox.test. 172800 IN A 127.0.53.1", "ns-2.dns.sandbox.test. 172800 IN A 127.0.53.2",
		"ns-3.dns.sandbox.test. 172800 IN A 127.0.53.3", "ns-4.dns.sandbox.test. 172800 IN A 127.0.53.4",
	}
	soa := func(apex string) string {
		return apex + " 900 IN SOA parent.dns.sandbox.test. hostmaster.dns.sandbox.test. 1 7200 900 1209600 900"
	}
	ns := func(apex string) []string {
		return []string{apex + " 172800 IN NS parent.dns.sandbox.test.", "++", "parent.dns.sandbox.test. 172800 IN A 127.0.53.54"}
	}
	tests := []struct {
		server   netip.AddrPort
		question string
		want     []string
	}{
		{first, "two.example.test A", []string{"NOERROR aa", "two.example.test. 30 IN A 192.0.2.1", "two.example.test. 30 IN A 192.0.2.2"}},
		{first, "www.example.org A", []string{"NOERROR aa", "www.example.org. 30 IN A 192.0.2.3"}},
		{first, "absent.example.test A", []string{"NXDOMAIN aa", "--", exampleSOA}},
		{first, "www.elsewhere.test A", []string{"REFUSED"}},
		{first, "x.sub.example.test A", []string{
			"NOERROR", "--", "sub.example.test. 30 IN NS ns-5.dns.sandbox.test.", "sub.example.test. 30 IN NS ns-6.dns.sandbox.test.",
			"++", "ns-5.dns.sandbox.test. 172800 IN A 127.0.53.5", "ns-6.dns.sandbox.test. 172800 IN A 127.0.53.6",
		}},

		{parent, "example.test NS", delegation},
		{parent, "www.EXAMPLE.test A", delegation},
		{parent, "sub.example.test NS", delegation}, // a zone inside of a zone is not the parents' to delegate
		{parent, "test SOA", []string{"NOERROR aa", soa("test.")}},
		{parent, "test NS", append([]string{"NOERROR aa"}, ns("test.")...)},
		{parent, ". NS", append([]string{"NOERROR aa"}, ns(".")...)},
		{parent, "test A", []string{"NOERROR aa", "--", soa("test.")}},
		{parent, "elsewhere.test A", []string{"NXDOMAIN aa", "--", soa("test.")}},
		{parent, "example.com A", []string{"NXDOMAIN aa", "--", soa(".")}},
		{parent, "ns-4.dns.sandbox.test A", []string{"NOERROR aa", "ns-4.dns.sandbox.test. 172800 IN A 127.0.53.4"}},
		{parent, "ns-4.dns.sandbox.test AAAA", []string{"NOERROR aa", "--", soa("dns.sandbox.test.")}},
		{parent, "ns-99.dns.sandbox.test A", []string{"NXDOMAIN aa", "--", soa("dns.sandbox.test.")}},
		{parent, "example.test ANY", []string{"REFUSED"}},

		{resolver, "two.example.test A", []string{"NOERROR ra", "two.example.test. 30 IN A 192.0.2.1", "two.example.test. 30 IN A 192.0.2.2"}},
		{resolver, "app.example.test A", []string{"NOERROR ra", "app.example.test. 60 IN A 127.20.16.1"}},
		{resolver, "app.example.test AAAA", []string{"NOERROR ra", "app.example.test. 60 IN AAAA ::ffff:127.20.16.1"}},
		{resolver, "Blue.elb.test A", []string{"NOERROR ra", "Blue.elb.test. 60 IN A 127.20.16.1"}},
		{resolver, "blue.elb.test TXT", []string{"NOERROR ra"}},
		{resolver, "c.example.test A", []string{
			"NOERROR ra", "c.example.test. 30 IN CNAME two.example.test.", "two.example.test. 30 IN A 192.0.2.1", "two.example.test. 30 IN A 192.0.2.2",
		}},
		{resolver, "far.example.test A", []string{"NOERROR ra", "far.example.test. 30 IN CNAME www.example.org.", "www.example.org. 30 IN A 192.0.2.3"}},
		{resolver, "far.example.test CNAME", []string{"NOERROR ra", "far.example.test. 30 IN CNAME www.example.org."}},
		{resolver, "elb.example.test A", []string{"NOERROR ra", "elb.example.test. 30 IN CNAME blue.elb.test.", "blue.elb.test. 60 IN A 127.20.16.1"}},
		{resolver, "to.example.test A", []string{"NOERROR ra", "to.example.test. 30 IN CNAME 1.sub.example.test.", "1.sub.example.test. 30 IN A 192.0.2.4"}},
		{resolver, "gone.example.test A", []string{
			"NXDOMAIN ra", "gone.example.test. 30 IN CNAME absent.example.org.", "--", strings.Replace(exampleSOA, "example.test.", "example.org.", 1),
		}},
		{resolver, "absent.example.test A", []string{"NXDOMAIN ra", "--", exampleSOA}},
		{resolver, "two.example.test AAAA", []string{"NOERROR ra", "--", exampleSOA}},
		{resolver, "1.sub.example.test A", []string{"NOERROR ra", "1.sub.example.test. 30 IN A 192.0.2.4"}},
		{resolver, "1.lost.example.test A", []string{"NXDOMAIN ra", "--", exampleSOA}}, // nobody has delegated it
		{resolver, "ns-1.dns.sandbox.test A", []string{"NOERROR ra", "ns-1.dns.sandbox.test. 172800 IN A 127.0.53.1"}},
		{resolver, "test NS", []string{"NOERROR ra", "test. 172800 IN NS parent.dns.sandbox.test."}},
		{resolver, "parent.dns.sandbox.test A", []string{"NOERROR ra", "parent.dns.sandbox.test. 172800 IN A 127.0.53.54"}},
		{resolver, "www.elsewhere.com A", []string{"NXDOMAIN ra", "--", soa(".")}},
	}
	for _, network := range []string{"udp", "tcp"} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/%d/%s", network, tt.server.Addr().As4()[3], tt.question), func(t *testing.T) {
				if diff := cmp.Diff(tt.want, x.query(network, tt.server, tt.question)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestLoopOfCNAMEsEnds(t *testing.T) {
	x := loopback(t)
	x.put(x.zone("example.test"), "a.example.test CNAME a.example.org", "loop.example.test CNAME loop.example.test")
	x.put(x.zone("example.org"), "a.example.org CNAME a.example.test")
	for question, want := range map[string]int{"loop.example.test A": 8, "a.example.test A": 8} {
		m, err := x.exchange("udp", x.servers.Resolver(), new(dns.Msg).SetQuestion(strings.Fields(question)[0]+".", dns.TypeA))
		if err != nil || len(m.Answer) != want {
			t.Errorf("%s: %d records, want %d; %v", question, len(m.Answer), want, err)
		}
	}
}

func TestTruncation(t *testing.T) {
	x := loopback(t)
	var ips []string
	for i := range 100 {
		ips = append(ips, fmt.Sprintf("192.0.2.%d", i+1))
	}
	x.put(x.zone("example.test"), "many.example.test A "+strings.Join(ips, ","))
	ask := func(network string, size uint16) *dns.Msg {
		q := new(dns.Msg).SetQuestion("many.example.test.", dns.TypeA)
		if size > 0 {
			q.SetEdns0(size, true)
		}
		m, err := x.exchange(network, x.servers.Resolver(), q)
		if err != nil {
			t.Fatal(err)
		}
		if (size > 0) != (m.IsEdns0() != nil) {
			t.Errorf("EDNS in the answer: %v, in the query: %v", m.IsEdns0() != nil, size > 0)
		}
		m.Compress = true // as it came
		if m.Len() > int(max(size, 512)) && network == "udp" {
			t.Errorf("packet of %d bytes for a client that takes %d", m.Len(), size)
		}
		return m
	}
	if m := ask("udp", 0); !m.Truncated || len(m.Answer) >= 100 {
		t.Errorf("plain UDP: truncated %v, %d records", m.Truncated, len(m.Answer))
	}
	if m := ask("udp", 1232); !m.Truncated || len(m.Answer) >= 100 {
		t.Errorf("UDP of 1232 bytes: truncated %v, %d records", m.Truncated, len(m.Answer))
	}
	if m := ask("udp", 4096); m.Truncated || len(m.Answer) != 100 {
		t.Errorf("UDP of 4096 bytes: truncated %v, %d records", m.Truncated, len(m.Answer))
	}
	if m := ask("tcp", 0); m.Truncated || len(m.Answer) != 100 {
		t.Errorf("TCP: truncated %v, %d records", m.Truncated, len(m.Answer))
	}
}

func TestOddQueries(t *testing.T) {
	x := loopback(t)
	x.put(x.zone("example.test"), "a.example.test A 192.0.2.1")
	question := func() *dns.Msg { return new(dns.Msg).SetQuestion("a.example.test.", dns.TypeA) }
	tests := []struct {
		name string
		make func() *dns.Msg
		want string
	}{
		{"two questions", func() *dns.Msg { m := question(); m.Question = append(m.Question, m.Question[0]); return m }, "FORMERR"},
		{"no question", func() *dns.Msg { m := question(); m.Question = nil; return m }, "FORMERR"},
		{"notify", func() *dns.Msg { m := question(); m.Opcode = dns.OpcodeNotify; return m }, "NOTIMP"},
		{"another class", func() *dns.Msg { m := question(); m.Question[0].Qclass = dns.ClassCHAOS; return m }, "REFUSED"},
		{"EDNS of the future", func() *dns.Msg { m := question(); m.SetEdns0(1232, false).IsEdns0().SetVersion(1); return m }, "BADVERS"},
		{"options of no meaning here", func() *dns.Msg {
			m := question().SetEdns0(1232, true)
			m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "24a5ac1234567890"})
			return m
		}, "NOERROR"},
	}
	for _, tt := range tests {
		for _, to := range []netip.AddrPort{x.servers.Resolver(), x.servers.Parent(), x.servers.Authoritative()[0]} {
			t.Run(fmt.Sprintf("%s/%d", tt.name, to.Addr().As4()[3]), func(t *testing.T) {
				m, err := x.exchange("udp", to, tt.make())
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Replace(dns.RcodeToString[m.Rcode], "BADSIG", "BADVERS", 1); got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
			})
		}
	}
	t.Run("rubbish and answers get no answer, and the server lives", func(t *testing.T) {
		to := x.servers.Resolver()
		conn, err := net.Dial("udp", to.String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		answer := question()
		answer.Response = true
		packed, err := answer.Pack()
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range [][]byte{{}, {1}, packed} {
			if _, err := conn.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		c := &dns.Conn{Conn: conn}
		alive := question()
		if err := c.WriteMsg(alive); err != nil {
			t.Fatal(err)
		}
		if m, err := c.ReadMsg(); err != nil || m.Id != alive.Id {
			t.Errorf("first answer: %v, %v", m, err)
		}
	})
}

// TestPortTaken has another program on the default port, as an mDNS responder may be.
func TestPortTaken(t *testing.T) {
	x := loopback(t)
	if got := x.servers.Resolver().Port(); got != nameserver.DefaultPort {
		t.Skipf("port %d is taken on this machine", nameserver.DefaultPort)
	}
	used := x.servers.Parent().String()
	second, err := nameserver.Start(nameserver.Options{Account: x.account, Fabric: x.fabric, Zones: x.route53})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	if got, want := second.Parent().String(), strings.Replace(used, "5353", "5354", 1); got != want {
		t.Errorf("second set of servers is at %s, want %s", got, want)
	}
	if _, err := nameserver.Start(nameserver.Options{Account: x.account, Fabric: x.fabric, Zones: x.route53, Port: 5354}); err == nil {
		t.Error("started on a port that is taken, though asked for it")
	}
}
