package sandbox

import (
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// servers are HTTP servers that are started on demand and end with the sandbox.
type servers struct {
	mu     sync.Mutex
	open   map[string]*http.Server // by what they serve; nil when closed
	ending sync.WaitGroup
}

func newServers() *servers { return &servers{open: map[string]*http.Server{}} }

// start serves at a listener, or closes it: when the same thing is served already, or the sandbox has ended.
func (s *servers) start(name string, listener net.Listener, handler http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, running := s.open[name]; running || s.open == nil {
		_ = listener.Close()
		return
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	s.open[name] = server
	s.ending.Go(func() { _ = server.Serve(listener) }) // always ends with an error that says "closed"
}

func (s *servers) running(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[name] != nil
}

// stop ends a server and breaks its connections. It does not wait for that.
func (s *servers) stop(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if server := s.open[name]; server != nil {
		delete(s.open, name)
		s.ending.Go(func() { _ = server.Close() }) // what is broken is no news
	}
}

// close ends all servers and waits until they are gone. None can be started any more.
func (s *servers) close() {
	s.mu.Lock()
	for _, server := range s.open {
		s.ending.Go(func() { _ = server.Close() }) // what is broken is no news
	}
	s.open = nil
	s.mu.Unlock()
	s.ending.Wait()
}
