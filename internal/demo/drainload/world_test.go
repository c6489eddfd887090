package drainload_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"bluegreen/internal/docker"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/machine"
	"bluegreen/internal/sandbox/machine/machinetest"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { os.Exit(machinetest.Main(m)) }

// The versions of the agent.
const (
	older = "1.0.0"
	newer = "1.0.1"
)

// The account: how many times faster than on AWS its own delays pass, and how many instances serve in it.
const (
	speed     = 10
	instances = 4
	group     = "shop-blue-asg"
)

// The health check of the target group: the interval is that of AWS's defaults, in the account's time. One check is given
// two seconds of this machine's time, whatever the account's speed.
const (
	interval  = 30 * time.Second
	threshold = 2
	checkTime = 2 * time.Second
)

// world is an account whose instances are containers with the agent on them.
type world struct {
	engine  *docker.Engine
	sb      *sandbox.Sandbox
	host    *machine.Host
	groups  *autoscaling.Client
	targets string // ARN of the target group
	app     string // name that clients call
	witness *witness
	traffic *traffic
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{engine: machinetest.Shared(t), witness: newWitness()}
	disk, err := machine.Prepare(t.Context(), w.engine, machine.Recipe{Package: machinetest.Release(t, older)})
	if err != nil {
		t.Fatal(err)
	}
	w.sb, err = sandbox.New(sandbox.Options{
		Account: account.Options{Speed: speed}, Observe: w.witness.answer,
		Machines: func(sb *sandbox.Sandbox) (_ sandbox.Machines, err error) {
			w.host, err = machine.New(sb, machine.Options{
				Engine: w.engine, Disk: disk, Ports: []uint16{stack.AppPort, stack.AgentPort}, Log: w.witness.problem,
			})
			return w.host, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.sb.Close)
	w.furnish(t)
	return w
}

// furnish makes the app, and has the group of its instances as its agents want it.
func (w *world) furnish(t *testing.T) {
	t.Helper()
	program, err := stack.NewProgram(w.program(t))
	if err != nil {
		t.Fatal(err)
	}
	made, err := stack.Build(t.Context(), w.sb, stack.Spec{
		Program: program, BlueOnly: true, Blue: stack.Size{Min: instances, Max: 2 * instances, Desired: instances},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.app = made.Spec.Names[0]
	config := aws.Config{
		Region: w.sb.Account.Region, BaseEndpoint: aws.String("http://sandbox"), Credentials: stack.Credentials(),
		HTTPClient: &http.Client{Transport: w.sb.Transport()},
	}
	w.groups = autoscaling.NewFromConfig(config)
	// The launch hook has waited for the app: there is nothing left to be patient about.
	_, err = w.groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(group), HealthCheckGracePeriod: aws.Int32(0),
	})
	if err != nil {
		t.Fatal(err)
	}
	balancers := elbv2.NewFromConfig(config)
	found, err := balancers.DescribeTargetGroups(t.Context(), &elbv2.DescribeTargetGroupsInput{})
	if err != nil {
		t.Fatal(err)
	}
	w.targets = *found.TargetGroups[0].TargetGroupArn
	_, err = balancers.ModifyTargetGroup(t.Context(), &elbv2.ModifyTargetGroupInput{
		TargetGroupArn: &w.targets, HealthCheckIntervalSeconds: aws.Int32(int32(interval.Seconds())), UnhealthyThresholdCount: aws.Int32(threshold),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.sb.Front.Calls.Observe(func(c wire.Call) { w.witness.called(w, c) }))
}

// program is the app, for instances that have no libraries for it.
func (w *world) program(t *testing.T) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "app")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", file, "./testdata/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the app: %v\n%s", err, said)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// member is an instance as its group and its load balancer see it.
type member struct {
	id     string
	state  string // in the group: "InService"
	target string // of the load balancer: "healthy"; empty when it is not registered
}

func (w *world) members(ctx context.Context) ([]member, error) {
	out, err := w.groups.DescribeAutoScalingInstances(ctx, &autoscaling.DescribeAutoScalingInstancesInput{})
	if err != nil {
		return nil, err
	}
	w.sb.Account.Lock()
	defer w.sb.Account.Unlock()
	var all []member
	for _, i := range out.AutoScalingInstances {
		all = append(all, member{id: *i.InstanceId, state: *i.LifecycleState, target: w.sb.Balancer.InstanceHealth(w.targets, *i.InstanceId)})
	}
	return all, nil
}

// member is one instance; the zero value when its group does not have it any more.
func (w *world) member(t *testing.T, id string) member {
	t.Helper()
	all, err := w.members(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return find(all, id)
}

func find(all []member, id string) member {
	if i := slices.IndexFunc(all, func(m member) bool { return m.id == id }); i >= 0 {
		return all[i]
	}
	return member{}
}

// serving are the ids of the instances that serve, all that there are to be, the longest one first. It waits for them.
func (w *world) serving(t *testing.T) (ids []string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d instances serve", instances), func() bool {
		all, err := w.members(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ids = nil
		for _, m := range all {
			if m.state == "InService" && m.target == "healthy" {
				ids = append(ids, m.id)
			}
		}
		return len(ids) >= instances
	})
	return ids
}

// eventually waits for something outside of this process, for which no clock can be faked.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(2 * time.Minute)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("gave up waiting until %s", what)
		}
	}
}
