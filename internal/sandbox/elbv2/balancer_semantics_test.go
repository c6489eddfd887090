package elbv2

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// row is what AWS says to a series of calls.
type row struct {
	name string
	run  func(w *world) any
	want any
}

// check runs each row in an account of its own, over the wire and in synctest time.
func check(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if diff := cmp.Diff(r.want, r.run(memoryWorld(t)), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("(-AWS +sandbox):\n%s", diff)
				}
			})
		})
	}
}

// masked hides the random parts of names.
func masked(s string) string {
	return regexp.MustCompile(`[0-9a-f]{16}|-[0-9]{9,10}\.`).ReplaceAllStringFunc(s, func(m string) string {
		if m[0] == '-' {
			return "-N."
		}
		return "ID"
	})
}

func TestLoadBalancerSemantics(t *testing.T) {
	check(t, []row{
		{"CreateLoadBalancer ALB", func(w *world) any {
			lb := w.balancer("blue", func(in *sdk.CreateLoadBalancerInput) { in.SecurityGroups = nil })
			created := lb.CreatedTime.Equal(w.acct.Now())
			lb.CreatedTime = nil
			lb.LoadBalancerArn = aws.String(masked(*lb.LoadBalancerArn))
			lb.DNSName = aws.String(masked(*lb.DNSName))
			return []any{fmt.Sprintf("%+v", describe(lb)), created}
		}, []any{"blue arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/blue/ID blue-N.eu-west-1.elb.amazonaws.com Z32O12XQLNTSW2 " +
			"internet-facing application ipv4 vpc-1 [sg-1] [eu-west-1a/subnet-a eu-west-1b/subnet-b] provisioning", true}},

		{"CreateLoadBalancer internal, dual-stack, by subnet mappings", func(w *world) any {
			lb := w.balancer("green", func(in *sdk.CreateLoadBalancerInput) {
				in.Scheme, in.IpAddressType = types.LoadBalancerSchemeEnumInternal, types.IpAddressTypeDualstack
				in.Subnets, in.SubnetMappings = nil, []types.SubnetMapping{{SubnetId: aws.String("subnet-b")}, {SubnetId: aws.String("subnet-c")}}
			})
			return []any{masked(*lb.DNSName), lb.Scheme, lb.IpAddressType, len(lb.AvailabilityZones)}
		}, []any{"internal-green-N.eu-west-1.elb.amazonaws.com", types.LoadBalancerSchemeEnumInternal, types.IpAddressTypeDualstack, 2}},

		{"CreateLoadBalancer identical again is idempotent", func(w *world) any {
			first := w.balancer("blue", tagged("app", "flask"))
			again := w.balancer("blue", tagged("app", "flask"), func(in *sdk.CreateLoadBalancerInput) { slices.Reverse(in.Subnets) })
			return []any{*first.LoadBalancerArn == *again.LoadBalancerArn, len(must(w, w.api.DescribeLoadBalancers, &sdk.DescribeLoadBalancersInput{}).LoadBalancers)}
		}, []any{true, 1}},

		{"DescribeLoadBalancers + waiter Available", func(w *world) any {
			lb := w.balancer("blue")
			start := time.Now()
			err := sdk.NewLoadBalancerAvailableWaiter(w.api).Wait(w.t.Context(), &sdk.DescribeLoadBalancersInput{Names: []string{"blue"}}, 10*time.Minute)
			out := must(w, w.api.DescribeLoadBalancers, &sdk.DescribeLoadBalancersInput{LoadBalancerArns: []string{*lb.LoadBalancerArn}})
			return []any{err, out.LoadBalancers[0].State.Code, time.Since(start) >= provisioning}
		}, []any{error(nil), types.LoadBalancerStateEnumActive, true}},

		{"DescribeLoadBalancers pages", func(w *world) any {
			for i := range 5 {
				w.balancer(fmt.Sprint("lb-", i))
			}
			var pages [][]string
			for p := sdk.NewDescribeLoadBalancersPaginator(w.api, &sdk.DescribeLoadBalancersInput{PageSize: aws.Int32(2)}); p.HasMorePages(); {
				out, err := p.NextPage(w.t.Context())
				if err != nil {
					return err
				}
				pages = append(pages, each(out.LoadBalancers, func(lb types.LoadBalancer) string { return *lb.LoadBalancerName }))
			}
			return pages
		}, [][]string{{"lb-0", "lb-1"}, {"lb-2", "lb-3"}, {"lb-4"}}},

		{"ModifyLoadBalancerAttributes + describe", func(w *world) any {
			lb := w.balancer("blue")
			before := attributesOf(w, lb)
			must(w, w.api.ModifyLoadBalancerAttributes, &sdk.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn, Attributes: []types.LoadBalancerAttribute{
				balancerAttribute(keepAlive, "120"), balancerAttribute(idleTimeout, "30"), balancerAttribute(deletionProtection, "true"),
			}})
			return []any{len(before), before[keepAlive], before[idleTimeout], before[deletionProtection], before[crossZone], changedKeys(before, attributesOf(w, lb))}
		}, []any{23, "3600", "60", "false", "true", map[string]string{keepAlive: "120", idleTimeout: "30", deletionProtection: "true"}}},

		{"SetSecurityGroups / SetSubnets / SetIpAddressType", func(w *world) any {
			lb := w.balancer("blue")
			groups := must(w, w.api.SetSecurityGroups, &sdk.SetSecurityGroupsInput{LoadBalancerArn: lb.LoadBalancerArn, SecurityGroups: []string{"sg-2"}})
			subnets := must(w, w.api.SetSubnets, &sdk.SetSubnetsInput{LoadBalancerArn: lb.LoadBalancerArn, Subnets: []string{"subnet-b", "subnet-c"}})
			ip := must(w, w.api.SetIpAddressType, &sdk.SetIpAddressTypeInput{LoadBalancerArn: lb.LoadBalancerArn, IpAddressType: types.IpAddressTypeDualstack})
			after := must(w, w.api.DescribeLoadBalancers, &sdk.DescribeLoadBalancersInput{Names: []string{"blue"}}).LoadBalancers[0]
			return []any{groups.SecurityGroupIds, zonesOf(subnets.AvailabilityZones), ip.IpAddressType, after.SecurityGroups, zonesOf(after.AvailabilityZones), after.IpAddressType}
		}, []any{
			[]string{"sg-2"}, []string{"eu-west-1b/subnet-b", "eu-west-1c/subnet-c"}, types.IpAddressTypeDualstack,
			[]string{"sg-2"}, []string{"eu-west-1b/subnet-b", "eu-west-1c/subnet-c"}, types.IpAddressTypeDualstack,
		}},

		{"DescribeCapacityReservation of a load balancer without one", func(w *world) any {
			out := must(w, w.api.DescribeCapacityReservation, &sdk.DescribeCapacityReservationInput{LoadBalancerArn: w.balancer("blue").LoadBalancerArn})
			return []any{out.MinimumLoadBalancerCapacity == nil, len(out.CapacityReservationState)}
		}, []any{true, 0}},

		{"DescribeAccountLimits", func(w *world) any {
			max := map[string]string{}
			for _, l := range must(w, w.api.DescribeAccountLimits, &sdk.DescribeAccountLimitsInput{}).Limits {
				max[*l.Name] = *l.Max
			}
			return []any{max["application-load-balancers"], max["target-groups"], max["rules-per-application-load-balancer"]}
		}, []any{"50", "3000", "100"}},

		{"DeleteLoadBalancer with deletion protection on, then off", func(w *world) any {
			lb := w.balancer("blue")
			protect := func(on string) {
				must(w, w.api.ModifyLoadBalancerAttributes, &sdk.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn, Attributes: []types.LoadBalancerAttribute{balancerAttribute(deletionProtection, on)}})
			}
			protect("true")
			_, kept := w.api.DeleteLoadBalancer(w.t.Context(), &sdk.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn})
			protect("false")
			_, gone := w.api.DeleteLoadBalancer(w.t.Context(), &sdk.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn})
			return []string{code(kept), code(gone)}
		}, []string{"OperationNotPermitted", ""}},

		{"DeleteLoadBalancer twice (the 2nd succeeds silently), and its listeners go with it", func(w *world) any {
			lb, g := w.balancer("blue"), w.group("blue")
			l := w.listen(lb, 8080, forward(g))
			must(w, w.api.DeleteLoadBalancer, &sdk.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn})
			_, again := w.api.DeleteLoadBalancer(w.t.Context(), &sdk.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn})
			_, listener := w.api.DescribeListeners(w.t.Context(), &sdk.DescribeListenersInput{ListenerArns: []string{*l.ListenerArn}})
			free := must(w, w.api.DescribeTargetGroups, &sdk.DescribeTargetGroupsInput{TargetGroupArns: []string{g}}).TargetGroups[0].LoadBalancerArns
			waited := sdk.NewLoadBalancersDeletedWaiter(w.api).Wait(w.t.Context(), &sdk.DescribeLoadBalancersInput{LoadBalancerArns: []string{*lb.LoadBalancerArn}}, time.Minute)
			return []any{code(again), code(listener), free, waited}
		}, []any{"", "ListenerNotFound", []string{}, error(nil)}},

		{"AddTags/RemoveTags/DescribeTags over LB+TG+listener+rule", func(w *world) any {
			lb, g := w.balancer("blue", tagged("app", "flask")), w.group("blue")
			l := w.listen(lb, 8080, forward(g))
			r := w.rule(l, 10, forward(g), path("/v2/*"))
			arns := []string{*lb.LoadBalancerArn, g, *l.ListenerArn, *r.RuleArn}
			must(w, w.api.AddTags, &sdk.AddTagsInput{ResourceArns: arns, Tags: []types.Tag{tag("color", "blue"), tag("owner", "me")}})
			must(w, w.api.AddTags, &sdk.AddTagsInput{ResourceArns: arns[:1], Tags: []types.Tag{tag("app", "django")}})
			must(w, w.api.RemoveTags, &sdk.RemoveTagsInput{ResourceArns: arns, TagKeys: []string{"owner", "never there"}})
			var got []string
			for i, d := range must(w, w.api.DescribeTags, &sdk.DescribeTagsInput{ResourceArns: arns}).TagDescriptions {
				got = append(got, fmt.Sprint(*d.ResourceArn == arns[i], each(d.Tags, func(t types.Tag) string { return *t.Key + "=" + *t.Value })))
			}
			return got
		}, []string{"true [app=django color=blue]", "true [color=blue]", "true [color=blue]", "true [color=blue]"}},
	})
}

func describe(lb types.LoadBalancer) string {
	return fmt.Sprint(*lb.LoadBalancerName, " ", *lb.LoadBalancerArn, " ", *lb.DNSName, " ", *lb.CanonicalHostedZoneId, " ", lb.Scheme, " ", lb.Type, " ", lb.IpAddressType, " ",
		*lb.VpcId, " ", lb.SecurityGroups, " ", zonesOf(lb.AvailabilityZones), " ", lb.State.Code)
}

func zonesOf(zones []types.AvailabilityZone) []string {
	return each(zones, func(z types.AvailabilityZone) string { return *z.ZoneName + "/" + *z.SubnetId })
}

func tag(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }

func tagged(key, value string) func(*sdk.CreateLoadBalancerInput) {
	return func(in *sdk.CreateLoadBalancerInput) { in.Tags = append(in.Tags, tag(key, value)) }
}

func attributesOf(w *world, lb types.LoadBalancer) map[string]string {
	got := map[string]string{}
	for _, a := range must(w, w.api.DescribeLoadBalancerAttributes, &sdk.DescribeLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn}).Attributes {
		got[*a.Key] = *a.Value
	}
	return got
}

func changedKeys(before, after map[string]string) map[string]string {
	changed := map[string]string{}
	for k, v := range after {
		if before[k] != v {
			changed[k] = v
		}
	}
	return changed
}
