package autoscaling

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/ec2/launch"
)

// terminate takes an instance out with care: out of its target groups, drained, held by hooks, then ended.
func (s *Service) terminate(m *member, cause string) *types.Activity {
	if m.leaving() {
		return m.activity
	}
	s.interrupt(m)
	m.LifecycleState = types.LifecycleStateTerminating
	s.heads(m, targetTerminated)
	a := s.begin(m.group, "Terminating EC2 instance: "+m.id(), cause)
	m.activity = a
	s.describePlace(a, m.subnet, *m.AvailabilityZone)
	s.deregister(m, m.targets)
	s.drain(m)
	s.kick(m.group)
	return a
}

// terminateNow takes an instance out without waiting for anything.
func (s *Service) terminateNow(m *member, cause string) {
	m.forced = true
	if m.leaving() {
		s.dropActions(m)
		m.timer.Stop()
		s.finish(m)
		return
	}
	s.terminate(m, cause)
}

// interrupt stops whatever an instance was in the middle of.
func (s *Service) interrupt(m *member) {
	m.timer.Stop()
	s.dropActions(m)
	if m.activity != nil {
		s.end(m.activity, types.ScalingActivityStatusCodeCancelled, "")
		m.activity = nil
	}
}

// drain waits until no target group is draining the instance any more, and for the hooks. An instance that is dead serves
// nobody and is not waited for.
func (s *Service) drain(m *member) {
	state, _ := s.Compute.State(m.id())
	careful := state == launch.Running && !m.forced
	draining := slices.ContainsFunc(m.targets, func(arn string) bool { return s.Balancer.InstanceHealth(arn, m.id()) == "draining" })
	if careful && draining {
		s.progress(m.activity, types.ScalingActivityStatusCodeWaitingForELBConnectionDraining, 30)
		m.timer = s.Account.After(drainPoll, func() { s.drain(m) })
		return
	}
	m.targets = nil
	if careful && m.served && s.hold(m, terminating) {
		m.LifecycleState = types.LifecycleStateTerminatingWait
		s.progress(m.activity, types.ScalingActivityStatusCodeMidLifecycleAction, 60)
		return
	}
	s.finish(m)
}

// letGo goes on with an instance that all termination hooks have let go.
func (s *Service) letGo(m *member) {
	m.LifecycleState = types.LifecycleStateTerminatingProceed
	m.timer = s.Account.After(proceedTime, func() { s.finish(m) })
}

// finish ends the instance itself.
func (s *Service) finish(m *member) {
	s.progress(m.activity, types.ScalingActivityStatusCodeInProgress, 80)
	state, exists := s.Compute.State(m.id())
	if !exists || state == launch.Terminated || s.Compute.Terminate(m.id()) != nil {
		s.terminated(m)
	}
}

// terminated forgets an instance that has ended.
func (s *Service) terminated(m *member) {
	m.timer.Stop()
	s.dropActions(m)
	m.LifecycleState = types.LifecycleStateTerminated
	delete(s.targets, m.id())
	if m.activity != nil {
		s.end(m.activity, types.ScalingActivityStatusCodeSuccessful, "")
		m.activity = nil
	}
	s.forget(m)
}

// forget takes an instance out of the books.
func (s *Service) forget(m *member) {
	g := m.group
	delete(s.members, m.id())
	g.members = slices.DeleteFunc(g.members, func(other *member) bool { return other == m })
	s.kick(g)
	s.finishDelete(g)
}
