package nameserver

import (
	"slices"

	"github.com/miekg/dns"
)

// maxChain ends loops of CNAMEs and of delegations.
const maxChain = 8

// resolve answers a client: it follows delegations and CNAMEs through the sandbox and remembers nothing, so that a client sees
// what one of a zone's servers says now.
func (s *Servers) resolve(query *dns.Msg) *dns.Msg {
	q := query.Question[0]
	out := &dns.Msg{}
	for range maxChain {
		m := s.follow(q)
		out.Rcode, out.Ns = m.Rcode, m.Ns
		out.Answer = append(out.Answer, m.Answer...)
		target, more := unanswered(m, q)
		if !more {
			break
		}
		q.Name = target
	}
	out.RecursionAvailable = true
	return out
}

// unanswered is the end of the chain of CNAMEs in an answer that leads elsewhere.
func unanswered(m *dns.Msg, q dns.Question) (target string, more bool) {
	if m.Rcode != dns.RcodeSuccess || isNegative(m) || len(m.Answer) == 0 || q.Qtype == dns.TypeCNAME {
		return "", false
	}
	last, more := m.Answer[len(m.Answer)-1].(*dns.CNAME)
	if !more {
		return "", false
	}
	return last.Target, true
}

// isNegative says whether an answer ends in nothing, which a SOA record in its authority section tells.
func isNegative(m *dns.Msg) bool {
	return slices.ContainsFunc(m.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeSOA })
}

// follow asks the parents, then the servers they refer to, then those that these refer to.
func (s *Servers) follow(q dns.Question) *dns.Msg {
	if m, ok := s.balancer(q); ok {
		return m
	}
	s.account.Lock()
	m := s.parents.answer(q)
	s.account.Unlock()
	for range maxChain {
		if !isReferral(m) {
			return m
		}
		m = s.askAny(s.referred(m), q)
	}
	return &dns.Msg{MsgHdr: dns.MsgHdr{Rcode: dns.RcodeServerFailure}}
}

func (s *Servers) balancer(q dns.Question) (*dns.Msg, bool) {
	s.account.Lock()
	defer s.account.Unlock()
	answer, ok := s.zones.Balancer(q, q.Name)
	return &dns.Msg{Answer: answer}, ok && q.Qclass == dns.ClassINET
}

func isReferral(m *dns.Msg) bool {
	return !m.Authoritative && m.Rcode == dns.RcodeSuccess && len(m.Ns) > 0
}

// referred are the numbers of the servers that a referral names, in the order to ask them in.
func (s *Servers) referred(m *dns.Msg) []int {
	var servers []int
	for _, rr := range m.Ns {
		if ns, ok := rr.(*dns.NS); ok {
			if i := slices.Index(s.parents.names, dns.CanonicalName(ns.Ns)); i >= 0 {
				servers = append(servers, i)
			}
		}
	}
	s.account.Lock()
	defer s.account.Unlock()
	for i := len(servers) - 1; i > 0; i-- {
		j := s.account.IntN(i + 1)
		servers[i], servers[j] = servers[j], servers[i]
	}
	return servers
}

// askAny asks one server after the other until one answers for the zone.
func (s *Servers) askAny(servers []int, q dns.Question) *dns.Msg {
	for _, i := range servers {
		if s.isDown(s.authoritative[i]) {
			continue
		}
		if m := s.ask(i, q); m.Rcode != dns.RcodeRefused {
			return m
		}
	}
	return &dns.Msg{MsgHdr: dns.MsgHdr{Rcode: dns.RcodeServerFailure}}
}
