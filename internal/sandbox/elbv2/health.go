package elbv2

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/proxy"
)

// registration is how long a new target waits for its first check.
const registration = 3 * time.Second

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }

// settle starts or ends the checks of a target after its group's use may have changed.
func (t *target) settle() {
	used := t.group.lb != nil
	switch {
	case t.state == types.TargetHealthStateEnumDraining: // until its delay is over
	case !used:
		t.unwatch()
		t.say(types.TargetHealthStateEnumUnused, types.TargetHealthReasonEnumNotInUse, "Target group is not configured to receive traffic from the load balancer")
	case t.state == types.TargetHealthStateEnumUnused || t.state == "":
		t.unwatch()
		t.say(types.TargetHealthStateEnumInitial, types.TargetHealthReasonEnumRegistrationInProgress, "Target registration is in progress")
		fallthrough
	default:
		if t.timer == nil && t.group.lb.active { // the nodes that send the checks exist
			t.watch++
			t.timer = t.service.Account.After(registration, t.check)
		}
	}
}

// unwatch ends the checks, and the wait for the end of a deregistration.
func (t *target) unwatch() {
	t.watch++
	t.timer.Stop()
	t.timer = nil
	t.probing = false
}

// rewatch lets a change of the interval take effect.
func (t *target) rewatch() {
	if t.timer != nil && t.state != types.TargetHealthStateEnumDraining {
		t.timer.Stop()
		t.timer = t.service.Account.After(seconds(t.group.check.interval), t.check)
	}
}

// check sends one probe and sets the timer of the next.
func (t *target) check() {
	s, c := t.service, t.group.check
	t.timer = s.Account.After(seconds(c.interval), t.check)
	if t.state == types.TargetHealthStateEnumInitial {
		t.reason, t.detail = types.TargetHealthReasonEnumInitialHealthChecking, "Initial health checks in progress"
	}
	addr, running := t.addr()
	if !running { // when it runs again, it has to prove itself again
		t.say(types.TargetHealthStateEnumInitial, types.TargetHealthReasonEnumRegistrationInProgress, "Target registration is in progress")
		return
	}
	if t.probing {
		return
	}
	probe := proxy.Probe{
		Addr:    netip.AddrPortFrom(addr, uint16(c.portOf(t.port))),
		TLS:     c.protocol == types.ProtocolEnumHttps,
		Path:    c.path,
		Timeout: s.workLimit(seconds(c.timeout)),
		Want:    c.accepts(),
	}
	t.probing = true
	watch := t.watch
	s.background(func() {
		result := probe.Run(s.ctx, s.Fabric)
		s.Account.Lock()
		defer s.Account.Unlock()
		if t.watch == watch {
			t.probing = false
			t.learn(result)
		}
	})
}

// learn counts a result towards the thresholds. A target that is checked for the first time is healthy after one success.
func (t *target) learn(r proxy.ProbeResult) {
	passed := r.Fault == proxy.Passed
	reason, detail := t.explain(r)
	switch t.state {
	case types.TargetHealthStateEnumInitial:
		if passed {
			t.say(types.TargetHealthStateEnumHealthy, "", "")
		} else if t.streak++; t.streak >= int(t.group.check.unhealthy) {
			t.say(types.TargetHealthStateEnumUnhealthy, reason, detail)
		}
	case types.TargetHealthStateEnumHealthy:
		if passed {
			t.streak = 0
		} else if t.streak++; t.streak >= int(t.group.check.unhealthy) {
			t.say(types.TargetHealthStateEnumUnhealthy, reason, detail)
		}
	case types.TargetHealthStateEnumUnhealthy:
		if !passed {
			t.say(types.TargetHealthStateEnumUnhealthy, reason, detail)
		} else if t.streak++; t.streak >= int(t.group.check.healthy) {
			t.say(types.TargetHealthStateEnumHealthy, "", "")
		}
	}
}

func (t *target) explain(r proxy.ProbeResult) (types.TargetHealthReasonEnum, string) {
	switch r.Fault {
	case proxy.Mismatch:
		return types.TargetHealthReasonEnumResponseCodeMismatch, fmt.Sprintf("Health checks failed with these codes: [%d]", r.Status)
	case proxy.TimedOut:
		return types.TargetHealthReasonEnumTimeout, "Request timed out"
	}
	return types.TargetHealthReasonEnumFailedHealthChecks, "Health checks failed"
}
