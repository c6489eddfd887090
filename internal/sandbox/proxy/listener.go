package proxy

import (
	"net/http"
	"sync/atomic"
	"time"
)

// Listener answers the requests to one port of a load balancer, on all of its addresses.
type Listener struct {
	Port int
	TLS  bool

	pool     Pool
	settings atomic.Pointer[Settings]
}

// Settings is what a listener does. It takes effect with the next request. All durations are of this machine's clock.
type Settings struct {
	Rules           []Rule        // in the order of their priority; the last one is the default and has no conditions
	KeepAlive       time.Duration // age from which on a client connection gets one more answer and is closed
	IdleTimeout     time.Duration // silence that ends a connection to a client
	TargetTimeout   time.Duration // silence that ends a request to a target
	ConnectTimeout  time.Duration // for a connection to a target
	ForwardedFor    ForwardedFor  // what becomes of the X-Forwarded-For header
	ClientPort      bool          // X-Forwarded-For carries the client's port, too
	MinTLS          uint16        // e.g. tls.VersionTLS12
	HideServer      bool          // take the Server header out of responses
	ResponseHeaders http.Header   // set on each response
}

// NewListener makes a listener that asks pool for targets.
func NewListener(port int, tls bool, pool Pool, s Settings) *Listener {
	l := &Listener{Port: port, TLS: tls, pool: pool}
	l.Set(s)
	return l
}

// Set replaces the settings.
func (l *Listener) Set(s Settings) { l.settings.Store(&s) }

func (l *Listener) scheme() string {
	if l.TLS {
		return "https"
	}
	return "http"
}
