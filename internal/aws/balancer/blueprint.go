package balancer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
)

// Blueprint is all of a load balancer that a copy has to have: itself, its target groups, its listeners with their rules.
type Blueprint struct {
	Balancer  Balancer
	Groups    []Group
	lb        types.LoadBalancer
	attrs     map[string]string
	tags      map[string]map[string]string // by ARN: of the balancer, its groups, listeners and rules
	groups    []groupPrint
	listeners []listenerPrint
	reserved  reservation
}

// reservation is the capacity that is kept warm for a load balancer.
type reservation struct {
	units  int32 // none when zero
	denied error // why it could not be read
}

type groupPrint struct {
	group types.TargetGroup
	attrs map[string]string
}

type listenerPrint struct {
	listener     types.Listener
	attrs        map[string]string
	certificates []types.Certificate // beside the default one
	rules        []types.Rule        // beside the default one, by priority
}

// Listeners is how many listeners the load balancer has.
func (b Blueprint) Listeners() int { return len(b.listeners) }

func (l listenerPrint) port() int32 { return aws.ToInt32(l.listener.Port) }

// Blueprint reads a load balancer by name. Independent calls go side by side.
func (c *Client) Blueprint(ctx context.Context, name string) (Blueprint, error) {
	var b Blueprint
	out, err := c.api.DescribeLoadBalancers(ctx, &elbv2.DescribeLoadBalancersInput{Names: []string{name}})
	if err != nil {
		return b, awserr.Wrap(err, "describe load balancer %s", name)
	}
	if len(out.LoadBalancers) != 1 {
		return b, fmt.Errorf("describe load balancer %s: %w", name, awserr.ErrNotFound)
	}
	b.lb = out.LoadBalancers[0]
	if b.Balancer, err = fromSDK(b.lb); err != nil {
		return b, err
	}
	arn := b.Balancer.ARN
	all, partCtx := errgroup.WithContext(ctx)
	all.Go(func() (err error) { b.attrs, err = c.balancerAttributes(partCtx, arn); return err })
	all.Go(func() (err error) { b.groups, err = c.groupPrints(partCtx, arn); return err })
	all.Go(func() (err error) { b.listeners, err = c.listenerPrints(partCtx, arn); return err })
	all.Go(func() (err error) { b.reserved, err = c.reservation(partCtx, arn); return err })
	if err := all.Wait(); err != nil {
		return b, err
	}
	for _, g := range b.groups {
		b.Groups = append(b.Groups, Group{ARN: aws.ToString(g.group.TargetGroupArn), Name: aws.ToString(g.group.TargetGroupName)})
	}
	b.tags, err = c.allTags(ctx, b.arns())
	return b, err
}

func (b Blueprint) arns() []string {
	arns := []string{b.Balancer.ARN}
	for _, g := range b.groups {
		arns = append(arns, aws.ToString(g.group.TargetGroupArn))
	}
	for _, l := range b.listeners {
		arns = append(arns, aws.ToString(l.listener.ListenerArn))
		for _, r := range l.rules {
			arns = append(arns, aws.ToString(r.RuleArn))
		}
	}
	return arns
}

func (c *Client) reservation(ctx context.Context, arn string) (reservation, error) {
	out, err := c.api.DescribeCapacityReservation(ctx, &elbv2.DescribeCapacityReservationInput{LoadBalancerArn: &arn})
	err = awserr.Wrap(err, "read the capacity reservation of %s", arn)
	if errors.Is(err, awserr.ErrDenied) {
		return reservation{denied: err}, nil
	}
	if err != nil || out.MinimumLoadBalancerCapacity == nil {
		return reservation{}, err
	}
	return reservation{units: aws.ToInt32(out.MinimumLoadBalancerCapacity.CapacityUnits)}, nil
}

func (c *Client) groupPrints(ctx context.Context, balancerARN string) ([]groupPrint, error) {
	var prints []groupPrint
	pages := elbv2.NewDescribeTargetGroupsPaginator(c.api, &elbv2.DescribeTargetGroupsInput{LoadBalancerArn: &balancerARN})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list the target groups of %s", balancerARN)
		}
		for _, g := range out.TargetGroups {
			prints = append(prints, groupPrint{group: g})
		}
	}
	slices.SortFunc(prints, func(x, y groupPrint) int {
		return strings.Compare(aws.ToString(x.group.TargetGroupName), aws.ToString(y.group.TargetGroupName))
	})
	all, ctx := errgroup.WithContext(ctx)
	for i := range prints {
		all.Go(func() (err error) {
			prints[i].attrs, err = c.groupAttributes(ctx, aws.ToString(prints[i].group.TargetGroupArn))
			return err
		})
	}
	return prints, all.Wait()
}

func (c *Client) listenerPrints(ctx context.Context, balancerARN string) ([]listenerPrint, error) {
	var prints []listenerPrint
	pages := elbv2.NewDescribeListenersPaginator(c.api, &elbv2.DescribeListenersInput{LoadBalancerArn: &balancerARN})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list the listeners of %s", balancerARN)
		}
		for _, l := range out.Listeners {
			prints = append(prints, listenerPrint{listener: l})
		}
	}
	slices.SortFunc(prints, func(x, y listenerPrint) int { return int(x.port() - y.port()) })
	all, ctx := errgroup.WithContext(ctx)
	for i := range prints {
		p := &prints[i]
		arn := aws.ToString(p.listener.ListenerArn)
		all.Go(func() (err error) { p.attrs, err = c.listenerAttributes(ctx, arn); return err })
		all.Go(func() (err error) { p.rules, err = c.rules(ctx, arn); return err })
		if len(p.listener.Certificates) > 0 {
			all.Go(func() (err error) { p.certificates, err = c.certificates(ctx, arn); return err })
		}
	}
	return prints, all.Wait()
}

func (c *Client) rules(ctx context.Context, listenerARN string) ([]types.Rule, error) {
	var rules []types.Rule
	pages := elbv2.NewDescribeRulesPaginator(c.api, &elbv2.DescribeRulesInput{ListenerArn: &listenerARN})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list the rules of %s", listenerARN)
		}
		for _, r := range out.Rules {
			if !aws.ToBool(r.IsDefault) {
				rules = append(rules, r)
			}
		}
	}
	return rules, nil
}

func (c *Client) certificates(ctx context.Context, listenerARN string) ([]types.Certificate, error) {
	var certificates []types.Certificate
	pages := elbv2.NewDescribeListenerCertificatesPaginator(c.api, &elbv2.DescribeListenerCertificatesInput{ListenerArn: &listenerARN})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list the certificates of %s", listenerARN)
		}
		for _, cert := range out.Certificates {
			if !aws.ToBool(cert.IsDefault) {
				certificates = append(certificates, cert)
			}
		}
	}
	return certificates, nil
}

// tagBatch is how many resources one call describes the tags of.
const tagBatch = 20

func (c *Client) allTags(ctx context.Context, arns []string) (map[string]map[string]string, error) {
	batches := slices.Collect(slices.Chunk(arns, tagBatch))
	found := make([][]types.TagDescription, len(batches))
	all, ctx := errgroup.WithContext(ctx)
	for i, batch := range batches {
		all.Go(func() error {
			out, err := c.api.DescribeTags(ctx, &elbv2.DescribeTagsInput{ResourceArns: batch})
			if err != nil {
				return awserr.Wrap(err, "read the tags of %s …", batch[0])
			}
			found[i] = out.TagDescriptions
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	tags := map[string]map[string]string{}
	for _, d := range slices.Concat(found...) {
		tags[aws.ToString(d.ResourceArn)] = tagMap(d.Tags)
	}
	return tags, nil
}

func tagMap(tags []types.Tag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}
