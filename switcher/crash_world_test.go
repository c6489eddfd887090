package main

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

	"bluegreen/internal/aws"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/bake"
	"bluegreen/internal/bake/settings"
	"bluegreen/internal/bake/sweep"
	"bluegreen/internal/bluegreen"
	"bluegreen/internal/config"
	"bluegreen/internal/event"
	"bluegreen/internal/resolve"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/mortal"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// world is an account with a blue stack that serves, in which images are baked. It lives in a synctest bubble, where time costs
// nothing.
type world struct {
	t      *testing.T
	sb     *sandbox.Sandbox
	made   stack.Made
	guests guests
	bakery string // the configuration of amibake

	over chan struct{} // closed at the end: what is left of dead processes ends then
	left sync.WaitGroup
}

// inWorld runs a test in a world of its own.
func inWorld(t *testing.T, test func(ctx context.Context, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, over: make(chan struct{})}
		sb, err := sandbox.New(sandbox.Options{
			Resolution: time.Minute, Delay: time.Minute, Fabric: fabric.Memory(), Guest: w.guests.script,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer sb.Close()
		w.sb = sb
		if w.made, err = stack.Build(t.Context(), sb, stack.Spec{HookSeconds: 30, BlueOnly: true}); err != nil {
			t.Fatal(err)
		}
		if err := sb.Buckets.CreateBucket("shop-staging"); err != nil {
			t.Fatal(err)
		}
		w.bakery = filepath.Join(t.TempDir(), bakeFile)
		text := fmt.Sprintf(bakeryConfig, sb.Account.Region, bakedImage, w.made.Images["v1"], w.made.Subnets[0])
		if err := os.WriteFile(w.bakery, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer func() {
			cancel() // before over: dead processes wake up to a context that has ended
			close(w.over)
			w.left.Wait()
		}()
		for w.color(traffic.Blue).Healthy < 2 {
			time.Sleep(15 * time.Second)
		}
		test(ctx, w)
	})
}

// settings are switcher's, with few polls.
func (w *world) settings() bluegreen.Config {
	w.t.Helper()
	c := bluegreen.Default()
	c.App, c.Region = w.made.Spec.App, w.sb.Account.Region
	c.DNS.ZoneID, c.DNS.Zone, c.DNS.Names = w.made.ZoneID, w.made.Spec.Zone, w.made.Spec.Names
	c.Probe.Scheme, c.Probe.Port, c.Probe.Successes = "http", stack.HTTPPort, 2
	c.Lease = config.Duration(5 * time.Minute)
	c.Rollout = bluegreen.RolloutConfig{Strategy: "canary", Steps: []int{50}, Step: 10}
	c.Rollout.Interval, c.Rollout.Hold = config.Duration(15*time.Second), config.Duration(15*time.Second)
	c.Limits.Poll, c.Gate.Interval = config.Duration(61*time.Second), config.Duration(15*time.Second)
	if err := c.Complete(); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// process is a program with a network of its own, so that it can be killed. It bakes as the commands do.
func (w *world) process(owner string, p *mortal.Plug) (*bluegreen.App, *events) {
	w.t.Helper()
	o := aws.Options{Region: w.sb.Account.Region, HTTP: p, Endpoint: "http://sandbox", Credentials: stack.Credentials()}
	cloud, err := aws.Connect(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	ev := &events{}
	app := &bluegreen.App{
		Config: w.settings(), Cloud: cloud, Owner: owner, Report: ev, Dial: p.DialContext,
		Resolver: resolve.Client{Resolver: w.sb.Resolver(), Dial: p.DialContext},
		Bakery: func(_ context.Context, file string) (*bluegreen.Bakery, error) {
			return forDeployment(w.bakes(file, owner, ev, p)), nil
		},
	}
	if err := app.Open(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return app, ev
}

func (w *world) bakes(file, owner string, report event.Reporter, to http.RoundTripper) *bake.Bakery {
	w.t.Helper()
	s, err := settings.Load(file)
	if err != nil {
		w.t.Fatal(err)
	}
	cloud, err := aws.ConnectBakery(w.t.Context(), aws.Options{
		Region: w.sb.Account.Region, HTTP: to, Endpoint: "http://sandbox", Credentials: stack.Credentials(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return &bake.Bakery{Settings: s, Cloud: cloud, Report: report, Owner: owner}
}

// color is how a color is, as status tells it.
func (w *world) color(c traffic.Color) bluegreen.ColorStatus {
	w.t.Helper()
	app, _ := w.process("the eye", w.plug(0, false))
	for _, st := range app.Status(w.t.Context()).Colors {
		if st.Color == c {
			return st
		}
	}
	return bluegreen.ColorStatus{}
}

// holdings are what there is of bakes.
type holdings struct {
	Proven, Other, Instances, Files, Orphans int
	Promoted                                 bool // the proven one
}

func (w *world) holdings(ctx context.Context) (h holdings, id string) {
	w.t.Helper()
	cloud := w.bakes(w.bakery, "the eye", event.Silent{}, w.sb.Transport()).Cloud
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	ours := map[string]string{bake.TagApp: "shop", bake.TagManaged: bake.Managed}
	images, err := cloud.Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: ours, Everything: true})
	must(err)
	for _, i := range images {
		if i.State != image.Available || i.Tags[bake.TagStatus] != bake.Verified {
			h.Other++
			continue
		}
		h.Proven++
		id = i.ID
	}
	instances, err := cloud.Instances.Find(ctx, ours)
	must(err)
	for _, i := range instances {
		if !i.Ended() && i.Tags[bake.TagRun] != "" {
			h.Instances++
		}
	}
	objects, err := cloud.Staging.List(ctx, "shop-staging", "")
	must(err)
	orphans, err := cloud.Images.OrphanSnapshots(ctx, map[string]string{bake.TagManaged: bake.Managed})
	must(err)
	h.Files, h.Orphans = len(objects), len(orphans)
	pointer, err := cloud.Params.List(ctx, "/bluegreen/shop")
	must(err)
	for _, p := range pointer {
		h.Promoted = h.Promoted || p.Name == "/bluegreen/shop/ami" && p.Value == id && id != ""
	}
	return h, id
}

// sweep removes what runs have left, and says how much that was.
func (w *world) sweep(ctx context.Context) int {
	w.t.Helper()
	s := w.bakes(w.bakery, "the sweeper", event.Silent{}, w.sb.Transport()).Sweeper()
	p, err := s.Plan(ctx)
	if err == nil {
		err = p.Err()
	}
	if err == nil {
		_, err = s.Apply(ctx, p, func(sweep.Step) {})
	}
	if err != nil {
		w.t.Fatalf("sweep: %v", err)
	}
	return p.Due()
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
		t.Logf("%s %-9s %-18s %s", ev.Time.Format(time.TimeOnly), ev.Event, ev.Step, ev.Text)
	}
}
