package autoscaling

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"bluegreen/internal/sandbox/account"
)

// action is one hook that holds one instance.
type action struct {
	hook      string
	token     string
	result    string // at the heartbeat's timeout
	heartbeat time.Duration
	timer     *account.Timer // until the next heartbeat is due
	limit     *account.Timer // until it is over however many heartbeats come
}

// hold has every hook of a transition hold an instance; false where there is none.
func (s *Service) hold(m *member, transition string) bool {
	for _, h := range m.group.hooks {
		if *h.LifecycleTransition != transition {
			continue
		}
		a := &action{
			hook: *h.LifecycleHookName, token: s.uuid(), result: *h.DefaultResult,
			heartbeat: time.Duration(*h.HeartbeatTimeout) * time.Second,
		}
		a.limit = s.Account.After(time.Duration(*h.GlobalTimeout)*time.Second, func() { s.complete(m, a, a.result, "Global Timeout") })
		m.actions = append(m.actions, a)
		s.expect(m, a)
	}
	return len(m.actions) > 0
}

// expect gives an action until its next heartbeat.
func (s *Service) expect(m *member, a *action) {
	a.timer.Stop()
	a.timer = s.Account.After(a.heartbeat, func() { s.complete(m, a, a.result, "Heartbeat Timeout") })
}

// complete ends an action. The instance goes on when no hook holds it any more; a launch that is abandoned ends at once,
// and so does a termination, whatever else holds it.
func (s *Service) complete(m *member, a *action, result, how string) {
	a.stop()
	m.actions = slices.DeleteFunc(m.actions, func(other *action) bool { return other == a })
	switch {
	case result == resultAbandon && m.leaving():
		s.dropActions(m)
		s.letGo(m)
	case result == resultAbandon:
		s.dropActions(m)
		s.abandoned(m, a.token, how)
	case len(m.actions) > 0:
	case m.leaving():
		s.letGo(m)
	default:
		s.released(m)
	}
}

func (a *action) stop() {
	a.timer.Stop()
	a.limit.Stop()
}

func (s *Service) dropActions(m *member) {
	for _, a := range m.actions {
		a.stop()
	}
	m.actions = nil
}

func (m *member) heldBy(hook string) *action {
	for _, a := range m.actions {
		if a.hook == hook {
			return a
		}
	}
	return nil
}

// findAction looks up what a hook holds, by instance or by token.
func (s *Service) findAction(groupName, hookName, instanceID, token *string) (*member, *action, error) {
	g, err := s.findMutable(groupName)
	if err != nil {
		return nil, nil, err
	}
	if _, err := g.hook(hookName); err != nil {
		return nil, nil, err
	}
	for _, m := range g.members {
		a := m.heldBy(*hookName)
		if a != nil && (instanceID != nil && m.id() == *instanceID || token != nil && a.token == *token) {
			return m, a, nil
		}
	}
	if instanceID != nil {
		return nil, nil, invalid("No active Lifecycle Action found with instance ID %s", *instanceID)
	}
	return nil, nil, invalid("No active Lifecycle Action found with token %s", aws.ToString(token))
}

func (s *Service) completeLifecycleAction(_ context.Context, in *sdk.CompleteLifecycleActionInput) (*sdk.CompleteLifecycleActionOutput, error) {
	result := aws.ToString(in.LifecycleActionResult)
	if result != resultContinue && result != resultAbandon {
		return nil, invalid("Lifecycle action result '%s' is not one of [%s, %s]", result, resultContinue, resultAbandon)
	}
	m, a, err := s.findAction(in.AutoScalingGroupName, in.LifecycleHookName, in.InstanceId, in.LifecycleActionToken)
	if err != nil {
		return nil, err
	}
	s.complete(m, a, result, "Lifecycle Action Completed with ABANDON Result")
	return &sdk.CompleteLifecycleActionOutput{}, nil
}

func (s *Service) recordLifecycleActionHeartbeat(_ context.Context, in *sdk.RecordLifecycleActionHeartbeatInput) (*sdk.RecordLifecycleActionHeartbeatOutput, error) {
	m, a, err := s.findAction(in.AutoScalingGroupName, in.LifecycleHookName, in.InstanceId, in.LifecycleActionToken)
	if err != nil {
		return nil, err
	}
	s.expect(m, a)
	return &sdk.RecordLifecycleActionHeartbeatOutput{}, nil
}
