package autoscaling

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/wire"
)

// launch asks for one instance more. After a failure, which is an activity, it will be tried again later.
func (s *Service) launch(g *group, cause string) bool {
	subnet := s.nextSubnet(g, g.failures)
	request, template, err := s.launchSpec(g, subnet)
	var id string
	if err == nil {
		id, err = s.Compute.Launch(request)
	}
	if err != nil {
		s.launchFailed(g, cause, subnet, err)
		return false
	}
	g.backoff, g.failures = 0, 0
	m := s.newMember(g, id, g.protects())
	if m.LaunchConfigurationName = g.LaunchConfigurationName; m.LaunchConfigurationName == nil {
		m.LaunchTemplate = asSpec(template)
	}
	m.activity = s.begin(g, "Launching a new EC2 instance: "+id, cause)
	s.describePlace(m.activity, subnet, *m.AvailabilityZone)
	s.progress(m.activity, types.ScalingActivityStatusCodePreInService, 30)
	return true
}

func (s *Service) launchFailed(g *group, cause, subnet string, err error) {
	message := err.Error()
	var refused *wire.Error
	if errors.As(err, &refused) {
		message = refused.Message
	}
	a := s.begin(g, "Launching a new EC2 instance.  Status Reason: "+message+" Launching EC2 instance failed.", cause)
	_, zone, _ := s.Compute.Subnet(subnet)
	s.describePlace(a, subnet, zone)
	s.end(a, types.ScalingActivityStatusCodeFailed, message+" Launching EC2 instance failed.")

	g.failures++
	g.backoff = min(max(2*g.backoff, retryFirst), retryMost)
	g.blocked = true
	g.retry = s.Account.After(g.backoff, func() {
		g.blocked = false
		s.kick(g)
	})
}

// launched goes on with an instance that is running now.
func (s *Service) launched(m *member) {
	if s.hold(m, launching) {
		m.LifecycleState = types.LifecycleStatePendingWait
		s.progress(m.activity, types.ScalingActivityStatusCodeMidLifecycleAction, 60)
		return
	}
	s.enterService(m)
}

// released goes on with an instance that all launch hooks have let go.
func (s *Service) released(m *member) {
	m.LifecycleState = types.LifecycleStatePendingProceed
	m.timer = s.Account.After(proceedTime, func() { s.enterService(m) })
}

func (s *Service) enterService(m *member) {
	m.LifecycleState = types.LifecycleStateInService
	s.heads(m, targetInService)
	m.since, m.served = s.Account.Now(), true
	if !m.group.suspended(processAddToLoadBalancer) {
		for _, arn := range m.group.TargetGroupARNs {
			s.register(m, arn)
		}
	}
	s.end(m.activity, types.ScalingActivityStatusCodeSuccessful, "")
	m.activity = nil
	s.kick(m.group)
}

// abandoned takes an instance out that a launch hook does not want.
func (s *Service) abandoned(m *member, token, how string) {
	s.end(m.activity, types.ScalingActivityStatusCodeCancelled,
		"Instance failed to complete user's Lifecycle Action: Lifecycle Action with token "+token+" was abandoned: "+how)
	m.activity = nil
	s.terminate(m, s.because("an instance was taken out of service in response to a launch lifecycle action that was abandoned"))
}
