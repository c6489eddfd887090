package proxy

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// server serves one listener on one address.
type server struct {
	http   *http.Server
	cancel context.CancelFunc
	done   chan struct{} // closed when the last connection has ended
}

func serve(ln net.Listener, l *Listener, f *Front) *server {
	ctx, cancel := context.WithCancel(context.Background())
	c := &clients{listener: l, count: &f.connections, open: map[net.Conn]*clientConn{}}
	s := &server{cancel: cancel, done: make(chan struct{})}
	s.http = &http.Server{
		Handler:      &handler{listener: l, forward: f.forward},
		BaseContext:  func(net.Listener) context.Context { return ctx },
		ConnContext:  c.accepted,
		ConnState:    c.changed,
		ErrorLog:     log.New(io.Discard, "", 0),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1 only
	}
	if l.TLS {
		ln = tls.NewListener(ln, f.ca.config(l))
	}
	go func() {
		defer close(s.done)
		s.http.Serve(ln) //nolint:errcheck // ends when the server is closed
		c.all.Wait()
	}()
	return s
}

// close ends all connections at once.
func (s *server) close() {
	s.cancel()
	s.http.Close() //nolint:errcheck // nothing is left to lose
	<-s.done
}

// drain lets the requests in flight end, for at most limit and as long as ctx lasts.
func (s *server) drain(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s.http.Shutdown(ctx) //nolint:errcheck // close ends what is left
	s.close()
}
