package autoscaling_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/autoscaling"
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an account with EC2 and a launch template, a balancer that does as it is told, and the SDK's clients.
type world struct {
	*sdk.Client
	t        *testing.T
	ctx      context.Context
	acct     *account.Account
	compute  *ec2sdk.Client
	ec2      *ec2.Service
	groups   *autoscaling.Service
	balancer *balancer
	requests float64 // per target and minute
}

const (
	imageID  = "ami-00000000000000001"
	vpcID    = "vpc-00000000000000001"
	subnetA  = "subnet-0000000000000000a"
	subnetB  = "subnet-0000000000000000b"
	subnets  = subnetA + "," + subnetB
	blueTG   = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0123456789abcdef"
	otherTG  = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/other/0123456789abcdef"
	label    = "app/lb/0123456789abcdef/targetgroup/blue/0123456789abcdef"
	template = "app"
	drain    = 60 * time.Second
)

// in runs a test in a world of its own, in a bubble of its own time.
func in(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, ctx: t.Context(), acct: account.New(account.Options{})}
		w.ec2 = ec2.New(ec2.Options{Account: w.acct, Fabric: fabric.Memory()})
		w.balancer = &balancer{acct: w.acct, groups: map[string]map[string]string{blueTG: {}, otherTG: {}}}
		w.groups = autoscaling.New(autoscaling.Options{
			Account: w.acct, Compute: w.ec2, Balancer: w.balancer,
			Requests: func(string) (float64, bool) { return w.requests, w.requests >= 0 },
		})
		client := &http.Client{Transport: wire.Transport(wire.NewFront(w.acct, w.ec2.API(), w.groups.API()))}
		keys := credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")
		w.Client = sdk.New(sdk.Options{
			Region: "eu-west-1", BaseEndpoint: aws.String("http://sandbox"), Retryer: aws.NopRetryer{}, Credentials: keys, HTTPClient: client,
		})
		w.compute = ec2sdk.New(ec2sdk.Options{
			Region: "eu-west-1", BaseEndpoint: aws.String("http://sandbox"), Retryer: aws.NopRetryer{}, Credentials: keys, HTTPClient: client,
		})
		w.furnish()
		test(w)
		w.acct.Close()
	})
}

func (w *world) furnish() {
	w.t.Helper()
	w.locked(func() {
		w.ec2.AddVPC(ec2.VPC{ID: vpcID, CIDR: "10.0.0.0/16", Default: true})
		w.ec2.AddSubnet(ec2.Subnet{ID: subnetA, VPC: vpcID, Zone: "eu-west-1a", CIDR: "10.0.0.0/24"})
		w.ec2.AddSubnet(ec2.Subnet{ID: subnetB, VPC: vpcID, Zone: "eu-west-1b", CIDR: "10.0.1.0/24"})
		if _, err := w.ec2.AddImage(ec2.Image{ID: imageID, Name: "app-v1"}); err != nil {
			w.t.Fatal(err)
		}
	})
	must(w.compute.CreateLaunchTemplate(w.ctx, &ec2sdk.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String(template),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: aws.String(imageID), InstanceType: "t3.small"},
	}))(w.t)
	w.newVersion("t3.large")
}

// newVersion adds a version to the launch template; the default stays.
func (w *world) newVersion(instanceType string) {
	w.t.Helper()
	must(w.compute.CreateLaunchTemplateVersion(w.ctx, &ec2sdk.CreateLaunchTemplateVersionInput{
		LaunchTemplateName: aws.String(template), SourceVersion: aws.String("1"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{InstanceType: ec2types.InstanceType(instanceType)},
	}))(w.t)
}

// request sets how many requests each target gets in a minute from now on.
func (w *world) request(perTarget float64) { w.locked(func() { w.requests = perTarget }) }

func (w *world) locked(do func()) {
	w.acct.Lock()
	defer w.acct.Unlock()
	do()
}

// wait lets time pass.
func (w *world) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// settled is enough for launches without hooks.
const settled = 20 * time.Second

// must unwraps a reply that should not be an error.
func must[Out any](out Out, err error) func(t *testing.T) Out {
	return func(t *testing.T) Out {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// code is the error code of a refusal; "" when there was none.
func code(err error) string {
	var refused smithy.APIError
	if errors.As(err, &refused) {
		return refused.ErrorCode()
	}
	if err != nil {
		return "not an API error: " + err.Error()
	}
	return ""
}

// input is a group "blue" of 2, from 1 to 4.
func input() *sdk.CreateAutoScalingGroupInput {
	return &sdk.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("blue"), MinSize: aws.Int32(1), MaxSize: aws.Int32(4), DesiredCapacity: aws.Int32(2),
		VPCZoneIdentifier: aws.String(subnets),
		LaunchTemplate:    &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String(template), Version: aws.String("1")},
		TargetGroupARNs:   []string{blueTG},
	}
}

func (w *world) create(change func(*sdk.CreateAutoScalingGroupInput)) {
	w.t.Helper()
	in := input()
	if change != nil {
		change(in)
	}
	must(w.CreateAutoScalingGroup(w.ctx, in))(w.t)
}

func (w *world) update(change func(*sdk.UpdateAutoScalingGroupInput)) {
	w.t.Helper()
	in := &sdk.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("blue")}
	change(in)
	must(w.UpdateAutoScalingGroup(w.ctx, in))(w.t)
}

func (w *world) setDesired(n int32) {
	w.t.Helper()
	must(w.SetDesiredCapacity(w.ctx, &sdk.SetDesiredCapacityInput{AutoScalingGroupName: aws.String("blue"), DesiredCapacity: aws.Int32(n)}))(w.t)
}

func (w *world) group() types.AutoScalingGroup {
	w.t.Helper()
	groups := must(w.DescribeAutoScalingGroups(w.ctx, &sdk.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"blue"}}))(w.t).AutoScalingGroups
	if len(groups) != 1 {
		w.t.Fatalf("%d groups called blue", len(groups))
	}
	return groups[0]
}

// states are how many instances of the group are in which state.
func (w *world) states() map[types.LifecycleState]int {
	w.t.Helper()
	n := map[types.LifecycleState]int{}
	for _, i := range w.group().Instances {
		n[i.LifecycleState]++
	}
	return n
}

// ids are the instances of the group in a state, oldest first.
func (w *world) ids(state types.LifecycleState) []string {
	w.t.Helper()
	var ids []string
	for _, i := range w.group().Instances {
		if i.LifecycleState == state {
			ids = append(ids, *i.InstanceId)
		}
	}
	return ids
}

// activities are "status: description", newest first, with ids cut off.
func (w *world) activities() []string {
	w.t.Helper()
	var all []string
	for _, a := range must(w.DescribeScalingActivities(w.ctx, &sdk.DescribeScalingActivitiesInput{AutoScalingGroupName: aws.String("blue")}))(w.t).Activities {
		all = append(all, fmt.Sprintf("%s: %.12s", a.StatusCode, *a.Description))
	}
	return all
}

func (w *world) instanceState(id string) string {
	state := ""
	w.locked(func() { state, _ = w.ec2.State(id) })
	return state
}

// balancer registers, drains for a while, and finds healthy what nobody calls sick.
type balancer struct {
	acct   *account.Account
	groups map[string]map[string]string // target groups, instances, health
	log    []string
}

func (b *balancer) TargetGroupExists(arn string) bool { return b.groups[arn] != nil }

func (b *balancer) RegisterInstance(arn, id string) {
	b.log = append(b.log, "register")
	b.groups[arn][id] = "initial"
	b.acct.After(10*time.Second, func() {
		if b.groups[arn][id] == "initial" {
			b.groups[arn][id] = "healthy"
		}
	})
}

func (b *balancer) DeregisterInstance(arn, id string) {
	if b.groups[arn][id] == "" {
		return
	}
	b.log = append(b.log, "deregister")
	b.groups[arn][id] = "draining"
	b.acct.After(drain, func() {
		b.log = append(b.log, "drained")
		delete(b.groups[arn], id)
	})
}

func (b *balancer) InstanceHealth(arn, id string) string { return b.groups[arn][id] }

// targets are the instances in a target group by health.
func (w *world) targets(arn string) map[string]int {
	n := map[string]int{}
	w.locked(func() {
		for _, health := range w.balancer.groups[arn] {
			n[health]++
		}
	})
	return n
}

// containsText says whether an error says something.
func containsText(err error, text string) bool {
	return err != nil && strings.Contains(err.Error(), text)
}

func contains(all []string, some ...string) bool {
	return !slices.ContainsFunc(some, func(one string) bool { return !slices.Contains(all, one) })
}
