package autoscaling

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/ec2/launch"
)

// kick has the group look at itself soon. Kicks that come before it does are one.
func (s *Service) kick(g *group) {
	if g.tick != nil || g.deleting {
		return
	}
	g.tick = s.Account.After(reactTime, func() {
		g.tick = nil
		s.reconcile(g)
	})
}

// reconcile does the next thing for a group. It is safe to call at any time.
func (s *Service) reconcile(g *group) {
	if g.deleting {
		return
	}
	s.checkHealth(g)
	s.replaceUnhealthy(g)
	s.advanceRefresh(g)
	s.scale(g)
	s.watchTargets(g)
	s.track(g)
}

// scale launches what is missing and takes out what is too much.
func (s *Service) scale(g *group) {
	have := len(g.capacity())
	switch {
	case have < g.desired():
		s.scaleOut(g, have)
	case have > g.desired():
		s.scaleIn(g, have)
	default:
		g.why, g.stuck = "", false
	}
}

func (s *Service) scaleOut(g *group, have int) {
	if g.suspended(processLaunch) || g.blocked {
		return
	}
	for n := have; n < g.desired(); n++ {
		reason := fmt.Sprintf("an instance was started in response to a difference between desired and actual capacity, "+
			"increasing the capacity from %d to %d", have, g.desired())
		if g.why == "" && slices.ContainsFunc(g.members, func(m *member) bool { return m.leaving() }) {
			reason = "an instance was launched in response to an unhealthy instance needing to be replaced"
		}
		if !s.launch(g, join(g.why, s.because("%s", reason))) {
			return
		}
	}
}

func (s *Service) scaleIn(g *group, have int) {
	if g.suspended(processTerminate) {
		return
	}
	for n := have; n > g.desired(); n-- {
		victim := g.victim()
		if victim == nil {
			s.tellStuck(g)
			return
		}
		s.terminate(victim, join(g.why,
			s.because("an instance was taken out of service in response to a difference between desired and actual capacity, "+
				"shrinking the capacity from %d to %d", have, g.desired()),
			s.because("instance %s was selected for termination", victim.id())))
	}
}

// tellStuck records once that only protected instances are left.
func (s *Service) tellStuck(g *group) {
	if g.stuck {
		return
	}
	g.stuck = true
	a := s.begin(g, "Could not scale to desired capacity", join(g.why))
	s.end(a, types.ScalingActivityStatusCodeFailed,
		"Could not scale to desired capacity because all remaining instances are protected from scale-in.")
}

// unblock lets a group that waits after a failed launch try again at once.
func (s *Service) unblock(g *group) {
	g.retry.Stop()
	g.blocked, g.backoff, g.stuck = false, 0, false
}

// instanceChanged is told by EC2 of every instance that enters a state.
func (s *Service) instanceChanged(instanceID, state string) {
	if state == launch.Terminated {
		delete(s.targets, instanceID)
	}
	m, ours := s.members[instanceID]
	if !ours {
		return
	}
	switch {
	case state == launch.Terminated && m.leaving():
		s.terminated(m)
	case state == launch.Running && m.LifecycleState == types.LifecycleStatePending:
		s.launched(m)
	default:
		s.kick(m.group)
	}
}
