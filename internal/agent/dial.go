package agent

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"bluegreen/internal/agent/settings"
	"bluegreen/internal/docker"
	"bluegreen/internal/probe"
)

// published is where a port of the app is to be reached on this machine.
func (a *agent) published(port int) string {
	host := "127.0.0.1"
	if p, some := a.publishes(port); some && p.HostIP != "" && p.HostIP != "0.0.0.0" && p.HostIP != "::" {
		host = p.HostIP
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// publishes is how a port of this machine leads to the app.
func (a *agent) publishes(port int) (p settings.Port, some bool) {
	for _, p := range a.settings.Container.Ports {
		if int(p.Host) == port && p.Protocol == "tcp" {
			return p, true
		}
	}
	return p, false
}

// dialer connects to a published port. Within the machine, a proxy leads from there to the container, and goes when Docker
// does; clients from outside are led by the kernel, and reach a container that outlives Docker (live-restore). So when nobody
// listens at the port, the container itself is asked. Not for a port that the machine has for itself: there is the proxy only.
func (a *agent) dialer(c docker.Container, port int) probe.DialContext {
	direct := new(net.Dialer).DialContext
	p, some := a.publishes(port)
	if address, err := netip.ParseAddr(p.HostIP); !some || c.IP == "" || err == nil && address.IsLoopback() {
		return direct
	}
	itself := net.JoinHostPort(c.IP, strconv.Itoa(int(p.Container)))
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := direct(ctx, network, address)
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return conn, err
		}
		if second, errSecond := direct(ctx, network, itself); errSecond == nil {
			return second, nil
		}
		return nil, err
	}
}
