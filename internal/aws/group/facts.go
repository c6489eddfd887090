package group

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/aws/facts"
)

// identity are fields that tell a group from its copy, or that change by themselves. What stands in a place of its own among
// the facts is left out of the rest.
var identity = []string{
	"AutoScalingGroupARN", "AutoScalingGroupName", "CreatedTime", "Instances", "Status", "PredictedCapacity", "WarmPoolSize",
	"PolicyARN", "PolicyName", "Alarms", "GlobalTimeout", "SuspensionReason", "ScheduledActionARN", "ScheduledActionName", "Time",
	"MinSize", "DesiredCapacity", "LaunchTemplate", // a copy is born at zero, with a version of its own
	"Tags", "TrafficSources", "TargetGroupARNs", "LoadBalancerNames", "WarmPoolConfiguration", "TerminationPolicies",
	"EnabledMetrics", "SuspendedProcesses",
}

// Names says what policies and target groups are called in a copy. Both leave a copy's own names alone.
type Names struct {
	Policy      func(name string) string
	TargetGroup func(name string) string
}

// Facts is the blueprint as a list that can be compared. Tags makes of a group's tags those that its copy gets.
func (b Blueprint) Facts(tags func(map[string]string) map[string]string, names Names) facts.Facts {
	f := facts.Facts{}
	g := b.group
	if g.VPCZoneIdentifier != nil {
		subnets := strings.Split(*g.VPCZoneIdentifier, ",")
		slices.Sort(subnets)
		g.VPCZoneIdentifier = aws.String(strings.Join(subnets, ","))
	}
	f.Add("group", g, identity...)
	f["group/TerminationPolicies"] = strings.Join(g.TerminationPolicies, ",") // their order counts
	for _, m := range g.EnabledMetrics {
		f["group/metric/"+aws.ToString(m.Metric)] = aws.ToString(m.Granularity)
	}
	for _, p := range g.SuspendedProcesses {
		f["group/suspended/"+aws.ToString(p.ProcessName)] = "suspended"
	}
	kept := tags(b.Group.Tags)
	f.Add("group/tag", kept)
	for key := range kept {
		f["group/tag-propagates/"+key] = fmt.Sprint(b.propagates(key))
	}
	for _, p := range b.policies {
		f.Add("policy/"+names.Policy(aws.ToString(p.PolicyName)), p, identity...)
	}
	for _, h := range b.hooks {
		f.Add("hook/"+aws.ToString(h.LifecycleHookName), h, identity...)
	}
	f.Put("", b.surroundings(names))
	return f
}

// surroundings are the facts on what belongs to a group without being part of it.
func (b Blueprint) surroundings(names Names) facts.Facts {
	f := facts.Facts{}
	for _, arn := range b.group.TargetGroupARNs {
		f["registration/"+names.TargetGroup(targetGroupName(arn))] = "registered"
	}
	for _, name := range b.group.LoadBalancerNames {
		f["classic-load-balancer/"+name] = "registered"
	}
	for _, t := range b.traffic {
		if kind := aws.ToString(t.Type); kind != elbv2Source {
			f["traffic-source/"+aws.ToString(t.Identifier)] = kind
		}
	}
	for _, s := range b.schedules {
		f.Add("schedule/"+aws.ToString(s.ScheduledActionName), s, slices.DeleteFunc(slices.Clone(identity), isSize)...)
	}
	for _, n := range b.notifications {
		f["notification/"+aws.ToString(n.NotificationType)+"/"+aws.ToString(n.TopicARN)] = "sent"
	}
	if b.group.WarmPoolConfiguration != nil {
		f.Add("warm-pool", b.group.WarmPoolConfiguration)
	}
	return f
}

func isSize(field string) bool { return field == "MinSize" || field == "DesiredCapacity" }

// targetGroupName is the name in the ARN of a target group.
func targetGroupName(arn string) string {
	_, rest, _ := strings.Cut(arn, ":targetgroup/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// propagates says whether instances get a tag: as on the source, and those that only the copy has go to all of it.
func (b Blueprint) propagates(key string) bool {
	for _, t := range b.group.Tags {
		if aws.ToString(t.Key) == key {
			return aws.ToBool(t.PropagateAtLaunch)
		}
	}
	return true
}

// label is the resource label by which a policy tracks the requests of a target group; "" if it tracks something else.
func label(p types.ScalingPolicy) string {
	if t := p.TargetTrackingConfiguration; t != nil && t.PredefinedMetricSpecification != nil {
		return aws.ToString(t.PredefinedMetricSpecification.ResourceLabel)
	}
	return ""
}

// PolicyNames are the names of the group's scaling policies.
func (b Blueprint) PolicyNames() []string {
	names := make([]string, 0, len(b.policies))
	for _, p := range b.policies {
		names = append(names, aws.ToString(p.PolicyName))
	}
	return names
}
