package balancer

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/facts"
)

// CreateListener makes the i-th listener of the blueprint on a new load balancer, or finds the one that an earlier attempt
// has made. Targets says which target group stands for which of the source. Attributes, certificates beside the default one
// and rules are added apart.
func (c *Client) CreateListener(ctx context.Context, b Blueprint, i int, balancerARN string, targets map[string]string, tags Tagger) (arn string, err error) {
	l := b.listeners[i].listener
	in := &elbv2.CreateListenerInput{LoadBalancerArn: &balancerARN, Tags: tagList(tags(b.tags[aws.ToString(l.ListenerArn)]))}
	facts.Copy(in, l, "LoadBalancerArn", "DefaultActions", "Certificates", "MutualAuthentication")
	in.DefaultActions, in.MutualAuthentication = retarget(l.DefaultActions, targets), mutual(l.MutualAuthentication)
	for _, cert := range l.Certificates {
		in.Certificates = append(in.Certificates, types.Certificate{CertificateArn: cert.CertificateArn})
	}
	out, err := c.api.CreateListener(ctx, in)
	if err == nil {
		return aws.ToString(out.Listeners[0].ListenerArn), nil
	}
	err = awserr.Wrap(err, "create the listener on port %d of %s", aws.ToInt32(in.Port), balancerARN)
	if !errors.Is(err, awserr.ErrExists) {
		return "", err
	}
	return c.listenerOn(ctx, balancerARN, aws.ToInt32(in.Port), err)
}

// mutual is what may be asked for of what is described: each mode of mutual authentication takes settings of its own, and
// "off" is what a listener has that does not ask.
func mutual(m *types.MutualAuthenticationAttributes) *types.MutualAuthenticationAttributes {
	switch {
	case m == nil, aws.ToString(m.Mode) == "off":
		return nil
	case aws.ToString(m.Mode) == "passthrough":
		return &types.MutualAuthenticationAttributes{Mode: m.Mode}
	}
	verify := facts.Pruned(*m)
	verify.TrustStoreAssociationStatus = "" // only described
	return &verify
}

// listenerOn finds the listener on a port, or fails with why it was looked for. The load balancer is ours, so is what
// listens there.
func (c *Client) listenerOn(ctx context.Context, balancerARN string, port int32, why error) (arn string, err error) {
	pages := elbv2.NewDescribeListenersPaginator(c.api, &elbv2.DescribeListenersInput{LoadBalancerArn: &balancerARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", awserr.Wrap(err, "list the listeners of %s", balancerARN)
		}
		for _, l := range page.Listeners {
			if aws.ToInt32(l.Port) == port {
				return aws.ToString(l.ListenerArn), nil
			}
		}
	}
	return "", why
}

// SetListenerAttributes gives a new listener the attributes of the i-th of the blueprint.
func (c *Client) SetListenerAttributes(ctx context.Context, b Blueprint, i int, arn string) error {
	return c.setListenerAttributes(ctx, arn, b.listeners[i].attrs)
}

// side is how many calls of a kind go side by side: APIs throttle those who ask for too much at once.
const side = 8

// AddCertificates gives a new listener the certificates that the i-th of the blueprint has beside its default one. One goes in
// a call. One that is there already is fine.
func (c *Client) AddCertificates(ctx context.Context, b Blueprint, i int, arn string) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(side)
	for _, cert := range b.listeners[i].certificates {
		all.Go(func() error {
			_, err := c.api.AddListenerCertificates(ctx, &elbv2.AddListenerCertificatesInput{
				ListenerArn: &arn, Certificates: []types.Certificate{{CertificateArn: cert.CertificateArn}},
			})
			return awserr.Wrap(err, "add certificate %s to %s", aws.ToString(cert.CertificateArn), arn)
		})
	}
	return all.Wait()
}

// CreateRules gives a new listener the rules that the i-th of the blueprint has beside its default one.
func (c *Client) CreateRules(ctx context.Context, b Blueprint, i int, arn string, targets map[string]string, tags Tagger) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(side)
	for _, r := range b.listeners[i].rules {
		all.Go(func() error { return c.createRule(ctx, arn, r, targets, tags(b.tags[aws.ToString(r.RuleArn)])) })
	}
	return all.Wait()
}

// createRule makes a rule. One of that priority is from an earlier attempt; the comparison at the end looks at it.
func (c *Client) createRule(ctx context.Context, listenerARN string, r types.Rule, targets map[string]string, tags map[string]string) error {
	priority, err := strconv.Atoi(aws.ToString(r.Priority))
	if err != nil {
		return fmt.Errorf("rule %s has priority %q", aws.ToString(r.RuleArn), aws.ToString(r.Priority))
	}
	in := &elbv2.CreateRuleInput{
		ListenerArn: &listenerARN, Priority: aws.Int32(int32(priority)), Tags: tagList(tags),
		Transforms: facts.Pruned(r.Transforms), Actions: retarget(r.Actions, targets), Conditions: conditions(r.Conditions),
	}
	_, err = c.api.CreateRule(ctx, in)
	if awserr.Code(err) == "PriorityInUse" {
		return nil
	}
	return awserr.Wrap(err, "create the rule of priority %d on %s", priority, listenerARN)
}

// conditions are described in two forms, of which a rule may be created from one only.
func conditions(described []types.RuleCondition) []types.RuleCondition {
	list := facts.Pruned(described)
	for i := range list {
		c := &list[i]
		if c.HostHeaderConfig != nil || c.PathPatternConfig != nil || c.HttpHeaderConfig != nil {
			c.Values, c.RegexValues = nil, nil
		}
	}
	return list
}

// retarget replaces the target groups in actions.
func retarget(described []types.Action, targets map[string]string) []types.Action {
	list := facts.Pruned(described)
	swap := func(arn *string) *string {
		if to, ok := targets[aws.ToString(arn)]; ok {
			return &to
		}
		return arn
	}
	for i := range list {
		list[i].TargetGroupArn = swap(list[i].TargetGroupArn)
		if forward := list[i].ForwardConfig; forward != nil {
			for j := range forward.TargetGroups {
				forward.TargetGroups[j].TargetGroupArn = swap(forward.TargetGroups[j].TargetGroupArn)
			}
		}
	}
	return list
}
