// Package resolve asks name servers: the resolver of this machine, and the servers to which a zone is delegated, one by one.
package resolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Client asks name servers.
type Client struct {
	// Resolver is the address of a recursive resolver, "127.0.0.53:53". Its port is also that on which the delegated
	// servers are asked.
	Resolver string
	// Dial connects to a server by "udp" or "tcp"; nil is that of package net.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// resolvConf is where a machine's resolver stands.
const resolvConf = "/etc/resolv.conf"

// System is the resolver of this machine.
func System() (string, error) {
	conf, err := dns.ClientConfigFromFile(resolvConf)
	if err != nil {
		return "", fmt.Errorf("find the resolver of this machine: %w", err)
	}
	if len(conf.Servers) == 0 {
		return "", fmt.Errorf("find the resolver of this machine: %s names none", resolvConf)
	}
	return net.JoinHostPort(conf.Servers[0], conf.Port), nil
}

// Server is a name server of a zone.
type Server struct {
	Name string // "ns-1.example."
	Addr string // "192.0.2.1:53"
}

// Answer is what a server said about a name and type.
type Answer struct {
	Values []string      // addresses, texts, names; empty when there is no such record
	TTL    time.Duration // the longest of those answered, of aliases (CNAME) on the way too
}

// timeout of one question. A second question over TCP follows a truncated answer, and none: packets get lost.
const timeout = 2 * time.Second

// ErrNoAnswer says that a server was asked and said nothing for as long as a client would wait.
var ErrNoAnswer = fmt.Errorf("no answer within %s", timeout)

// packetSize is how large an answer we take in one packet: what gets through everywhere in one piece.
const packetSize = 1232

// exchange asks one server one question.
func (c Client) exchange(ctx context.Context, server, name string, qtype uint16, recurse bool) (*dns.Msg, error) {
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(name), qtype)
	q.RecursionDesired = recurse
	q.SetEdns0(packetSize, false)
	reply, err := c.once(ctx, "udp", server, q)
	if err != nil && ctx.Err() == nil || err == nil && reply.Truncated {
		reply, err = c.once(ctx, "tcp", server, q)
	}
	if err != nil {
		return nil, fmt.Errorf("ask %s for %s %s: %w", server, name, dns.TypeToString[qtype], err)
	}
	if reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError {
		return nil, fmt.Errorf("ask %s for %s %s: %s", server, name, dns.TypeToString[qtype], dns.RcodeToString[reply.Rcode])
	}
	return reply, nil
}

func (c Client) once(ctx context.Context, network, server string, q *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, ErrNoAnswer)
	defer cancel()
	dial := c.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, network, server)
	if err != nil {
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // a deadline would be set anew by the library
	defer func() {
		if stop() {
			_ = conn.Close() // the answer is what counts
		}
	}()
	reply, _, err := (&dns.Client{Timeout: 2 * timeout}).ExchangeWithConn(q, &dns.Conn{Conn: conn})
	if err != nil {
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	return reply, nil
}

// Ask asks one server, without recursion.
func (c Client) Ask(ctx context.Context, server Server, name, rrtype string) (Answer, error) {
	reply, err := c.exchange(ctx, server.Addr, name, dns.StringToType[rrtype], false)
	if err != nil {
		return Answer{}, err
	}
	return answer(reply, dns.StringToType[rrtype]), nil
}

// Lookup asks the resolver.
func (c Client) Lookup(ctx context.Context, name, rrtype string) (Answer, error) {
	reply, err := c.exchange(ctx, c.Resolver, name, dns.StringToType[rrtype], true)
	if err != nil {
		return Answer{}, err
	}
	return answer(reply, dns.StringToType[rrtype]), nil
}

func answer(m *dns.Msg, qtype uint16) Answer {
	var a Answer
	for _, rr := range m.Answer {
		a.TTL = max(a.TTL, time.Duration(rr.Header().Ttl)*time.Second)
		if rr.Header().Rrtype == qtype {
			a.Values = append(a.Values, value(rr))
		}
	}
	slices.Sort(a.Values)
	return a
}

func value(rr dns.RR) string {
	switch rr := rr.(type) {
	case *dns.A:
		return rr.A.String()
	case *dns.AAAA:
		return rr.AAAA.String()
	case *dns.TXT:
		return strings.Join(rr.Txt, "")
	case *dns.NS:
		return rr.Ns
	case *dns.CNAME:
		return rr.Target
	}
	return strings.TrimPrefix(rr.String(), rr.Header().String())
}

// ErrNoServers says that no delegated name server of a zone could be found.
var ErrNoServers = errors.New("no delegated name server found")

// Delegated finds the name servers that the world asks about a zone: those that the zone's parent names, not those that
// the zone says of itself.
func (c Client) Delegated(ctx context.Context, zone string) ([]Server, error) {
	names, glue, err := c.delegation(ctx, dns.Fqdn(zone))
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(c.Resolver)
	if err != nil {
		return nil, fmt.Errorf("resolver %q: %w", c.Resolver, err)
	}
	var servers []Server
	for _, name := range names {
		addrs := glue[name]
		if len(addrs) == 0 {
			a, err := c.Lookup(ctx, name, "A")
			if err != nil {
				continue // the others can still tell
			}
			addrs = a.Values
		}
		if len(addrs) > 0 {
			servers = append(servers, Server{Name: name, Addr: net.JoinHostPort(addrs[0], port)})
		}
	}
	if len(servers) == 0 {
		return nil, fmt.Errorf("find the name servers of %s: %w", zone, ErrNoServers)
	}
	return servers, nil
}

// delegation asks the servers of the parents of a zone, from the nearest on, which servers they name for it.
func (c Client) delegation(ctx context.Context, zone string) (names []string, glue map[string][]string, err error) {
	_, port, err := net.SplitHostPort(c.Resolver)
	if err != nil {
		return nil, nil, fmt.Errorf("resolver %q: %w", c.Resolver, err)
	}
	var last error
	for parent := zone; parent != "."; {
		if i, end := dns.NextLabel(parent, 0); end {
			parent = "."
		} else {
			parent = parent[i:]
		}
		ns, err := c.Lookup(ctx, parent, "NS")
		if err != nil || len(ns.Values) == 0 {
			last = errors.Join(last, err)
			continue // no zone begins here
		}
		for _, server := range ns.Values {
			addrs, err := c.Lookup(ctx, server, "A")
			if err != nil || len(addrs.Values) == 0 {
				last = errors.Join(last, err)
				continue
			}
			reply, err := c.exchange(ctx, net.JoinHostPort(addrs.Values[0], port), zone, dns.TypeNS, false)
			if err != nil {
				last = errors.Join(last, err)
				continue
			}
			if names, glue := referral(reply, zone); len(names) > 0 {
				return names, glue, nil
			}
		}
	}
	return nil, nil, fmt.Errorf("find who delegates %s: %w", zone, errors.Join(ErrNoServers, last))
}

// referral reads which servers a parent names for a zone, and the addresses it sends along.
func referral(m *dns.Msg, zone string) (names []string, glue map[string][]string) {
	for _, rr := range slices.Concat(m.Answer, m.Ns) {
		if ns, ok := rr.(*dns.NS); ok && strings.EqualFold(ns.Hdr.Name, zone) && !slices.Contains(names, ns.Ns) {
			names = append(names, ns.Ns)
		}
	}
	glue = map[string][]string{}
	for _, rr := range m.Extra {
		if a, ok := rr.(*dns.A); ok {
			glue[a.Hdr.Name] = append(glue[a.Hdr.Name], a.A.String())
		}
	}
	slices.Sort(names)
	return names, glue
}
