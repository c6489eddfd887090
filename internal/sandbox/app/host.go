// Package app is what the sandbox's instances run: an HTTP app in this process whose behaviour is scripted by tags of the
// image it was launched from. It listens at the instance's private address and answers with its version and instance id,
// so that a client can count who served it.
package app

import (
	"fmt"
	"net/netip"
	"sync"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/fabric"
)

// Machine is the instance that an app runs on.
type Machine struct {
	InstanceID   string
	Addr         netip.Addr        // private address
	ImageTags    map[string]string // of the AMI: BehaviorTag and VersionTag are read
	InstanceTags map[string]string // ColorTag is read
}

// ColorTag is the tag of an instance that says which colour it belongs to.
const ColorTag = "bluegreen:color"

// Host runs the apps of an account's instances.
type Host struct {
	account *account.Account
	fabric  *fabric.Fabric
	running map[*app]struct{} // guarded by the account's lock
	work    sync.WaitGroup
}

// NewHost makes a host without apps.
func NewHost(a *account.Account, f *fabric.Fabric) *Host {
	return &Host{account: a, fabric: f, running: map[*app]struct{}{}}
}

// Start boots a machine's app; it listens when its boot time is over. The account must be locked, also when the app is
// stopped by the function that comes back. It fails if the machine's behaviour cannot be understood.
func (h *Host) Start(m Machine) (stop func(), err error) {
	behavior, err := ParseBehavior(m.ImageTags[BehaviorTag])
	if err != nil {
		return nil, fmt.Errorf("start the app of %s: %w", m.InstanceID, err)
	}
	a := &app{
		host: h, behavior: behavior, addr: m.Addr, instanceID: m.InstanceID,
		version: m.ImageTags[VersionTag], color: m.InstanceTags[ColorTag],
	}
	h.running[a] = struct{}{}
	a.bootAfter(behavior.Boot)
	return func() {
		delete(h.running, a)
		a.stop()
	}, nil
}

// Close stops all apps and waits until they are gone. The account must not be locked.
func (h *Host) Close() {
	h.account.Lock()
	for a := range h.running {
		a.stop()
	}
	clear(h.running)
	h.account.Unlock()
	h.work.Wait()
}
