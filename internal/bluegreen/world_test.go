package bluegreen_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"bluegreen/internal/aws"
	"bluegreen/internal/bluegreen"
	"bluegreen/internal/config"
	"bluegreen/internal/resolve"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// world is an account with a blue stack that serves, and the processes that work on it. It lives in a synctest bubble.
type world struct {
	t    *testing.T
	sb   *sandbox.Sandbox
	made stack.Made
	eye  *eye
	// over is closed at the end of the world: what is left of dead processes ends then.
	over chan struct{}
	left sync.WaitGroup
}

// inWorld runs a test in a world of its own, where time costs nothing.
func inWorld(t *testing.T, spec stack.Spec, test func(ctx context.Context, w *world)) {
	t.Helper()
	inWorldOf(t, spec, sandbox.Options{Resolution: time.Minute, Delay: time.Minute}, test)
}

// inWorldOf is inWorld in an account with manners of its own.
func inWorldOf(t *testing.T, spec stack.Spec, o sandbox.Options, test func(ctx context.Context, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.Fabric = fabric.Memory()
		sb, err := sandbox.New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer sb.Close()
		made, err := stack.Build(t.Context(), sb, spec)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, sb: sb, made: made, eye: newEye(sb, made), over: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		defer func() {
			cancel() // before over: dead processes wake up to a context that has ended
			close(w.over)
			w.left.Wait()
		}()
		w.awaitHealthy(traffic.Blue)
		test(ctx, w)
	})
}

// settings are the configuration of the world's app.
func (w *world) settings() bluegreen.Config {
	c := bluegreen.Default()
	c.App, c.Region = w.made.Spec.App, w.sb.Account.Region
	c.DNS.ZoneID, c.DNS.Zone, c.DNS.Names = w.made.ZoneID, w.made.Spec.Zone, w.made.Spec.Names
	c.Probe.Scheme, c.Probe.Port = "http", stack.HTTPPort
	c.Rollout.Hold = config.Duration(time.Hour)
	if err := c.Complete(); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// change is what a test wants other than usual in the configuration of a process.
type change func(*bluegreen.Config)

// brisk is a configuration with few polls, for tests that run very many worlds.
func brisk(c *bluegreen.Config) {
	c.Lease = config.Duration(5 * time.Minute)
	c.Rollout.Interval, c.Rollout.Hold = config.Duration(15*time.Second), config.Duration(15*time.Second)
	c.Limits.Poll = config.Duration(61 * time.Second) // one poll after INSYNC the caches have run out
	c.Probe.Successes = 2
	c.Gate.Interval = config.Duration(15 * time.Second)
	c.Drain.Probes, c.Drain.Quiet = 6, config.Duration(time.Minute)
}

// process is a program that works on the app. Its transport is the world's when nil.
func (w *world) process(owner string, transport http.RoundTripper, changes ...change) (*bluegreen.App, *events) {
	w.t.Helper()
	if transport == nil {
		transport = w.sb.Transport()
	}
	return w.program(owner, link{http: transport, dial: w.sb.Fabric.DialContext}, changes...)
}

// program is a process with a network of its own, so that it can be killed.
func (w *world) program(owner string, net link, changes ...change) (*bluegreen.App, *events) {
	w.t.Helper()
	cfg := w.settings()
	for _, c := range changes {
		c(&cfg)
	}
	if err := cfg.Complete(); err != nil {
		w.t.Fatal(err)
	}
	cloud, err := aws.Connect(w.t.Context(), aws.Options{
		Region: cfg.Region, HTTP: net.http, Endpoint: "http://sandbox",
		Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "test", ""),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ev := &events{}
	app := &bluegreen.App{
		Config: cfg, Cloud: cloud, Owner: owner, Report: ev, Dial: net.dial,
		Resolver: resolve.Client{Resolver: w.sb.Resolver(), Dial: net.dial},
	}
	if err := app.Open(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return app, ev
}

// awaitHealthy lets time pass until a colour serves with all its instances.
func (w *world) awaitHealthy(color traffic.Color) {
	w.t.Helper()
	for range 200 {
		g := w.eye.group(w.t, color)
		if *g.DesiredCapacity > 0 && w.eye.healthy(w.t, color) == int(*g.DesiredCapacity) {
			return
		}
		time.Sleep(15 * time.Second)
	}
	w.t.Fatalf("%s did not get healthy in a quarter of an hour", color)
}
