package wire_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"bluegreen/internal/sandbox/wire"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchschemas "github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"
	"github.com/google/go-cmp/cmp"
)

// caller calls one operation with the SDK.
type caller func(ctx context.Context, c aws.Config) error

var (
	getHostedZone caller = func(ctx context.Context, c aws.Config) error {
		_, err := route53.NewFromConfig(c).GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: aws.String("Z1")})
		return err
	}
	changeRecords caller = func(ctx context.Context, c aws.Config) error {
		_, err := route53.NewFromConfig(c).ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: aws.String("Z1"), ChangeBatch: &route53types.ChangeBatch{Changes: []route53types.Change{}},
		})
		return err
	}
	describeVpcs caller = func(ctx context.Context, c aws.Config) error {
		_, err := ec2.NewFromConfig(c).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
		return err
	}
	describeBalancers caller = func(ctx context.Context, c aws.Config) error {
		_, err := elbv2.NewFromConfig(c).DescribeLoadBalancers(ctx, &elbv2.DescribeLoadBalancersInput{})
		return err
	}
	describeGroups caller = func(ctx context.Context, c aws.Config) error {
		_, err := autoscaling.NewFromConfig(c).DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
		return err
	}
	getParameter caller = func(ctx context.Context, c aws.Config) error {
		_, err := ssm.NewFromConfig(c).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/a")})
		return err
	}
	callerIdentity caller = func(ctx context.Context, c aws.Config) error {
		_, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		return err
	}
	listMetrics = listMetricsOver(nil)
)

// listMetricsOver speaks a protocol; the SDK's own choice, CBOR, when nil.
func listMetricsOver(protocol smithyhttp.ClientProtocol) caller {
	return func(ctx context.Context, c aws.Config) error {
		client := cloudwatch.NewFromConfig(c, func(o *cloudwatch.Options) {
			if protocol != nil {
				o.Protocol = protocol
			}
		})
		_, err := client.ListMetrics(ctx, &cloudwatch.ListMetricsInput{})
		return err
	}
}

// answering is a front with the operations above, all of which say what answer says.
func answering(answer func() error) *wire.Front {
	with := func(s wire.Service, operations ...wire.Operation) wire.Service {
		s.Operations = operations
		return s
	}
	return wire.NewFront(&sync.Mutex{},
		with(route53Service,
			toy[route53.GetHostedZoneInput, route53.GetHostedZoneOutput]("GetHostedZone", answer),
			toy[route53.ChangeResourceRecordSetsInput, route53.ChangeResourceRecordSetsOutput]("ChangeResourceRecordSets", answer)),
		with(ec2Service, toy[ec2.DescribeVpcsInput, ec2.DescribeVpcsOutput]("DescribeVpcs", answer)),
		with(elbv2Service, toy[elbv2.DescribeLoadBalancersInput, elbv2.DescribeLoadBalancersOutput]("DescribeLoadBalancers", answer)),
		with(autoscalingService,
			toy[autoscaling.DescribeAutoScalingGroupsInput, autoscaling.DescribeAutoScalingGroupsOutput]("DescribeAutoScalingGroups", answer)),
		with(cloudwatchService, toy[cloudwatch.ListMetricsInput, cloudwatch.ListMetricsOutput]("ListMetrics", answer)),
		with(ssmService, toy[ssm.GetParameterInput, ssm.GetParameterOutput]("GetParameter", answer)),
		with(stsService, toy[sts.GetCallerIdentityInput, sts.GetCallerIdentityOutput]("GetCallerIdentity", answer)),
	)
}

func toy[In, Out any](name string, answer func() error) wire.Operation {
	return wire.Op(name, func(context.Context, *In) (*Out, error) { return new(Out), answer() })
}

// once keeps the SDK from trying again.
func once(c aws.Config) aws.Config {
	c.RetryMaxAttempts = 1
	return c
}

// seen is an error as a client of the SDK sees it.
type seen struct {
	Code, Message string
	Type          string
	Status        int
	RequestID     bool
}

func look(err error) seen {
	var s seen
	var api smithy.APIError
	if errors.As(err, &api) {
		s.Code, s.Message, s.Type = api.ErrorCode(), api.ErrorMessage(), fmt.Sprintf("%T", api)
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		s.Status, s.RequestID = response.HTTPStatusCode(), response.ServiceRequestID() != ""
	}
	return s
}

func TestErrors(t *testing.T) {
	const generic = "*smithy.GenericAPIError"
	schema := cloudwatchschemas.GraniteServiceVersion20100801
	for name, c := range map[string]struct {
		call caller
		sent error
		want seen
	}{
		"rest-xml": {
			getHostedZone, wire.Errorf("NoSuchHostedZone", "No hosted zone found with ID: %s", "Z1").WithStatus(404),
			seen{"NoSuchHostedZone", "No hosted zone found with ID: Z1", "*types.NoSuchHostedZone", 404, true},
		},
		"rest-xml prior request": {
			changeRecords, wire.Errorf("PriorRequestNotComplete", "The request was rejected because …"),
			seen{"PriorRequestNotComplete", "The request was rejected because …", "*types.PriorRequestNotComplete", 400, true},
		},
		"ec2": {
			describeVpcs, wire.Errorf("InvalidVpcID.NotFound", "The vpc ID '<v>' does not exist"),
			seen{"InvalidVpcID.NotFound", "The vpc ID '<v>' does not exist", generic, 400, true},
		},
		"query": {
			describeBalancers, wire.Errorf("LoadBalancerNotFound", "One or more load balancers not found"),
			seen{"LoadBalancerNotFound", "One or more load balancers not found", "*types.LoadBalancerNotFoundException", 400, true},
		},
		"query, not modelled": {
			describeGroups, wire.Errorf("ValidationError", "no"), seen{"ValidationError", "no", generic, 400, true},
		},
		"query, wrapped": {
			callerIdentity, fmt.Errorf("look up: %w", wire.Errorf("AccessDenied", "no").WithStatus(403)),
			seen{"AccessDenied", "no", generic, 403, true},
		},
		"json": {
			getParameter, wire.Errorf("ParameterNotFound", "not there"),
			seen{"ParameterNotFound", "not there", "*types.ParameterNotFound", 400, true},
		},
		"cbor with a code from the days of query": {
			listMetrics, wire.Errorf("InvalidParameterValue", "no"),
			seen{"InvalidParameterValue", "no", "*types.InvalidParameterValueException", 400, true},
		},
		"json with a code from the days of query": {
			listMetricsOver(awsjson.New10(schema)), wire.Errorf("InternalServiceError", "no").WithStatus(500),
			seen{"InternalServiceError", "no", "*types.InternalServiceFault", 500, true},
		},
		"cloudwatch over query": {
			listMetricsOver(awsquery.New(schema)), wire.Errorf("InvalidParameterValue", "no"),
			// The SDK finds the type by the code on the wire, and the type then gives itself its own name.
			seen{"InvalidParameterValueException", "no", "*types.InvalidParameterValueException", 400, true},
		},
		"not an API error": {
			describeVpcs, errors.New("out of cheese"), seen{"InternalFailure", "out of cheese", generic, 500, true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			front := answering(func() error { return c.sent })
			got := look(c.call(t.Context(), once(inMemory(front))))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestInvalidChangeBatch(t *testing.T) {
	messages := []string{"Tried to create resource record set [name='a.', type='A'] but it already exists", "and <that>"}
	front := answering(func() error { return &wire.Error{Code: "InvalidChangeBatch", Messages: messages} })
	err := changeRecords(t.Context(), once(inMemory(front)))
	var invalid *route53types.InvalidChangeBatch
	if !errors.As(err, &invalid) {
		t.Fatalf("got %v", err)
	}
	want := &route53types.InvalidChangeBatch{
		Message:  aws.String("[" + messages[0] + ", " + messages[1] + "]"),
		Messages: messages,
	}
	if d := diff(want, invalid); d != "" {
		t.Error(d)
	}
	if got := look(err).Status; got != http.StatusBadRequest {
		t.Errorf("status %d", got)
	}
}

func TestThrottlesAreRetried(t *testing.T) {
	throttles := retry.IsErrorThrottles(retry.DefaultThrottles)
	retryer := retry.NewStandard()
	for name, c := range map[string]struct {
		call   caller
		code   string
		status int
	}{
		"route53":              {getHostedZone, "Throttling", 400},
		"ec2":                  {describeVpcs, "RequestLimitExceeded", 503},
		"elasticloadbalancing": {describeBalancers, "Throttling", 400},
		"autoscaling":          {describeGroups, "Throttling", 400},
		"monitoring":           {listMetrics, "ThrottlingException", 400},
		"ssm":                  {getParameter, "ThrottlingException", 400},
		"sts":                  {callerIdentity, "Throttling", 400},
	} {
		t.Run(name, func(t *testing.T) {
			front := answering(func() error { return nil })
			front.Faults.Add(wire.Fault{Service: name, Action: wire.ActionThrottle})
			err := c.call(t.Context(), once(inMemory(front)))
			got := look(err)
			if got.Code != c.code || got.Status != c.status {
				t.Errorf("got %s with status %d, want %s with status %d", got.Code, got.Status, c.code, c.status)
			}
			if !throttles.IsErrorThrottle(err).Bool() || !retryer.IsErrorRetryable(err) {
				t.Errorf("the SDK does not see a throttle in %v", err)
			}
		})
	}
	t.Run("PriorRequestNotComplete", func(t *testing.T) {
		front := answering(func() error { return wire.Errorf("PriorRequestNotComplete", "busy") })
		if err := changeRecords(t.Context(), once(inMemory(front))); !throttles.IsErrorThrottle(err).Bool() {
			t.Errorf("the SDK does not see a throttle in %v", err)
		}
	})
}
