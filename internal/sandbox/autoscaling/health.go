package autoscaling

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"bluegreen/internal/sandbox/ec2/launch"
)

// What a group can think of an instance.
const (
	healthy   = "Healthy"
	unhealthy = "Unhealthy"
)

// Why an instance is unhealthy, as the activity says it.
const (
	diedCause = "an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped"
	elbCause  = "an instance was taken out of service in response to an ELB system health check failure"
	userCause = "an instance was taken out of service in response to a user health-check"
)

// checkHealth marks the instances that EC2 or a load balancer finds unhealthy.
func (s *Service) checkHealth(g *group) {
	if g.suspended(processHealthCheck) {
		return
	}
	for _, m := range g.members {
		if !m.counts() || m.sick() {
			continue
		}
		switch {
		case s.dead(m):
			m.mark(diedCause)
		case m.inService() && g.checksTargets() && s.graceOver(m) && s.failsTargets(m):
			m.mark(elbCause)
		}
	}
}

func (m *member) sick() bool { return aws.ToString(m.HealthStatus) == unhealthy }

func (m *member) mark(cause string) {
	m.HealthStatus = aws.String(unhealthy)
	m.ill = cause
}

// dead says that the instance has ended, or stopped, without the group's doing.
func (s *Service) dead(m *member) bool {
	state, ok := s.Compute.State(m.id())
	return !ok || state != launch.Pending && state != launch.Running
}

func (g *group) checksTargets() bool {
	return len(g.TargetGroupARNs) > 0 && slices.Contains(strings.Split(*g.HealthCheckType, ","), "ELB")
}

func (s *Service) graceOver(m *member) bool {
	grace := time.Duration(aws.ToInt32(m.group.HealthCheckGracePeriod)) * time.Second
	return s.passed(m.since, grace)
}

func (s *Service) failsTargets(m *member) bool {
	return slices.ContainsFunc(m.targets, func(arn string) bool { return s.Balancer.InstanceHealth(arn, m.id()) == "unhealthy" })
}

func (s *Service) replaceUnhealthy(g *group) {
	if g.suspended(processReplaceUnhealthy) || g.suspended(processTerminate) {
		return
	}
	for _, m := range slices.Clone(g.members) {
		if m.counts() && m.sick() {
			s.terminate(m, s.because("%s", m.ill))
		}
	}
}

// watchTargets has the group look again later while there is something to look at that says nothing by itself: the health
// of targets.
func (s *Service) watchTargets(g *group) {
	if g.look != nil || !g.checksTargets() || !slices.ContainsFunc(g.members, (*member).inService) {
		return
	}
	g.look = s.Account.After(healthPoll, func() {
		g.look = nil
		s.reconcile(g)
	})
}

func (s *Service) setInstanceHealth(_ context.Context, in *sdk.SetInstanceHealthInput) (*sdk.SetInstanceHealthOutput, error) {
	m, err := s.findMember(in.InstanceId, nil)
	if err != nil {
		return nil, err
	}
	respect := in.ShouldRespectGracePeriod == nil || *in.ShouldRespectGracePeriod
	switch aws.ToString(in.HealthStatus) {
	case healthy:
		m.HealthStatus, m.ill = aws.String(healthy), ""
	case unhealthy:
		if respect && (!m.served || !s.graceOver(m)) {
			return &sdk.SetInstanceHealthOutput{}, nil
		}
		m.mark(userCause)
		s.kick(m.group)
	default:
		return nil, invalid("Valid instance health states are: [Healthy, Unhealthy], not %s", aws.ToString(in.HealthStatus))
	}
	return &sdk.SetInstanceHealthOutput{}, nil
}

func (s *Service) setInstanceProtection(_ context.Context, in *sdk.SetInstanceProtectionInput) (*sdk.SetInstanceProtectionOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	members, err := s.findMembers(in.InstanceIds, g)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if m.leaving() {
			return nil, invalid("The instance %s is not in InService or EnteringStandby or Standby.", m.id())
		}
	}
	for _, m := range members {
		m.ProtectedFromScaleIn = aws.Bool(aws.ToBool(in.ProtectedFromScaleIn))
	}
	g.stuck = false
	s.kick(g)
	return &sdk.SetInstanceProtectionOutput{}, nil
}

func (s *Service) findMembers(ids []string, g *group) ([]*member, error) {
	if len(ids) == 0 {
		return nil, invalid("InstanceIds is required")
	}
	var members []*member
	for _, id := range ids {
		m, err := s.findMember(&id, g)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}
