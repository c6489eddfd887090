package autoscaling

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

// group is an Auto Scaling group: the settings as they are echoed, and what it is doing.
type group struct {
	types.AutoScalingGroup // without Instances, Tags and what else described fills in

	members    []*member // oldest first
	tags       map[string]types.TagDescription
	hooks      []types.LifecycleHook
	policies   []*policy
	activities []*types.Activity // oldest first
	schedules  []types.ScheduledUpdateGroupAction
	notices    []types.NotificationConfiguration
	warmPool   *types.WarmPoolConfiguration
	refreshes  []*refresh // oldest first
	detached   []string   // target groups that are draining after their detachment

	tick     *account.Timer // the next reconcile
	look     *account.Timer // the next look at the health of targets
	retry    *account.Timer // the next attempt at a launch
	backoff  time.Duration  // that retry waits or waited
	failures int            // launches that failed since one went well
	blocked  bool           // no launch before retry fires
	why      string         // what last changed the capacity, for the activities that come of it
	stuck    bool           // has told that all it could take out is protected
	scaledAt time.Time      // when a simple policy last scaled
	cooldown time.Duration  // after scaledAt
	deleting bool
}

// member is an instance of a group, from the request for it until it is gone.
type member struct {
	types.Instance
	group    *group
	subnet   string
	seq      int             // the oldest member has the smallest
	since    time.Time       // in service
	served   bool            // has been in service
	targets  []string        // target groups that it was registered with
	activity *types.Activity // its launch or termination, while it lasts
	actions  []*action       // hooks that hold it
	timer    *account.Timer  // its next step
	ill      string          // why its health status is Unhealthy
	forced   bool            // taken out without drain and hooks
}

func (m *member) id() string { return aws.ToString(m.InstanceId) }

func (g *group) name() string { return aws.ToString(g.AutoScalingGroupName) }
func (g *group) min() int     { return int(aws.ToInt32(g.MinSize)) }
func (g *group) max() int     { return int(aws.ToInt32(g.MaxSize)) }
func (g *group) desired() int { return int(aws.ToInt32(g.DesiredCapacity)) }

// leaving says that a member is on its way out of the group.
func (m *member) leaving() bool {
	switch m.LifecycleState {
	case types.LifecycleStateTerminating, types.LifecycleStateTerminatingWait, types.LifecycleStateTerminatingProceed,
		types.LifecycleStateTerminated, types.LifecycleStateDetaching:
		return true
	}
	return false
}

// counts says that a member is part of the group's capacity.
func (m *member) counts() bool {
	return !m.leaving() && m.LifecycleState != types.LifecycleStateStandby
}

func (m *member) inService() bool { return m.LifecycleState == types.LifecycleStateInService }

// capacity are the members that the desired capacity is compared with.
func (g *group) capacity() []*member {
	return slices.DeleteFunc(slices.Clone(g.members), func(m *member) bool { return !m.counts() })
}

// find looks a group up that a request names.
func (s *Service) find(name *string) (*group, error) {
	g, ok := s.groups[aws.ToString(name)]
	if !ok {
		return nil, invalid("AutoScalingGroup name not found - AutoScalingGroup '%s' not found", aws.ToString(name))
	}
	return g, nil
}

// findMutable is find for those who want to change the group.
func (s *Service) findMutable(name *string) (*group, error) {
	g, err := s.find(name)
	if err == nil && g.deleting {
		return nil, invalid("AutoScalingGroup '%s' is pending delete", g.name())
	}
	return g, err
}

// all are the groups, oldest first.
func (s *Service) all() []*group {
	var all []*group
	for _, name := range s.order {
		all = append(all, s.groups[name])
	}
	return all
}

// findMember looks an instance up that a request names; it must belong to g, if that is given.
func (s *Service) findMember(id *string, g *group) (*member, error) {
	m, ok := s.members[aws.ToString(id)]
	if !ok || g != nil && m.group != g {
		return nil, invalid("Instance Id not found - No managed instance found for instance ID: %s", aws.ToString(id))
	}
	return m, nil
}

func (s *Service) now() *time.Time { return aws.Time(s.Account.Now()) }

// invalid is how Auto Scaling refuses nearly everything.
func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationError", format, args...)
}
