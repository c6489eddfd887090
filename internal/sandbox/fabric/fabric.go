// Package fabric is the network of the sandbox: addresses, listeners and dials.
//
// There are two of them behind one type. Loopback uses real sockets in a /16 of 127.0.0.0/8 that no other sandbox on this
// machine uses, so that any client can talk to what runs here. Memory connects in-process pipes, which testing/synctest
// understands, so that deployments with hours of hold run in milliseconds.
package fabric

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
)

// The networks of a sandbox, as the third octet of their first address.
const (
	API       = 0   // the AWS endpoint
	Balancers = 16  // load balancer nodes
	DNS       = 53  // name servers and the resolver
	Instances = 128 // EC2 instances
)

// networkSize is how many addresses a network has: 16 octets of 1 to 254, after which it starts over.
const networkSize = 16 * 254

// ErrNoPackets says that a fabric carries streams only. DNS over TCP works on both.
var ErrNoPackets = errors.New("this network carries no packets")

// Fabric hands out addresses and connects them. The zero value is of no use: see Loopback and Memory.
type Fabric struct {
	second byte
	claim  net.Listener // keeps other sandboxes off this /16
	memory *memory      // nil for real sockets

	mu   sync.Mutex
	next map[byte]int
}

// claimPort is where a sandbox listens on x.x.255.254 to say that the /16 is taken.
const claimPort = 4565

// Loopback finds a free /16 in 127.0.0.0/8 and claims it until Close.
func Loopback() (*Fabric, error) {
	var last error
	for second := 20; second < 250; second++ {
		claim, err := net.Listen("tcp", net.JoinHostPort(fmt.Sprintf("127.%d.255.254", second), strconv.Itoa(claimPort)))
		if err != nil {
			last = err
			continue
		}
		return &Fabric{second: byte(second), claim: claim, next: map[byte]int{}}, nil
	}
	return nil, fmt.Errorf("find a free network for the sandbox in 127.0.0.0/8: %w", last)
}

// Memory makes a network inside this process.
func Memory() *Fabric {
	return &Fabric{second: 1, memory: &memory{listeners: map[string]*memListener{}}, next: map[byte]int{}}
}

// InMemory says whether the network exists inside this process only.
func (f *Fabric) InMemory() bool { return f.memory != nil }

// Close gives the claimed addresses back. Listeners are their owners' to close.
func (f *Fabric) Close() error {
	if f.claim == nil {
		return nil
	}
	return f.claim.Close()
}

// Next is the next address of a network (API, Balancers, …): x.x.network.1, .2 and so on.
func (f *Fabric) Next(network byte) netip.Addr {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.next[network] % networkSize
	f.next[network]++
	return netip.AddrFrom4([4]byte{127, f.second, network + byte(n/254), byte(1 + n%254)})
}

// Listen accepts streams at addr ("127.20.16.1:8080").
func (f *Fabric) Listen(addr string) (net.Listener, error) {
	if f.memory != nil {
		return f.memory.listen(addr)
	}
	return net.Listen("tcp", addr)
}

// ListenPacket receives packets at addr; ErrNoPackets in memory.
func (f *Fabric) ListenPacket(addr string) (net.PacketConn, error) {
	if f.memory != nil {
		return nil, ErrNoPackets
	}
	return net.ListenPacket("udp", addr)
}

// DialContext connects to addr. In memory "udp" is carried by a stream, as DNS over TCP is.
func (f *Fabric) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if f.memory != nil {
		return f.memory.dial(ctx, network, addr)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}
