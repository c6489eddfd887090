package machine

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// server is an HTTP server in the instances' network.
type server struct {
	http *http.Server
	host string
	port uint16
	work sync.WaitGroup
}

func startServer(listener net.Listener, handler http.Handler, secure *tls.Config) *server {
	s := &server{http: &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}}
	at := listener.Addr().(*net.TCPAddr)
	s.host, s.port = at.IP.String(), uint16(at.Port)
	if secure != nil {
		listener = tls.NewListener(listener, secure)
	}
	s.work.Go(func() { _ = s.http.Serve(listener) }) // always ends with an error that says "closed"
	return s
}

func (s *server) address() string { return net.JoinHostPort(s.host, strconv.Itoa(int(s.port))) }

// close breaks all connections and waits until they are gone. A nil server is fine.
func (s *server) close() {
	if s == nil {
		return
	}
	_ = s.http.Close() // what is broken is no news
	s.work.Wait()
}
