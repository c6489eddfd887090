package balancer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/facts"
)

// Tagger makes the tags of a copy from those of its source.
type Tagger func(map[string]string) map[string]string

// ErrForeign says that a name is taken by a resource that is not the one we would have made.
var ErrForeign = errors.New("exists already, and was not made by this deployment")

// owned says whether a resource has the tags that its copy was to get: then it is that copy, and the reply to its creation
// was lost.
func (c *Client) owned(ctx context.Context, arn string, want map[string]string) error {
	tags, err := c.allTags(ctx, []string{arn})
	if err != nil {
		return err
	}
	if !maps.Equal(tags[arn], want) {
		return fmt.Errorf("%s: %w", arn, ErrForeign)
	}
	return nil
}

// CreateBalancer makes a load balancer like the blueprint's, or finds the one that an earlier attempt has made.
func (c *Client) CreateBalancer(ctx context.Context, b Blueprint, name string, tags Tagger) (Balancer, error) {
	want := tags(b.tags[b.Balancer.ARN])
	in := &elbv2.CreateLoadBalancerInput{Name: &name, Tags: tagList(want)}
	facts.Copy(in, b.lb)
	for _, zone := range b.lb.AvailabilityZones {
		in.Subnets = append(in.Subnets, aws.ToString(zone.SubnetId))
	}
	out, err := c.api.CreateLoadBalancer(ctx, in)
	if err != nil {
		err = awserr.Wrap(err, "create load balancer %s", name)
		if !errors.Is(err, awserr.ErrExists) {
			return Balancer{}, err
		}
		made, err := c.Get(ctx, name)
		if err != nil {
			return Balancer{}, err
		}
		return made, c.owned(ctx, made.ARN, want)
	}
	return fromSDK(out.LoadBalancers[0])
}

// CreateGroup makes a target group like the i-th of the blueprint, or finds the one that an earlier attempt has made.
func (c *Client) CreateGroup(ctx context.Context, b Blueprint, i int, name string, tags Tagger) (arn string, err error) {
	source := b.groups[i]
	want := tags(b.tags[aws.ToString(source.group.TargetGroupArn)])
	in := &elbv2.CreateTargetGroupInput{Name: &name, Tags: tagList(want)}
	facts.Copy(in, source.group)
	out, err := c.api.CreateTargetGroup(ctx, in)
	switch err = awserr.Wrap(err, "create target group %s", name); {
	case err == nil:
		arn = aws.ToString(out.TargetGroups[0].TargetGroupArn)
	case errors.Is(err, awserr.ErrExists):
		if arn, err = c.groupARN(ctx, name); err != nil {
			return "", err
		}
		if err := c.owned(ctx, arn, want); err != nil {
			return "", err
		}
	default:
		return "", err
	}
	return arn, c.setGroupAttributes(ctx, arn, source.attrs)
}

func (c *Client) groupARN(ctx context.Context, name string) (string, error) {
	out, err := c.api.DescribeTargetGroups(ctx, &elbv2.DescribeTargetGroupsInput{Names: []string{name}})
	if err != nil {
		return "", awserr.Wrap(err, "describe target group %s", name)
	}
	return aws.ToString(out.TargetGroups[0].TargetGroupArn), nil
}

// SetAttributes gives a new load balancer the attributes of the blueprint.
func (c *Client) SetAttributes(ctx context.Context, b Blueprint, arn string) error {
	return c.setBalancerAttributes(ctx, arn, b.attrs)
}

// CreateListeners makes all listeners of the blueprint, with rules, certificates and attributes, side by side. Targets says
// which target group stands for which of the source.
func (c *Client) CreateListeners(ctx context.Context, b Blueprint, balancerARN string, targets map[string]string, tags Tagger) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, l := range b.listeners {
		all.Go(func() error { return c.createListener(ctx, b, l, balancerARN, targets, tags) })
	}
	return all.Wait()
}

func (c *Client) createListener(ctx context.Context, b Blueprint, l listenerPrint, balancerARN string, targets map[string]string, tags Tagger) error {
	in := &elbv2.CreateListenerInput{LoadBalancerArn: &balancerARN, Tags: tagList(tags(b.tags[aws.ToString(l.listener.ListenerArn)]))}
	facts.Copy(in, l.listener, "LoadBalancerArn", "DefaultActions", "Certificates")
	in.DefaultActions = retarget(l.listener.DefaultActions, targets)
	for _, cert := range l.listener.Certificates {
		in.Certificates = append(in.Certificates, types.Certificate{CertificateArn: cert.CertificateArn})
	}
	if m := in.MutualAuthentication; m != nil {
		without := *m
		without.TrustStoreAssociationStatus = ""
		in.MutualAuthentication = &without
	}
	arn, err := c.listenerOn(ctx, in)
	if err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error { return c.setListenerAttributes(ctx, arn, l.attrs) })
	if len(l.certificates) > 0 {
		all.Go(func() error { return c.addCertificates(ctx, arn, l.certificates) })
	}
	for _, r := range l.rules {
		all.Go(func() error { return c.createRule(ctx, arn, r, targets, tags(b.tags[aws.ToString(r.RuleArn)])) })
	}
	return all.Wait()
}

// listenerOn makes a listener, or finds the one on its port. The load balancer is ours, so is what listens there.
func (c *Client) listenerOn(ctx context.Context, in *elbv2.CreateListenerInput) (arn string, err error) {
	out, err := c.api.CreateListener(ctx, in)
	if err == nil {
		return aws.ToString(out.Listeners[0].ListenerArn), nil
	}
	err = awserr.Wrap(err, "create the listener on port %d of %s", aws.ToInt32(in.Port), aws.ToString(in.LoadBalancerArn))
	if !errors.Is(err, awserr.ErrExists) {
		return "", err
	}
	pages := elbv2.NewDescribeListenersPaginator(c.api, &elbv2.DescribeListenersInput{LoadBalancerArn: in.LoadBalancerArn})
	for pages.HasMorePages() {
		page, pageErr := pages.NextPage(ctx)
		if pageErr != nil {
			return "", awserr.Wrap(pageErr, "list the listeners of %s", aws.ToString(in.LoadBalancerArn))
		}
		for _, l := range page.Listeners {
			if aws.ToInt32(l.Port) == aws.ToInt32(in.Port) {
				return aws.ToString(l.ListenerArn), nil
			}
		}
	}
	return "", err
}

func (c *Client) addCertificates(ctx context.Context, listenerARN string, certificates []types.Certificate) error {
	in := &elbv2.AddListenerCertificatesInput{ListenerArn: &listenerARN}
	for _, cert := range certificates {
		in.Certificates = append(in.Certificates, types.Certificate{CertificateArn: cert.CertificateArn})
	}
	_, err := c.api.AddListenerCertificates(ctx, in)
	return awserr.Wrap(err, "add certificates to %s", listenerARN)
}

// createRule makes a rule. One of that priority is from an earlier attempt; the comparison at the end looks at it.
func (c *Client) createRule(ctx context.Context, listenerARN string, r types.Rule, targets map[string]string, tags map[string]string) error {
	priority, err := strconv.Atoi(aws.ToString(r.Priority))
	if err != nil {
		return fmt.Errorf("rule %s has priority %q", aws.ToString(r.RuleArn), aws.ToString(r.Priority))
	}
	in := &elbv2.CreateRuleInput{
		ListenerArn: &listenerARN, Priority: aws.Int32(int32(priority)), Tags: tagList(tags), Transforms: r.Transforms,
		Actions: retarget(r.Actions, targets), Conditions: conditions(r.Conditions),
	}
	_, err = c.api.CreateRule(ctx, in)
	if awserr.Code(err) == "PriorityInUse" {
		return nil
	}
	return awserr.Wrap(err, "create the rule of priority %d on %s", priority, listenerARN)
}

// conditions are described in two forms, of which a rule may be created from one only.
func conditions(described []types.RuleCondition) []types.RuleCondition {
	list := slices.Clone(described)
	for i := range list {
		c := &list[i]
		if c.HostHeaderConfig != nil || c.PathPatternConfig != nil {
			c.Values, c.RegexValues = nil, nil
		}
	}
	return list
}

// retarget replaces the target groups in actions.
func retarget(actions []types.Action, targets map[string]string) []types.Action {
	list := slices.Clone(actions)
	swap := func(arn *string) *string {
		if arn == nil {
			return nil
		}
		if to, ok := targets[*arn]; ok {
			return &to
		}
		return arn
	}
	for i := range list {
		a := &list[i]
		a.TargetGroupArn = swap(a.TargetGroupArn)
		if a.ForwardConfig != nil {
			forward := *a.ForwardConfig
			forward.TargetGroups = slices.Clone(forward.TargetGroups)
			for j := range forward.TargetGroups {
				forward.TargetGroups[j].TargetGroupArn = swap(forward.TargetGroups[j].TargetGroupArn)
			}
			a.ForwardConfig = &forward
		}
	}
	return list
}

func tagList(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return list
}

// DeleteBalancer removes a load balancer by name, with its listeners, if mine says that it is ours. One that is gone already
// is fine.
func (c *Client) DeleteBalancer(ctx context.Context, name string, mine func(tags map[string]string) bool) error {
	lb, err := c.Get(ctx, name)
	if errors.Is(err, awserr.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if tags, err := c.allTags(ctx, []string{lb.ARN}); err != nil || !mine(tags[lb.ARN]) {
		return err
	}
	if attrs, err := c.balancerAttributes(ctx, lb.ARN); err != nil {
		return err
	} else if attrs[protection] == "true" {
		if err := c.setBalancerAttributes(ctx, lb.ARN, map[string]string{protection: "false"}); err != nil {
			return err
		}
	}
	_, err = c.api.DeleteLoadBalancer(ctx, &elbv2.DeleteLoadBalancerInput{LoadBalancerArn: &lb.ARN})
	return awserr.Wrap(err, "delete load balancer %s", name)
}

// protection is the attribute that keeps a load balancer from being deleted. A copy has it too.
const protection = "deletion_protection.enabled"

// DeleteGroup removes a target group by name, if mine says that it is ours. One that is gone already is fine.
func (c *Client) DeleteGroup(ctx context.Context, name string, mine func(map[string]string) bool) error {
	arn, err := c.groupARN(ctx, name)
	if errors.Is(err, awserr.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if tags, err := c.allTags(ctx, []string{arn}); err != nil || !mine(tags[arn]) {
		return err
	}
	_, err = c.api.DeleteTargetGroup(ctx, &elbv2.DeleteTargetGroupInput{TargetGroupArn: &arn})
	return awserr.Wrap(err, "delete target group %s", name)
}

// label is how Auto Scaling names a target group behind a load balancer: "app/…/targetgroup/…".
func label(balancerARN, groupARN string) string {
	_, lb, _ := strings.Cut(balancerARN, ":loadbalancer/")
	_, group, _ := strings.Cut(groupARN, ":targetgroup/")
	return lb + "/targetgroup/" + group
}

// Label is the resource label of a target group of a load balancer.
func (b Balancer) Label(groupARN string) string { return label(b.ARN, groupARN) }
