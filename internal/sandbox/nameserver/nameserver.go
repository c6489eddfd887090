// Package nameserver serves the sandbox's DNS: the authoritative name servers of the hosted zones, a server for the parents
// that delegate them, and a resolver that clients use. Each listens on its own address, on UDP and TCP, and all on one port,
// so that the port of the resolver is all that a client needs to talk to any of them.
package nameserver

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"syscall"

	"github.com/miekg/dns"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/fabric"
)

// DefaultPort is where the servers listen if nothing else is asked for. A machine's mDNS responder may hold it: then the next
// free one is taken.
const DefaultPort = 5353

// portsTried is how many ports from DefaultPort on are tried.
const portsTried = 16

// Last octets of the servers that are not a zone's.
const (
	resolverOctet = 53
	parentOctet   = 54
)

// Zones is the data that the servers answer from. It is called with the account locked.
type Zones interface {
	// ServerNames are the names of the authoritative servers; the servers are counted by their position here.
	ServerNames() []string

	// Answer is what a server says to a question: code, authority bit and sections.
	Answer(server int, q dns.Question) *dns.Msg

	// Delegation finds the zone that the parents delegate around a name, and the numbers of its servers.
	Delegation(name string) (zone string, servers []int, ok bool)

	// IsParent says whether a delegated zone lies below a name.
	IsParent(name string) bool

	// Balancer answers for the DNS name of a load balancer, under the name that is asked for.
	Balancer(q dns.Question, name string) (answer []dns.RR, ok bool)
}

// Options say what to serve, and where.
type Options struct {
	Account *account.Account
	Fabric  *fabric.Fabric
	Zones   Zones
	Port    int // of all servers; DefaultPort or the next free one when zero
}

// Servers are the running name servers of one sandbox.
type Servers struct {
	account *account.Account
	zones   Zones
	parents parents

	resolver, parent netip.Addr
	authoritative    []netip.Addr
	port             uint16

	endpoints []*endpoint

	mu   sync.Mutex
	down map[netip.Addr]bool
}

// Start listens and serves until Close.
func Start(o Options) (*Servers, error) {
	names := o.Zones.ServerNames()
	s := &Servers{account: o.Account, zones: o.Zones, down: map[netip.Addr]bool{}}
	for range names {
		s.authoritative = append(s.authoritative, o.Fabric.Next(fabric.DNS))
	}
	s.resolver = neighbour(s.authoritative[0], resolverOctet)
	s.parent = neighbour(s.authoritative[0], parentOctet)
	s.parents = newParents(o.Zones, names, s.authoritative, s.parent)
	first, last := o.Port, o.Port
	if o.Port == 0 {
		first, last = DefaultPort, DefaultPort+portsTried
	}
	var err error
	for port := first; port <= last; port++ {
		if err = s.listen(o.Fabric, port); err == nil {
			return s, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, err
}

func neighbour(a netip.Addr, octet byte) netip.Addr {
	b := a.As4()
	b[3] = octet
	return netip.AddrFrom4(b)
}

// listen opens every server on one port, or none.
func (s *Servers) listen(f *fabric.Fabric, port int) error {
	s.port = uint16(port)
	open := func(addr netip.Addr, handle handler) error {
		e, err := listen(f, netip.AddrPortFrom(addr, s.port), func(q *dns.Msg) *dns.Msg {
			if s.isDown(addr) {
				return nil
			}
			return handle(q)
		})
		if err != nil {
			return fmt.Errorf("serve DNS: %w", err)
		}
		s.endpoints = append(s.endpoints, e)
		return nil
	}
	err := errors.Join(open(s.resolver, s.resolve), open(s.parent, s.askParent))
	for i, addr := range s.authoritative {
		if err != nil {
			break
		}
		err = open(addr, func(q *dns.Msg) *dns.Msg { return s.ask(i, q.Question[0]) })
	}
	if err != nil {
		return errors.Join(err, s.Close())
	}
	for _, e := range s.endpoints {
		e.serve()
	}
	return nil
}

// Close stops all servers and waits until they have stopped.
func (s *Servers) Close() error {
	var errs []error
	for _, e := range s.endpoints {
		errs = append(errs, e.close())
	}
	s.endpoints = nil
	return errors.Join(errs...)
}

// Resolver is where clients send their queries.
func (s *Servers) Resolver() netip.AddrPort { return netip.AddrPortFrom(s.resolver, s.port) }

// Parent is the server of the domains above the hosted zones.
func (s *Servers) Parent() netip.AddrPort { return netip.AddrPortFrom(s.parent, s.port) }

// Authoritative are the servers of the hosted zones, in the order of Zones.ServerNames.
func (s *Servers) Authoritative() []netip.AddrPort {
	var all []netip.AddrPort
	for _, a := range s.authoritative {
		all = append(all, netip.AddrPortFrom(a, s.port))
	}
	return all
}

// SetDown makes a server deaf, or lets it hear again: packets are dropped, streams are closed without an answer.
func (s *Servers) SetDown(addr netip.Addr, down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down[addr] = down
}

func (s *Servers) isDown(addr netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down[addr]
}

// ask puts a question to an authoritative server.
func (s *Servers) ask(server int, q dns.Question) *dns.Msg {
	s.account.Lock()
	m := s.zones.Answer(server, q)
	s.account.Unlock()
	s.parents.addGlue(m)
	return m
}

func (s *Servers) askParent(q *dns.Msg) *dns.Msg {
	s.account.Lock()
	defer s.account.Unlock()
	return s.parents.answer(q.Question[0])
}
