package elbv2

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
)

// alias puts what Route 53 learns of a name into words.
func (w *world) alias(name string) string {
	w.acct.Lock()
	defer w.acct.Unlock()
	zone, ipv4, ipv6, healthy, ok := w.Alias(name)
	mapped := 0
	for _, a := range ipv6 {
		if a.Is4In6() && a.Unmap().Is4() {
			mapped++
		}
	}
	return fmt.Sprintf("%s v4=%d v6=%d/%d healthy=%t ok=%t", zone, len(ipv4), len(ipv6), mapped, healthy, ok)
}

func TestAlias(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := memoryWorld(t)
		side := &answering{}
		side.status.Store(200)
		w.launch("i-1", saying("main"))
		w.launch("i-2", side)
		main, other, unused := w.group("main"), w.group("side"), w.group("unused")
		lb := w.balancer("lb")
		l := w.listen(lb, 8080, forward(main))
		w.register(main, "i-1")
		w.register(unused, "i-2")
		name := *lb.DNSName
		var got []string
		note := func(what, name string) { got = append(got, what+": "+w.alias(name)) }

		note("provisioning", name)
		w.untilHealth(main, "i-1", "healthy")
		note("healthy", name)
		note("in capitals, dual-stack prefix, final dot", "DualStack."+strings.ToUpper(name)+".")
		note("another name", "x"+name)
		must(w, w.api.SetIpAddressType, &sdk.SetIpAddressTypeInput{LoadBalancerArn: lb.LoadBalancerArn, IpAddressType: types.IpAddressTypeDualstack})
		note("dual-stack", name)
		rule := w.rule(l, 1, forward(other), path("/side"))
		note("with a group without targets", name)
		w.register(other, "i-2")
		note("whose target is new", name)
		w.untilHealth(other, "i-2", "healthy")
		note("whose target is healthy", name)
		side.status.Store(500)
		w.untilHealth(other, "i-2", "unhealthy Target.ResponseCodeMismatch")
		note("whose target is sick", name)
		must(w, w.api.DeleteRule, &sdk.DeleteRuleInput{RuleArn: rule.RuleArn})
		note("without it again", name)
		must(w, w.api.ModifyTargetGroupAttributes, &sdk.ModifyTargetGroupAttributesInput{TargetGroupArn: &main, Attributes: []types.TargetGroupAttribute{groupAttribute(dnsMinCount, "2")}})
		note("that needs two", name)
		must(w, w.api.DeleteLoadBalancer, &sdk.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn})
		note("deleted", name)

		const zone = "Z32O12XQLNTSW2"
		want := []string{
			"provisioning: " + zone + " v4=0 v6=0/0 healthy=false ok=true",
			"healthy: " + zone + " v4=2 v6=0/0 healthy=true ok=true",
			"in capitals, dual-stack prefix, final dot: " + zone + " v4=2 v6=0/0 healthy=true ok=true",
			"another name:  v4=0 v6=0/0 healthy=false ok=false",
			"dual-stack: " + zone + " v4=2 v6=2/2 healthy=true ok=true",
			"with a group without targets: " + zone + " v4=2 v6=2/2 healthy=false ok=true",
			"whose target is new: " + zone + " v4=2 v6=2/2 healthy=false ok=true",
			"whose target is healthy: " + zone + " v4=2 v6=2/2 healthy=true ok=true",
			"whose target is sick: " + zone + " v4=2 v6=2/2 healthy=false ok=true",
			"without it again: " + zone + " v4=2 v6=2/2 healthy=true ok=true",
			"that needs two: " + zone + " v4=2 v6=2/2 healthy=false ok=true",
			"deleted:  v4=0 v6=0/0 healthy=false ok=false",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMappedNodesAreReachable(t *testing.T) {
	w := loopbackWorld(t)
	lb := w.balancer("lb", func(in *sdk.CreateLoadBalancerInput) { in.IpAddressType = types.IpAddressTypeDualstack })
	w.listen(lb, 8080, fixed("200", "ok"))
	w.nodes(lb, 8080)
	w.acct.Lock()
	_, _, ipv6, _, _ := w.Alias(*lb.DNSName)
	w.acct.Unlock()
	for _, a := range ipv6 {
		if got := w.get(w.client(), "http://"+netip.AddrPortFrom(a, 8080).String()+"/"); got != "200 ok" {
			t.Errorf("%s says %q", a, got)
		}
	}
}

func TestAutoScalingSide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := memoryWorld(t)
		w.launch("i-1", saying("one"))
		w.launch("i-2", saying("two"))
		g := w.group("blue")
		lb := w.balancer("lb")
		locked := func(fn func()) {
			w.acct.Lock()
			defer w.acct.Unlock()
			fn()
		}
		var got []any
		locked(func() {
			got = append(got, w.TargetGroupExists(g), w.TargetGroupExists(g+"0"), w.InstanceHealth(g, "i-1"))
			_, ok := w.ResourceLabel(g)
			got = append(got, ok)
		})
		w.listen(lb, 8080, forward(g))
		locked(func() {
			w.RegisterInstance(g, "i-1")
			w.RegisterInstance(g, "i-1")
			w.RegisterInstance(g, "i-2")
			w.RegisterInstance(g+"0", "i-1")
			got = append(got, w.InstanceHealth(g, "i-1"))
			label, _ := w.ResourceLabel(g)
			got = append(got, masked(label))
		})
		time.Sleep(provisioning + registration)
		synctest.Wait()
		locked(func() {
			got = append(got, w.InstanceHealth(g, "i-1"))
			w.DeregisterInstance(g, "i-1")
			w.DeregisterInstance(g, "i-1")
			w.InstanceGone("i-2")
			got = append(got, w.InstanceHealth(g, "i-1"), w.InstanceHealth(g, "i-2"))
		})
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		locked(func() { got = append(got, w.InstanceHealth(g, "i-1")) })
		want := []any{true, false, "", false, "initial", "app/lb/ID/targetgroup/blue/ID", "healthy", "draining", "", ""}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestHourIsCheap lets an hour pass over load balancers with many targets, all checked every five seconds.
func TestHourIsCheap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := memoryWorld(t)
		for _, color := range []string{"blue", "green"} {
			g := w.group(color)
			w.listen(w.balancer(color), 8080, forward(g))
			for i := range 3 {
				id := fmt.Sprint("i-", color, i)
				w.launch(id, saying(color))
				w.register(g, id)
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := w.ledger.counts["AWS/ApplicationELB HealthyHostCount "+fmt.Sprint(map[string]string{
			"LoadBalancer": w.dimension(w.balancers[0].arn), "TargetGroup": w.dimension(w.groups[0].arn),
		})]; n != 60 {
			t.Errorf("host counts recorded %v times in an hour", n)
		}
	})
}

func TestAddressesAsTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := memoryWorld(t)
		i := w.launch("i-1", saying("one"))
		g := w.group("blue", func(in *sdk.CreateTargetGroupInput) { in.TargetType = types.TargetTypeEnumIp; in.Port = aws.Int32(80) })
		lb := w.balancer("lb")
		w.listen(lb, 8080, forward(g))
		must(w, w.api.RegisterTargets, &sdk.RegisterTargetsInput{TargetGroupArn: &g, Targets: []types.TargetDescription{{Id: aws.String(i.addr.String()), Port: aws.Int32(8000)}}})
		w.until("the address is healthy", func() bool {
			out := must(w, w.api.DescribeTargetHealth, &sdk.DescribeTargetHealthInput{TargetGroupArn: &g})
			return out.TargetHealthDescriptions[0].TargetHealth.State == types.TargetHealthStateEnumHealthy
		})
		if got := w.get(w.client(), "http://"+w.nodes(lb, 8080)[0]+"/"); got != "200 one" {
			t.Errorf("got %q", got)
		}
	})
}
