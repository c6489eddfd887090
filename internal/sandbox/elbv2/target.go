package elbv2

import (
	"context"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/proxy"
)

// target is an instance or address that is registered with a group, under one port.
type target struct {
	service *Service
	group   *targetGroup
	id      string
	port    int32

	state   types.TargetHealthStateEnum
	reason  types.TargetHealthReasonEnum
	detail  string
	streak  int // checks in a row that spoke against the state
	watch   int // grows whenever checks begin or end; tells the result of an old check
	probing bool
	timer   *account.Timer // of the next check, or of the end of the deregistration

	inFlight map[*proxy.Lease]context.CancelCauseFunc
}

func (g *targetGroup) find(id string, port int32) *target {
	if i := slices.IndexFunc(g.targets, func(t *target) bool { return t.id == id && t.port == port }); i >= 0 {
		return g.targets[i]
	}
	return nil
}

// register adds a target, or takes back its deregistration.
func (s *Service) register(g *targetGroup, id string, port int32) {
	if t := g.find(id, port); t != nil {
		if t.state == types.TargetHealthStateEnumDraining {
			t.unwatch()
			t.state = ""
			t.settle()
		}
		return
	}
	t := &target{service: s, group: g, id: id, port: port, inFlight: map[*proxy.Lease]context.CancelCauseFunc{}}
	g.targets = append(slices.Clone(g.targets), t)
	t.settle()
}

// deregister gives a target no more requests, and removes it when those in flight had their time.
func (t *target) deregister() {
	if t.state == types.TargetHealthStateEnumDraining {
		return
	}
	delay := t.group.attributes.number(deregistrationDelay)
	if t.state == types.TargetHealthStateEnumUnused || delay == 0 {
		t.remove()
		return
	}
	t.unwatch()
	t.say(types.TargetHealthStateEnumDraining, types.TargetHealthReasonEnumDeregistrationInProgress, "Target deregistration is in progress")
	t.timer = t.service.Account.After(seconds(int32(delay)), t.remove)
}

// remove cuts off what is in flight and forgets the target.
func (t *target) remove() {
	t.unwatch()
	t.group.targets = slices.DeleteFunc(slices.Clone(t.group.targets), func(other *target) bool { return other == t })
	for _, cut := range t.inFlight {
		cut(proxy.ErrDeregistered)
	}
}

// addr is where the target is, and whether it is up.
func (t *target) addr() (addr netip.Addr, running bool) {
	if t.group.targetType == types.TargetTypeEnumIp {
		addr, err := netip.ParseAddr(t.id)
		return addr, err == nil
	}
	addr, running, ok := t.service.Instance(t.id)
	return addr, running && ok
}

func (t *target) say(state types.TargetHealthStateEnum, reason types.TargetHealthReasonEnum, detail string) {
	t.state, t.reason, t.detail = state, reason, detail
	t.streak = 0
}

// usable says whether requests may go to the target if none of its group is healthy.
func (t *target) usable() bool {
	if t.state == types.TargetHealthStateEnumDraining || t.state == types.TargetHealthStateEnumUnused {
		return false
	}
	_, running := t.addr()
	return running
}

func (t *target) healthy() bool { return t.state == types.TargetHealthStateEnumHealthy && t.usable() }
