package elbv2

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// summary of a target group's settings.
func summary(g types.TargetGroup) string {
	matcher := "-"
	if g.Matcher != nil {
		matcher = *g.Matcher.HttpCode
	}
	return fmt.Sprintf("%s %s:%d %s %s %s check %s:%s%s every %d for %d want %s after %d/%d enabled=%t",
		*g.TargetGroupName, g.Protocol, *g.Port, aws.ToString(g.ProtocolVersion), g.TargetType, *g.VpcId,
		g.HealthCheckProtocol, *g.HealthCheckPort, aws.ToString(g.HealthCheckPath), *g.HealthCheckIntervalSeconds, *g.HealthCheckTimeoutSeconds, matcher,
		*g.HealthyThresholdCount, *g.UnhealthyThresholdCount, *g.HealthCheckEnabled)
}

func describeGroups(w *world, in *sdk.DescribeTargetGroupsInput) []types.TargetGroup {
	return must(w, w.api.DescribeTargetGroups, in).TargetGroups
}

func groupAttributes(w *world, arn string) map[string]string {
	got := map[string]string{}
	for _, a := range must(w, w.api.DescribeTargetGroupAttributes, &sdk.DescribeTargetGroupAttributesInput{TargetGroupArn: &arn}).Attributes {
		got[*a.Key] = *a.Value
	}
	return got
}

func TestTargetGroupSemantics(t *testing.T) {
	check(t, []row{
		{"CreateTargetGroup HTTP and TCP, with AWS's defaults", func(w *world) any {
			create := func(name string, p types.ProtocolEnum) string {
				return summary(must(w, w.api.CreateTargetGroup, &sdk.CreateTargetGroupInput{Name: &name, Protocol: p, Port: aws.Int32(80), VpcId: aws.String(vpc)}).TargetGroups[0])
			}
			return []string{create("blue", types.ProtocolEnumHttp), create("net", types.ProtocolEnumTcp)}
		}, []string{
			"blue HTTP:80 HTTP1 instance vpc-1 check HTTP:traffic-port/ every 30 for 5 want 200 after 5/2 enabled=true",
			"net TCP:80  instance vpc-1 check TCP:traffic-port every 30 for 10 want - after 5/2 enabled=true",
		}},

		{"CreateTargetGroup same settings again is idempotent", func(w *world) any {
			first := w.group("blue")
			return w.group("blue") == first
		}, true},

		{"DescribeTargetGroups fields", func(w *world) any {
			g := w.group("blue", func(in *sdk.CreateTargetGroupInput) {
				in.HealthCheckPath, in.HealthCheckPort = aws.String("/healthz"), aws.String("9000")
				in.Matcher = &types.Matcher{HttpCode: aws.String("200,301-303")}
			})
			return []string{masked(g), summary(describeGroups(w, &sdk.DescribeTargetGroupsInput{Names: []string{"blue"}})[0])}
		}, []string{
			"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/ID",
			"blue HTTP:8000 HTTP1 instance vpc-1 check HTTP:9000/healthz every 5 for 2 want 200,301-303 after 5/2 enabled=true",
		}},

		{"ModifyTargetGroupAttributes (drain, stickiness, slow start) + describe", func(w *world) any {
			g := w.group("blue")
			before := groupAttributes(w, g)
			must(w, w.api.ModifyTargetGroupAttributes, &sdk.ModifyTargetGroupAttributesInput{TargetGroupArn: &g, Attributes: []types.TargetGroupAttribute{
				groupAttribute(deregistrationDelay, "30"), groupAttribute("stickiness.enabled", "true"), groupAttribute("slow_start.duration_seconds", "60"),
			}})
			return []any{len(before), before[deregistrationDelay], before[algorithm], changedKeys(before, groupAttributes(w, g))}
		}, []any{14, "300", "round_robin", map[string]string{deregistrationDelay: "30", "stickiness.enabled": "true", "slow_start.duration_seconds": "60"}}},

		{"ModifyTargetGroup health check", func(w *world) any {
			g := w.group("blue")
			return summary(must(w, w.api.ModifyTargetGroup, &sdk.ModifyTargetGroupInput{TargetGroupArn: &g, HealthCheckPath: aws.String("/ready"), HealthyThresholdCount: aws.Int32(3)}).TargetGroups[0])
		}, "blue HTTP:8000 HTTP1 instance vpc-1 check HTTP:traffic-port/ready every 5 for 2 want 200 after 3/2 enabled=true"},

		{"DescribeTargetGroups LoadBalancerArns after listener, and by LoadBalancerArn", func(w *world) any {
			blue, green := w.group("blue"), w.group("green")
			w.group("spare")
			lb := w.balancer("lb")
			w.listen(lb, 8080, weighted(blue, 100, green, 0))
			var got []string
			for _, g := range describeGroups(w, &sdk.DescribeTargetGroupsInput{}) {
				got = append(got, fmt.Sprint(*g.TargetGroupName, len(g.LoadBalancerArns)))
			}
			for _, g := range describeGroups(w, &sdk.DescribeTargetGroupsInput{LoadBalancerArn: lb.LoadBalancerArn}) {
				got = append(got, *g.TargetGroupName)
			}
			return got
		}, []string{"blue1", "green1", "spare0", "blue", "green"}},

		{"DeleteTargetGroup while in use, then free, then again", func(w *world) any {
			g := w.group("blue")
			lb := w.balancer("lb")
			l := w.listen(lb, 8080, fixed("200", "ok"))
			r := w.rule(l, 5, forward(g), path("/x"))
			_, busy := w.api.DeleteTargetGroup(w.t.Context(), &sdk.DeleteTargetGroupInput{TargetGroupArn: &g})
			must(w, w.api.DeleteRule, &sdk.DeleteRuleInput{RuleArn: r.RuleArn})
			must(w, w.api.DeleteTargetGroup, &sdk.DeleteTargetGroupInput{TargetGroupArn: &g})
			_, again := w.api.DeleteTargetGroup(w.t.Context(), &sdk.DeleteTargetGroupInput{TargetGroupArn: &g})
			return []string{code(busy), code(again)}
		}, []string{"ResourceInUse", ""}},

		{"RegisterTargets + DescribeTargetHealth, TargetInServiceWaiter", func(w *world) any {
			w.launch("i-1", saying("one"))
			g := w.group("blue")
			lb := w.balancer("lb")
			w.listen(lb, 8080, forward(g))
			w.nodes(lb, 8080)
			w.register(g, "i-1")
			first := w.health(g, "i-1")
			err := sdk.NewTargetInServiceWaiter(w.api).Wait(w.t.Context(), &sdk.DescribeTargetHealthInput{TargetGroupArn: &g}, time.Minute)
			out := must(w, w.api.DescribeTargetHealth, &sdk.DescribeTargetHealthInput{TargetGroupArn: &g}).TargetHealthDescriptions
			return []any{first, err, len(out), *out[0].Target.Id, *out[0].Target.Port, *out[0].HealthCheckPort, out[0].TargetHealth.State, out[0].TargetHealth.Reason, out[0].TargetHealth.Description == nil}
		}, []any{"initial Elb.RegistrationInProgress", error(nil), 1, "i-1", int32(8000), "8000", types.TargetHealthStateEnumHealthy, types.TargetHealthReasonEnum(""), true}},

		{"DescribeTargetHealth of a group in use by no listener, and of an instance that is not registered", func(w *world) any {
			w.launch("i-1", nil)
			w.launch("i-2", nil)
			g := w.group("blue")
			w.register(g, "i-1")
			return []string{w.health(g, "i-1"), w.health(g, "i-2")}
		}, []string{"unused Target.NotInUse", "unused Target.NotRegistered"}},

		{"DeregisterTargets + TargetDeregisteredWaiter", func(w *world) any {
			w.launch("i-1", saying("one"))
			g := w.group("blue")
			lb := w.balancer("lb")
			w.listen(lb, 8080, forward(g))
			w.register(g, "i-1")
			w.untilHealth(g, "i-1", "healthy")
			w.deregister(g, "i-1")
			w.deregister(g, "i-1")
			draining := w.health(g, "i-1")
			start := time.Now()
			one := []types.TargetDescription{{Id: aws.String("i-1")}}
			err := sdk.NewTargetDeregisteredWaiter(w.api).Wait(w.t.Context(), &sdk.DescribeTargetHealthInput{TargetGroupArn: &g, Targets: one}, 10*time.Minute)
			return []any{draining, err, time.Since(start) >= 295*time.Second, w.health(g, "i-1")}
		}, []any{"draining Target.DeregistrationInProgress", error(nil), true, "unused Target.NotRegistered"}},

		{"DeregisterTargets of what is not registered succeeds", func(w *world) any {
			g := w.group("blue")
			w.deregister(g, "i-404")
			return true
		}, true},

		{"RegisterTargets again takes a deregistration back", func(w *world) any {
			w.launch("i-1", saying("one"))
			g := w.group("blue")
			w.listen(w.balancer("lb"), 8080, forward(g))
			w.register(g, "i-1")
			w.untilHealth(g, "i-1", "healthy")
			w.deregister(g, "i-1")
			w.register(g, "i-1")
			back := w.health(g, "i-1")
			w.untilHealth(g, "i-1", "healthy")
			time.Sleep(5 * time.Minute)
			return []string{back, w.health(g, "i-1")}
		}, []string{"initial Elb.RegistrationInProgress", "healthy"}},

		{"A stopped instance is out at once and has to prove itself when it is back", func(w *world) any {
			w.launch("i-1", saying("one"))
			g := w.group("blue")
			w.listen(w.balancer("lb"), 8080, forward(g))
			w.register(g, "i-1")
			w.untilHealth(g, "i-1", "healthy")
			w.setRunning("i-1", false)
			out := w.health(g, "i-1")
			time.Sleep(10 * time.Second)
			w.setRunning("i-1", true)
			back := w.health(g, "i-1")
			time.Sleep(10 * time.Second)
			return []string{out, back, w.health(g, "i-1")}
		}, []string{"unused Target.InvalidState", "initial Elb.RegistrationInProgress", "healthy"}},
	})
}
