package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"bluegreen/internal/probe"
)

// lookAfter is how long a connection is watched. Docker's proxy accepts on a published port whether or not anybody listens
// behind it, and hangs up when nobody does.
const lookAfter = 50 * time.Millisecond

// TCP asks an app by connecting to it. One that hangs up at once is not well.
type TCP struct {
	Addr string            // host:port
	Dial probe.DialContext // a net.Dialer's when nil
}

// Probe connects once.
func (p TCP) Probe(ctx context.Context) error {
	if err := p.connect(ctx); err != nil {
		return fmt.Errorf("connect to %s: %w", p.Addr, err)
	}
	return nil
}

func (p TCP) connect(ctx context.Context) error {
	dial := p.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, "tcp", p.Addr)
	if err != nil {
		return because(ctx, bare(err))
	}
	defer func() { _ = conn.Close() }() // nothing was written
	err = conn.SetReadDeadline(time.Now().Add(lookAfter))
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("accepted and closed at once: nobody listens behind the published port")
	}
	return nil
}

// bare is a connection's error without its addresses: the reader is told already.
func bare(err error) error {
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		return op.Err
	}
	return err
}
