package bluegreen_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/traffic"
)

// thing is a resource as the SDK describes it, with all that is described apart.
type thing struct {
	What       any
	Attributes map[string]string `json:",omitempty"`
	Tags       map[string]string `json:",omitempty"`
	Propagated []string          `json:",omitempty"` // keys of the tags that instances get
	Parts      map[string]thing  `json:",omitempty"`
}

// balancerThing is a load balancer with its target groups, listeners and rules.
func (h *hands) balancerThing(lb elbtypes.LoadBalancer) thing {
	h.t.Helper()
	ctx, arn := h.t.Context(), lb.LoadBalancerArn
	attributes := map[string]string{}
	for _, a := range ok(h.elb.DescribeLoadBalancerAttributes(ctx, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: arn}))(h.t).Attributes {
		attributes[*a.Key] = *a.Value
	}
	parts := map[string]thing{}
	for _, l := range ok(h.elb.DescribeListeners(ctx, &elbv2.DescribeListenersInput{LoadBalancerArn: arn}))(h.t).Listeners {
		parts[fmt.Sprint("listener ", *l.Port)] = h.listenerThing(l)
	}
	return thing{What: lb, Attributes: attributes, Tags: h.tags(*arn), Parts: parts}
}

func (h *hands) targetGroupThing(g elbtypes.TargetGroup) thing {
	h.t.Helper()
	attributes := map[string]string{}
	for _, a := range ok(h.elb.DescribeTargetGroupAttributes(h.t.Context(), &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: g.TargetGroupArn}))(h.t).Attributes {
		attributes[*a.Key] = *a.Value
	}
	return thing{What: g, Attributes: attributes, Tags: h.tags(*g.TargetGroupArn)}
}

func (h *hands) listenerThing(l elbtypes.Listener) thing {
	h.t.Helper()
	ctx, arn := h.t.Context(), l.ListenerArn
	attributes := map[string]string{}
	for _, a := range ok(h.elb.DescribeListenerAttributes(ctx, &elbv2.DescribeListenerAttributesInput{ListenerArn: arn}))(h.t).Attributes {
		attributes[*a.Key] = *a.Value
	}
	parts := map[string]thing{}
	if l.Protocol == elbtypes.ProtocolEnumHttps {
		for _, c := range ok(h.elb.DescribeListenerCertificates(ctx, &elbv2.DescribeListenerCertificatesInput{ListenerArn: arn}))(h.t).Certificates {
			parts["certificate "+*c.CertificateArn] = thing{What: c}
		}
	}
	for _, r := range ok(h.elb.DescribeRules(ctx, &elbv2.DescribeRulesInput{ListenerArn: arn}))(h.t).Rules {
		parts["rule "+*r.Priority] = thing{What: r, Tags: h.tags(*r.RuleArn)}
	}
	return thing{What: l, Attributes: attributes, Tags: h.tags(*arn), Parts: parts}
}

func (h *hands) tags(arn string) map[string]string {
	h.t.Helper()
	tags := map[string]string{}
	for _, d := range ok(h.elb.DescribeTags(h.t.Context(), &elbv2.DescribeTagsInput{ResourceArns: []string{arn}}))(h.t).TagDescriptions {
		for _, t := range d.Tags {
			tags[*t.Key] = *t.Value
		}
	}
	return tags
}

// groupThing is an Auto Scaling group with its policies and hooks.
func (h *hands) groupThing(g astypes.AutoScalingGroup) thing {
	h.t.Helper()
	ctx, name := h.t.Context(), g.AutoScalingGroupName
	made := thing{Tags: map[string]string{}, Parts: map[string]thing{}}
	for _, t := range g.Tags {
		made.Tags[*t.Key] = *t.Value
		if *t.PropagateAtLaunch {
			made.Propagated = append(made.Propagated, *t.Key)
		}
	}
	slices.Sort(made.Propagated)
	for _, p := range ok(h.asg.DescribePolicies(ctx, &autoscaling.DescribePoliciesInput{AutoScalingGroupName: name}))(h.t).ScalingPolicies {
		made.Parts["policy "+*p.PolicyName] = thing{What: p}
	}
	for _, l := range ok(h.asg.DescribeLifecycleHooks(ctx, &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: name}))(h.t).LifecycleHooks {
		made.Parts["hook "+*l.LifecycleHookName] = thing{What: l}
	}
	g.Tags = nil
	made.What = g
	return made
}

// account is all that a clone could touch, as text.
func (h *hands) account() string {
	h.t.Helper()
	ctx := h.t.Context()
	all := map[string]any{}
	for _, lb := range ok(h.elb.DescribeLoadBalancers(ctx, &elbv2.DescribeLoadBalancersInput{}))(h.t).LoadBalancers {
		all["load balancer "+*lb.LoadBalancerName] = h.balancerThing(lb)
	}
	for _, g := range ok(h.elb.DescribeTargetGroups(ctx, &elbv2.DescribeTargetGroupsInput{}))(h.t).TargetGroups {
		all["target group "+*g.TargetGroupName] = h.targetGroupThing(g)
	}
	for _, g := range ok(h.asg.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{}))(h.t).AutoScalingGroups {
		all["group "+*g.AutoScalingGroupName] = h.groupThing(g)
	}
	for _, t := range ok(h.ec2.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{}))(h.t).LaunchTemplates {
		// Numbers are never given twice, so that the newest one has moved by an attempt that was undone.
		versions := ok(h.ec2.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: t.LaunchTemplateId}))(h.t)
		t.LatestVersionNumber = nil
		all["launch template "+*t.LaunchTemplateName] = []any{t, versions.LaunchTemplateVersions}
	}
	for _, r := range h.w.eye.records(h.t) {
		// A color that has not proven itself has no record, and does not get one back.
		if !strings.HasPrefix(*r.Name, "_bluegreen") && aws.ToString(r.SetIdentifier) != "green" {
			all[fmt.Sprintf("record %s %s %s", *r.Name, r.Type, aws.ToString(r.SetIdentifier))] = r
		}
	}
	return h.text(all)
}

func (h *hands) text(v any) string {
	h.t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// stackText is a whole stack as text, without what tells it from its copy: what is left must be the same for both. Tags are
// left out, too. Target groups are given by their names, in the order of those of the other color.
func (h *hands) stackText(color traffic.Color, targetGroups ...string) string {
	h.t.Helper()
	ctx := h.t.Context()
	lb := h.balancer(color)
	_, dimension, _ := strings.Cut(*lb.LoadBalancerArn, ":loadbalancer/")
	same := []string{*lb.LoadBalancerArn, "THE-BALANCER", dimension, "THE-BALANCER"}
	all := map[string]any{}
	for i, name := range targetGroups {
		g := ok(h.elb.DescribeTargetGroups(ctx, &elbv2.DescribeTargetGroupsInput{Names: []string{name}}))(h.t).TargetGroups[0]
		arn := *g.TargetGroupArn
		same = append(same, arn, fmt.Sprintf("TARGETS-%d", i), arn[strings.LastIndex(arn, ":")+1:], fmt.Sprintf("TARGETS-%d", i))
		g.TargetGroupName = nil
		all[fmt.Sprint("target group ", i)] = h.targetGroupThing(g)
	}
	slices.SortFunc(lb.AvailabilityZones, func(a, b elbtypes.AvailabilityZone) int { return strings.Compare(*a.ZoneName, *b.ZoneName) })
	lb.LoadBalancerName, lb.DNSName, lb.CreatedTime, lb.State = nil, nil, nil, nil
	all["load balancer"] = h.balancerThing(lb)
	g := h.w.eye.group(h.t, color)
	all["template"] = h.launchText(g)
	name := *g.AutoScalingGroupName
	g.AutoScalingGroupARN, g.CreatedTime, g.Instances, g.LaunchTemplate = nil, nil, nil, nil
	g.MinSize, g.DesiredCapacity = nil, nil
	for i := range g.SuspendedProcesses {
		g.SuspendedProcesses[i].SuspensionReason = nil
	}
	all["group"] = h.groupThing(g)
	text := strings.NewReplacer(same...).Replace(h.text(untag(all)))
	return strings.ReplaceAll(text, name, "THE-GROUP")
}

// launchText is what a group launches, but for the image.
func (h *hands) launchText(g astypes.AutoScalingGroup) any {
	h.t.Helper()
	found := ok(h.ec2.DescribeLaunchTemplateVersions(h.t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: g.LaunchTemplate.LaunchTemplateId, Versions: []string{*g.LaunchTemplate.Version},
	}))(h.t)
	data := *found.LaunchTemplateVersions[0].LaunchTemplateData
	data.ImageId = nil
	return data
}

// untag removes what is checked apart, or differs by itself: tags, identifiers of listeners, rules and policies.
func untag(all map[string]any) map[string]any {
	var strip func(thing) thing
	strip = func(in thing) thing {
		in.Tags, in.Propagated = nil, nil
		switch what := in.What.(type) {
		case elbtypes.Listener:
			what.ListenerArn = nil
			in.What = what
		case elbtypes.Rule:
			what.RuleArn = nil
			in.What = what
		case astypes.ScalingPolicy:
			what.PolicyARN, what.PolicyName, what.Alarms = nil, nil, nil
			in.What = what
		}
		parts := map[string]thing{}
		for k, part := range in.Parts {
			parts[strings.NewReplacer("-blue-", "-COLOR-", "-green-", "-COLOR-").Replace(k)] = strip(part)
		}
		in.Parts = parts
		return in
	}
	out := map[string]any{}
	for k, v := range all {
		if in, is := v.(thing); is {
			v = strip(in)
		}
		out[k] = v
	}
	return out
}
