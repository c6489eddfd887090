package elbv2

import (
	"net/netip"
	"slices"
	"strings"
)

// All methods in this file are for other services of the account, and are called with the account locked.

// TargetGroupExists says whether an ARN is that of a target group.
func (s *Service) TargetGroupExists(arn string) bool {
	_, err := s.group(arn)
	return err == nil
}

// BalancerExists says whether the account has a load balancer. The account must be locked.
func (s *Service) BalancerExists(arn string) bool {
	_, err := s.balancer(arn)
	return err == nil
}

// RegisterInstance registers an instance on the port of a target group. To register it again changes nothing; a group that
// does not exist any more is passed over.
func (s *Service) RegisterInstance(groupARN, id string) {
	if g, err := s.group(groupARN); err == nil {
		s.register(g, id, g.port)
	}
}

// DeregisterInstance begins to drain an instance, on all of its ports. To do it again changes nothing.
func (s *Service) DeregisterInstance(groupARN, id string) {
	g, err := s.group(groupARN)
	if err != nil {
		return
	}
	for _, t := range g.targets {
		if t.id == id {
			t.deregister()
		}
	}
}

// InstanceGone forgets a terminated instance, as AWS does after a while. What is in flight to it is cut off.
func (s *Service) InstanceGone(id string) {
	for _, g := range s.groups {
		for _, t := range slices.Clone(g.targets) {
			if t.id == id {
				t.remove()
			}
		}
	}
}

// InstanceHealth is the state of an instance in a target group, in the words of DescribeTargetHealth: "initial", "healthy",
// "unhealthy", "draining", "unused"; "" when it is not registered.
func (s *Service) InstanceHealth(groupARN, id string) string {
	g, err := s.group(groupARN)
	if err != nil {
		return ""
	}
	for _, t := range g.targets {
		if t.id == id {
			return string(t.health().State)
		}
	}
	return ""
}

// ResourceLabel is how a target tracking policy names a target group and its load balancer, e.g.
// "app/NAME/ID/targetgroup/NAME/ID". ok is false when the group is not attached to a load balancer.
func (s *Service) ResourceLabel(groupARN string) (label string, ok bool) {
	g, err := s.group(groupARN)
	if err != nil || g.lb == nil {
		return "", false
	}
	return s.dimension(g.lb.arn) + "/" + s.dimension(g.arn), true
}

// Alias resolves the DNS name of a load balancer for an alias record: in any case, with or without a final dot and the
// "dualstack." prefix. The addresses are those of the nodes, once the load balancer is active; IPv6 only for load balancers
// that have it. healthy is what EvaluateTargetHealth goes by. ok is false when no load balancer has the name.
func (s *Service) Alias(dnsName string) (zoneID string, ipv4, ipv6 []netip.Addr, healthy, ok bool) {
	name := strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(dnsName), "."), "dualstack.")
	for _, lb := range s.balancers {
		if strings.ToLower(lb.dnsName) != name {
			continue
		}
		if !lb.active {
			return s.hostedZone(), nil, nil, false, true
		}
		ipv4 = lb.nodes()
		if lb.dualstack() {
			ipv6 = each(ipv4, func(a netip.Addr) netip.Addr { return netip.AddrFrom16(a.As16()) })
		}
		return s.hostedZone(), ipv4, ipv6, s.healthy(lb), true
	}
	return "", nil, nil, false, false
}

// healthy says whether each target group of lb has the healthy targets that it needs. A group without targets has not.
func (s *Service) healthy(lb *loadBalancer) bool {
	for _, g := range s.groups {
		if g.lb != lb {
			continue
		}
		healthy, unhealthy := g.hosts()
		all := healthy + unhealthy
		if all == 0 || !enough(healthy, all, g.attributes.number(dnsMinCount), g.attributes.number(dnsMinPercent)) {
			return false
		}
	}
	return true
}
