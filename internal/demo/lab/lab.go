// Package lab is a ready-made account for people to try things in: a sandbox on real sockets with an app whose blue stack
// serves, and the settings with which switcher works on it, and amibake where instances are containers. It runs as anybody,
// on ports that anybody may use.
package lab

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"bluegreen/internal/aws"
	"bluegreen/internal/bluegreen"
	"bluegreen/internal/resolve"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/wait"
)

// Options says what account to make. The zero value is the app "shop" at the pace of real AWS.
type Options struct {
	Spec    stack.Spec
	Speed   float64       // how many times faster than AWS its own delays pass; 1 when zero
	Seed    uint64        // of every identifier and random choice
	Latency time.Duration // of every API call, once the account is made
	Port    int           // of the AWS endpoint; sandbox.DefaultPort when zero
	Docker  *Docker       // runs instances as containers; as apps in this process when nil
}

// Lab is a running account with an app in it.
type Lab struct {
	Sandbox *sandbox.Sandbox
	Made    stack.Made

	speed      float64
	dir        string
	files      files
	containers *containers // nil when instances are none
}

// Open makes an account and returns when its blue stack serves. Files for its users go to dir; close it to end all that
// runs, and to remove them.
func Open(ctx context.Context, dir string, o Options) (*Lab, error) {
	if o.Speed <= 0 {
		o.Speed = 1
	}
	l := &Lab{speed: o.Speed, dir: dir}
	so := sandbox.Options{
		Account:    account.Options{Speed: o.Speed, Seed: o.Seed},
		Port:       o.Port,
		Resolution: resolution(o.Speed),
		Delay:      resolution(o.Speed),
	}
	if o.Docker != nil {
		var err error
		if l.containers, o.Spec.Program, err = o.Docker.prepare(ctx); err != nil {
			return nil, err
		}
		so.Machines = l.containers.machines
	}
	sb, err := sandbox.New(so)
	if err != nil {
		l.containers.close()
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	l.Sandbox = sb
	if err := l.furnish(ctx, o); err != nil {
		l.Close()
		return nil, err
	}
	sb.Front.Latency.Set("", "", o.Latency)
	return l, nil
}

func (l *Lab) furnish(ctx context.Context, o Options) (err error) {
	if l.Made, err = stack.Build(ctx, l.Sandbox, o.Spec); err != nil {
		return fmt.Errorf("fill the sandbox: %w", err)
	}
	if l.containers != nil {
		if err := l.provideBakery(); err != nil {
			return fmt.Errorf("fill the sandbox: %w", err)
		}
	}
	if err := l.awaitBlue(ctx); err != nil {
		return l.containers.explained(ctx, err)
	}
	return l.writeFiles()
}

// Close ends all that runs in the account, and removes its files.
func (l *Lab) Close() {
	l.Sandbox.Close()
	l.containers.close()
	l.removeFiles()
}

// App is a process that works on the app, over HTTP as any process would; the environment has no part in it.
func (l *Lab) App(owner string, report bluegreen.Reporter, change ...func(*bluegreen.Config)) (*bluegreen.App, error) {
	cfg := l.Config()
	for _, c := range change {
		c(&cfg)
	}
	cloud, err := aws.Connect(context.Background(), aws.Options{
		Region: cfg.Region, Endpoint: l.Sandbox.Endpoint(), Credentials: stack.Credentials(),
	})
	if err != nil {
		return nil, err
	}
	app := &bluegreen.App{Config: cfg, Cloud: cloud, Resolver: l.Resolver(), Report: report, Owner: owner}
	return app, app.Open(context.Background()) // makes no call: the settings have the zone's id
}

// Resolver is what the app's clients ask for its addresses.
func (l *Lab) Resolver() resolve.Client { return resolve.Client{Resolver: l.Sandbox.Resolver()} }

// readyAfter is how long blue takes at most, in the account's time.
const readyAfter = 10 * time.Minute

// awaitBlue lets the load balancers get active, and blue's instances start and be found healthy.
func (l *Lab) awaitBlue(ctx context.Context) error {
	app, err := l.App("the sandbox", nil)
	if err != nil {
		return err
	}
	limit := 20*time.Second + l.scaled(readyAfter)
	if l.containers != nil {
		limit += containersReady
	}
	poll := wait.Poll{
		What: "blue to serve", Timeout: limit, Interval: 20 * time.Millisecond,
		MaxInterval: 250 * time.Millisecond,
	}
	return wait.Until(ctx, poll, func(ctx context.Context) (bool, string, error) {
		colors := app.Status(ctx).Colors
		for _, c := range colors {
			if c.State != "" && c.State != "active" { // of a color that stands
				return false, fmt.Sprintf("load balancer %s is %s", c.Balancer, c.State), nil
			}
		}
		blue := colors[0]
		return blue.Size.Desired > 0 && blue.Healthy >= blue.Size.Desired && blue.Service >= blue.Size.Desired,
			fmt.Sprintf("%d of %d healthy", blue.Healthy, blue.Size.Desired), nil
	})
}

// scaled is what a delay of real AWS takes here.
func (l *Lab) scaled(d time.Duration) time.Duration { return time.Duration(float64(d) / l.speed) }

// Balancer is an address of a color's load balancer, and its port for HTTP.
func (l *Lab) Balancer(ctx context.Context, color string) (string, error) {
	app, err := l.App("the sandbox", nil)
	if err != nil {
		return "", err
	}
	lb, err := app.Cloud.Balancers.Get(ctx, fmt.Sprintf("%s-%s-alb", l.Made.Spec.App, color))
	if err != nil {
		return "", err
	}
	answer, err := app.Resolver.Lookup(ctx, lb.DNSName, "A")
	if err != nil {
		return "", err
	}
	if len(answer.Values) == 0 {
		return "", fmt.Errorf("load balancer %s has no address", lb.Name)
	}
	return net.JoinHostPort(answer.Values[0], strconv.Itoa(stack.HTTPPort)), nil
}
