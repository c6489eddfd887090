package ssm

import (
	"net/netip"
	"time"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/ec2/launch"
)

// Fleet is what Run Command has to know of instances. The account is locked when its functions are called.
type Fleet struct {
	// Instance tells what an instance is like; false when there is none.
	Instance func(id string) (Instance, bool)
	// Run begins to run a shell script on an instance, as its superuser. It returns before done is called, which is with the
	// account locked, and not at all when the instance ends before the script does, or when stop was called.
	Run func(instanceID, script string, done func(Ran)) (stop func())
}

// Instance is one as Systems Manager sees it.
type Instance struct {
	State   string // as in package launch
	Managed bool   // it has the agent, and a role by which that may register
	Real    bool   // scripts really run on it: what they may take is not the account's time
	Addr    netip.Addr
}

// Ran is what a script came to.
type Ran struct {
	Output, Errors string
	Code           int
}

const (
	registerTime = 15 * time.Second // from when an instance is running until its agent has registered
	lostTime     = 5 * time.Minute  // between two pings of an agent
)

// node is an instance whose agent has registered.
type node struct {
	id         string
	addr       netip.Addr
	registered time.Time
	pinged     time.Time // last, unless it is online
	online     bool
	lost       bool // and known to be
	timer      *account.Timer
}

// Manage gives the service instances for Run Command. Without a fleet there are none.
func (s *Service) Manage(f Fleet) { s.fleet = f }

// InstanceChanged tells the service that an instance has entered a state, as in package launch.
func (s *Service) InstanceChanged(id, state string) {
	n := s.nodes[id]
	switch state {
	case launch.Running:
		s.acct.After(registerTime, func() { s.register(id) })
	case launch.Stopping, launch.ShuttingDown:
		s.interrupt(id)
		if n != nil && n.online {
			n.online, n.pinged = false, s.acct.Now()
			n.timer = s.acct.After(lostTime, func() { n.lost = true })
		}
	case launch.Terminated:
		delete(s.nodes, id)
	}
}

// register has the agent of an instance say that it is there, if it can.
func (s *Service) register(id string) {
	i, ok := s.fleet.Instance(id)
	if !ok || !i.Managed || i.State != launch.Running {
		return
	}
	n := s.nodes[id]
	if n == nil {
		n = &node{id: id, registered: s.acct.Now()}
		s.nodes[id] = n
	}
	n.timer.Stop()
	n.addr, n.online, n.lost = i.Addr, true, false
	s.deliver(id)
}
