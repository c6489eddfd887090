package balancer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/facts"
)

// Tagger makes the tags of a copy from those of its source.
type Tagger func(map[string]string) map[string]string

// ErrForeign says that a name is taken by a resource that is not the one we would have made.
var ErrForeign = errors.New("exists already, and was not made by this deployment")

// owned says whether a resource has the tags that its copy was to get: then it is that copy, and the reply to its creation
// was lost. AWS may have added tags of its own.
func (c *Client) owned(ctx context.Context, arn string, want map[string]string) error {
	tags, err := c.allTags(ctx, []string{arn})
	if err != nil {
		return err
	}
	for k, v := range want {
		if have, has := tags[arn][k]; !has || have != v {
			return fmt.Errorf("%s: %w", arn, ErrForeign)
		}
	}
	return nil
}

// CreateBalancer makes a load balancer like the blueprint's, or finds the one that an earlier attempt has made. Its
// attributes are set apart.
func (c *Client) CreateBalancer(ctx context.Context, b Blueprint, name string, tags Tagger) (Balancer, error) {
	want := tags(b.tags[b.Balancer.ARN])
	in := &elbv2.CreateLoadBalancerInput{Name: &name, Tags: tagList(want)}
	facts.Copy(in, b.lb, "EnablePrefixForIpv6SourceNat") // for network load balancers only
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

// SetAttributes gives a new load balancer the attributes of the blueprint.
func (c *Client) SetAttributes(ctx context.Context, b Blueprint, arn string) error {
	return c.setBalancerAttributes(ctx, arn, b.attrs)
}

// CreateGroup makes a target group like the i-th of the blueprint, or finds the one that an earlier attempt has made. Its
// attributes are set apart.
func (c *Client) CreateGroup(ctx context.Context, b Blueprint, i int, name string, tags Tagger) (arn string, err error) {
	source := b.groups[i].group
	want := tags(b.tags[aws.ToString(source.TargetGroupArn)])
	in := &elbv2.CreateTargetGroupInput{Name: &name, Tags: tagList(want)}
	facts.Copy(in, source)
	out, err := c.api.CreateTargetGroup(ctx, in)
	switch err = awserr.Wrap(err, "create target group %s", name); {
	case err == nil:
		return aws.ToString(out.TargetGroups[0].TargetGroupArn), nil
	case !errors.Is(err, awserr.ErrExists):
		return "", err
	}
	if arn, err = c.groupARN(ctx, name); err != nil {
		return "", err
	}
	return arn, c.owned(ctx, arn, want)
}

// SetGroupAttributes gives a new target group the attributes of the i-th of the blueprint.
func (c *Client) SetGroupAttributes(ctx context.Context, b Blueprint, i int, arn string) error {
	return c.setGroupAttributes(ctx, arn, b.groups[i].attrs)
}

func (c *Client) groupARN(ctx context.Context, name string) (string, error) {
	out, err := c.api.DescribeTargetGroups(ctx, &elbv2.DescribeTargetGroupsInput{Names: []string{name}})
	if err != nil {
		return "", awserr.Wrap(err, "describe target group %s", name)
	}
	return aws.ToString(out.TargetGroups[0].TargetGroupArn), nil
}

// GroupExists says whether a target group of that name stands.
func (c *Client) GroupExists(ctx context.Context, name string) (bool, error) {
	_, err := c.groupARN(ctx, name)
	if errors.Is(err, awserr.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
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
