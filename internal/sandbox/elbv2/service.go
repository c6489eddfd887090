// Package elbv2 is Elastic Load Balancing (application load balancers) of the sandbox: the API with AWS's manners, target
// health, and the state behind the data plane in package proxy.
//
// Handlers, timers and the exported methods for neighbours run with the account locked. Ports are bound, probes are sent
// and requests are proxied outside of the lock; what they find is brought back under it.
package elbv2

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/proxy"
)

// Recorder keeps metrics. It is called with the account locked.
type Recorder interface {
	Record(namespace, name string, dims map[string]string, at time.Time, value float64)
}

// Options joins the service to its neighbours. The functions are called with the account locked.
type Options struct {
	Account *account.Account
	Fabric  *fabric.Fabric

	Subnet        func(id string) (vpc, zone string, ok bool)
	SecurityGroup func(id string) bool
	Instance      func(id string) (addr netip.Addr, running, ok bool)
	Certificate   func(arn string) bool // in ACM

	CA                   *proxy.CA               // optional: issues certificates; one of its own without it
	VPC                  func(id string) bool    // optional: without it any VPC exists
	DefaultSecurityGroup func(vpc string) string // optional: for load balancers that name none
	Metrics              Recorder                // optional
	Observe              func(Request)           // optional: called for each request, without the lock
	Log                  func(problem error)     // optional: called without the lock
}

// Request is one request that a load balancer answered.
type Request struct {
	LoadBalancer string // ARN
	TargetGroup  string // ARN; empty when no group was chosen
	Instance     string // id of the target; empty when there was none
	Status       int    // what the client was told
	Start        time.Time
	Duration     time.Duration
}

// Service is the load balancers, target groups and tags of one account.
type Service struct {
	Options

	balancers []*loadBalancer // in the order of their creation, as all lists here
	groups    []*targetGroup
	tick      *account.Timer // records host counts

	ctx    context.Context // ends with the service
	cancel context.CancelFunc
	closed bool
	work   sync.WaitGroup // goroutines that bind ports and send probes
}

// New makes a service without load balancers. Close it before its fabric.
func New(o Options) (*Service, error) {
	if o.Account == nil || o.Fabric == nil || o.Subnet == nil || o.SecurityGroup == nil || o.Instance == nil || o.Certificate == nil {
		return nil, errors.New("load balancers need an account, a fabric, subnets, security groups, instances and certificates")
	}
	if o.CA == nil {
		ca, err := proxy.NewCA()
		if err != nil {
			return nil, fmt.Errorf("start the load balancers: %w", err)
		}
		o.CA = ca
	}
	s := &Service{Options: o}
	s.ctx, s.cancel = context.WithCancel(o.Account.Context())
	return s, nil
}

// CAPEM is the certificate of the authority that issues what the HTTPS listeners show.
func (s *Service) CAPEM() []byte { return s.CA.PEM() }

// Close ends all connections and background work. The account must not be locked.
func (s *Service) Close() {
	s.Account.Lock()
	s.closed = true
	s.cancel()
	balancers := s.balancers
	s.balancers = nil
	s.tick.Stop()
	for _, lb := range balancers {
		lb.activation.Stop()
	}
	for _, g := range s.groups {
		for _, t := range g.targets {
			t.unwatch()
		}
	}
	s.Account.Unlock()
	s.work.Wait()
	for _, lb := range balancers {
		lb.front.Close()
	}
}

// background runs fn outside of the lock. The account must be locked.
func (s *Service) background(fn func()) {
	if !s.closed {
		s.work.Go(fn)
	}
}

func (s *Service) log(problem error) {
	if s.Log != nil {
		s.Log(problem)
	}
}
