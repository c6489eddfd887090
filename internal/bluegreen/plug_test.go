package bluegreen_test

import (
	"context"
	"net"
	"net/http"

	"bluegreen/internal/sandbox/mortal"
)

// link is the network of a process.
type link struct {
	http http.RoundTripper
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// plug makes a network whose process is killed at its nth call: before it has its effect, or after.
func (w *world) plug(at int, after bool) *mortal.Plug {
	return mortal.New(mortal.Network{HTTP: w.sb.Transport(), Dial: w.sb.Fabric.DialContext}, w.over, at, after)
}

func through(p *mortal.Plug) link { return link{http: p, dial: p.DialContext} }
