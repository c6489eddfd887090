package machine

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"bluegreen/internal/sandbox/fabric"
)

// echo answers with what it was sent, once the caller has sent all.
func echo(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				if said, err := io.ReadAll(conn); err == nil {
					_, _ = conn.Write(said) // the caller will notice
				}
			}()
		}
	}()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

// forwarded is a forwarder for one port, and the address that it listens at.
func forwarded(t *testing.T, port uint16) (*forwarder, string) {
	t.Helper()
	network, err := fabric.Loopback()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = network.Close() })
	from := network.Next(fabric.Instances)
	fw, err := forward(network, from, "127.0.0.1", []uint16{port})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fw.close)
	return fw, netip.AddrPortFrom(from, port).String()
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.TCPConn)
}

func TestForwardsBothWaysAndTheEndOfEach(t *testing.T) {
	_, addr := forwarded(t, echo(t))
	conn := dial(t, addr)
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(conn); err != nil || string(said) != "hello" {
		t.Errorf("got %q, %v", said, err)
	}
}

func TestNobodyBehindIsAReset(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	_, addr := forwarded(t, uint16(free.Addr().(*net.TCPAddr).Port))
	conn, err := net.Dial("tcp", addr)
	if err == nil { // it was faster than the reset
		_, err = conn.Read(make([]byte, 1))
		_ = conn.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, want a reset", err)
	}
}

func TestCloseBreaksConnections(t *testing.T) {
	fw, addr := forwarded(t, echo(t))
	conn := dial(t, addr)
	if _, err := conn.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	fw.close()
	if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Errorf("read %d bytes: %v", n, err)
	}
	if _, err := net.Dial("tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want a refusal", err)
	}
}
