package machine_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/docker"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/machine"
	"bluegreen/internal/sandbox/machine/machinetest"
	"bluegreen/internal/sandbox/stack"
)

func TestMain(m *testing.M) { os.Exit(machinetest.Main(m)) }

const healthPort = 9180

// world is an account whose instances are containers.
type world struct {
	*sdkec2.Client
	engine *docker.Engine
	sb     *sandbox.Sandbox
	image  string
	subnet string

	mu       sync.Mutex
	problems []string
}

const standIn = "bluegreen/internal/sandbox/machine/testdata/agent"

// prepared is a disk with the stand-in of the agent on it.
func prepared(t *testing.T, engine *docker.Engine) string {
	t.Helper()
	disk, err := machine.Prepare(t.Context(), engine, machine.Recipe{Package: machinetest.Package(t, standIn)})
	if err != nil {
		t.Fatal(err)
	}
	return disk
}

func newWorld(t *testing.T, engine *docker.Engine) *world {
	t.Helper()
	w := &world{engine: engine}
	disk := prepared(t, engine)
	sb, err := sandbox.New(sandbox.Options{
		Account: account.Options{Speed: 5}, Port: 4999,
		Machines: machine.Runtime(machine.Options{Engine: engine, Disk: disk, Ports: []uint16{healthPort}, Log: func(problem error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.problems = append(w.problems, problem.Error())
		}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sb.Close)
	w.sb = sb
	w.Client = sdkec2.NewFromConfig(w.config())
	sb.Account.Lock()
	defer sb.Account.Unlock()
	vpc := sb.EC2.AddVPC(ec2.VPC{CIDR: "10.0.0.0/16", Default: true})
	w.subnet = sb.EC2.AddSubnet(ec2.Subnet{VPC: vpc, Zone: sb.Account.Region + "a", CIDR: "10.0.0.0/24", Public: true})
	w.image, err = sb.EC2.AddImage(ec2.Image{Name: "shop", Tags: map[string]string{machine.ImageTag: "registry/shop:v1"}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// config is how the SDK's clients reach the account.
func (w *world) config() aws.Config {
	return aws.Config{
		Region: w.sb.Account.Region, BaseEndpoint: aws.String("http://sandbox"), Credentials: stack.Credentials(),
		HTTPClient: &http.Client{Transport: w.sb.Transport()},
	}
}

const userData = `#cloud-config
write_files:
  - path: /etc/bluegreen/agent.d/50-user-data.toml
    content: app = "shop"
runcmd: [reboot]
`

// launch starts an instance and waits until its agent answers.
func (w *world) launch(t *testing.T) (id string, addr netip.Addr) {
	t.Helper()
	out, err := w.RunInstances(t.Context(), &sdkec2.RunInstancesInput{
		ImageId: &w.image, SubnetId: &w.subnet, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		UserData:        aws.String(base64.StdEncoding.EncodeToString([]byte(userData))),
		MetadataOptions: &types.InstanceMetadataOptionsRequest{InstanceMetadataTags: types.InstanceMetadataTagsStateEnabled, HttpTokens: types.HttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(2)},
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("bluegreen:color"), Value: aws.String("green")}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	id, addr = *out.Instances[0].InstanceId, netip.MustParseAddr(*out.Instances[0].PrivateIpAddress)
	eventually(t, "the instance's agent answers", func() bool { return get(addr, "/health") == "200" })
	return id, addr
}

func get(addr netip.Addr, path string) string {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	reply, err := client.Get(fmt.Sprintf("http://%s:%d%s", addr, healthPort, path))
	if err != nil {
		return err.Error()
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", reply.StatusCode, body))
}

// eventually waits for something outside of this process, for which no clock can be faked.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(3 * time.Minute)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("gave up waiting until %s", what)
		}
	}
}

// in runs a script on an instance and returns what it prints.
func (w *world) in(t *testing.T, id, script string) string {
	t.Helper()
	all, err := w.engine.Containers(t.Context(), map[string]string{"bluegreen.sandbox.instance": id})
	if err != nil || len(all) != 1 {
		t.Fatalf("the containers of %s: %v %v", id, all, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done, err := w.engine.Exec(ctx, all[0].ID, "bash", "-euo", "pipefail", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", done.ExitCode, strings.TrimSpace(done.Output))
}

// running counts the containers of an instance that run.
func (w *world) running(t *testing.T, id string) (n int) {
	t.Helper()
	all, err := w.engine.Containers(t.Context(), map[string]string{"bluegreen.sandbox.instance": id})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.State == docker.Running {
			n++
		}
	}
	return n
}

// left is what there is in the engine but images.
func left(t *testing.T, engine *docker.Engine) map[string]int {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(engine.Host(), "unix://"))
	}}
	count := func(path string, into any) {
		reply, err := (&http.Client{Transport: transport}).Get("http://docker" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = reply.Body.Close() }()
		if err := json.NewDecoder(reply.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	var containers, networks []any
	var volumes struct{ Volumes []any }
	count("/containers/json?all=1", &containers)
	count("/networks", &networks)
	count("/volumes", &volumes)
	return map[string]int{"containers": len(containers), "networks": len(networks), "volumes": len(volumes.Volumes)}
}

// calls counts those of an operation of the services beside the APIs.
func (w *world) calls(operation string) (n int) {
	for _, c := range w.sb.Front.Calls.Since(0) {
		if c.Operation == operation {
			n++
		}
	}
	return n
}
