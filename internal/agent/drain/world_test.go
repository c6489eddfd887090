package drain_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/autoscaling"
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	imageID   = "ami-00000000000000001"
	vpcID     = "vpc-00000000000000001"
	subnetID  = "subnet-0000000000000000a"
	targets   = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0123456789abcdef"
	groupName = "blue"
)

// world is an account with one Auto Scaling group behind a load balancer, whose instances are machines that run the agent.
// It lives in a synctest bubble.
type world struct {
	*sdk.Client // of an onlooker
	t           *testing.T
	acct        *account.Account
	ec2         *ec2.Service
	front       *wire.Front // for the machines: its faults are theirs
	aside       *wire.Front // for the onlooker
	router      *router
	log         *journal
	over        chan struct{} // closed at the end: what is left of dead processes ends then
	left        sync.WaitGroup
	tune        func(*machine) // of every machine, before its agent starts
	stateDir    string

	mu       sync.Mutex
	machines []*machine
	faults   []string
}

// inWorld runs a test in a world of its own, where time costs nothing.
func inWorld(t *testing.T, tune func(*machine), test func(w *world)) {
	t.Helper()
	dir, outside := t.TempDir(), t
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			t: t, acct: account.New(account.Options{}), over: make(chan struct{}), log: &journal{start: time.Now()},
			tune: tune, stateDir: dir,
		}
		w.router = &router{world: w, targets: map[string]*target{}, delay: time.Minute}
		w.ec2 = ec2.New(ec2.Options{Account: w.acct, Fabric: fabric.Memory(), Start: w.boot})
		groups := autoscaling.New(autoscaling.Options{Account: w.acct, Compute: w.ec2, Balancer: w.router})
		w.ec2.OnStateChange(w.stateChanged)
		w.front = wire.NewFront(w.acct, groups.API())
		w.aside = wire.NewFront(w.acct, w.ec2.API(), groups.API())
		w.Client = sdk.New(sdk.Options{
			Region: region, BaseEndpoint: aws.String(endpoint), Retryer: aws.NopRetryer{}, Credentials: keys, HTTPClient: w.http(),
		})
		w.furnish()
		defer func() {
			w.powerOff()
			w.acct.Close()
			close(w.over)
			w.left.Wait()
			for _, fault := range w.faults {
				t.Error(fault)
			}
			if t.Failed() || outside.Failed() {
				t.Logf("what happened:\n%s", w.log)
			}
		}()
		test(w)
	})
}

var keys = credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")

const (
	region   = "eu-west-1"
	endpoint = "http://sandbox"
)

func (w *world) http() *http.Client { return &http.Client{Transport: wire.Transport(w.aside)} }

func (w *world) compute() *ec2sdk.Client {
	return ec2sdk.New(ec2sdk.Options{
		Region: region, BaseEndpoint: aws.String(endpoint), Retryer: aws.NopRetryer{}, Credentials: keys, HTTPClient: w.http(),
	})
}

func (w *world) furnish() {
	w.t.Helper()
	w.locked(func() {
		w.ec2.AddVPC(ec2.VPC{ID: vpcID, CIDR: "10.0.0.0/16", Default: true})
		w.ec2.AddSubnet(ec2.Subnet{ID: subnetID, VPC: vpcID, Zone: "eu-west-1a", CIDR: "10.0.0.0/24"})
		if _, err := w.ec2.AddImage(ec2.Image{ID: imageID, Name: "app-v1"}); err != nil {
			w.t.Fatal(err)
		}
	})
	_, err := w.compute().CreateLaunchTemplate(w.t.Context(), &ec2sdk.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("app"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: aws.String(imageID), InstanceType: "t3.small"},
	})
	w.must(err)
}

// hook is one of the group's lifecycle hooks, with a heartbeat timeout.
func hook(name, transition string, heartbeat time.Duration) types.LifecycleHookSpecification {
	return types.LifecycleHookSpecification{
		LifecycleHookName: aws.String(name), LifecycleTransition: aws.String(transition),
		HeartbeatTimeout: aws.Int32(int32(heartbeat.Seconds())), DefaultResult: aws.String("ABANDON"),
	}
}

// up and down are hooks of a minute.
func up() types.LifecycleHookSpecification {
	return hook("up", "autoscaling:EC2_INSTANCE_LAUNCHING", time.Minute)
}
func down() types.LifecycleHookSpecification {
	return hook("down", "autoscaling:EC2_INSTANCE_TERMINATING", time.Minute)
}

// create makes the group, of one instance.
func (w *world) create(hooks ...types.LifecycleHookSpecification) {
	w.t.Helper()
	_, err := w.CreateAutoScalingGroup(w.t.Context(), &sdk.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(groupName), MinSize: aws.Int32(0), MaxSize: aws.Int32(4), DesiredCapacity: aws.Int32(1),
		VPCZoneIdentifier: aws.String(subnetID), TargetGroupARNs: []string{targets}, LifecycleHookSpecificationList: hooks,
		LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("app"), Version: aws.String("1")},
	})
	w.must(err)
}

// shrink has the group take all of its instances out.
func (w *world) shrink() {
	w.t.Helper()
	_, err := w.SetDesiredCapacity(w.t.Context(), &sdk.SetDesiredCapacityInput{
		AutoScalingGroupName: aws.String(groupName), DesiredCapacity: aws.Int32(0),
	})
	w.must(err)
	w.log.add("the group is to have no instances")
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

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

// await lets time pass until something is so, and fails the test if it does not come to be.
func (w *world) await(what string, limit time.Duration, so func() bool) {
	w.t.Helper()
	for end := time.Now().Add(limit); !so(); w.wait(time.Second) {
		if time.Now().After(end) {
			w.t.Fatalf("waited for %s for %v\n%s", what, limit, w.log)
		}
	}
}

// state is the lifecycle state of an instance; "" where it is in no group.
func (w *world) state(id string) string {
	out, err := w.DescribeAutoScalingInstances(context.Background(), &sdk.DescribeAutoScalingInstancesInput{InstanceIds: []string{id}})
	if err != nil || len(out.AutoScalingInstances) == 0 {
		return ""
	}
	return *out.AutoScalingInstances[0].LifecycleState
}

// first is the machine that the group launched first, once it is there.
func (w *world) first() *machine {
	w.t.Helper()
	w.await("an instance", time.Minute, func() bool { return len(w.all()) > 0 })
	return w.all()[0]
}

// serving waits until the first machine is routed to.
func (w *world) serving() *machine {
	w.t.Helper()
	m := w.first()
	w.await("the instance to be healthy", 20*time.Minute, func() bool { return w.router.state(m.id) == "healthy" })
	return m
}

// ended waits until a machine is no more.
func (w *world) ended(m *machine, limit time.Duration) {
	w.t.Helper()
	w.await("the instance to end", limit, func() bool {
		state := ""
		w.locked(func() { state, _ = w.ec2.State(m.id) })
		return state == launch.Terminated
	})
}

func (w *world) all() []*machine {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*machine(nil), w.machines...)
}

// fault is something that must never happen. It fails the test at the end of the world.
func (w *world) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
	w.log.add("FAULT: "+format, args...)
}

// boot is called with the account locked.
func (w *world) boot(started ec2.Machine) (func(), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	dir := filepath.Join(w.stateDir, fmt.Sprint(len(w.machines)))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	m := newMachine(w, started.InstanceID, filepath.Join(dir, "drain.json"))
	w.machines = append(w.machines, m)
	if w.tune != nil {
		w.tune(m)
	}
	m.start()
	return m.powerDown, nil
}

// stateChanged is called with the account locked.
func (w *world) stateChanged(id, state string) {
	if state != launch.Terminated {
		return
	}
	for _, m := range w.all() {
		if m.id == id {
			w.left.Go(m.lost) // takes the account's lock
		}
	}
}

// powerOff ends what runs on all machines.
func (w *world) powerOff() {
	for _, m := range w.all() {
		m.kill()
	}
}
