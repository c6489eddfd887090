package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"bluegreen/internal/aws"
	"bluegreen/internal/bake"
	"bluegreen/internal/bake/settings"
	"bluegreen/internal/event"
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/machine"
	"bluegreen/internal/sandbox/stack"
)

// The plain Debian of an account in which instances are containers: it has the owner that Debian's have, and is found where
// Debian names its newest one.
const (
	debianOwner     = "136693071363"
	debianParameter = "/aws/service/debian/release/12/latest/" + runtime.GOARCH
)

// bakePoll is how often a process of ours looks at what takes minutes on AWS.
const bakePoll = 500 * time.Millisecond

// The architectures, as EC2 calls them.
var architectures = map[string]string{"amd64": "x86_64", "arm64": "arm64"}

func (l *Lab) bucket() string { return l.Made.Spec.App + "-staging" }

// provideBakery puts into the account what images are made with: a Debian without Docker, and a bucket.
func (l *Lab) provideBakery() error {
	sb := l.Sandbox
	if err := sb.Buckets.CreateBucket(l.bucket()); err != nil {
		return err
	}
	sb.Account.Lock()
	defer sb.Account.Unlock()
	id, err := sb.EC2.AddImage(ec2.Image{
		Name: "debian-12-" + runtime.GOARCH, Description: "Debian 12, as Debian makes it for clouds", Owner: debianOwner,
		Architecture: architectures[runtime.GOARCH], Tags: map[string]string{machine.DiskTag: l.containers.bare},
	})
	if err != nil {
		return err
	}
	sb.Params.AddPublic(debianParameter, id)
	return nil
}

// agentSettings are on images, for instances that get none by user data: those that images are tested on. No load balancer has
// to let go of them.
const agentSettings = `[container]
ports = ["%d:%[1]d"]
memory = "128MiB"

[health]
listen = ":%d"
interval = "1s"

[lifecycle]
deregistration_delay = "1s"
notice = "1s"
`

// bakerySettings are those of amibake for v2 of the app.
const bakerySettings = `# The images of the app of a sandbox: made of a plain Debian, with Docker, the agent and the app on them.
app = %q
region = %q
image = %q

[base]
parameter = %q

[agent]
package = %q
settings = "agent.toml"

[build]
subnet = %q
instance_profile = %q

[staging]
bucket = %q
`

// writeBakery writes the files that tell amibake how to make images of the app.
func (l *Lab) writeBakery() error {
	pkg, err := filepath.Abs(l.containers.pkg)
	if err != nil {
		return err
	}
	spec := l.Made.Spec
	l.files.bakery = filepath.Join(l.dir, "amibake.toml")
	for name, content := range map[string]string{
		filepath.Join(l.dir, "agent.toml"): fmt.Sprintf(agentSettings, stack.AppPort, stack.AgentPort),
		l.files.bakery: fmt.Sprintf(bakerySettings, spec.App, l.Sandbox.Account.Region, l.Made.Containers["v2"], debianParameter,
			pkg, l.Made.Subnets[0], spec.App, l.bucket()),
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			return fmt.Errorf("write the settings of amibake: %w", err)
		}
	}
	return nil
}

// Bakes says whether images can be made in the account: its instances are containers then.
func (l *Lab) Bakes() bool { return l.files.bakery != "" }

// Bakery is a process that makes images of a version of the app, over HTTP as any process would. It takes an account in
// which images can be made.
func (l *Lab) Bakery(owner, version string, report event.Reporter) (*bake.Bakery, error) {
	s, err := settings.Load(l.files.bakery)
	if err != nil {
		return nil, err
	}
	s.Image = l.Made.Containers[version]
	cloud, err := aws.ConnectBakery(context.Background(), aws.Options{
		Region: s.Region, Endpoint: l.Sandbox.Endpoint(), Credentials: stack.Credentials(),
	})
	if err != nil {
		return nil, err
	}
	return &bake.Bakery{Settings: s, Cloud: cloud, Report: report, Owner: owner, Poll: bakePoll}, nil
}
