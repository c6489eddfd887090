// Package machine runs the instances of a sandbox as containers of a Docker Engine on this machine: systemd as their first
// process, a Docker Engine of their own, and the agent from its Debian package, as on EC2. It takes the place of package
// app, whose instances are HTTP apps in this process.
//
// An instance finds what it would find on AWS: the metadata service at 169.254.169.254, the registry under its real name and
// with TLS, its user data applied. Only the endpoint of the APIs is told to it, in the
// environment of its services.
package machine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"bluegreen/internal/docker"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/ec2/launch"
)

// Options says how instances are run. Engine, Disk and Ports are needed.
type Options struct {
	// Engine runs on this machine, not in a virtual one beside it. It is closed by whoever opened it.
	Engine *docker.Engine
	// Disk is the image that an instance boots from, unless its AMI names another: see Prepare and DiskTag.
	Disk string
	// Ports of an instance that others can reach at its private address.
	Ports []uint16
	// ShutdownLimit is how long an instance may take to shut down before its power is cut; two minutes when zero.
	ShutdownLimit time.Duration
	// Log is told of what goes wrong with an instance, and of what its user data asks for in vain; may be nil.
	Log func(problem error)
}

// The tags of an AMI that say what is on its disk.
const (
	DiskTag  = "sandbox:disk"  // id of the image in the engine; Options.Disk without it
	ImageTag = "sandbox:image" // reference of the container image that the agent's configuration names
)

const defaultShutdown = 2 * time.Minute

// startLimit is how long the engine may take to make what all instances share, and to take it down.
const startLimit = 2 * time.Minute

// Host runs the instances of one sandbox.
type Host struct {
	Options
	sandbox *sandbox.Sandbox
	name    string // of the network; begins the names of containers
	owner   string
	network docker.Network

	api, registry, mirrors *server

	internet *internet

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu        sync.Mutex
	instances map[string]*instance // that are not terminated
	disks     map[string]disk      // by AMI, of those that were made here
}

// Runtime is what sandbox.Options.Machines wants: it makes a sandbox's host.
func Runtime(o Options) func(*sandbox.Sandbox) (sandbox.Machines, error) {
	return func(s *sandbox.Sandbox) (sandbox.Machines, error) { return New(s, o) }
}

// New makes a host without instances. It removes what hosts have left in the engine that were killed.
func New(s *sandbox.Sandbox, o Options) (*Host, error) {
	if o.ShutdownLimit == 0 {
		o.ShutdownLimit = defaultShutdown
	}
	if o.Log == nil {
		o.Log = func(error) {}
	}
	owner, err := self()
	if err != nil {
		return nil, err
	}
	h := &Host{
		Options: o, sandbox: s, name: "bluegreen-" + strings.ToLower(rand.Text()[:8]), owner: owner,
		instances: map[string]*instance{}, disks: map[string]disk{},
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.internet = reachable(h.ctx)
	ctx, cancel := context.WithTimeout(h.ctx, startLimit)
	defer cancel()
	if err := sweep(ctx, o.Engine); err != nil {
		return nil, fmt.Errorf("remove what another sandbox has left: %w", err)
	}
	if err := h.open(ctx); err != nil {
		return nil, errors.Join(err, h.end())
	}
	s.Account.Lock()
	defer s.Account.Unlock()
	s.EC2.OnStateChange(h.changed)
	return h, nil
}

// open makes the network of the instances, and listens in it.
func (h *Host) open(ctx context.Context) error {
	id, err := h.Engine.CreateNetwork(ctx, h.name, h.labels())
	if err != nil {
		return fmt.Errorf("make the network of the instances: %w", err)
	}
	if h.network, err = h.Engine.Network(ctx, id); err != nil {
		return err
	}
	if h.api, err = h.serve(h.sandbox.Front, false); err != nil {
		return fmt.Errorf("listen for instances at %s, which is where a Docker Engine on this machine has its side of their network "+
			"(one in a virtual machine, such as Docker Desktop's, will not do, and neither will a rootless one): %w", h.network.Gateway, err)
	}
	if h.registry, err = h.serve(h.sandbox.Registry(), true); err != nil {
		return err
	}
	h.mirrors, err = h.serve(h.internet, false)
	return err
}

// endpoint is where the APIs are for programs outside; false where that is in this process only.
func (h *Host) endpoint() (address, port string, ok bool) {
	address, port, err := net.SplitHostPort(strings.TrimPrefix(h.sandbox.Endpoint(), "http://"))
	return address, port, err == nil && !h.sandbox.Fabric.InMemory()
}

func (h *Host) labels() map[string]string {
	return map[string]string{ownerLabel: h.owner, hostLabel: h.name}
}

// serve answers at a free port of this machine's address in the instances' network.
func (h *Host) serve(handler http.Handler, secure bool) (*server, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(h.network.Gateway, "0"))
	if err != nil {
		return nil, err
	}
	if secure {
		return startServer(listener, handler, h.sandbox.TLSConfig()), nil
	}
	return startServer(listener, handler, nil), nil
}

// Start boots an instance, and returns at once. The account must be locked, also when the instance is stopped by the
// function that comes back: it shuts down then, in its own time, and keeps its disk until it is terminated. A machine that
// was started again waits for the run before to have shut down.
func (h *Host) Start(m ec2.Machine) (stop func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return nil, errors.New("the sandbox has ended")
	}
	ctx, cancel := context.WithCancel(h.ctx)
	i := h.instance(m.InstanceID)
	i.current = &run{instance: i, machine: m, ctx: ctx, console: &console{}, up: make(chan struct{})}
	i.then(i.current.live)
	return cancel, nil
}

// changed gives an instance's disk up when it is terminated. The account is locked.
func (h *Host) changed(instanceID, state string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := h.instances[instanceID]
	if state != launch.Terminated || i == nil || h.ctx.Err() != nil {
		return
	}
	delete(h.instances, instanceID)
	i.then(i.remove)
}

// poweredOff says that an instance has shut itself down.
func (h *Host) poweredOff(instanceID string) {
	h.sandbox.Account.Lock()
	defer h.sandbox.Account.Unlock()
	h.sandbox.EC2.PoweredOff(instanceID)
}

// Close cuts the power of all instances and removes all that was made for them. The account must not be locked.
func (h *Host) Close() {
	if err := h.end(); err != nil {
		h.Log(fmt.Errorf("clean up after the instances: %w", err))
	}
}

func (h *Host) end() error {
	h.mu.Lock()
	h.cancel()
	h.mu.Unlock()
	h.work.Wait()
	h.api.close()
	h.registry.close()
	h.mirrors.close()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	return clearAway(ctx, h.Engine, map[string]string{hostLabel: h.name}, func(map[string]string) bool { return true })
}
