package balancer

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// recorder is an api that keeps what it was asked for. What it is not made for panics.
type recorder struct {
	api
	mu           sync.Mutex
	certificates []string
	balancer     *elbv2.CreateLoadBalancerInput
	group        *elbv2.CreateTargetGroupInput
	listener     *elbv2.CreateListenerInput
	rule         *elbv2.CreateRuleInput
	attributes   []types.LoadBalancerAttribute
	refuse       error // of every creation
	tags         []types.Tag
}

func (r *recorder) CreateLoadBalancer(_ context.Context, in *elbv2.CreateLoadBalancerInput, _ ...func(*elbv2.Options)) (*elbv2.CreateLoadBalancerOutput, error) {
	r.balancer = in
	return &elbv2.CreateLoadBalancerOutput{LoadBalancers: []types.LoadBalancer{{Type: types.LoadBalancerTypeEnumApplication}}}, r.refuse
}

func (r *recorder) DescribeLoadBalancers(context.Context, *elbv2.DescribeLoadBalancersInput, ...func(*elbv2.Options)) (*elbv2.DescribeLoadBalancersOutput, error) {
	return &elbv2.DescribeLoadBalancersOutput{LoadBalancers: []types.LoadBalancer{{LoadBalancerArn: aws.String("arn:there"), Type: types.LoadBalancerTypeEnumApplication}}}, nil
}

func (r *recorder) DescribeTags(_ context.Context, in *elbv2.DescribeTagsInput, _ ...func(*elbv2.Options)) (*elbv2.DescribeTagsOutput, error) {
	return &elbv2.DescribeTagsOutput{TagDescriptions: []types.TagDescription{{ResourceArn: &in.ResourceArns[0], Tags: r.tags}}}, nil
}

func (r *recorder) CreateTargetGroup(_ context.Context, in *elbv2.CreateTargetGroupInput, _ ...func(*elbv2.Options)) (*elbv2.CreateTargetGroupOutput, error) {
	r.group = in
	return &elbv2.CreateTargetGroupOutput{TargetGroups: []types.TargetGroup{{}}}, r.refuse
}

func (r *recorder) CreateListener(_ context.Context, in *elbv2.CreateListenerInput, _ ...func(*elbv2.Options)) (*elbv2.CreateListenerOutput, error) {
	r.listener = in
	return &elbv2.CreateListenerOutput{Listeners: []types.Listener{{}}}, r.refuse
}

func (r *recorder) CreateRule(_ context.Context, in *elbv2.CreateRuleInput, _ ...func(*elbv2.Options)) (*elbv2.CreateRuleOutput, error) {
	r.rule = in
	return &elbv2.CreateRuleOutput{}, r.refuse
}

func (r *recorder) AddListenerCertificates(_ context.Context, in *elbv2.AddListenerCertificatesInput, _ ...func(*elbv2.Options)) (*elbv2.AddListenerCertificatesOutput, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(in.Certificates) != 1 || in.Certificates[0].IsDefault != nil {
		return nil, errors.New("one certificate goes in a call, and does not say whether it is the default")
	}
	r.certificates = append(r.certificates, *in.Certificates[0].CertificateArn)
	return &elbv2.AddListenerCertificatesOutput{}, nil
}

func (r *recorder) DescribeLoadBalancerAttributes(context.Context, *elbv2.DescribeLoadBalancerAttributesInput, ...func(*elbv2.Options)) (*elbv2.DescribeLoadBalancerAttributesOutput, error) {
	return &elbv2.DescribeLoadBalancerAttributesOutput{Attributes: []types.LoadBalancerAttribute{
		{Key: aws.String("idle_timeout.timeout_seconds"), Value: aws.String("60")}, {Key: aws.String("access_logs.s3.bucket"), Value: aws.String("")},
		{Key: aws.String("access_logs.s3.enabled"), Value: aws.String("false")},
	}}, nil
}

func (r *recorder) ModifyLoadBalancerAttributes(_ context.Context, in *elbv2.ModifyLoadBalancerAttributesInput, _ ...func(*elbv2.Options)) (*elbv2.ModifyLoadBalancerAttributesOutput, error) {
	r.attributes = in.Attributes
	return &elbv2.ModifyLoadBalancerAttributesOutput{}, nil
}

var sdkTypes = cmpopts.IgnoreUnexported(
	elbv2.CreateLoadBalancerInput{}, elbv2.CreateTargetGroupInput{}, elbv2.CreateListenerInput{}, elbv2.CreateRuleInput{}, types.Tag{}, types.Matcher{},
	types.Certificate{}, types.MutualAuthenticationAttributes{}, types.Action{}, types.ForwardActionConfig{}, types.TargetGroupTuple{},
	types.RuleCondition{}, types.HostHeaderConditionConfig{}, types.HttpHeaderConditionConfig{}, types.RedirectActionConfig{}, types.LoadBalancerAttribute{},
	types.TargetGroupStickinessConfig{}, types.RuleTransform{}, types.UrlRewriteConfig{}, types.RewriteConfig{}, types.QueryStringConditionConfig{},
)

func same(m map[string]string) map[string]string { return m }

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, sdkTypes); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestCreateBalancerAsksForNothingThatIsNotForIt(t *testing.T) {
	r := &recorder{}
	b := Blueprint{Balancer: Balancer{ARN: "arn:lb"}, tags: map[string]map[string]string{"arn:lb": {"k": "v"}}, lb: types.LoadBalancer{
		LoadBalancerArn: aws.String("arn:lb"), Type: types.LoadBalancerTypeEnumApplication, Scheme: types.LoadBalancerSchemeEnumInternal,
		IpAddressType: types.IpAddressTypeIpv4, SecurityGroups: []string{"sg-2", "sg-1"}, VpcId: aws.String("vpc-1"),
		EnablePrefixForIpv6SourceNat: types.EnablePrefixForIpv6SourceNatEnumOff, CustomerOwnedIpv4Pool: aws.String(""),
		EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: aws.String("off"),
		AvailabilityZones: []types.AvailabilityZone{{SubnetId: aws.String("subnet-2"), LoadBalancerAddresses: []types.LoadBalancerAddress{}}, {SubnetId: aws.String("subnet-1")}},
	}}
	if _, err := (&Client{r}).CreateBalancer(t.Context(), b, "copy", same); err != nil {
		t.Fatal(err)
	}
	check(t, "the request", &elbv2.CreateLoadBalancerInput{
		Name: aws.String("copy"), Type: types.LoadBalancerTypeEnumApplication, Scheme: types.LoadBalancerSchemeEnumInternal,
		IpAddressType: types.IpAddressTypeIpv4, SecurityGroups: []string{"sg-2", "sg-1"}, Subnets: []string{"subnet-2", "subnet-1"},
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	}, r.balancer)
}

// TestFoundAgain checks whose a load balancer is that stands in the way: ours has our tags, whatever AWS added.
func TestFoundAgain(t *testing.T) {
	b := Blueprint{Balancer: Balancer{ARN: "arn:lb"}, tags: map[string]map[string]string{"arn:lb": {"bluegreen:deployment": "7", "empty": ""}}}
	for _, tc := range []struct {
		name string
		tags []types.Tag
		want error
	}{
		{"ours", []types.Tag{{Key: aws.String("bluegreen:deployment"), Value: aws.String("7")}, {Key: aws.String("empty"), Value: aws.String("")}, {Key: aws.String("aws:createdBy"), Value: aws.String("us")}}, nil},
		{"of another deployment", []types.Tag{{Key: aws.String("bluegreen:deployment"), Value: aws.String("6")}, {Key: aws.String("empty"), Value: aws.String("")}}, ErrForeign},
		{"without an empty tag", []types.Tag{{Key: aws.String("bluegreen:deployment"), Value: aws.String("7")}}, ErrForeign},
		{"nobody's", nil, ErrForeign},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &recorder{tags: tc.tags, refuse: &smithy.GenericAPIError{Code: "DuplicateLoadBalancerName"}}
			made, err := (&Client{r}).CreateBalancer(t.Context(), b, "copy", same)
			if !errors.Is(err, tc.want) || err == nil && made.ARN != "arn:there" {
				t.Errorf("it is %v, %v", made, err)
			}
		})
	}
}

func TestCreateGroupKeepsWhatIsDescribed(t *testing.T) {
	r := &recorder{}
	source := types.TargetGroup{
		TargetGroupArn: aws.String("arn:tg"), TargetGroupName: aws.String("source"), Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: aws.String("vpc-1"),
		ProtocolVersion: aws.String("GRPC"), Matcher: &types.Matcher{GrpcCode: aws.String("0-5")}, HealthCheckEnabled: aws.Bool(true),
		HealthCheckPath: aws.String("/grpc.health.v1.Health/Check"), TargetType: types.TargetTypeEnumInstance, IpAddressType: types.TargetGroupIpAddressTypeEnumIpv4,
		LoadBalancerArns: []string{"arn:lb"}, TargetControlPort: aws.Int32(9000),
	}
	if _, err := (&Client{r}).CreateGroup(t.Context(), Blueprint{groups: []groupPrint{{group: source}}}, 0, "copy", same); err != nil {
		t.Fatal(err)
	}
	check(t, "the request", &elbv2.CreateTargetGroupInput{
		Name: aws.String("copy"), Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: aws.String("vpc-1"), ProtocolVersion: aws.String("GRPC"),
		Matcher: &types.Matcher{GrpcCode: aws.String("0-5")}, HealthCheckEnabled: aws.Bool(true), HealthCheckPath: aws.String("/grpc.health.v1.Health/Check"),
		TargetType: types.TargetTypeEnumInstance, IpAddressType: types.TargetGroupIpAddressTypeEnumIpv4, TargetControlPort: aws.Int32(9000),
	}, r.group)
}

func TestCreateListenerSetsMutualAuthenticationByItsMode(t *testing.T) {
	for _, tc := range []struct {
		name      string
		described *types.MutualAuthenticationAttributes
		want      *types.MutualAuthenticationAttributes
	}{
		{"none", nil, nil},
		{"off", &types.MutualAuthenticationAttributes{Mode: aws.String("off"), IgnoreClientCertificateExpiry: aws.Bool(false)}, nil},
		{"passthrough", &types.MutualAuthenticationAttributes{Mode: aws.String("passthrough"), IgnoreClientCertificateExpiry: aws.Bool(false)}, &types.MutualAuthenticationAttributes{Mode: aws.String("passthrough")}},
		{"verify", &types.MutualAuthenticationAttributes{
			Mode: aws.String("verify"), TrustStoreArn: aws.String("arn:trust"), IgnoreClientCertificateExpiry: aws.Bool(false),
			TrustStoreAssociationStatus: types.TrustStoreAssociationStatusEnumActive, AdvertiseTrustStoreCaNames: types.AdvertiseTrustStoreCaNamesEnumOff,
		}, &types.MutualAuthenticationAttributes{
			Mode: aws.String("verify"), TrustStoreArn: aws.String("arn:trust"), IgnoreClientCertificateExpiry: aws.Bool(false), AdvertiseTrustStoreCaNames: types.AdvertiseTrustStoreCaNamesEnumOff,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &recorder{}
			source := types.Listener{
				ListenerArn: aws.String("arn:l"), LoadBalancerArn: aws.String("arn:lb"), Port: aws.Int32(443), Protocol: types.ProtocolEnumHttps,
				AlpnPolicy: []string{}, Certificates: []types.Certificate{{CertificateArn: aws.String("arn:cert"), IsDefault: aws.Bool(true)}},
				MutualAuthentication: tc.described, DefaultActions: forwardTo("arn:blue"),
			}
			_, err := (&Client{r}).CreateListener(t.Context(), Blueprint{listeners: []listenerPrint{{listener: source}}}, 0, "arn:copy", map[string]string{"arn:blue": "arn:green"}, same)
			if err != nil {
				t.Fatal(err)
			}
			check(t, "the request", &elbv2.CreateListenerInput{
				LoadBalancerArn: aws.String("arn:copy"), Port: aws.Int32(443), Protocol: types.ProtocolEnumHttps, MutualAuthentication: tc.want,
				Certificates: []types.Certificate{{CertificateArn: aws.String("arn:cert")}}, DefaultActions: forwardTo("arn:green"),
			}, r.listener)
			if *source.DefaultActions[0].TargetGroupArn != "arn:blue" || *source.DefaultActions[0].ForwardConfig.TargetGroups[0].TargetGroupArn != "arn:blue" {
				t.Error("the source was changed")
			}
		})
	}
}

// forwardTo is an action as it is described, in both its forms.
func forwardTo(arn string) []types.Action {
	return []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &arn, ForwardConfig: &types.ForwardActionConfig{
		TargetGroups:                []types.TargetGroupTuple{{TargetGroupArn: aws.String(arn), Weight: aws.Int32(1)}},
		TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: aws.Bool(false)},
	}}}
}

func TestCreateRuleSaysEachConditionOnce(t *testing.T) {
	r := &recorder{}
	source := types.Rule{
		RuleArn: aws.String("arn:r"), Priority: aws.String("7"), IsDefault: aws.Bool(false),
		Conditions: []types.RuleCondition{
			{Field: aws.String("host-header"), Values: []string{"a"}, HostHeaderConfig: &types.HostHeaderConditionConfig{Values: []string{"a"}, RegexValues: []string{}}, RegexValues: []string{}},
			{Field: aws.String("http-header"), RegexValues: []string{"^b"}, Values: []string{}, HttpHeaderConfig: &types.HttpHeaderConditionConfig{HttpHeaderName: aws.String("X"), RegexValues: []string{"^b"}, Values: []string{}}},
		},
		Actions: []types.Action{{Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{Query: aws.String(""), Host: aws.String("#{host}")}}},
		Transforms: []types.RuleTransform{{Type: types.TransformTypeEnumUrlRewrite, UrlRewriteConfig: &types.UrlRewriteConfig{
			Rewrites: []types.RewriteConfig{{Regex: aws.String("^/v1"), Replace: aws.String("")}},
		}}},
	}
	err := (&Client{r}).CreateRules(t.Context(), Blueprint{listeners: []listenerPrint{{rules: []types.Rule{source}}}}, 0, "arn:l", nil, same)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "the request", &elbv2.CreateRuleInput{
		ListenerArn: aws.String("arn:l"), Priority: aws.Int32(7), Actions: source.Actions, Transforms: source.Transforms,
		Conditions: []types.RuleCondition{
			{Field: aws.String("host-header"), HostHeaderConfig: &types.HostHeaderConditionConfig{Values: []string{"a"}}},
			{Field: aws.String("http-header"), HttpHeaderConfig: &types.HttpHeaderConditionConfig{HttpHeaderName: aws.String("X"), RegexValues: []string{"^b"}}},
		},
	}, r.rule)
}

func TestCertificatesGoOneByOne(t *testing.T) {
	r := &recorder{}
	b := Blueprint{listeners: []listenerPrint{{certificates: []types.Certificate{{CertificateArn: aws.String("one"), IsDefault: aws.Bool(false)}, {CertificateArn: aws.String("two")}}}}}
	if err := (&Client{r}).AddCertificates(t.Context(), b, 0, "arn:l"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"one", "two"}, r.certificates, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
		t.Errorf("certificates (-want +got):\n%s", diff)
	}
}

// TestAttributesThatAreSo checks that only what differs is set: AWS refuses to be told some of its defaults.
func TestAttributesThatAreSo(t *testing.T) {
	r := &recorder{}
	want := map[string]string{"idle_timeout.timeout_seconds": "60", "access_logs.s3.bucket": "logs", "access_logs.s3.enabled": "true"}
	if err := (&Client{r}).SetAttributes(t.Context(), Blueprint{attrs: want}, "arn:lb"); err != nil {
		t.Fatal(err)
	}
	check(t, "the attributes", []types.LoadBalancerAttribute{
		{Key: aws.String("access_logs.s3.bucket"), Value: aws.String("logs")}, {Key: aws.String("access_logs.s3.enabled"), Value: aws.String("true")},
	}, r.attributes)
}
