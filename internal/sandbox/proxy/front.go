package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"bluegreen/internal/sandbox/fabric"
)

// Front is the set of servers of one load balancer: one for each of its addresses and listeners.
type Front struct {
	fabric  *fabric.Fabric
	ca      *CA
	forward *forwarder

	connections atomic.Int64 // of clients
	ctx         context.Context
	cancel      context.CancelFunc

	mu       sync.Mutex
	servers  map[endpoint]*server
	draining sync.WaitGroup
}

type endpoint struct {
	addr     netip.Addr
	listener *Listener
}

// NewFront makes a front without servers. Its HTTPS listeners show certificates of ca.
func NewFront(f *fabric.Fabric, ca *CA) *Front {
	ctx, cancel := context.WithCancel(context.Background())
	return &Front{fabric: f, ca: ca, forward: newForwarder(f), ctx: ctx, cancel: cancel, servers: map[endpoint]*server{}}
}

// Serve makes the listeners answer on the addresses, and nothing else. Connections to a listener that is gone are cut;
// those to an address that is gone may end their requests. The error names each port that could not be bound; the others
// serve.
func (f *Front) Serve(addrs []netip.Addr, listeners []*Listener) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for at, s := range f.servers {
		switch {
		case !slices.Contains(listeners, at.listener):
			delete(f.servers, at)
			s.close()
		case !slices.Contains(addrs, at.addr):
			delete(f.servers, at)
			limit := at.listener.settings.Load().IdleTimeout
			f.draining.Go(func() { s.drain(f.ctx, limit) })
		}
	}
	var faults []error
	for _, addr := range addrs {
		for _, l := range listeners {
			if err := f.open(endpoint{addr, l}); err != nil {
				faults = append(faults, err)
			}
		}
	}
	return errors.Join(faults...)
}

func (f *Front) open(at endpoint) error {
	if f.servers[at] != nil {
		return nil
	}
	addr := netip.AddrPortFrom(at.addr, uint16(at.listener.Port))
	ln, err := f.fabric.Listen(addr.String())
	if err != nil {
		return fmt.Errorf("listen on %s for the load balancer: %w", addr, err)
	}
	f.servers[at] = serve(ln, at.listener, f)
	return nil
}

// Connections is how many clients are connected.
func (f *Front) Connections() int { return int(f.connections.Load()) }

// Close cuts all connections and returns when the last one has ended.
func (f *Front) Close() {
	f.cancel()
	f.Serve(nil, nil) //nolint:errcheck // nothing is bound
	f.draining.Wait()
}
