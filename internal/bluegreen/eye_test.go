package bluegreen_test

import (
	"cmp"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// eye looks at the account past the product, with plain SDK clients.
type eye struct {
	made      stack.Made
	zones     *route53.Client
	groups    *autoscaling.Client
	balancers *elbv2.Client
	params    *ssm.Client
	targets   map[traffic.Color]string // target group ARNs, as they are found
}

// stubborn never gives up: what goes wrong in a test is meant for the product.
func stubborn() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff, o.RateLimiter = 10_000, 100*time.Millisecond, ratelimit.None
	})
}

func newEye(sb *sandbox.Sandbox, made stack.Made) *eye {
	cfg := aws.Config{
		Region: sb.Account.Region, BaseEndpoint: aws.String("http://sandbox"),
		HTTPClient:  &http.Client{Transport: sb.Transport()},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEYE", "eye", ""),
		Retryer:     stubborn,
	}
	return &eye{
		made: made, zones: route53.NewFromConfig(cfg), groups: autoscaling.NewFromConfig(cfg),
		balancers: elbv2.NewFromConfig(cfg), params: ssm.NewFromConfig(cfg), targets: map[traffic.Color]string{},
	}
}

func (e *eye) name(color traffic.Color, resource string) string {
	return e.made.Spec.App + "-" + string(color) + "-" + resource
}

// group reads the Auto Scaling group of a colour.
func (e *eye) group(t *testing.T, color traffic.Color) astypes.AutoScalingGroup {
	t.Helper()
	out, err := e.groups.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{
		AutoScalingGroupNames: []string{e.name(color, "asg")},
	})
	if err != nil || len(out.AutoScalingGroups) != 1 {
		t.Fatalf("read the group of %s: %v", color, err)
	}
	return out.AutoScalingGroups[0]
}

// resize changes a group by hand.
func (e *eye) resize(t *testing.T, color traffic.Color, change autoscaling.UpdateAutoScalingGroupInput) {
	t.Helper()
	change.AutoScalingGroupName = aws.String(e.name(color, "asg"))
	if _, err := e.groups.UpdateAutoScalingGroup(t.Context(), &change); err != nil {
		t.Fatal(err)
	}
}

// healthy counts the healthy targets of a colour.
func (e *eye) healthy(t *testing.T, color traffic.Color) int {
	t.Helper()
	if e.targets[color] == "" {
		out, err := e.balancers.DescribeTargetGroups(t.Context(), &elbv2.DescribeTargetGroupsInput{Names: []string{e.name(color, "tg")}})
		if err != nil {
			t.Fatal(err)
		}
		e.targets[color] = *out.TargetGroups[0].TargetGroupArn
	}
	out, err := e.balancers.DescribeTargetHealth(t.Context(), &elbv2.DescribeTargetHealthInput{TargetGroupArn: aws.String(e.targets[color])})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, d := range out.TargetHealthDescriptions {
		if d.TargetHealth.State == elbtypes.TargetHealthStateEnumHealthy {
			n++
		}
	}
	return n
}

// balancer is the DNS name of a colour's load balancer.
func (e *eye) balancer(t *testing.T, color traffic.Color) string {
	t.Helper()
	out, err := e.balancers.DescribeLoadBalancers(t.Context(), &elbv2.DescribeLoadBalancersInput{Names: []string{e.name(color, "alb")}})
	if err != nil {
		t.Fatal(err)
	}
	return *out.LoadBalancers[0].DNSName
}

// records lists the zone.
func (e *eye) records(t *testing.T) []r53types.ResourceRecordSet {
	t.Helper()
	out, err := e.zones.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: &e.made.ZoneID})
	if err != nil || out.IsTruncated {
		t.Fatalf("list the zone: %v, truncated %v", err, out != nil && out.IsTruncated)
	}
	return out.ResourceRecordSets
}

// parameter is a name and a value in Parameter Store.
type parameter struct{ name, value string }

// parameters reads all of the app's parameters, in the order of their names.
func (e *eye) parameters(t *testing.T) []parameter {
	t.Helper()
	var all []parameter
	pages := ssm.NewGetParametersByPathPaginator(e.params, &ssm.GetParametersByPathInput{
		Path: aws.String("/bluegreen/" + e.made.Spec.App), Recursive: aws.Bool(true),
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range out.Parameters {
			all = append(all, parameter{*p.Name, *p.Value})
		}
	}
	slices.SortFunc(all, func(a, b parameter) int { return cmp.Compare(a.name, b.name) })
	return all
}
