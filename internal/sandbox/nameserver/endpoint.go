package nameserver

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"

	"bluegreen/internal/sandbox/fabric"
)

const (
	// idle is how long a stream may say nothing.
	idle = 10 * time.Second

	// maxPacket is the largest answer in one packet, whatever the client offers.
	maxPacket = 4096
)

// handler answers a query with one question; nil is no answer at all.
type handler func(*dns.Msg) *dns.Msg

// endpoint is one server at one address. The DNS library's own server is not used: it cannot be stopped while a client on an
// in-memory stream does not read.
type endpoint struct {
	handle   handler
	packets  net.PacketConn // nil in memory
	listener net.Listener

	running sync.WaitGroup
	mu      sync.Mutex
	streams map[net.Conn]struct{} // nil when closed
}

func listen(f *fabric.Fabric, addr netip.AddrPort, handle handler) (*endpoint, error) {
	e := &endpoint{handle: handle, streams: map[net.Conn]struct{}{}}
	var err error
	if e.listener, err = f.Listen(addr.String()); err != nil {
		return nil, err
	}
	if e.packets, err = f.ListenPacket(addr.String()); err != nil && !errors.Is(err, fabric.ErrNoPackets) {
		return nil, errors.Join(err, e.listener.Close())
	}
	return e, nil
}

func (e *endpoint) serve() {
	e.running.Go(e.accept)
	if e.packets != nil {
		e.running.Go(e.receive)
	}
}

func (e *endpoint) close() error {
	err := e.listener.Close()
	if e.packets != nil {
		err = errors.Join(err, e.packets.Close())
	}
	e.mu.Lock()
	for c := range e.streams {
		_ = c.Close()
	}
	e.streams = nil
	e.mu.Unlock()
	e.running.Wait()
	return err
}

func (e *endpoint) receive() {
	buf := make([]byte, dns.MaxMsgSize)
	for {
		n, from, err := e.packets.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if answer := reply(buf[:n], e.handle, packetSize); answer != nil {
			_, _ = e.packets.WriteTo(answer, from) // a lost packet is the client's to notice
		}
	}
}

func (e *endpoint) accept() {
	for {
		c, err := e.listener.Accept()
		if err != nil {
			return
		}
		if !e.keep(c) {
			_ = c.Close()
			return
		}
		e.running.Go(func() {
			defer e.drop(c)
			e.converse(&dns.Conn{Conn: c})
		})
	}
}

func (e *endpoint) keep(c net.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.streams == nil {
		return false
	}
	e.streams[c] = struct{}{}
	return true
}

func (e *endpoint) drop(c net.Conn) {
	_ = c.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.streams, c)
}

// converse answers the queries of a stream until it ends, is idle or gets no answer.
func (e *endpoint) converse(c *dns.Conn) {
	for {
		if c.SetDeadline(time.Now().Add(idle)) != nil {
			return
		}
		query, err := c.ReadMsgHeader(nil)
		if err != nil {
			return
		}
		answer := reply(query, e.handle, streamSize)
		if answer == nil {
			return
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

// packetSize is how large an answer the client takes in a packet.
func packetSize(query *dns.Msg) int {
	if opt := query.IsEdns0(); opt != nil {
		return min(max(int(opt.UDPSize()), dns.MinMsgSize), maxPacket)
	}
	return dns.MinMsgSize
}

func streamSize(*dns.Msg) int { return dns.MaxMsgSize }
