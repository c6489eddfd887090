package machine

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"bluegreen/internal/sandbox/fabric"
)

// dialTimeout is how long a container may take to accept a connection. It is on this machine.
const dialTimeout = 5 * time.Second

// forwarder carries connections from an instance's private address to the address of its container.
type forwarder struct {
	to        string // the container's address
	listeners []net.Listener
	work      sync.WaitGroup
	ctx       context.Context
	cancel    context.CancelFunc
}

// forward takes ports of an address of the fabric, all or none.
func forward(f *fabric.Fabric, from netip.Addr, to string, ports []uint16) (*forwarder, error) {
	ctx, cancel := context.WithCancel(context.Background())
	fw := &forwarder{to: to, ctx: ctx, cancel: cancel}
	for _, port := range ports {
		listener, err := f.Listen(netip.AddrPortFrom(from, port).String())
		if err != nil {
			fw.close()
			return nil, err
		}
		fw.listeners = append(fw.listeners, listener)
		_, number, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			fw.close()
			return nil, err
		}
		fw.work.Go(func() { fw.accept(listener, net.JoinHostPort(to, number)) })
	}
	return fw, nil
}

// close breaks all connections and waits until they are gone. A nil forwarder is fine.
func (fw *forwarder) close() {
	if fw == nil {
		return
	}
	fw.cancel()
	for _, l := range fw.listeners {
		_ = l.Close() // what fails to close is closed
	}
	fw.work.Wait()
}

func (fw *forwarder) accept(listener net.Listener, to string) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, say: what is open now ends some time
			select {
			case <-time.After(100 * time.Millisecond):
			case <-fw.ctx.Done():
			}
			continue
		}
		fw.work.Go(func() { fw.carry(conn, to) })
	}
}

// carry joins two connections. Where nothing listens, the caller is reset: a refusal comes too late by then.
func (fw *forwarder) carry(near net.Conn, to string) {
	defer func() { _ = near.Close() }()
	dialer := net.Dialer{Timeout: dialTimeout}
	far, err := dialer.DialContext(fw.ctx, "tcp", to)
	if err != nil {
		reset(near)
		return
	}
	defer func() { _ = far.Close() }()
	defer context.AfterFunc(fw.ctx, func() { reset(near); reset(far) })()
	var both sync.WaitGroup
	both.Go(func() { pour(far, near) })
	both.Go(func() { pour(near, far) })
	both.Wait()
}

// pour copies until one side ends, and passes the end on: a half-closed connection stays half open.
func pour(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		reset(to)
		reset(from)
		return
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // of a connection that is gone
	}
}

// reset closes a connection as a machine does that has no such connection.
func reset(conn net.Conn) {
	if c, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = c.SetLinger(0) // of a connection that is gone
	}
	_ = conn.Close()
}
