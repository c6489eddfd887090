package proxy

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ForwardedFor is what a load balancer does with the X-Forwarded-For header.
type ForwardedFor string

// The ways to treat X-Forwarded-For.
const (
	Append   ForwardedFor = "append"   // add the client's address
	Preserve ForwardedFor = "preserve" // leave it as the client sent it
	Remove   ForwardedFor = "remove"
)

const (
	forwardedFor   = "X-Forwarded-For"
	forwardedProto = "X-Forwarded-Proto"
	forwardedPort  = "X-Forwarded-Port"
	traceID        = "X-Amzn-Trace-Id"
)

// forwardedHeaders tells the target about the client in h.
func forwardedHeaders(h http.Header, r *http.Request, l *Listener, s *Settings) {
	h.Del(forwardedFor)
	switch s.ForwardedFor {
	case Preserve:
		if v, sent := r.Header[forwardedFor]; sent {
			h[forwardedFor] = v
		}
	case Append:
		h.Set(forwardedFor, strings.Join(append(r.Header.Values(forwardedFor), client(r, s.ClientPort)), ", "))
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-Host"} { // httputil.ReverseProxy drops them
		if v, sent := r.Header[name]; sent {
			h[name] = v
		}
	}
	h.Set(forwardedProto, l.scheme())
	h.Set(forwardedPort, strconv.Itoa(l.Port))
	if h.Get(traceID) == "" {
		h.Set(traceID, newTraceID(time.Now()))
	}
}

func client(r *http.Request, withPort bool) string {
	if withPort {
		return r.RemoteAddr
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

func newTraceID(now time.Time) string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	return fmt.Sprintf("Root=1-%08x-%s", uint32(now.Unix()), hex.EncodeToString(b[:]))
}
