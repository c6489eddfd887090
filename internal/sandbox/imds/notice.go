package imds

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// The actions of a spot interruption.
const (
	Terminate = "terminate"
	Stop      = "stop"
	Hibernate = "hibernate"
)

// interruption is what a spot instance is told before it is taken away.
type interruption struct {
	action string
	at     time.Time
}

// InterruptSpot gives an instance the notice that it will be taken away when lead of the account's time has passed, on AWS
// two minutes, and then takes it away. It does so whether the instance is a spot instance or not. The account must be
// locked.
func (s *Service) InterruptSpot(instanceID, action string, lead time.Duration) error {
	if !slices.Contains([]string{Terminate, Stop, Hibernate}, action) {
		return fmt.Errorf("interrupt %s: unknown action %q", instanceID, action)
	}
	if err := s.checkOn(instanceID); err != nil {
		return fmt.Errorf("interrupt %s: %w", instanceID, err)
	}
	s.state(instanceID).interruption = &interruption{action: action, at: s.Account.Now().Add(s.Account.Scaled(lead))}
	s.Account.After(lead, func() { s.Interrupt(instanceID, action) })
	return nil
}

// RecommendRebalance tells an instance that it is at risk of being interrupted. The account must be locked.
func (s *Service) RecommendRebalance(instanceID string) error {
	if err := s.checkOn(instanceID); err != nil {
		return fmt.Errorf("recommend a rebalance of %s: %w", instanceID, err)
	}
	s.state(instanceID).rebalance = s.Account.Now()
	return nil
}

// RevokeTokens makes the service forget every token that it gave to an instance. The account must be locked.
func (s *Service) RevokeTokens(instanceID string) { clear(s.state(instanceID).tokens) }

// notices are the metadata that come and go, by path.
func (s *Service) notices(id string) map[string]string {
	known, notices := s.state(id), map[string]string{}
	if n := known.interruption; n != nil {
		notices["spot/instance-action"] = document(map[string]string{"action": n.action, "time": stamp(n.at)})
		if n.action == Terminate {
			notices["spot/termination-time"] = stamp(n.at)
		}
	}
	if !known.rebalance.IsZero() {
		notices["events/recommendations/rebalance"] = document(map[string]string{"noticeTime": stamp(known.rebalance)})
	}
	if target, ok := s.TargetState(id); ok {
		notices["autoscaling/target-lifecycle-state"] = target
	}
	return notices
}

// stamp writes a time as the service does, to the second.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// document writes JSON as the service does.
func document(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err) // nothing here cannot be written
	}
	return string(text)
}
