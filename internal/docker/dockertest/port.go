package dockertest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// FreePort is a port that nobody has. It is not among those that the kernel gives to whoever connects or listens anywhere, so that nobody
// takes it in the meantime.
func FreePort(t testing.TB) uint16 {
	t.Helper()
	for range 100 {
		port := 10000 + rand.IntN(10000)
		if l, err := net.Listen("tcp", fmt.Sprintf(":%d", port)); err == nil {
			_ = l.Close()
			return uint16(port)
		}
	}
	t.Fatal("no port is free")
	return 0
}
