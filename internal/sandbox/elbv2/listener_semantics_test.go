package elbv2

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func (w *world) rule(l types.Listener, priority int32, actions []types.Action, conditions ...types.RuleCondition) types.Rule {
	w.t.Helper()
	return must(w, w.api.CreateRule, &sdk.CreateRuleInput{ListenerArn: l.ListenerArn, Priority: &priority, Actions: actions, Conditions: conditions}).Rules[0]
}

func path(patterns ...string) types.RuleCondition {
	return types.RuleCondition{Field: aws.String(pathField), PathPatternConfig: &types.PathPatternConditionConfig{Values: patterns}}
}

func host(name string) types.RuleCondition {
	return types.RuleCondition{Field: aws.String(hostField), Values: []string{name}}
}

func redirect(c types.RedirectActionConfig) []types.Action {
	return []types.Action{{Type: types.ActionTypeEnumRedirect, RedirectConfig: &c}}
}

func fixed(status, body string) []types.Action {
	return []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{
		StatusCode: &status, ContentType: aws.String("text/plain"), MessageBody: &body,
	}}}
}

// say puts actions into words, with target groups by name.
func say(actions []types.Action) string {
	var words []string
	for _, a := range actions {
		words = append(words, string(a.Type))
		if a.TargetGroupArn != nil {
			words = append(words, "to "+groupName(*a.TargetGroupArn))
		}
		if c := a.ForwardConfig; c != nil {
			for _, t := range c.TargetGroups {
				words = append(words, fmt.Sprintf("%s=%d", groupName(*t.TargetGroupArn), *t.Weight))
			}
			words = append(words, fmt.Sprintf("sticky=%t", aws.ToBool(c.TargetGroupStickinessConfig.Enabled)))
		}
	}
	return strings.Join(words, " ")
}

func groupName(arn string) string { return strings.Split(arn, "/")[1] }

func rulesOf(w *world, l types.Listener) []string {
	return each(must(w, w.api.DescribeRules, &sdk.DescribeRulesInput{ListenerArn: l.ListenerArn}).Rules, func(r types.Rule) string {
		return fmt.Sprintf("%s default=%t %s", *r.Priority, *r.IsDefault, say(r.Actions))
	})
}

func TestListenerSemantics(t *testing.T) {
	check(t, []row{
		{"CreateListener HTTPS, weighted forward 100/0", func(w *world) any {
			blue, green := w.group("blue"), w.group("green")
			l := w.secure(w.balancer("lb"), 8443, weighted(blue, 100, green, 0))
			l = must(w, w.api.DescribeListeners, &sdk.DescribeListenersInput{ListenerArns: []string{*l.ListenerArn}}).Listeners[0]
			return []any{
				masked(*l.ListenerArn), *l.Port, l.Protocol, *l.SslPolicy, *l.Certificates[0].CertificateArn, l.Certificates[0].IsDefault == nil,
				*l.MutualAuthentication.Mode, len(l.AlpnPolicy), say(l.DefaultActions),
			}
		}, []any{
			"arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/lb/ID/ID", int32(8443), types.ProtocolEnumHttps, "ELBSecurityPolicy-2016-08", certificate, true,
			"off", 0, "forward blue=100 green=0 sticky=false",
		}},

		{"CreateListener HTTP redirect to HTTPS fills in the rest", func(w *world) any {
			l := w.listen(w.balancer("lb"), 8080, redirect(types.RedirectActionConfig{StatusCode: types.RedirectActionStatusCodeEnumHttp301, Protocol: aws.String("HTTPS"), Port: aws.String("443")}))
			c := l.DefaultActions[0].RedirectConfig
			return []string{string(c.StatusCode), *c.Protocol, *c.Host, *c.Port, *c.Path, *c.Query}
		}, []string{"HTTP_301", "HTTPS", "#{host}", "443", "/#{path}", "#{query}"}},

		{"CreateListener same settings again is idempotent", func(w *world) any {
			lb, g := w.balancer("lb"), w.group("blue")
			first := *w.listen(lb, 8080, forward(g)).ListenerArn
			return *w.listen(lb, 8080, forward(g)).ListenerArn == first
		}, true},

		{"DescribeListeners simple forward shows ForwardConfig", func(w *world) any {
			lb, g := w.balancer("lb"), w.group("blue")
			w.listen(lb, 8080, forward(g))
			l := must(w, w.api.DescribeListeners, &sdk.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn}).Listeners[0]
			return []any{say(l.DefaultActions), l.SslPolicy == nil, len(l.Certificates), l.MutualAuthentication == nil}
		}, []any{"forward to blue blue=1 sticky=false", true, 0, true}},

		{"ModifyListener weighted forward 50/50 to 0/100; the default rule follows", func(w *world) any {
			blue, green := w.group("blue"), w.group("green")
			l := w.secure(w.balancer("lb"), 8443, weighted(blue, 50, green, 50))
			out := must(w, w.api.ModifyListener, &sdk.ModifyListenerInput{ListenerArn: l.ListenerArn, DefaultActions: weighted(blue, 0, green, 100)}).Listeners[0]
			return []any{say(out.DefaultActions), len(out.Certificates), out.Protocol, rulesOf(w, l)}
		}, []any{"forward blue=0 green=100 sticky=false", 1, types.ProtocolEnumHttps, []string{"default default=true forward blue=0 green=100 sticky=false"}}},

		{"ModifyListener from HTTPS to HTTP loses certificate and policy", func(w *world) any {
			l := w.secure(w.balancer("lb"), 8443, forward(w.group("blue")))
			out := must(w, w.api.ModifyListener, &sdk.ModifyListenerInput{ListenerArn: l.ListenerArn, Protocol: types.ProtocolEnumHttp, Port: aws.Int32(8081)}).Listeners[0]
			return []any{*out.Port, out.Protocol, len(out.Certificates), out.SslPolicy == nil, say(out.DefaultActions)}
		}, []any{int32(8081), types.ProtocolEnumHttp, 0, true, "forward to blue blue=1 sticky=false"}},

		{"Listener attributes by protocol", func(w *world) any {
			lb := w.balancer("lb")
			plain, secure := w.listen(lb, 8080, fixed("200", "ok")), w.secure(lb, 8443, fixed("200", "ok"))
			count := func(l types.Listener) int {
				return len(must(w, w.api.DescribeListenerAttributes, &sdk.DescribeListenerAttributesInput{ListenerArn: l.ListenerArn}).Attributes)
			}
			return []int{count(plain), count(secure)}
		}, []int{11, 19}},

		{"AddListenerCertificates / DescribeListenerCertificates / RemoveListenerCertificates", func(w *world) any {
			l := w.secure(w.balancer("lb"), 8443, fixed("200", "ok"))
			more := []types.Certificate{{CertificateArn: aws.String(otherCert)}}
			list := func() []string {
				return each(must(w, w.api.DescribeListenerCertificates, &sdk.DescribeListenerCertificatesInput{ListenerArn: l.ListenerArn}).Certificates, func(c types.Certificate) string {
					return fmt.Sprint((*c.CertificateArn)[len(*c.CertificateArn)-1:], " default=", *c.IsDefault)
				})
			}
			must(w, w.api.AddListenerCertificates, &sdk.AddListenerCertificatesInput{ListenerArn: l.ListenerArn, Certificates: more})
			must(w, w.api.AddListenerCertificates, &sdk.AddListenerCertificatesInput{ListenerArn: l.ListenerArn, Certificates: more})
			both := list()
			must(w, w.api.RemoveListenerCertificates, &sdk.RemoveListenerCertificatesInput{ListenerArn: l.ListenerArn, Certificates: more})
			return []any{both, list()}
		}, []any{[]string{"1 default=true", "2 default=false"}, []string{"1 default=true"}}},

		{"CreateRule (host+path, weighted forward)", func(w *world) any {
			blue, green := w.group("blue"), w.group("green")
			l := w.listen(w.balancer("lb"), 8080, forward(blue))
			r := w.rule(l, 10, weighted(blue, 0, green, 100), host("*.example.com"), path("/v2/*", "/v3/*"))
			var conditions []any
			for _, c := range r.Conditions {
				if c.HostHeaderConfig != nil {
					conditions = append(conditions, *c.Field, c.Values, c.HostHeaderConfig.Values)
				} else {
					conditions = append(conditions, *c.Field, c.Values, c.PathPatternConfig.Values)
				}
			}
			return []any{masked(*r.RuleArn), *r.Priority, *r.IsDefault, say(r.Actions), conditions}
		}, []any{
			"arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/lb/ID/ID/ID", "10", false, "forward blue=0 green=100 sticky=false",
			[]any{"host-header", []string{"*.example.com"}, []string{"*.example.com"}, "path-pattern", []string{"/v2/*", "/v3/*"}, []string{"/v2/*", "/v3/*"}},
		}},

		{"CreateRule http-header preview rule", func(w *world) any {
			blue, green := w.group("blue"), w.group("green")
			l := w.listen(w.balancer("lb"), 8080, forward(blue))
			r := w.rule(l, 1, forward(green), types.RuleCondition{Field: aws.String(headerField), HttpHeaderConfig: &types.HttpHeaderConditionConfig{
				HttpHeaderName: aws.String("X-Preview"), Values: []string{"green"},
			}})
			return []any{*r.Conditions[0].HttpHeaderConfig.HttpHeaderName, r.Conditions[0].HttpHeaderConfig.Values, rulesOf(w, l)}
		}, []any{"X-Preview", []string{"green"}, []string{"1 default=false forward to green green=1 sticky=false", "default default=true forward to blue blue=1 sticky=false"}}},

		{"ModifyRule / SetRulePriorities / DescribeRules", func(w *world) any {
			blue, green := w.group("blue"), w.group("green")
			l := w.listen(w.balancer("lb"), 8080, forward(blue))
			ten, eleven := w.rule(l, 10, forward(blue), path("/a")), w.rule(l, 11, forward(blue), path("/b"))
			must(w, w.api.ModifyRule, &sdk.ModifyRuleInput{RuleArn: ten.RuleArn, Actions: forward(green)})
			must(w, w.api.SetRulePriorities, &sdk.SetRulePrioritiesInput{RulePriorities: []types.RulePriorityPair{
				{RuleArn: ten.RuleArn, Priority: aws.Int32(20)}, {RuleArn: eleven.RuleArn, Priority: aws.Int32(10)},
			}})
			return rulesOf(w, l)
		}, []string{
			"10 default=false forward to blue blue=1 sticky=false", "20 default=false forward to green green=1 sticky=false",
			"default default=true forward to blue blue=1 sticky=false",
		}},

		{"DeleteListener (not via LB) sets its target group free", func(w *world) any {
			g := w.group("blue")
			l := w.listen(w.balancer("lb"), 8080, forward(g))
			must(w, w.api.DeleteListener, &sdk.DeleteListenerInput{ListenerArn: l.ListenerArn})
			_, again := w.api.DeleteListener(w.t.Context(), &sdk.DeleteListenerInput{ListenerArn: l.ListenerArn})
			must(w, w.api.DeleteTargetGroup, &sdk.DeleteTargetGroupInput{TargetGroupArn: &g})
			return code(again)
		}, "ListenerNotFound"},

		{"DeleteRule, and again", func(w *world) any {
			l := w.listen(w.balancer("lb"), 8080, fixed("200", "ok"))
			r := w.rule(l, 10, fixed("404", "no"), path("/a"))
			must(w, w.api.DeleteRule, &sdk.DeleteRuleInput{RuleArn: r.RuleArn})
			_, again := w.api.DeleteRule(w.t.Context(), &sdk.DeleteRuleInput{RuleArn: r.RuleArn})
			return []any{code(again), len(rulesOf(w, l))}
		}, []any{"RuleNotFound", 1}},
	})
}
