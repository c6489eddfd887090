package group

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

const (
	targetTracking = "TargetTrackingScaling"
	elbv2Source    = "elbv2" // the type of traffic source that a target group is
)

// Unsupported lists what a copy would not have, each with the name by which its loss can be accepted: its path in Facts.
// TargetGroups and labels are those of the group's own load balancer, which get a copy too.
func (b Blueprint) Unsupported(targetGroups, labels []string) map[string]string {
	lost := map[string]string{}
	for _, p := range b.policies {
		if why := unsupported(p, labels); why != "" {
			lost["policy/"+aws.ToString(p.PolicyName)] = why
		}
	}
	for _, s := range b.schedules {
		lost["schedule/"+aws.ToString(s.ScheduledActionName)] = "a scheduled action"
	}
	for _, n := range b.notifications {
		lost["notification/"+aws.ToString(n.NotificationType)+"/"+aws.ToString(n.TopicARN)] = "a notification"
	}
	for _, t := range b.traffic {
		if kind := aws.ToString(t.Type); kind != elbv2Source {
			lost["traffic-source/"+aws.ToString(t.Identifier)] = "a traffic source of type " + kind
		}
	}
	for _, name := range b.group.LoadBalancerNames {
		lost["classic-load-balancer/"+name] = "its registration with a classic load balancer"
	}
	for _, arn := range b.group.TargetGroupARNs {
		if !slices.Contains(targetGroups, arn) {
			lost["registration/"+targetGroupName(arn)] = "its registration with a target group of another load balancer"
		}
	}
	if b.group.WarmPoolConfiguration != nil {
		lost["warm-pool"] = "its warm pool"
	}
	if b.group.Operator != nil {
		lost["group/Operator"] = "its operator, without which nobody may change it"
	}
	if aws.ToString(b.group.Context) != "" {
		lost["group/Context"] = "a setting that AWS reserves for itself"
	}
	return lost
}

// unsupported says why a scaling policy cannot be copied; "" if it can.
func unsupported(p types.ScalingPolicy, labels []string) string {
	switch kind := aws.ToString(p.PolicyType); {
	case kind != targetTracking:
		return "a scaling policy of type " + kind
	case p.TargetTrackingConfiguration.CustomizedMetricSpecification != nil:
		return "target tracking of a metric of your own, whose dimensions may name the group or its load balancer"
	case label(p) != "" && !slices.Contains(labels, label(p)):
		return "target tracking of the requests of another load balancer"
	}
	return ""
}

// Alarms are the names of the alarms that the group's policies act on. Those that Auto Scaling keeps for target tracking are
// its own business: a copy's policies get their own. The others somebody has made.
func (b Blueprint) Alarms() (kept, made []string) {
	for _, p := range b.policies {
		for _, a := range p.Alarms {
			if aws.ToString(p.PolicyType) == targetTracking {
				kept = append(kept, aws.ToString(a.AlarmName))
			} else {
				made = append(made, aws.ToString(a.AlarmName))
			}
		}
	}
	return kept, made
}
