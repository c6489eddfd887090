package nameserver

import (
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// Times of the parents' records, in seconds. They say how long delegations may be remembered; nothing here ever changes them.
const (
	delegationTTL = 172800
	negativeTTL   = 900
)

// parents is every domain above the hosted zones, from the root down, and the domain of the name servers' own names. One
// server is the authority for all of them.
type parents struct {
	zones Zones
	names []string // of the authoritative servers
	own   string   // the name of the parents' server itself
	home  string   // the domain that all these names are in
	addrs map[string]netip.Addr
}

func newParents(zones Zones, names []string, addrs []netip.Addr, own netip.Addr) parents {
	_, home, _ := strings.Cut(names[0], ".")
	p := parents{zones: zones, names: names, own: "parent." + home, home: home, addrs: map[string]netip.Addr{}}
	for i, name := range names {
		p.addrs[name] = addrs[i]
	}
	p.addrs[p.own] = own
	return p
}

// owns says whether a name is one of the name servers' names or could be one.
func (p *parents) owns(name string) bool { return dns.IsSubDomain(p.home, dns.CanonicalName(name)) }

// answer is what the parents' server says. The account must be locked.
func (p *parents) answer(q dns.Question) *dns.Msg {
	m := &dns.Msg{}
	if q.Qclass != dns.ClassINET || q.Qtype == dns.TypeAXFR || q.Qtype == dns.TypeIXFR || q.Qtype == dns.TypeANY {
		m.Rcode = dns.RcodeRefused
		return m
	}
	name := dns.CanonicalName(q.Name)
	if p.owns(name) {
		p.answerHome(m, q, name)
	} else if zone, servers, ok := p.zones.Delegation(name); ok {
		for _, i := range servers {
			m.Ns = append(m.Ns, nameServer(zone, p.names[i]))
		}
	} else {
		p.answerApex(m, q, name)
	}
	p.addGlue(m)
	return m
}

// answerHome answers for the name servers' own names.
func (p *parents) answerHome(m *dns.Msg, q dns.Question, name string) {
	addr, known := p.addrs[name]
	switch {
	case name == p.home:
		p.answerApex(m, q, name)
		return
	case !known:
		m.Rcode = dns.RcodeNameError
	case q.Qtype == dns.TypeA:
		m.Answer = []dns.RR{address(q.Name, addr)}
	}
	m.Authoritative = true
	if m.Answer == nil {
		m.Ns = []dns.RR{p.startOfAuthority(p.home)}
	}
}

// answerApex answers for the domains above the zones, each of which is a zone of its own, and for all other names.
func (p *parents) answerApex(m *dns.Msg, q dns.Question, name string) {
	m.Authoritative = true
	apex := name
	for !p.isApex(apex) {
		m.Rcode = dns.RcodeNameError
		next, end := dns.NextLabel(apex, 0)
		if apex = apex[next:]; end {
			apex = "."
		}
	}
	switch {
	case apex == name && q.Qtype == dns.TypeSOA:
		soa := p.startOfAuthority(apex)
		soa.Header().Name = q.Name
		m.Answer = []dns.RR{soa}
	case apex == name && q.Qtype == dns.TypeNS:
		m.Answer = []dns.RR{nameServer(q.Name, p.own)}
	default:
		m.Ns = []dns.RR{p.startOfAuthority(apex)}
	}
}

func (p *parents) isApex(name string) bool {
	return name == "." || name == p.home || p.zones.IsParent(name)
}

func (p *parents) startOfAuthority(apex string) dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: apex, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: negativeTTL},
		Ns:  p.own, Mbox: "hostmaster." + p.home,
		Serial: 1, Refresh: 7200, Retry: 900, Expire: 1209600, Minttl: negativeTTL,
	}
}

// addGlue adds the addresses of the name servers that a message speaks of.
func (p *parents) addGlue(m *dns.Msg) {
	for _, section := range [][]dns.RR{m.Answer, m.Ns} {
		for _, rr := range section {
			if ns, ok := rr.(*dns.NS); ok {
				if addr, ours := p.addrs[dns.CanonicalName(ns.Ns)]; ours {
					m.Extra = append(m.Extra, address(ns.Ns, addr))
				}
			}
		}
	}
}

func nameServer(zone, server string) dns.RR {
	return &dns.NS{Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: delegationTTL}, Ns: server}
}

func address(name string, addr netip.Addr) dns.RR {
	return &dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: delegationTTL}, A: addr.AsSlice()}
}
