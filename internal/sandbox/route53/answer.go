package route53

import (
	"net/netip"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/miekg/dns"
)

// aliasTTL is the TTL of an answer from a load balancer, in seconds.
const aliasTTL = 60

// maxChain ends loops of aliases and CNAMEs.
const maxChain = 8

// lookup is one question to one name server.
type lookup struct {
	service *Service
	zone    *zone
	records *table // as the name server knows them
}

// Answer is what a name server (counted as in ServerName) says to a question: code, authority bit and sections. A server that
// has not heard of the zone refuses.
func (s *Service) Answer(server int, q dns.Question) *dns.Msg {
	m := &dns.Msg{}
	l, ok := s.lookup(server, nameFromDNS(q.Name))
	if !ok || q.Qclass != dns.ClassINET || q.Qtype == dns.TypeAXFR || q.Qtype == dns.TypeIXFR || q.Qtype == dns.TypeANY {
		m.Rcode = dns.RcodeRefused
		return m
	}
	l.answer(m, q)
	return m
}

// lookup finds the zone around a name that the server serves. There is one at most: related zones share no servers.
func (s *Service) lookup(server int, name string) (*lookup, bool) {
	for _, z := range s.served {
		at := server - z.servers
		if !z.private && at >= 0 && at < NameServers && z.views[at].records != nil && within(name, z.name) {
			return &lookup{service: s, zone: z, records: z.views[at].records}, true
		}
	}
	return nil, false
}

// answer fills in the answer, following CNAMEs as long as they stay in the zone.
func (l *lookup) answer(m *dns.Msg, q dns.Question) {
	name, owner := nameFromDNS(q.Name), q.Name
	for range maxChain {
		if l.refer(m, name) {
			m.Authoritative = len(m.Answer) > 0
			return
		}
		m.Authoritative = true
		source, exists := l.records.source(name, l.zone.name)
		if !exists {
			m.Rcode = dns.RcodeNameError
			break
		}
		if rrs := l.resolve(group{source, types.RRType(dns.TypeToString[q.Qtype])}, owner, 0); rrs != nil {
			m.Answer = append(m.Answer, rrs...)
			return
		}
		chain := l.resolve(group{source, types.RRTypeCname}, owner, 0)
		if chain == nil {
			break
		}
		m.Answer = append(m.Answer, chain...)
		owner = chain[len(chain)-1].(*dns.CNAME).Target
		if name = nameFromDNS(owner); !within(name, l.zone.name) {
			return
		}
	}
	m.Ns = l.startOfAuthority()
}

// refer answers with a delegation when a name lies at or below one of the zone's own.
func (l *lookup) refer(m *dns.Msg, name string) bool {
	var cut []*record
	for ; name != l.zone.name; name = parentOf(name) {
		if ns := l.records.groups[group{name, types.RRTypeNs}]; ns != nil {
			cut = ns
		}
	}
	if cut == nil {
		return false
	}
	m.Ns = l.send(cut[0], nameToDNS(cut[0].name()))
	for _, rr := range m.Ns {
		host := rr.(*dns.NS).Ns
		for _, kind := range []types.RRType{types.RRTypeA, types.RRTypeAaaa} {
			m.Extra = append(m.Extra, l.resolve(group{nameFromDNS(host), kind}, host, 0)...)
		}
	}
	return true
}

// startOfAuthority goes with an answer of nothing. Its TTL is how long that may be remembered.
func (l *lookup) startOfAuthority() []dns.RR {
	rrs := l.resolve(group{l.zone.name, types.RRTypeSoa}, nameToDNS(l.zone.name), 0)
	for _, rr := range rrs {
		rr.Header().Ttl = min(rr.Header().Ttl, l.service.ttl(int64(rr.(*dns.SOA).Minttl)))
	}
	return rrs
}

// resolve picks one of a group's records and sends what it stands for, as if owner had it.
func (l *lookup) resolve(g group, owner string, depth int) []dns.RR {
	records := l.records.groups[g]
	if len(records) == 0 || depth > maxChain {
		return nil
	}
	r := l.choose(records)
	target := r.set.AliasTarget
	switch {
	case target == nil:
		return l.send(r, owner)
	case bareID(*target.HostedZoneId) == l.zone.id:
		return l.resolve(group{*target.DNSName, g.kind}, owner, depth+1)
	}
	rrs, _ := l.service.Balancer(dns.Question{Name: owner, Qtype: dns.StringToType[string(g.kind)]}, *target.DNSName)
	return rrs
}

// send copies a record's data under the owner's name.
func (l *lookup) send(r *record, owner string) []dns.RR {
	rrs := make([]dns.RR, len(r.data))
	for i, rr := range r.data {
		rrs[i] = dns.Copy(rr)
		rrs[i].Header().Name, rrs[i].Header().Ttl = owner, l.service.ttl(*r.set.TTL)
	}
	return rrs
}

// Balancer answers A and AAAA from a load balancer's addresses, in a new order each time. It says false when there is no load
// balancer of that DNS name.
func (s *Service) Balancer(q dns.Question, dnsName string) ([]dns.RR, bool) {
	balancer, ok := s.options.ResolveAlias(balancerName(nameFromDNS(dnsName)))
	if !ok {
		return nil, false
	}
	header := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: s.ttl(aliasTTL)}
	var addrs []netip.Addr
	switch q.Qtype {
	case dns.TypeA:
		addrs = balancer.IPv4
	case dns.TypeAAAA:
		addrs = balancer.IPv6
	}
	if len(addrs) == 0 {
		return nil, true
	}
	var rrs []dns.RR
	first := s.account.IntN(len(addrs))
	for i := range addrs {
		ip := addrs[(first+i)%len(addrs)]
		if q.Qtype == dns.TypeA {
			rrs = append(rrs, &dns.A{Hdr: header, A: ip.AsSlice()})
		} else {
			rrs = append(rrs, &dns.AAAA{Hdr: header, AAAA: ip.AsSlice()})
		}
	}
	return rrs, true
}

// ttl is a TTL as it is sent: caches must run as fast as the account does.
func (s *Service) ttl(seconds int64) uint32 {
	if seconds == 0 {
		return 0
	}
	scaled := s.account.Scaled(time.Duration(seconds) * time.Second)
	return uint32(max(1, (scaled+time.Second-1)/time.Second))
}
