package machine_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/docker"
	"bluegreen/internal/sandbox/machine"
	"bluegreen/internal/sandbox/machine/machinetest"
)

// TestInstance takes one instance through its life.
func TestInstance(t *testing.T) {
	engine := machinetest.Shared(t)
	before := left(t, engine)
	prepared(t, engine)
	if diff := cmp.Diff(before, left(t, engine)); diff != "" {
		t.Errorf("left by the making of the disk (-before +after):\n%s", diff)
	}
	w := newWorld(t, engine)
	begun := time.Now()
	id, addr := w.launch(t)
	t.Logf("the agent answered after %v", time.Since(begun))

	seen := map[string]string{}
	for _, path := range []string{"/identity", "/tag", "/endpoint", "/settings"} {
		seen[path] = get(addr, path)
	}
	want := map[string]string{
		"/identity": "200 " + id, "/tag": "200 green", "/endpoint": "200 []",
		"/settings": "200 20-image.toml image = \"registry/shop:v1\" <nil>\n50-user-data.toml app = \"shop\" <nil>",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("seen from within (-want +got):\n%s", diff)
	}
	eventually(t, "systemd has booted", func() bool { return w.in(t, id, "systemctl is-system-running") == "0 running" })
	if diff := cmp.Diff([]string{"instance " + id + ": its user data is passed over in part: packages"}, w.problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}

	slow, err := http.Get(fmt.Sprintf("http://%s:%d/slow", addr, healthPort)) // has begun to answer
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Body.Close() }()
	if _, err := w.TerminateInstances(t.Context(), &sdkec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	if reply, err := io.ReadAll(slow.Body); err != nil || string(reply) != "begun, done" {
		t.Errorf("a request that was under way when the instance was terminated got %q, %v", reply, err)
	}
	eventually(t, "the container is gone", func() bool { return left(t, engine)["containers"] == 0 })
	if n := w.calls("ami-launch-index"); n != 1 {
		t.Errorf("the agent was asked to end %d times", n)
	}
	w.sb.Close()
	if diff := cmp.Diff(before, left(t, engine)); diff != "" {
		t.Errorf("left by the sandbox (-before +after):\n%s", diff)
	}
}

// TestRegistry pulls on an instance, by the registry's real name and with its certificate, and runs what came: it finds the
// metadata service, too, as far as the instance's hop limit goes.
func TestRegistry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, machinetest.Shared(t))
	id, _ := w.launch(t)
	api := ecr.NewFromConfig(w.config())
	if _, err := api.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String("shop")}); err != nil {
		t.Fatal(err)
	}
	token, err := api.GetAuthorizationToken(t.Context(), &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	login, err := base64.StdEncoding.DecodeString(*token.AuthorizationData[0].AuthorizationToken)
	if err != nil {
		t.Fatal(err)
	}
	_, password, _ := strings.Cut(string(login), ":")
	// The agent that stands in for the real one is a static program: an image, but for its name.
	script := `
registry=%[1]s
if docker pull $registry/shop:v1; then echo "pulled without a login"; fi
echo %[2]s | docker login --username AWS --password-stdin $registry
tar -C /usr/bin -c bluegreen-agent | docker import --change 'ENTRYPOINT ["/bluegreen-agent"]' - $registry/shop:v1
docker push --quiet $registry/shop:v1
docker image rm $registry/shop:v1
docker run --detach --publish 8000:9180 $registry/shop:v1
`
	host := w.sb.Images.Host()
	if said := w.in(t, id, fmt.Sprintf(script, host, password)); !strings.HasPrefix(said, "0 ") || strings.Contains(said, "pulled without") {
		t.Fatal(said)
	}
	identity := func() string {
		return w.in(t, id, "exec 3<>/dev/tcp/127.0.0.1/8000; printf 'GET /identity HTTP/1.0\\r\\n\\r\\n' >&3; tail -n 1 <&3")
	}
	eventually(t, "the container on the instance knows where it is", func() bool { return identity() == "0 "+id })
}

// TestKilled removes what a sandbox has left that was killed.
func TestKilled(t *testing.T) {
	engine := machinetest.Shared(t)
	disk := prepared(t, engine)
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{"bluegreen.sandbox": fmt.Sprintf("%s %d 1", namespace, dead.Process.Pid)}
	before := left(t, engine)
	network, err := engine.CreateNetwork(t.Context(), "bluegreen-killed", labels)
	if err != nil {
		t.Fatal(err)
	}
	id, err := engine.Create(t.Context(), docker.Spec{
		Name: "bluegreen-killed", Image: disk, Command: []string{"sleep", "infinity"}, Labels: labels, Network: network, Volumes: []string{"/data"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, engine)
	w.sb.Close()
	if diff := cmp.Diff(before, left(t, engine)); diff != "" {
		t.Errorf("left (-before +after):\n%s", diff)
	}
}

func TestPrepareRefuses(t *testing.T) {
	engine := machinetest.Shared(t)
	for what, c := range map[string]struct {
		recipe machine.Recipe
		want   string
	}{
		"no package":      {machine.Recipe{}, "an instance needs the agent's Debian package, and none was named"},
		"none there":      {machine.Recipe{Package: "/none.deb"}, "read the agent's package: open /none.deb: no such file or directory"},
		"no package here": {machine.Recipe{Package: "/etc/hostname"}, "install the agent's package: exit code 1: dpkg-deb: error: '/root/agent.deb' is not a Debian format archive"},
	} {
		_, err := machine.Prepare(t.Context(), engine, c.recipe)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", what, err, c.want)
		}
	}
}

// TestBase takes an image that somebody else has made for the base.
func TestBase(t *testing.T) {
	engine := machinetest.Shared(t)
	images, err := engine.Images(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	base := ""
	for _, i := range images {
		for _, tag := range i.RepoTags {
			if strings.HasPrefix(tag, "bluegreen-sandbox/base:") {
				base = tag
			}
		}
	}
	var told []string
	disk, err := machine.Prepare(t.Context(), engine, machine.Recipe{
		Package: machinetest.Package(t, standIn), Base: base, Tell: func(what string) { told = append(told, what) },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"making a Debian with systemd and Docker of " + base + ", once", "installing agent.deb on the disk of instances"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if _, err := engine.Image(t.Context(), disk); err != nil {
		t.Error(err)
	}
}
