// Package balancer reads application load balancers, their target groups and their health, and copies them.
package balancer

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	DescribeLoadBalancers(context.Context, *elbv2.DescribeLoadBalancersInput, ...func(*elbv2.Options)) (*elbv2.DescribeLoadBalancersOutput, error)
	DescribeTargetGroups(context.Context, *elbv2.DescribeTargetGroupsInput, ...func(*elbv2.Options)) (*elbv2.DescribeTargetGroupsOutput, error)
	DescribeTargetHealth(context.Context, *elbv2.DescribeTargetHealthInput, ...func(*elbv2.Options)) (*elbv2.DescribeTargetHealthOutput, error)
	DescribeListeners(context.Context, *elbv2.DescribeListenersInput, ...func(*elbv2.Options)) (*elbv2.DescribeListenersOutput, error)
	DescribeRules(context.Context, *elbv2.DescribeRulesInput, ...func(*elbv2.Options)) (*elbv2.DescribeRulesOutput, error)
	DescribeListenerCertificates(context.Context, *elbv2.DescribeListenerCertificatesInput, ...func(*elbv2.Options)) (*elbv2.DescribeListenerCertificatesOutput, error)
	DescribeTags(context.Context, *elbv2.DescribeTagsInput, ...func(*elbv2.Options)) (*elbv2.DescribeTagsOutput, error)
	DescribeLoadBalancerAttributes(context.Context, *elbv2.DescribeLoadBalancerAttributesInput, ...func(*elbv2.Options)) (*elbv2.DescribeLoadBalancerAttributesOutput, error)
	DescribeTargetGroupAttributes(context.Context, *elbv2.DescribeTargetGroupAttributesInput, ...func(*elbv2.Options)) (*elbv2.DescribeTargetGroupAttributesOutput, error)
	DescribeListenerAttributes(context.Context, *elbv2.DescribeListenerAttributesInput, ...func(*elbv2.Options)) (*elbv2.DescribeListenerAttributesOutput, error)
	DescribeCapacityReservation(context.Context, *elbv2.DescribeCapacityReservationInput, ...func(*elbv2.Options)) (*elbv2.DescribeCapacityReservationOutput, error)
	CreateLoadBalancer(context.Context, *elbv2.CreateLoadBalancerInput, ...func(*elbv2.Options)) (*elbv2.CreateLoadBalancerOutput, error)
	CreateTargetGroup(context.Context, *elbv2.CreateTargetGroupInput, ...func(*elbv2.Options)) (*elbv2.CreateTargetGroupOutput, error)
	CreateListener(context.Context, *elbv2.CreateListenerInput, ...func(*elbv2.Options)) (*elbv2.CreateListenerOutput, error)
	CreateRule(context.Context, *elbv2.CreateRuleInput, ...func(*elbv2.Options)) (*elbv2.CreateRuleOutput, error)
	AddListenerCertificates(context.Context, *elbv2.AddListenerCertificatesInput, ...func(*elbv2.Options)) (*elbv2.AddListenerCertificatesOutput, error)
	ModifyLoadBalancerAttributes(context.Context, *elbv2.ModifyLoadBalancerAttributesInput, ...func(*elbv2.Options)) (*elbv2.ModifyLoadBalancerAttributesOutput, error)
	ModifyTargetGroup(context.Context, *elbv2.ModifyTargetGroupInput, ...func(*elbv2.Options)) (*elbv2.ModifyTargetGroupOutput, error)
	ModifyTargetGroupAttributes(context.Context, *elbv2.ModifyTargetGroupAttributesInput, ...func(*elbv2.Options)) (*elbv2.ModifyTargetGroupAttributesOutput, error)
	ModifyListenerAttributes(context.Context, *elbv2.ModifyListenerAttributesInput, ...func(*elbv2.Options)) (*elbv2.ModifyListenerAttributesOutput, error)
	DeleteLoadBalancer(context.Context, *elbv2.DeleteLoadBalancerInput, ...func(*elbv2.Options)) (*elbv2.DeleteLoadBalancerOutput, error)
	DeleteTargetGroup(context.Context, *elbv2.DeleteTargetGroupInput, ...func(*elbv2.Options)) (*elbv2.DeleteTargetGroupOutput, error)
}

// Client calls Elastic Load Balancing v2.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{elbv2.NewFromConfig(cfg)} }

// Balancer is an application load balancer.
type Balancer struct {
	ARN     string
	Name    string
	DNSName string // as an alias record names it, without "dualstack."
	ZoneID  string // the hosted zone of its DNS name
	State   string // "active", "provisioning", "failed" …
	Dual    bool   // answers IPv6 too
	// SecurityGroups are the ids of those that its nodes are in.
	SecurityGroups []string
}

// Dimension is how CloudWatch names the load balancer: "app/NAME/ID".
func (b Balancer) Dimension() string {
	_, resource, _ := strings.Cut(b.ARN, ":loadbalancer/")
	return resource
}

// Get reads a load balancer by name. A missing one is awserr.ErrNotFound.
func (c *Client) Get(ctx context.Context, name string) (Balancer, error) {
	out, err := c.api.DescribeLoadBalancers(ctx, &elbv2.DescribeLoadBalancersInput{Names: []string{name}})
	if err != nil {
		return Balancer{}, awserr.Wrap(err, "describe load balancer %s", name)
	}
	if len(out.LoadBalancers) != 1 {
		return Balancer{}, fmt.Errorf("describe load balancer %s: %d found: %w", name, len(out.LoadBalancers), awserr.ErrNotFound)
	}
	return fromSDK(out.LoadBalancers[0])
}

func fromSDK(lb types.LoadBalancer) (Balancer, error) {
	if lb.Type != types.LoadBalancerTypeEnumApplication {
		return Balancer{}, fmt.Errorf("load balancer %s is of type %s: only application load balancers can be switched for now", aws.ToString(lb.LoadBalancerName), lb.Type)
	}
	b := Balancer{
		ARN: aws.ToString(lb.LoadBalancerArn), Name: aws.ToString(lb.LoadBalancerName), DNSName: aws.ToString(lb.DNSName),
		ZoneID: aws.ToString(lb.CanonicalHostedZoneId), Dual: strings.HasPrefix(string(lb.IpAddressType), "dualstack"),
		SecurityGroups: lb.SecurityGroups,
	}
	if lb.State != nil {
		b.State = string(lb.State.Code)
	}
	return b, nil
}

// Group is a target group.
type Group struct {
	ARN   string
	Name  string
	Check Check
}

// Check is where a target group looks for the health of its targets.
type Check struct {
	Port string `json:"port"` // "traffic-port", or a number
	Path string `json:"path"`
}

// Groups reads the target groups that a load balancer's listeners and rules use.
func (c *Client) Groups(ctx context.Context, balancerARN string) ([]Group, error) {
	var groups []Group
	pages := elbv2.NewDescribeTargetGroupsPaginator(c.api, &elbv2.DescribeTargetGroupsInput{LoadBalancerArn: &balancerARN})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list the target groups of %s", balancerARN)
		}
		for _, g := range out.TargetGroups {
			groups = append(groups, Group{
				ARN: aws.ToString(g.TargetGroupArn), Name: aws.ToString(g.TargetGroupName),
				Check: Check{Port: aws.ToString(g.HealthCheckPort), Path: aws.ToString(g.HealthCheckPath)},
			})
		}
	}
	return groups, nil
}

// SetCheck makes a target group look elsewhere for the health of its targets.
func (c *Client) SetCheck(ctx context.Context, groupARN string, check Check) error {
	_, err := c.api.ModifyTargetGroup(ctx, &elbv2.ModifyTargetGroupInput{
		TargetGroupArn: &groupARN, HealthCheckPort: &check.Port, HealthCheckPath: &check.Path,
	})
	return awserr.Wrap(err, "change the health check of target group %s", groupARN)
}

// Target is an instance in a target group.
type Target struct {
	Instance string
	State    string // "initial", "healthy", "unhealthy", "unused", "draining" …
	Reason   string // why it is not healthy; for people
}

// Healthy says that the load balancer sends requests to the target.
func (t Target) Healthy() bool { return t.State == string(types.TargetHealthStateEnumHealthy) }

// Targets reads the health of a group's targets.
func (c *Client) Targets(ctx context.Context, groupARN string) ([]Target, error) {
	out, err := c.api.DescribeTargetHealth(ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &groupARN})
	if err != nil {
		return nil, awserr.Wrap(err, "read the health of target group %s", groupARN)
	}
	targets := make([]Target, 0, len(out.TargetHealthDescriptions))
	for _, d := range out.TargetHealthDescriptions {
		t := Target{Instance: aws.ToString(d.Target.Id)}
		if h := d.TargetHealth; h != nil {
			t.State, t.Reason = string(h.State), aws.ToString(h.Description)
			if t.Reason == "" {
				t.Reason = string(h.Reason)
			}
		}
		targets = append(targets, t)
	}
	return targets, nil
}
