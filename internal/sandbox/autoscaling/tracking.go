package autoscaling

import (
	"fmt"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// Target tracking looks at a minute of the metric at a time. Like AWS it is quick to scale out and slow to scale in.
const (
	trackingPeriod = time.Minute
	minutesAbove   = 3
	minutesBelow   = 15
	slackBelow     = 0.9 // of the target: above that it does not scale in
)

// track has each tracking policy of a group look at its metric from now on.
func (s *Service) track(g *group) {
	if s.Requests == nil || g.deleting {
		return
	}
	for _, p := range g.policies {
		if p.tracks() && p.timer == nil && len(g.members) > 0 {
			p.timer = s.Account.After(trackingPeriod, func() {
				p.timer = nil
				s.evaluate(g, p)
				s.track(g)
			})
		}
	}
}

// tracks says that a policy follows the one metric that there is data for.
func (p *policy) tracks() bool {
	t := p.TargetTrackingConfiguration
	return *p.PolicyType == targetTracking && aws.ToBool(p.Enabled) && t.PredefinedMetricSpecification != nil &&
		t.PredefinedMetricSpecification.PredefinedMetricType == types.MetricTypeALBRequestCountPerTarget
}

// evaluate looks at the last minute and changes the desired capacity when that many minutes said so in a row.
func (s *Service) evaluate(g *group, p *policy) {
	if !p.tracks() || g.deleting || g.policy(*p.PolicyName) != p {
		return
	}
	t := p.TargetTrackingConfiguration
	value, ok := s.Requests(*t.PredefinedMetricSpecification.ResourceLabel)
	if !ok {
		p.above, p.below = 0, 0
		return
	}
	target := *t.TargetValue
	p.above, p.below = counted(p.above, value > target), counted(p.below, value < slackBelow*target)
	switch {
	case g.suspended(processAlarmNotification):
	case p.above >= minutesAbove:
		s.trackTo(g, p, 0, int(math.Ceil(float64(g.desired())*value/target)))
		p.above = 0
	case p.below >= minutesBelow && !aws.ToBool(t.DisableScaleIn):
		s.trackTo(g, p, 1, max(int(math.Ceil(float64(g.desired())*value/target)), 1))
		p.below = 0
	}
}

func counted(n int, more bool) int {
	if more {
		return n + 1
	}
	return 0
}

func (s *Service) trackTo(g *group, p *policy, alarm, desired int) {
	desired = min(max(desired, g.min()), g.max())
	if desired == g.desired() {
		return
	}
	name := ""
	if alarm < len(p.Alarms) {
		name = *p.Alarms[alarm].AlarmName
	}
	s.setDesired(g, desired, fmt.Sprintf("a monitor alarm %s in state ALARM triggered policy %s", name, *p.PolicyName))
}
