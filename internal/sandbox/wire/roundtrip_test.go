package wire_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync"
	"testing"

	"bluegreen/internal/sandbox/wire"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchschemas "github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"
	"github.com/aws/smithy-go/transport/http/protocol/rpcv2"
)

// rounds sends messages of every operation of a service through the SDK's client, a socket and the front, in both
// directions, and compares what was sent with what arrives.
type rounds struct {
	t          *testing.T
	config     aws.Config
	front      *wire.Front
	operations []wire.Operation
	checks     []func()
}

func newRounds(t *testing.T) *rounds {
	r := &rounds{t: t}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.front.ServeHTTP(w, q) }))
	t.Cleanup(server.Close)
	r.config = testConfig(server.URL, server.Client())
	return r
}

// round adds an operation: with every field set, and with no field set in the reply.
func round[In, Out, Options any](
	r *rounds, name string, call func(context.Context, *In, ...func(*Options)) (*Out, error),
) {
	var arrived *In
	var answer *Out
	r.operations = append(r.operations, wire.Op(name, func(_ context.Context, in *In) (*Out, error) {
		arrived = in
		return answer, nil
	}))
	r.checks = append(r.checks, func() {
		for what, sent := range map[string]*Out{"full": filled[Out](r.t), "empty": empty[Out]()} {
			r.t.Run(name+"/"+what, func(t *testing.T) {
				answer = sent
				in := filled[In](t)
				got, err := call(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				if d := diff(in, arrived); d != "" {
					t.Errorf("the request changed on its way (-sent +arrived):\n%s", d)
				}
				if d := diff(sent, got); d != "" {
					t.Errorf("the reply changed on its way (-sent +arrived):\n%s", d)
				}
			})
		}
	})
}

// empty is an output with no field set. Lists are there nevertheless, as services send them.
func empty[Out any]() *Out {
	out := new(Out)
	for _, field := range reflect.ValueOf(out).Elem().Fields() {
		if field.Kind() == reflect.Slice && field.CanSet() && field.Type().Elem().Kind() != reflect.Uint8 {
			field.Set(reflect.MakeSlice(field.Type(), 0, 0))
		}
	}
	return out
}

func (r *rounds) run(service wire.Service) {
	service.Operations = r.operations
	r.front = wire.NewFront(&sync.Mutex{}, service)
	for _, check := range r.checks {
		check()
	}
}

func TestRoundTripCloudWatch(t *testing.T) {
	for name, protocol := range map[string]smithyhttp.ClientProtocol{
		"cbor":  rpcv2.NewCBOR(cloudwatchschemas.GraniteServiceVersion20100801),
		"json":  awsjson.New10(cloudwatchschemas.GraniteServiceVersion20100801),
		"query": awsquery.New(cloudwatchschemas.GraniteServiceVersion20100801),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRounds(t)
			c := cloudwatch.NewFromConfig(r.config, func(o *cloudwatch.Options) { o.Protocol = protocol })
			round(r, "GetMetricData", c.GetMetricData)
			round(r, "PutMetricData", c.PutMetricData)
			round(r, "GetMetricStatistics", c.GetMetricStatistics)
			round(r, "ListMetrics", c.ListMetrics)
			round(r, "DescribeAlarms", c.DescribeAlarms)
			round(r, "DescribeAlarmsForMetric", c.DescribeAlarmsForMetric)
			r.run(cloudwatchService)
		})
	}
}

func TestRoundTripRoute53(t *testing.T) {
	r := newRounds(t)
	c := route53.NewFromConfig(r.config)
	service := route53Service
	round(r, "CreateHostedZone", c.CreateHostedZone)
	round(r, "GetHostedZone", c.GetHostedZone)
	round(r, "ListHostedZones", c.ListHostedZones)
	round(r, "ListHostedZonesByName", c.ListHostedZonesByName)
	round(r, "DeleteHostedZone", c.DeleteHostedZone)
	round(r, "ChangeResourceRecordSets", c.ChangeResourceRecordSets)
	round(r, "ListResourceRecordSets", c.ListResourceRecordSets)
	round(r, "GetChange", c.GetChange)
	round(r, "ChangeTagsForResource", c.ChangeTagsForResource)
	round(r, "ListTagsForResource", c.ListTagsForResource)
	round(r, "TestDNSAnswer", c.TestDNSAnswer)
	round(r, "CreateHealthCheck", c.CreateHealthCheck)
	round(r, "GetHealthCheckStatus", c.GetHealthCheckStatus)
	r.run(service)
}

func TestRoundTripEC2(t *testing.T) {
	r := newRounds(t)
	c := ec2.NewFromConfig(r.config)
	service := ec2Service
	round(r, "DescribeImages", c.DescribeImages)
	round(r, "DescribeInstances", c.DescribeInstances)
	round(r, "RunInstances", c.RunInstances)
	round(r, "TerminateInstances", c.TerminateInstances)
	round(r, "CreateTags", c.CreateTags)
	round(r, "DeleteTags", c.DeleteTags)
	round(r, "DescribeTags", c.DescribeTags)
	round(r, "DescribeSubnets", c.DescribeSubnets)
	round(r, "DescribeSecurityGroups", c.DescribeSecurityGroups)
	round(r, "DescribeVpcs", c.DescribeVpcs)
	round(r, "DescribeInstanceTypes", c.DescribeInstanceTypes)
	round(r, "DescribeInstanceTypeOfferings", c.DescribeInstanceTypeOfferings)
	round(r, "DescribeInstanceStatus", c.DescribeInstanceStatus)
	round(r, "DescribeInstanceAttribute", c.DescribeInstanceAttribute)
	round(r, "DescribeAvailabilityZones", c.DescribeAvailabilityZones)
	round(r, "StopInstances", c.StopInstances)
	round(r, "StartInstances", c.StartInstances)
	round(r, "CreateLaunchTemplate", c.CreateLaunchTemplate)
	round(r, "CreateLaunchTemplateVersion", c.CreateLaunchTemplateVersion)
	round(r, "DescribeLaunchTemplates", c.DescribeLaunchTemplates)
	round(r, "DescribeLaunchTemplateVersions", c.DescribeLaunchTemplateVersions)
	round(r, "ModifyLaunchTemplate", c.ModifyLaunchTemplate)
	round(r, "DeleteLaunchTemplate", c.DeleteLaunchTemplate)
	round(r, "DeleteLaunchTemplateVersions", c.DeleteLaunchTemplateVersions)
	round(r, "DeregisterImage", c.DeregisterImage)
	round(r, "CreateImage", c.CreateImage)
	round(r, "CopyImage", c.CopyImage)
	round(r, "DisableImage", c.DisableImage)
	round(r, "EnableImage", c.EnableImage)
	round(r, "EnableImageDeprecation", c.EnableImageDeprecation)
	round(r, "DisableImageDeprecation", c.DisableImageDeprecation)
	round(r, "EnableImageDeregistrationProtection", c.EnableImageDeregistrationProtection)
	round(r, "DisableImageDeregistrationProtection", c.DisableImageDeregistrationProtection)
	round(r, "DescribeImageAttribute", c.DescribeImageAttribute)
	round(r, "ModifyImageAttribute", c.ModifyImageAttribute)
	round(r, "DescribeImageReferences", c.DescribeImageReferences)
	round(r, "DescribeSnapshots", c.DescribeSnapshots)
	round(r, "DeleteSnapshot", c.DeleteSnapshot)
	round(r, "DescribeSnapshotAttribute", c.DescribeSnapshotAttribute)
	round(r, "ModifySnapshotAttribute", c.ModifySnapshotAttribute)
	round(r, "GetConsoleOutput", c.GetConsoleOutput)
	r.run(service)
}

func TestRoundTripELBv2(t *testing.T) {
	r := newRounds(t)
	c := elbv2.NewFromConfig(r.config)
	service := elbv2Service
	round(r, "CreateLoadBalancer", c.CreateLoadBalancer)
	round(r, "DescribeLoadBalancers", c.DescribeLoadBalancers)
	round(r, "DeleteLoadBalancer", c.DeleteLoadBalancer)
	round(r, "CreateListener", c.CreateListener)
	round(r, "DescribeListeners", c.DescribeListeners)
	round(r, "DeleteListener", c.DeleteListener)
	round(r, "CreateTargetGroup", c.CreateTargetGroup)
	round(r, "DescribeTargetGroups", c.DescribeTargetGroups)
	round(r, "DeleteTargetGroup", c.DeleteTargetGroup)
	round(r, "CreateRule", c.CreateRule)
	round(r, "DescribeRules", c.DescribeRules)
	round(r, "DeleteRule", c.DeleteRule)
	round(r, "ModifyListener", c.ModifyListener)
	round(r, "ModifyRule", c.ModifyRule)
	round(r, "ModifyTargetGroup", c.ModifyTargetGroup)
	round(r, "ModifyLoadBalancerAttributes", c.ModifyLoadBalancerAttributes)
	round(r, "ModifyTargetGroupAttributes", c.ModifyTargetGroupAttributes)
	round(r, "ModifyListenerAttributes", c.ModifyListenerAttributes)
	round(r, "DescribeLoadBalancerAttributes", c.DescribeLoadBalancerAttributes)
	round(r, "DescribeTargetGroupAttributes", c.DescribeTargetGroupAttributes)
	round(r, "DescribeListenerAttributes", c.DescribeListenerAttributes)
	round(r, "DescribeListenerCertificates", c.DescribeListenerCertificates)
	round(r, "AddListenerCertificates", c.AddListenerCertificates)
	round(r, "RemoveListenerCertificates", c.RemoveListenerCertificates)
	round(r, "RegisterTargets", c.RegisterTargets)
	round(r, "DeregisterTargets", c.DeregisterTargets)
	round(r, "DescribeTargetHealth", c.DescribeTargetHealth)
	round(r, "AddTags", c.AddTags)
	round(r, "RemoveTags", c.RemoveTags)
	round(r, "DescribeTags", c.DescribeTags)
	round(r, "SetSecurityGroups", c.SetSecurityGroups)
	round(r, "SetSubnets", c.SetSubnets)
	round(r, "SetIpAddressType", c.SetIpAddressType)
	round(r, "SetRulePriorities", c.SetRulePriorities)
	round(r, "DescribeCapacityReservation", c.DescribeCapacityReservation)
	round(r, "DescribeAccountLimits", c.DescribeAccountLimits)
	r.run(service)
}

func TestRoundTripAutoScaling(t *testing.T) {
	r := newRounds(t)
	c := autoscaling.NewFromConfig(r.config)
	service := autoscalingService
	round(r, "CreateAutoScalingGroup", c.CreateAutoScalingGroup)
	round(r, "UpdateAutoScalingGroup", c.UpdateAutoScalingGroup)
	round(r, "DeleteAutoScalingGroup", c.DeleteAutoScalingGroup)
	round(r, "DescribeAutoScalingGroups", c.DescribeAutoScalingGroups)
	round(r, "DescribeAutoScalingInstances", c.DescribeAutoScalingInstances)
	round(r, "SetDesiredCapacity", c.SetDesiredCapacity)
	round(r, "TerminateInstanceInAutoScalingGroup", c.TerminateInstanceInAutoScalingGroup)
	round(r, "PutScalingPolicy", c.PutScalingPolicy)
	round(r, "DescribePolicies", c.DescribePolicies)
	round(r, "DeletePolicy", c.DeletePolicy)
	round(r, "PutLifecycleHook", c.PutLifecycleHook)
	round(r, "DescribeLifecycleHooks", c.DescribeLifecycleHooks)
	round(r, "DeleteLifecycleHook", c.DeleteLifecycleHook)
	round(r, "CompleteLifecycleAction", c.CompleteLifecycleAction)
	round(r, "RecordLifecycleActionHeartbeat", c.RecordLifecycleActionHeartbeat)
	round(r, "DescribeScalingActivities", c.DescribeScalingActivities)
	round(r, "CreateOrUpdateTags", c.CreateOrUpdateTags)
	round(r, "DescribeTags", c.DescribeTags)
	round(r, "DeleteTags", c.DeleteTags)
	round(r, "SuspendProcesses", c.SuspendProcesses)
	round(r, "ResumeProcesses", c.ResumeProcesses)
	round(r, "SetInstanceHealth", c.SetInstanceHealth)
	round(r, "SetInstanceProtection", c.SetInstanceProtection)
	round(r, "EnableMetricsCollection", c.EnableMetricsCollection)
	round(r, "DisableMetricsCollection", c.DisableMetricsCollection)
	round(r, "AttachLoadBalancerTargetGroups", c.AttachLoadBalancerTargetGroups)
	round(r, "DetachLoadBalancerTargetGroups", c.DetachLoadBalancerTargetGroups)
	round(r, "DescribeLoadBalancerTargetGroups", c.DescribeLoadBalancerTargetGroups)
	round(r, "DescribeScheduledActions", c.DescribeScheduledActions)
	round(r, "DescribeNotificationConfigurations", c.DescribeNotificationConfigurations)
	round(r, "DescribeWarmPool", c.DescribeWarmPool)
	round(r, "DescribeTrafficSources", c.DescribeTrafficSources)
	round(r, "StartInstanceRefresh", c.StartInstanceRefresh)
	round(r, "DescribeInstanceRefreshes", c.DescribeInstanceRefreshes)
	round(r, "CreateLaunchConfiguration", c.CreateLaunchConfiguration)
	round(r, "DescribeLaunchConfigurations", c.DescribeLaunchConfigurations)
	round(r, "DeleteLaunchConfiguration", c.DeleteLaunchConfiguration)
	r.run(service)
}

func TestRoundTripSSM(t *testing.T) {
	r := newRounds(t)
	c := ssm.NewFromConfig(r.config)
	service := ssmService
	round(r, "PutParameter", c.PutParameter)
	round(r, "GetParameter", c.GetParameter)
	round(r, "GetParameters", c.GetParameters)
	round(r, "GetParametersByPath", c.GetParametersByPath)
	round(r, "DeleteParameter", c.DeleteParameter)
	round(r, "DeleteParameters", c.DeleteParameters)
	round(r, "DescribeParameters", c.DescribeParameters)
	round(r, "GetParameterHistory", c.GetParameterHistory)
	r.run(service)
}

func TestRoundTripECR(t *testing.T) {
	r := newRounds(t)
	c := ecr.NewFromConfig(r.config)
	service := ecrService
	round(r, "GetAuthorizationToken", c.GetAuthorizationToken)
	round(r, "CreateRepository", c.CreateRepository)
	round(r, "DescribeRepositories", c.DescribeRepositories)
	round(r, "DeleteRepository", c.DeleteRepository)
	round(r, "PutImageTagMutability", c.PutImageTagMutability)
	round(r, "PutImage", c.PutImage)
	round(r, "DescribeImages", c.DescribeImages)
	round(r, "ListImages", c.ListImages)
	round(r, "BatchGetImage", c.BatchGetImage)
	round(r, "BatchDeleteImage", c.BatchDeleteImage)
	r.run(service)
}

func TestRoundTripSecretsManager(t *testing.T) {
	r := newRounds(t)
	c := secretsmanager.NewFromConfig(r.config)
	service := secretsService
	round(r, "CreateSecret", c.CreateSecret)
	round(r, "GetSecretValue", c.GetSecretValue)
	round(r, "PutSecretValue", c.PutSecretValue)
	round(r, "UpdateSecret", c.UpdateSecret)
	round(r, "DescribeSecret", c.DescribeSecret)
	round(r, "ListSecrets", c.ListSecrets)
	round(r, "DeleteSecret", c.DeleteSecret)
	round(r, "RestoreSecret", c.RestoreSecret)
	round(r, "BatchGetSecretValue", c.BatchGetSecretValue)
	r.run(service)
}

func TestRoundTripSTS(t *testing.T) {
	r := newRounds(t)
	c := sts.NewFromConfig(r.config)
	service := stsService
	round(r, "GetCallerIdentity", c.GetCallerIdentity)
	r.run(service)
}
