package elbv2

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// stack is what the refusals are tried on: load balancer "lb" with listeners on 8080 and 8443 and rule 10, groups "blue" (in
// use), "spare", "net" (TCP) and "far" (in another VPC), and load balancer "other" with a listener on "taken".
type stack struct {
	*world
	lb, other                      types.LoadBalancer
	http, https                    types.Listener
	rule                           types.Rule
	blue, spare, net, far, takenTG string
}

func newStack(t *testing.T) *stack {
	s := &stack{world: memoryWorld(t)}
	s.launch("i-1", nil)
	s.launch("i-stopped", nil)
	s.setRunning("i-stopped", false)
	s.blue, s.spare, s.takenTG = s.group("blue"), s.group("spare"), s.group("taken")
	s.net = s.group("net", func(in *sdk.CreateTargetGroupInput) { in.Protocol = types.ProtocolEnumTcp })
	s.far = s.group("far", func(in *sdk.CreateTargetGroupInput) { in.VpcId = aws.String("vpc-2") })
	s.lb, s.other = s.balancer("lb"), s.balancer("other")
	s.http, s.https = s.listen(s.lb, 8080, forward(s.blue)), s.secure(s.lb, 8443, forward(s.blue))
	s.rule = s.world.rule(s.http, 10, forward(s.blue), path("/x"))
	s.listen(s.other, 8080, forward(s.takenTG))
	return s
}

// errOf drops the output of a call.
func errOf[Out any](_ Out, err error) error { return err }

// gone turns an ARN into one of something that does not exist.
func gone(arn *string) *string { return aws.String((*arn)[:len(*arn)-4] + "dead") }

func (s *stack) create(change func(*sdk.CreateLoadBalancerInput)) error {
	in := &sdk.CreateLoadBalancerInput{Name: aws.String("new"), Subnets: []string{"subnet-a", "subnet-b"}}
	change(in)
	return errOf(s.api.CreateLoadBalancer(s.t.Context(), in))
}

func (s *stack) createGroup(change func(*sdk.CreateTargetGroupInput)) error {
	in := &sdk.CreateTargetGroupInput{Name: aws.String("new"), Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: aws.String(vpc)}
	change(in)
	return errOf(s.api.CreateTargetGroup(s.t.Context(), in))
}

func (s *stack) createListener(change func(*sdk.CreateListenerInput)) error {
	in := &sdk.CreateListenerInput{LoadBalancerArn: s.lb.LoadBalancerArn, Port: aws.Int32(8081), Protocol: types.ProtocolEnumHttp, DefaultActions: forward(s.spare)}
	change(in)
	return errOf(s.api.CreateListener(s.t.Context(), in))
}

func (s *stack) modify(actions []types.Action) error {
	return errOf(s.api.ModifyListener(s.t.Context(), &sdk.ModifyListenerInput{ListenerArn: s.http.ListenerArn, DefaultActions: actions}))
}

func (s *stack) createRule(priority int32, actions []types.Action, conditions ...types.RuleCondition) error {
	return errOf(s.api.CreateRule(s.t.Context(), &sdk.CreateRuleInput{ListenerArn: s.http.ListenerArn, Priority: &priority, Actions: actions, Conditions: conditions}))
}

func (s *stack) setAttribute(key, value string) error {
	return errOf(s.api.ModifyLoadBalancerAttributes(s.t.Context(), &sdk.ModifyLoadBalancerAttributesInput{LoadBalancerArn: s.lb.LoadBalancerArn, Attributes: []types.LoadBalancerAttribute{balancerAttribute(key, value)}}))
}

func (s *stack) setGroupAttribute(key, value string) error {
	return errOf(s.api.ModifyTargetGroupAttributes(s.t.Context(), &sdk.ModifyTargetGroupAttributesInput{TargetGroupArn: &s.blue, Attributes: []types.TargetGroupAttribute{groupAttribute(key, value)}}))
}

func (s *stack) registerOne(group, id string) error {
	return errOf(s.api.RegisterTargets(s.t.Context(), &sdk.RegisterTargetsInput{TargetGroupArn: &group, Targets: []types.TargetDescription{{Id: &id}}}))
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		try  func(s *stack) error
		want string
	}{
		// Load balancers.
		{"CreateLoadBalancer same name, other settings", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Name, in.SecurityGroups = aws.String("lb"), []string{"sg-2"} })
		}, "DuplicateLoadBalancerName"},
		{"CreateLoadBalancer same name, other tags", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Name, in.Tags = aws.String("lb"), []types.Tag{tag("a", "b")} })
		}, "DuplicateLoadBalancerName"},
		{"CreateLoadBalancer ALB with one subnet", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Subnets = in.Subnets[:1] })
		}, "ValidationError"},
		{"CreateLoadBalancer two subnets of one zone", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Subnets = []string{"subnet-a", "subnet-a2"} })
		}, "InvalidConfigurationRequest"},
		{"CreateLoadBalancer subnets of two VPCs", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Subnets = []string{"subnet-a", "subnet-x"} })
		}, "InvalidConfigurationRequest"},
		{"CreateLoadBalancer unknown subnet", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Subnets = []string{"subnet-a", "subnet-404"} })
		}, "SubnetNotFound"},
		{"CreateLoadBalancer unknown security group", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.SecurityGroups = []string{"sg-404"} })
		}, "InvalidSecurityGroup"},
		{"CreateLoadBalancer bad scheme", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Scheme = "public" })
		}, "InvalidScheme"},
		{"CreateLoadBalancer NLB, which the sandbox has not", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Type = types.LoadBalancerTypeEnumNetwork })
		}, "InvalidConfigurationRequest"},
		{"CreateLoadBalancer name of 33 characters", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Name = aws.String(strings.Repeat("x", 33)) })
		}, "ValidationError"},
		{"CreateLoadBalancer name with an underscore", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Name = aws.String("a_b") })
		}, "ValidationError"},
		{"CreateLoadBalancer name that begins with internal-", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Name = aws.String("internal-x") })
		}, "ValidationError"},
		{"CreateLoadBalancer name that ends with a hyphen", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Name = aws.String("x-") })
		}, "ValidationError"},
		{"CreateLoadBalancer one tag twice", func(s *stack) error {
			return s.create(func(in *sdk.CreateLoadBalancerInput) { in.Tags = []types.Tag{tag("a", "b"), tag("a", "c")} })
		}, "DuplicateTagKeys"},
		{"CreateLoadBalancer the 51st", func(s *stack) error {
			for i := range maxBalancers - 2 {
				s.balancer(fmt.Sprint("lb-", i))
			}
			return s.create(func(*sdk.CreateLoadBalancerInput) {})
		}, "TooManyLoadBalancers"},
		{"DescribeLoadBalancers by unknown name", func(s *stack) error {
			return errOf(s.api.DescribeLoadBalancers(s.t.Context(), &sdk.DescribeLoadBalancersInput{Names: []string{"nope"}}))
		}, "LoadBalancerNotFound"},
		{"DescribeLoadBalancers by unknown ARN", func(s *stack) error {
			return errOf(s.api.DescribeLoadBalancers(s.t.Context(), &sdk.DescribeLoadBalancersInput{LoadBalancerArns: []string{*gone(s.lb.LoadBalancerArn)}}))
		}, "LoadBalancerNotFound"},
		{"DescribeLoadBalancers by no ARN", func(s *stack) error {
			return errOf(s.api.DescribeLoadBalancers(s.t.Context(), &sdk.DescribeLoadBalancersInput{LoadBalancerArns: []string{"lb"}}))
		}, "ValidationError"},
		{"DescribeLoadBalancers page of 401", func(s *stack) error {
			return errOf(s.api.DescribeLoadBalancers(s.t.Context(), &sdk.DescribeLoadBalancersInput{PageSize: aws.Int32(401)}))
		}, "ValidationError"},
		{"ModifyLoadBalancerAttributes bogus key", func(s *stack) error { return s.setAttribute("bogus", "1") }, "ValidationError"},
		{"ModifyLoadBalancerAttributes idle timeout 0", func(s *stack) error { return s.setAttribute(idleTimeout, "0") }, "ValidationError"},
		{"ModifyLoadBalancerAttributes keep-alive 59", func(s *stack) error { return s.setAttribute(keepAlive, "59") }, "ValidationError"},
		{"ModifyLoadBalancerAttributes cross-zone off", func(s *stack) error { return s.setAttribute(crossZone, "false") }, "InvalidConfigurationRequest"},
		{"ModifyLoadBalancerAttributes access logs without a bucket", func(s *stack) error { return s.setAttribute("access_logs.s3.enabled", "true") }, "ValidationError"},
		{"SetSubnets to one zone", func(s *stack) error {
			return errOf(s.api.SetSubnets(s.t.Context(), &sdk.SetSubnetsInput{LoadBalancerArn: s.lb.LoadBalancerArn, Subnets: []string{"subnet-a"}}))
		}, "ValidationError"},
		{"SetSubnets to another VPC", func(s *stack) error {
			return errOf(s.api.SetSubnets(s.t.Context(), &sdk.SetSubnetsInput{LoadBalancerArn: s.lb.LoadBalancerArn, Subnets: []string{"subnet-x", "subnet-y"}}))
		}, "InvalidConfigurationRequest"},
		{"SetSecurityGroups unknown", func(s *stack) error {
			return errOf(s.api.SetSecurityGroups(s.t.Context(), &sdk.SetSecurityGroupsInput{LoadBalancerArn: s.lb.LoadBalancerArn, SecurityGroups: []string{"sg-404"}}))
		}, "InvalidSecurityGroup"},
		{"SetIpAddressType bad", func(s *stack) error {
			return errOf(s.api.SetIpAddressType(s.t.Context(), &sdk.SetIpAddressTypeInput{LoadBalancerArn: s.lb.LoadBalancerArn, IpAddressType: "ipv5"}))
		}, "ValidationError"},

		// Listeners.
		{"CreateListener same port", func(s *stack) error {
			return s.createListener(func(in *sdk.CreateListenerInput) { in.Port = aws.Int32(8080) })
		}, "DuplicateListener"},
		{"CreateListener HTTPS without certificate", func(s *stack) error {
			return s.createListener(func(in *sdk.CreateListenerInput) { in.Protocol = types.ProtocolEnumHttps })
		}, "ValidationError"},
		{"CreateListener HTTPS with an unknown certificate", func(s *stack) error {
			return s.createListener(func(in *sdk.CreateListenerInput) {
				in.Protocol, in.Certificates = types.ProtocolEnumHttps, []types.Certificate{{CertificateArn: aws.String(certificate + "404")}}
			})
		}, "CertificateNotFound"},
		{"CreateListener HTTPS with an unknown policy", func(s *stack) error {
			return s.createListener(func(in *sdk.CreateListenerInput) {
				in.Protocol, in.Certificates, in.SslPolicy = types.ProtocolEnumHttps, []types.Certificate{{CertificateArn: aws.String(certificate)}}, aws.String("Lax")
			})
		}, "SSLPolicyNotFound"},
		{"CreateListener HTTP with a certificate", func(s *stack) error {
			return s.createListener(func(in *sdk.CreateListenerInput) {
				in.Certificates = []types.Certificate{{CertificateArn: aws.String(certificate)}}
			})
		}, "ValidationError"},
		{"CreateListener TCP on an ALB", func(s *stack) error {
			return s.createListener(func(in *sdk.CreateListenerInput) { in.Protocol = types.ProtocolEnumTcp })
		}, "ValidationError"},
		{"CreateListener port 0", func(s *stack) error {
			return s.createListener(func(in *sdk.CreateListenerInput) { in.Port = aws.Int32(0) })
		}, "ValidationError"},
		{"CreateListener unknown load balancer", func(s *stack) error {
			return s.createListener(func(in *sdk.CreateListenerInput) { in.LoadBalancerArn = gone(s.lb.LoadBalancerArn) })
		}, "LoadBalancerNotFound"},
		{"CreateListener with client certificates", func(s *stack) error {
			return s.createListener(func(in *sdk.CreateListenerInput) {
				in.Protocol, in.Certificates = types.ProtocolEnumHttps, []types.Certificate{{CertificateArn: aws.String(certificate)}}
				in.MutualAuthentication = &types.MutualAuthenticationAttributes{Mode: aws.String("verify"), TrustStoreArn: aws.String("arn:x")}
			})
		}, "TrustStoreNotFound"},
		{"CreateListener authenticate-oidc, which the sandbox has not", func(s *stack) error {
			return s.createListener(func(in *sdk.CreateListenerInput) {
				in.DefaultActions = append([]types.Action{{Type: types.ActionTypeEnumAuthenticateOidc}}, in.DefaultActions...)
			})
		}, "InvalidConfigurationRequest"},
		{"ModifyListener to a taken port", func(s *stack) error {
			return errOf(s.api.ModifyListener(s.t.Context(), &sdk.ModifyListenerInput{ListenerArn: s.http.ListenerArn, Port: aws.Int32(8443)}))
		}, "DuplicateListener"},
		{"ModifyListener weight 1000 (>999)", func(s *stack) error { return s.modify(weighted(s.blue, 1000, s.spare, 0)) }, "ValidationError"},
		{"ModifyListener weight -1", func(s *stack) error { return s.modify(weighted(s.blue, -1, s.spare, 0)) }, "ValidationError"},
		{"ModifyListener one group twice", func(s *stack) error { return s.modify(weighted(s.blue, 1, s.blue, 1)) }, "ValidationError"},
		{"ModifyListener six groups", func(s *stack) error {
			var groups []any
			for i := range 6 {
				groups = append(groups, s.group(fmt.Sprint("g-", i)), 1)
			}
			return s.modify(weighted(groups...))
		}, "ValidationError"},
		{"ModifyListener forward to unknown TG", func(s *stack) error { return s.modify(forward(*gone(&s.blue))) }, "TargetGroupNotFound"},
		{"ModifyListener forward to a TG of another VPC", func(s *stack) error { return s.modify(forward(s.far)) }, "InvalidConfigurationRequest"},
		{"ModifyListener forward to a TG with TCP", func(s *stack) error { return s.modify(forward(s.net)) }, "IncompatibleProtocols"},
		{"ModifyListener forward to a TG of another load balancer", func(s *stack) error { return s.modify(forward(s.takenTG)) }, "TargetGroupAssociationLimit"},
		{"ModifyListener forward with two opinions", func(s *stack) error {
			actions := weighted(s.blue, 1)
			actions[0].TargetGroupArn = &s.spare
			return s.modify(actions)
		}, "ValidationError"},
		{"ModifyListener two actions", func(s *stack) error { return s.modify(append(forward(s.blue), fixed("200", "")...)) }, "TooManyActions"},
		{"ModifyListener redirect to itself", func(s *stack) error {
			return s.modify(redirect(types.RedirectActionConfig{StatusCode: types.RedirectActionStatusCodeEnumHttp302}))
		}, "InvalidLoadBalancerAction"},
		{"ModifyListener redirect with status 307", func(s *stack) error {
			return s.modify(redirect(types.RedirectActionConfig{StatusCode: "HTTP_307", Host: aws.String("x")}))
		}, "ValidationError"},
		{"ModifyListener fixed response 302", func(s *stack) error { return s.modify(fixed("302", "")) }, "ValidationError"},
		{"ModifyListener unknown", func(s *stack) error {
			return errOf(s.api.ModifyListener(s.t.Context(), &sdk.ModifyListenerInput{ListenerArn: gone(s.http.ListenerArn), Port: aws.Int32(1)}))
		}, "ListenerNotFound"},
		{"DescribeListeners of nothing", func(s *stack) error {
			return errOf(s.api.DescribeListeners(s.t.Context(), &sdk.DescribeListenersInput{}))
		}, "ValidationError"},
		{"ModifyListenerAttributes bogus key", func(s *stack) error {
			return errOf(s.api.ModifyListenerAttributes(s.t.Context(), &sdk.ModifyListenerAttributesInput{ListenerArn: s.http.ListenerArn, Attributes: []types.ListenerAttribute{listenerAttribute("bogus", "")}}))
		}, "ValidationError"},
		{"AddListenerCertificates unknown", func(s *stack) error {
			return errOf(s.api.AddListenerCertificates(s.t.Context(), &sdk.AddListenerCertificatesInput{ListenerArn: s.https.ListenerArn, Certificates: []types.Certificate{{CertificateArn: aws.String("arn:404")}}}))
		}, "CertificateNotFound"},
		{"RemoveListenerCertificates the default one", func(s *stack) error {
			return errOf(s.api.RemoveListenerCertificates(s.t.Context(), &sdk.RemoveListenerCertificatesInput{ListenerArn: s.https.ListenerArn, Certificates: []types.Certificate{{CertificateArn: aws.String(certificate)}}}))
		}, "OperationNotPermitted"},
		{"DescribeListenerCertificates of an HTTP listener", func(s *stack) error {
			return errOf(s.api.DescribeListenerCertificates(s.t.Context(), &sdk.DescribeListenerCertificatesInput{ListenerArn: s.http.ListenerArn}))
		}, "ValidationError"},

		// Rules.
		{"CreateRule duplicate priority", func(s *stack) error { return s.createRule(10, forward(s.blue), path("/y")) }, "PriorityInUse"},
		{"CreateRule priority 0", func(s *stack) error { return s.createRule(0, forward(s.blue), path("/y")) }, "ValidationError"},
		{"CreateRule priority 50001", func(s *stack) error { return s.createRule(50001, forward(s.blue), path("/y")) }, "ValidationError"},
		{"CreateRule bad field", func(s *stack) error {
			return s.createRule(1, forward(s.blue), types.RuleCondition{Field: aws.String("cookie"), Values: []string{"x"}})
		}, "ValidationError"},
		{"CreateRule two path conditions", func(s *stack) error { return s.createRule(1, forward(s.blue), path("/y"), path("/z")) }, "ValidationError"},
		{"CreateRule six values", func(s *stack) error {
			return s.createRule(1, forward(s.blue), path("/1", "/2", "/3", "/4", "/5", "/6"))
		}, "ValidationError"},
		{"CreateRule values in two places", func(s *stack) error {
			c := path("/y")
			c.Values = []string{"/y"}
			return s.createRule(1, forward(s.blue), c)
		}, "ValidationError"},
		{"CreateRule bad CIDR", func(s *stack) error {
			return s.createRule(1, forward(s.blue), types.RuleCondition{Field: aws.String(sourceField), SourceIpConfig: &types.SourceIpConditionConfig{Values: []string{"10.0.0.1"}}})
		}, "ValidationError"},
		{"CreateRule http-header host", func(s *stack) error {
			return s.createRule(1, forward(s.blue), types.RuleCondition{Field: aws.String(headerField), HttpHeaderConfig: &types.HttpHeaderConditionConfig{HttpHeaderName: aws.String("Host"), Values: []string{"x"}}})
		}, "ValidationError"},
		{"CreateRule bad regular expression", func(s *stack) error {
			return s.createRule(1, forward(s.blue), types.RuleCondition{Field: aws.String(pathField), RegexValues: []string{"("}})
		}, "ValidationError"},
		{"CreateRule the 101st", func(s *stack) error {
			for i := range int32(maxRules - 1) {
				s.world.rule(s.http, 100+i, forward(s.blue), path("/y"))
			}
			return s.createRule(1, forward(s.blue), path("/y"))
		}, "TooManyRules"},
		{"DeleteRule of a vanished rule", func(s *stack) error {
			return errOf(s.api.DeleteRule(s.t.Context(), &sdk.DeleteRuleInput{RuleArn: gone(s.rule.RuleArn)}))
		}, "RuleNotFound"},
		{"DeleteRule of the default rule", func(s *stack) error {
			rules := must(s.world, s.api.DescribeRules, &sdk.DescribeRulesInput{ListenerArn: s.http.ListenerArn}).Rules
			return errOf(s.api.DeleteRule(s.t.Context(), &sdk.DeleteRuleInput{RuleArn: rules[len(rules)-1].RuleArn}))
		}, "OperationNotPermitted"},
		{"SetRulePriorities onto another rule", func(s *stack) error {
			other := s.world.rule(s.http, 11, forward(s.blue), path("/y"))
			return errOf(s.api.SetRulePriorities(s.t.Context(), &sdk.SetRulePrioritiesInput{RulePriorities: []types.RulePriorityPair{{RuleArn: other.RuleArn, Priority: aws.Int32(10)}}}))
		}, "PriorityInUse"},

		// Target groups and targets.
		{"CreateTargetGroup same name, other settings", func(s *stack) error {
			return s.createGroup(func(in *sdk.CreateTargetGroupInput) { in.Name = aws.String("blue") })
		}, "DuplicateTargetGroupName"},
		{"CreateTargetGroup unknown VPC", func(s *stack) error {
			return s.createGroup(func(in *sdk.CreateTargetGroupInput) { in.VpcId = aws.String("vpc-404") })
		}, "ValidationError"},
		{"CreateTargetGroup without a port", func(s *stack) error {
			return s.createGroup(func(in *sdk.CreateTargetGroupInput) { in.Port = nil })
		}, "ValidationError"},
		{"CreateTargetGroup timeout not below the interval", func(s *stack) error {
			return s.createGroup(func(in *sdk.CreateTargetGroupInput) {
				in.HealthCheckIntervalSeconds, in.HealthCheckTimeoutSeconds = aws.Int32(5), aws.Int32(5)
			})
		}, "ValidationError"},
		{"CreateTargetGroup threshold 1", func(s *stack) error {
			return s.createGroup(func(in *sdk.CreateTargetGroupInput) { in.HealthyThresholdCount = aws.Int32(1) })
		}, "ValidationError"},
		{"CreateTargetGroup matcher 500", func(s *stack) error {
			return s.createGroup(func(in *sdk.CreateTargetGroupInput) { in.Matcher = &types.Matcher{HttpCode: aws.String("500")} })
		}, "ValidationError"},
		{"CreateTargetGroup path without a slash", func(s *stack) error {
			return s.createGroup(func(in *sdk.CreateTargetGroupInput) { in.HealthCheckPath = aws.String("health") })
		}, "ValidationError"},
		{"CreateTargetGroup without health checks", func(s *stack) error {
			return s.createGroup(func(in *sdk.CreateTargetGroupInput) { in.HealthCheckEnabled = aws.Bool(false) })
		}, "ValidationError"},
		{"CreateTargetGroup lambda, which the sandbox has not", func(s *stack) error {
			return s.createGroup(func(in *sdk.CreateTargetGroupInput) { in.TargetType = types.TargetTypeEnumLambda })
		}, "InvalidConfigurationRequest"},
		{"DescribeTargetGroups by unknown name", func(s *stack) error {
			return errOf(s.api.DescribeTargetGroups(s.t.Context(), &sdk.DescribeTargetGroupsInput{Names: []string{"nope"}}))
		}, "TargetGroupNotFound"},
		{"ModifyTargetGroupAttributes bogus key", func(s *stack) error { return s.setGroupAttribute("bogus", "1") }, "ValidationError"},
		{"ModifyTargetGroupAttributes slow start 5", func(s *stack) error { return s.setGroupAttribute("slow_start.duration_seconds", "5") }, "ValidationError"},
		{"ModifyTargetGroupAttributes reserved cookie", func(s *stack) error { return s.setGroupAttribute("stickiness.app_cookie.cookie_name", "AWSALB") }, "ValidationError"},
		{"DeleteTargetGroup while in use", func(s *stack) error {
			return errOf(s.api.DeleteTargetGroup(s.t.Context(), &sdk.DeleteTargetGroupInput{TargetGroupArn: &s.blue}))
		}, "ResourceInUse"},
		{"RegisterTargets unknown instance", func(s *stack) error { return s.registerOne(s.blue, "i-404") }, "InvalidTarget"},
		{"RegisterTargets stopped instance", func(s *stack) error { return s.registerOne(s.blue, "i-stopped") }, "InvalidTarget"},
		{"RegisterTargets an address in a group of instances", func(s *stack) error { return s.registerOne(s.blue, "10.0.0.1") }, "ValidationError"},
		{"RegisterTargets unknown TG", func(s *stack) error { return s.registerOne(*gone(&s.blue), "i-1") }, "TargetGroupNotFound"},
		{"DescribeTargetHealth unknown instance", func(s *stack) error {
			return errOf(s.api.DescribeTargetHealth(s.t.Context(), &sdk.DescribeTargetHealthInput{TargetGroupArn: &s.blue, Targets: []types.TargetDescription{{Id: aws.String("i-404")}}}))
		}, "InvalidTarget"},

		// Tags.
		{"DescribeTags of 21 resources", func(s *stack) error {
			arns := make([]string, 21)
			for i := range arns {
				arns[i] = s.blue
			}
			return errOf(s.api.DescribeTags(s.t.Context(), &sdk.DescribeTagsInput{ResourceArns: arns}))
		}, "ValidationError"},
		{"DescribeTags of a vanished listener", func(s *stack) error {
			return errOf(s.api.DescribeTags(s.t.Context(), &sdk.DescribeTagsInput{ResourceArns: []string{s.blue, *gone(s.http.ListenerArn)}}))
		}, "ListenerNotFound"},
		{"AddTags with AWS's prefix", func(s *stack) error {
			return errOf(s.api.AddTags(s.t.Context(), &sdk.AddTagsInput{ResourceArns: []string{s.blue}, Tags: []types.Tag{tag("aws:x", "y")}}))
		}, "ValidationError"},
		{"AddTags the 51st", func(s *stack) error {
			var many []types.Tag
			for i := range maxTags + 1 {
				many = append(many, tag(fmt.Sprint(i), ""))
			}
			return errOf(s.api.AddTags(s.t.Context(), &sdk.AddTagsInput{ResourceArns: []string{s.blue}, Tags: many}))
		}, "TooManyTags"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStack(t)
				if got := code(c.try(s)); got != c.want {
					t.Errorf("code %q, want %q", got, c.want)
				}
			})
		})
	}
}
