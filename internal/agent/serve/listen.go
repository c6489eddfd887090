package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// patience is how long an address is waited for that somebody else has: the agent before this one may be on its way out.
const patience = time.Second

// BindError says why an address cannot be listened at, for people.
type BindError struct {
	Addr string
	Why  string
	Err  error
}

func (e *BindError) Error() string { return fmt.Sprintf("listen on %s: %s", e.Addr, e.Why) }

// Unwrap is what the system said.
func (e *BindError) Unwrap() error { return e.Err }

// Listen listens at an address like ":9180". Inherited is a listener that an earlier run of the agent has left for this one,
// with the connections that wait there, or nil: it is taken over if it is for the same address, and closed if it is not.
func Listen(ctx context.Context, addr string, inherited net.Listener) (net.Listener, error) {
	if inherited != nil {
		if sameAddress(inherited.Addr(), addr) {
			return inherited, nil
		}
		_ = inherited.Close() // nothing was taken from it
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		l, err := new(net.ListenConfig).Listen(context.WithoutCancel(ctx), "tcp", addr)
		if err == nil {
			return l, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) || !pause(ctx, 20*time.Millisecond) {
			return nil, explain(addr, err)
		}
	}
}

// pause says whether d passed before ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func sameAddress(have net.Addr, addr string) bool {
	want, err := net.ResolveTCPAddr("tcp", addr)
	tcp, ok := have.(*net.TCPAddr)
	if err != nil || !ok {
		return false
	}
	everywhere := func(ip net.IP) bool { return len(ip) == 0 || ip.IsUnspecified() }
	return tcp.Port == want.Port && (tcp.IP.Equal(want.IP) || everywhere(tcp.IP) && everywhere(want.IP))
}

func explain(addr string, err error) error {
	why := err.Error()
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		why = "the port is taken by " + holder("/proc", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		why = "no interface of this machine has the address"
	case errors.Is(err, syscall.EACCES):
		why = "not allowed: ports below 1024 need root or CAP_NET_BIND_SERVICE"
	default:
		if op := (*net.OpError)(nil); errors.As(err, &op) {
			why = op.Err.Error()
		}
	}
	return &BindError{Addr: addr, Why: why, Err: err}
}
