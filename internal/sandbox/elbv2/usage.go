package elbv2

import (
	"strings"

	"bluegreen/internal/sandbox/proxy"
)

// changed brings everything that follows from the state of lb up to date: which target groups are in use, which targets
// are checked, and what the data plane does.
func (s *Service) changed(lb *loadBalancer) {
	users := map[string]*loadBalancer{}
	for _, b := range s.balancers {
		for _, l := range b.listeners {
			for _, r := range l.rules {
				for _, arn := range groupsOf(r.actions) {
					users[arn] = b
				}
			}
		}
	}
	for _, g := range s.groups {
		g.lb = users[g.arn]
		for _, t := range g.targets {
			t.settle()
		}
	}
	for _, l := range lb.listeners {
		l.publish(s)
	}
	s.sync(lb)
}

// publish puts the settings of l in force.
func (l *listener) publish(s *Service) {
	port, secure := int(l.port), l.secure()
	if l.serving == nil || l.serving.Port != port || l.serving.TLS != secure {
		l.serving = proxy.NewListener(port, secure, pool{s, l.lb}, l.front(s))
		return
	}
	l.serving.Set(l.front(s))
}

// sync makes the front of lb serve what lb says, outside of the lock and one change after the other.
func (s *Service) sync(lb *loadBalancer) {
	if !lb.provisioned && !lb.deleted {
		return
	}
	lb.dirty = true
	if lb.syncing {
		return
	}
	lb.syncing = true
	s.background(func() {
		s.Account.Lock()
		defer s.Account.Unlock()
		for lb.dirty {
			lb.dirty = false
			s.syncOnce(lb)
		}
		lb.syncing = false
	})
}

// syncOnce is called with the account locked, and gives the lock back while it works.
func (s *Service) syncOnce(lb *loadBalancer) {
	nodes, deleted, known := lb.nodes(), lb.deleted, lb.fault
	listeners := each(lb.listeners, func(l *listener) *proxy.Listener { return l.serving })
	s.Account.Unlock()
	fault := ""
	if deleted {
		lb.front.Close()
	} else if err := lb.front.Serve(nodes, listeners); err != nil {
		fault = strings.ReplaceAll(err.Error(), "\n", "; ")
		if fault != known {
			s.log(err)
		}
	}
	s.Account.Lock()
	lb.fault = fault
	if !lb.active && !lb.deleted {
		lb.active = true
		s.changed(lb) // now targets can be checked
	}
}
