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
)

// world is an account with a blue stack that serves, and the processes that work on it. It lives in a synctest bubble.
type world struct {
	t    *testing.T
	sb   *sandbox.Sandbox
	made stack.Made
}

// inWorld runs a test in a world of its own, where time costs nothing.
func inWorld(t *testing.T, spec stack.Spec, test func(ctx context.Context, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sb, err := sandbox.New(sandbox.Options{Fabric: fabric.Memory(), Resolution: time.Minute, Delay: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		defer sb.Close()
		made, err := stack.Build(t.Context(), sb, spec)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, sb: sb, made: made}
		w.awaitHealthy("blue")
		test(t.Context(), w)
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

// process is a program that works on the app; its transport is its own, so that it can be killed.
func (w *world) process(owner string, transport http.RoundTripper, change ...func(*bluegreen.Config)) (*bluegreen.App, *events) {
	w.t.Helper()
	if transport == nil {
		transport = w.sb.Transport()
	}
	cfg := w.settings()
	for _, c := range change {
		c(&cfg)
	}
	cloud, err := aws.Connect(w.t.Context(), aws.Options{
		Region: cfg.Region, HTTP: transport, Endpoint: "http://sandbox",
		Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "test", ""),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ev := &events{}
	app := &bluegreen.App{
		Config: cfg, Cloud: cloud, Owner: owner, Report: ev, Dial: w.sb.Fabric.DialContext,
		Resolver: resolve.Client{Resolver: w.sb.Resolver(), Dial: w.sb.Fabric.DialContext},
	}
	if err := app.Open(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return app, ev
}

// events are what a process reported.
type events struct {
	mu   sync.Mutex
	list []bluegreen.Event
}

func (e *events) Report(ev bluegreen.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, ev)
}

func (e *events) all() []bluegreen.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]bluegreen.Event(nil), e.list...)
}

// log prints what a process reported, for a test that fails.
func (e *events) log(t *testing.T) {
	t.Helper()
	for _, ev := range e.all() {
		t.Logf("%s %-9s %-10s undo=%v %s", ev.Time.Format(time.TimeOnly), ev.Event, ev.Step, ev.Undo, ev.Text)
	}
}

// awaitHealthy lets time pass until a colour serves with all its instances.
func (w *world) awaitHealthy(color string) {
	w.t.Helper()
	app, _ := w.process("observer", nil)
	for range 600 {
		st := app.Status(w.t.Context())
		for _, c := range st.Colors {
			if string(c.Color) == color && c.Size.Desired > 0 && c.Healthy == c.Size.Desired {
				return
			}
		}
		time.Sleep(time.Second)
	}
	w.t.Fatalf("%s did not get healthy in ten minutes", color)
}
