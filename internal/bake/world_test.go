package bake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"bluegreen/internal/aws"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/bake"
	"bluegreen/internal/bake/recipe"
	"bluegreen/internal/bake/settings"
	"bluegreen/internal/event"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/stack"
)

const (
	bucket  = "shop-staging"
	pointer = "/bluegreen/shop/ami"
	oldest  = 24 * time.Hour // more than anything of a dead run may last
)

// world is an account in which AMIs are made. It lives in a synctest bubble, where time costs nothing.
type world struct {
	t    testing.TB
	sb   *sandbox.Sandbox
	made stack.Made
	file string // the configuration

	base   string // of all configurations of this world
	digest string // of the app's image

	// What instances say, by their role; what a good one says when there is none. It gets the run's id.
	says map[string]func(run string) ec2.Guest

	commands []string // instances, each time that one was sent a command; with the account's lock

	over chan struct{} // closed at the end: what is left of dead processes ends then
	left sync.WaitGroup
}

// inWorld runs a test in a world of its own. More is added to the configuration.
func inWorld(t *testing.T, more string, test func(ctx context.Context, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, says: map[string]func(string) ec2.Guest{}, over: make(chan struct{})}
		sb, err := sandbox.New(sandbox.Options{Fabric: fabric.Memory(), Guest: w.guest, Command: w.command})
		if err != nil {
			t.Fatal(err)
		}
		defer sb.Close()
		w.furnish(sb, more)
		ctx, cancel := context.WithCancel(t.Context())
		defer func() {
			cancel()
			close(w.over)
			w.left.Wait()
		}()
		test(ctx, w)
	})
}

// furnish puts into the account what amibake needs to be there.
func (w *world) furnish(sb *sandbox.Sandbox, more string) {
	w.t.Helper()
	ctx := context.Background()
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	w.sb = sb
	program, err := stack.NewProgram([]byte("the app"))
	must(err)
	w.made, err = stack.Build(ctx, sb, stack.Spec{Program: program, BlueOnly: true})
	must(err)
	must(sb.Buckets.CreateBucket(bucket))
	sb.Account.Lock()
	vpc := sb.EC2.AddVPC(ec2.VPC{CIDR: "10.9.0.0/16"})
	subnet := sb.EC2.AddSubnet(ec2.Subnet{VPC: vpc, Zone: sb.Account.Region + "a", CIDR: "10.9.0.0/24", Public: true})
	sb.Account.Unlock()
	w.base = more + "build.subnet = \"" + subnet + "\"\nbuild.instance_profile = \"shop\"\n"
	w.configure(w.base)
	w.digest, err = w.cloud(nil).Registry.Digest(ctx, w.made.Containers["v1"])
	must(err)
	_, err = w.cloud(nil).Params.Create(ctx, "/base", w.made.Images["v1"])
	must(err)
}

func (w *world) configure(more string) {
	w.t.Helper()
	dir := w.t.TempDir()
	script := filepath.Join(dir, "provision.sh")
	w.file = filepath.Join(dir, "amibake.toml")
	text := fmt.Sprintf("app = \"shop\"\nregion = %q\nimage = %q\nbase.parameter = \"/base\"\nbuild.scripts = [\"provision.sh\"]\nstaging.bucket = %q\n%s",
		w.sb.Account.Region, w.made.Containers["v1"], bucket, more)
	for name, content := range map[string]string{script: "echo hello\n", w.file: text} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}

// sent is more configuration, by which instances are heard by Run Command.
const sent = "build.channel = \"run-command\"\n"

// guest is what the software of an instance does from its boot on, and command what it does when it is sent one.
func (w *world) guest(m ec2.Machine) ec2.Guest {
	if strings.Contains(w.base, sent) {
		return nil
	}
	return w.work(m)
}

func (w *world) command(m ec2.Machine, script string) ec2.Guest {
	limit := map[string]time.Duration{bake.RoleBuilder: 30 * time.Minute, bake.RoleTest: 15 * time.Minute}[m.InstanceTags[bake.TagRole]]
	if strings.TrimSpace(script) != strings.TrimSpace(recipe.Command(limit)) {
		return ec2.Guest{{Print: "sh: what is this?", Do: ec2.Fail}}
	}
	w.commands = append(w.commands, m.InstanceID)
	return w.work(m)
}

// work is what our instances do: what a test says, or all that they should.
func (w *world) work(m ec2.Machine) ec2.Guest {
	run, role := m.InstanceTags[bake.TagRun], m.InstanceTags[bake.TagRole]
	if run == "" {
		return nil
	}
	if says := w.says[role]; says != nil {
		return says(run)
	}
	switch role {
	case bake.RoleBuilder:
		return ec2.Guest{
			{After: 30 * time.Second, Print: recipe.Say(run, "stage", "packages")},
			{After: time.Minute, Print: w.ready(run)},
		}
	case bake.RoleTest:
		return ec2.Guest{{After: 40 * time.Second, Print: w.verified(run, nil)}}
	}
	return nil
}

// ready is what a builder says in the end. The digest was looked up before: guests write their scripts while the account is locked.
func (w *world) ready(run string) string {
	return say(run, "ready", map[string]any{"agent": "1.2.0", "digest": w.digest, "docker": "26.1"})
}

func (w *world) verified(run string, change map[string]any) string {
	said := map[string]any{
		"agent": "1.2.0", "digest": w.digest, "docker": "26.1", "phase": "serving", "imds": "required", "ports": []int{22, 9180, 8000},
		"published": []int{8000}, "boot_ms": 9000,
	}
	for k, v := range change {
		said[k] = v
	}
	return say(run, "verified", said)
}

func say(run, kind string, said any) string {
	text, err := json.Marshal(said)
	if err != nil {
		panic(err)
	}
	return recipe.Say(run, kind, string(text))
}

// cloud is the account as a process sees it.
func (w *world) cloud(transport http.RoundTripper) *aws.Bakery {
	w.t.Helper()
	if transport == nil {
		transport = w.sb.Transport()
	}
	return w.reach("http://sandbox", transport)
}

func (w *world) reach(endpoint string, transport http.RoundTripper) *aws.Bakery {
	w.t.Helper()
	cloud, err := aws.ConnectBakery(context.Background(), aws.Options{
		Region: w.sb.Account.Region, HTTP: transport, Endpoint: endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "test", ""),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return cloud
}

// process is a program that works on the app's images.
func (w *world) process(owner string, transport http.RoundTripper) (*bake.Bakery, *events) {
	w.t.Helper()
	s, err := settings.Load(w.file)
	if err != nil {
		w.t.Fatal(err)
	}
	ev := &events{}
	return &bake.Bakery{Settings: s, Cloud: w.cloud(transport), Report: ev, Owner: owner}, ev
}

// bakeOnce is what `amibake bake` does.
func bakeOnce(ctx context.Context, b *bake.Bakery) (image string, baked bool, err error) {
	p, err := b.Plan(ctx)
	if err != nil {
		return "", false, err
	}
	if !p.Due() {
		return p.Existing.ID, false, nil
	}
	s, err := b.Bake(ctx, p)
	return s.Image, true, err
}

// holdings are what there is of the app in the account, but for what stack.Build has made.
type holdings struct {
	Verified, Other    int // AMIs
	Instances, Objects int
	Orphans            int // snapshots
}

func (w *world) holdings() holdings {
	w.t.Helper()
	ctx, cloud := context.Background(), w.cloud(nil)
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	var h holdings
	images, err := cloud.Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{bake.TagApp: "shop", bake.TagManaged: bake.Managed}, Everything: true})
	must(err)
	for _, i := range images {
		if i.State == image.Available && i.Tags[bake.TagStatus] == bake.Verified {
			h.Verified++
		} else {
			h.Other++
		}
	}
	instances, err := cloud.Instances.Find(ctx, map[string]string{bake.TagApp: "shop", bake.TagManaged: bake.Managed})
	must(err)
	for _, i := range instances {
		if !i.Ended() {
			h.Instances++
		}
	}
	objects, err := cloud.Staging.List(ctx, bucket, "")
	must(err)
	h.Objects = len(objects)
	orphans, err := cloud.Images.OrphanSnapshots(ctx, map[string]string{bake.TagManaged: bake.Managed})
	must(err)
	h.Orphans = len(orphans)
	return h
}

// events are what a process has told.
type events struct {
	mu  sync.Mutex
	all []event.Event
}

func (e *events) Report(ev event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

func (e *events) log(t testing.TB) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.all {
		t.Logf("%s %-9s %-10s %s", ev.Time.Format(time.TimeOnly), ev.Event, ev.Step, ev.Text)
	}
}

// steps are those that were done or undone, in their order.
func (e *events) steps() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []string
	for _, ev := range e.all {
		if ev.Event == event.StepEnded {
			name := ev.Step
			if ev.Undo {
				name = "undo " + name
			}
			all = append(all, name)
		}
	}
	return slices.Clip(all)
}
