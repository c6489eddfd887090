package proxy

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// clients keeps an eye on the client connections of a server.
type clients struct {
	listener *Listener
	count    *atomic.Int64 // of the whole front

	mu   sync.Mutex
	open map[net.Conn]*clientConn
	all  sync.WaitGroup
}

type clientConn struct {
	since time.Time
	idle  *time.Timer // nil while a request is being answered
}

type clientKey struct{}

// accepted is http.Server.ConnContext.
func (c *clients) accepted(ctx context.Context, conn net.Conn) context.Context {
	client := &clientConn{since: time.Now()}
	c.mu.Lock()
	c.open[conn] = client
	c.mu.Unlock()
	c.listener.pool.Connected()
	return context.WithValue(ctx, clientKey{}, client)
}

// changed is http.Server.ConnState.
func (c *clients) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	client := c.open[conn]
	switch state {
	case http.StateNew:
		c.all.Add(1)
		c.count.Add(1)
		c.wait(conn, client)
	case http.StateIdle:
		c.wait(conn, client)
	case http.StateActive:
		client.settle()
	case http.StateClosed, http.StateHijacked:
		client.settle()
		delete(c.open, conn)
		c.count.Add(-1)
		c.all.Done()
	}
}

// wait ends conn after the idle timeout unless a request comes first.
func (c *clients) wait(conn net.Conn, client *clientConn) {
	client.settle()
	var timer *time.Timer
	timer = time.AfterFunc(c.listener.settings.Load().IdleTimeout, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if client.idle == timer {
			// The server waits in a read. To let that fail is kinder than to close: a request that has just
			// arrived is still read.
			conn.SetReadDeadline(time.Unix(1, 0)) //nolint:errcheck // closed already
		}
	})
	client.idle = timer
}

func (cc *clientConn) settle() {
	if cc.idle != nil {
		cc.idle.Stop()
		cc.idle = nil
	}
}

// outlived says whether the connection of a request is older than limit.
func outlived(ctx context.Context, now time.Time, limit time.Duration) bool {
	client, ok := ctx.Value(clientKey{}).(*clientConn)
	return ok && now.Sub(client.since) >= limit
}
