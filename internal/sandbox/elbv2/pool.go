package elbv2

import (
	"context"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/proxy"
)

// pool hands out the targets of a load balancer to its data plane. Unlike the rest of the package it takes the lock itself.
type pool struct {
	s  *Service
	lb *loadBalancer
}

// Acquire implements proxy.Pool.
func (p pool) Acquire(ctx context.Context, groups []proxy.WeightedGroup) *proxy.Lease {
	p.s.Account.Lock()
	defer p.s.Account.Unlock()
	lease := &proxy.Lease{Context: ctx, Group: p.s.byWeight(groups)}
	g, err := p.s.group(lease.Group)
	if err != nil {
		return lease
	}
	t := g.next(p.s)
	if t == nil {
		return lease
	}
	addr, _ := t.addr()
	lease.Instance = t.id
	lease.Addr = netip.AddrPortFrom(addr, uint16(t.port))
	lease.TLS = g.protocol == types.ProtocolEnumHttps
	var cut context.CancelCauseFunc
	lease.Context, cut = context.WithCancelCause(ctx)
	t.inFlight[lease] = cut
	return lease
}

// byWeight chooses a group; "" when no weight is above zero. A group without healthy targets keeps its share, as on AWS.
func (s *Service) byWeight(groups []proxy.WeightedGroup) string {
	total := 0
	for _, g := range groups {
		total += g.Weight
	}
	if total == 0 {
		return ""
	}
	n := s.Account.IntN(total)
	for _, g := range groups {
		if n < g.Weight {
			return g.ID
		}
		n -= g.Weight
	}
	return ""
}

// next is the target of the next request: a healthy one, or any when too few are healthy. nil when there is none.
func (g *targetGroup) next(s *Service) *target {
	candidates := g.candidates()
	if len(candidates) == 0 {
		return nil
	}
	switch g.attributes[algorithm] {
	case "weighted_random":
		return candidates[s.Account.IntN(len(candidates))]
	case "least_outstanding_requests":
		return slices.MinFunc(candidates, func(a, b *target) int { return len(a.inFlight) - len(b.inFlight) })
	}
	g.turn++
	return candidates[g.turn%uint(len(candidates))]
}

// candidates are the targets that requests may go to.
func (g *targetGroup) candidates() []*target {
	var usable, healthy []*target
	for _, t := range g.targets {
		if t.usable() {
			usable = append(usable, t)
			if t.state == types.TargetHealthStateEnumHealthy {
				healthy = append(healthy, t)
			}
		}
	}
	if enough(len(healthy), len(usable), g.attributes.number(routingMinCount), g.attributes.number(routingMinPercent)) {
		return healthy
	}
	return usable
}

// enough holds the number of healthy targets against a minimal count and percentage; 0 is no demand.
func enough(healthy, all, count, percent int) bool {
	return healthy >= count && healthy*100 >= percent*all
}

// Finish implements proxy.Pool.
func (p pool) Finish(x proxy.Exchange) {
	r := Request{LoadBalancer: p.lb.arn, Status: x.Status, Start: x.Start, Duration: x.Duration}
	p.s.Account.Lock()
	if x.Lease != nil {
		r.TargetGroup, r.Instance = x.Lease.Group, x.Lease.Instance
		p.s.release(x.Lease)
	}
	p.s.count(p.lb, x)
	p.s.Account.Unlock()
	if p.s.Observe != nil {
		p.s.Observe(r)
	}
}

// release ends a lease. Its target may have left the group in the meantime: what was in flight then was cut off.
func (s *Service) release(lease *proxy.Lease) {
	g, err := s.group(lease.Group)
	if err != nil {
		return
	}
	for _, t := range g.targets {
		if cut, ok := t.inFlight[lease]; ok {
			delete(t.inFlight, lease)
			cut(nil)
		}
	}
}

// Connected implements proxy.Pool.
func (p pool) Connected() {
	p.s.Account.Lock()
	defer p.s.Account.Unlock()
	p.s.record(p.lb, nil, "NewConnectionCount", 1)
}
