package autoscaling

// The steady states that an instance can be on its way to, as its metadata service names them.
const (
	targetInService  = "InService"
	targetStandby    = "Standby"
	targetDetached   = "Detached"
	targetTerminated = "Terminated"
)

// TargetState is the steady state that an instance is in or on its way to: it is set when Auto Scaling decides, long before
// the lifecycle state gets there. It is false for an instance that never was in a group. The account must be locked.
func (s *Service) TargetState(instanceID string) (state string, ok bool) {
	state, ok = s.targets[instanceID]
	return state, ok
}

// heads says where a member is going from now on.
func (s *Service) heads(m *member, target string) { s.targets[m.id()] = target }
