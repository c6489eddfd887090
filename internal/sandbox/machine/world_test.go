package machine_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
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
		Account: account.Options{Speed: 5, Seed: uint64(crc32.ChecksumIEEE([]byte(t.Name())))}, Port: 4999, // ids are its own
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
	t.Cleanup(func() {
		if t.Failed() {
			w.tell(t)
		}
	})
	w.sb = sb
	w.Client = sdkec2.NewFromConfig(w.config())
	w.image = w.add(t, ec2.Image{Name: "shop", Tags: map[string]string{machine.ImageTag: "registry/shop:v1"}})
	sb.Account.Lock()
	defer sb.Account.Unlock()
	vpc := sb.EC2.AddVPC(ec2.VPC{CIDR: "10.0.0.0/16", Default: true})
	w.subnet = sb.EC2.AddSubnet(ec2.Subnet{VPC: vpc, Zone: sb.Account.Region + "a", CIDR: "10.0.0.0/24", Public: true})
	return w
}

// tell logs what there is to know of the instances.
func (w *world) tell(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w.mu.Lock()
	t.Logf("problems: %q", w.problems)
	w.mu.Unlock()
	all, err := w.engine.Containers(ctx, map[string]string{"bluegreen.sandbox.instance": ""})
	if err != nil {
		t.Log(err)
	}
	for _, c := range all {
		t.Logf("%s is %s, console:\n%s", c.Name, c.State, w.console(ctx, c.Labels["bluegreen.sandbox.instance"]))
		for _, what := range []string{"systemctl list-jobs --no-pager", "journalctl --no-pager -n 30", "ps axf"} {
			if said, err := w.engine.Exec(ctx, c.ID, "sh", "-c", what); err == nil {
				t.Logf("%s:\n%s", what, said.Output)
			}
		}
	}
}

// add puts an AMI into the account.
func (w *world) add(t *testing.T, i ec2.Image) (id string) {
	t.Helper()
	w.sb.Account.Lock()
	defer w.sb.Account.Unlock()
	id, err := w.sb.EC2.AddImage(i)
	if err != nil {
		t.Fatal(err)
	}
	return id
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
packages: [cowsay]
`

// launch starts an instance and waits until its agent answers.
func (w *world) launch(t *testing.T) (id string, addr netip.Addr) {
	t.Helper()
	id, addr = w.run(t, w.image, userData, types.ShutdownBehaviorStop)
	eventually(t, "the instance's agent answers", func() bool { return get(addr, "/health") == "200" })
	return id, addr
}

// run starts an instance.
func (w *world) run(t *testing.T, image, userData string, end types.ShutdownBehavior) (id string, addr netip.Addr) {
	t.Helper()
	out, err := w.RunInstances(t.Context(), &sdkec2.RunInstancesInput{
		ImageId: &image, SubnetId: &w.subnet, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		UserData: aws.String(base64.StdEncoding.EncodeToString([]byte(userData))), InstanceInitiatedShutdownBehavior: end,
		MetadataOptions: &types.InstanceMetadataOptionsRequest{InstanceMetadataTags: types.InstanceMetadataTagsStateEnabled, HttpTokens: types.HttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(2)},
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("bluegreen:color"), Value: aws.String("green")}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Instances[0].InstanceId, netip.MustParseAddr(*out.Instances[0].PrivateIpAddress)
}

// state is that of an instance.
func (w *world) state(t *testing.T, id string) string {
	t.Helper()
	w.sb.Account.Lock()
	defer w.sb.Account.Unlock()
	state, _ := w.sb.EC2.State(id)
	return state
}

// console is what an instance has printed, or why it cannot be had.
func (w *world) console(ctx context.Context, id string) string {
	out, err := w.GetConsoleOutput(ctx, &sdkec2.GetConsoleOutputInput{InstanceId: &id, Latest: aws.Bool(true)})
	if err != nil {
		return err.Error()
	}
	text, err := base64.StdEncoding.DecodeString(aws.ToString(out.Output))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// said waits until an instance has printed something on its console.
func (w *world) said(t *testing.T, id, what string) {
	t.Helper()
	var text string
	defer func() {
		if t.Failed() {
			t.Logf("the console of %s:\n%s", id, text)
		}
	}()
	eventually(t, "the console has "+what, func() bool {
		text = w.console(t.Context(), id)
		return strings.Contains(text, what)
	})
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

// in runs a script on an instance and returns its exit code with what it prints; or why it could not be run, which may be
// because the instance is just going down.
func (w *world) in(t *testing.T, id, script string) string {
	t.Helper()
	all := w.containers(t, id)
	if len(all) != 1 {
		t.Fatalf("the containers of %s: %v", id, all)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done, err := w.engine.Exec(ctx, all[0].ID, "bash", "-euo", "pipefail", "-c", script)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", done.ExitCode, strings.TrimSpace(done.Output))
}

// containers are those of an instance, running or not.
func (w *world) containers(t *testing.T, id string) []docker.Container {
	t.Helper()
	all, err := w.engine.Containers(t.Context(), map[string]string{"bluegreen.sandbox.instance": id})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// running says whether an instance's container runs.
func (w *world) running(t *testing.T, id string) bool {
	t.Helper()
	all := w.containers(t, id)
	return len(all) == 1 && all[0].State == docker.Running
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
