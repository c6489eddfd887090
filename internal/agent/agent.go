// Package agent joins the agent's parts: it takes an instance from boot to a healthy app, keeps it so, and takes it out again
// without a lost request. What each part does is its package's to say; here is who tells whom.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bluegreen/internal/agent/drain"
	"bluegreen/internal/agent/health"
	"bluegreen/internal/agent/image"
	"bluegreen/internal/agent/notify"
	"bluegreen/internal/agent/owner"
	"bluegreen/internal/agent/secret"
	"bluegreen/internal/agent/serve"
	"bluegreen/internal/agent/settings"
	"bluegreen/internal/docker"
)

// Options says how to run. The zero value is that of a package that is installed.
type Options struct {
	Paths   settings.Paths // settings.Installed when zero
	Version string
	Docker  string // host of the engine, as in DOCKER_HOST; that of the environment or the default when empty
	RunDir  string // on a tmpfs, for secrets and what has to outlive the agent, but not the boot; RunDir when empty
	Log     *slog.Logger

	// Terminate ends with the signal that asks the agent to end; its context is another one than Run's, which ends at once.
	Terminate <-chan os.Signal
	// Reload has the agent ask anew what the image's tag or parameter stands for, and replace the container if that is
	// another image by now. May be nil.
	Reload <-chan os.Signal
}

// RunDir is the runtime directory of the unit.
const RunDir = "/run/bluegreen"

// ConfigError is a configuration that cannot work. Nothing but an edit helps.
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string { return e.Err.Error() }

func (e *ConfigError) Unwrap() error { return e.Err }

// agent is one run.
type agent struct {
	Options
	settings settings.Settings
	machine  machine
	account  *account
	engine   *docker.Engine

	board   *serve.Board
	metrics *serve.Metrics
	systemd *notify.Notifier
	heart   *notify.Heart

	monitor *health.Monitor
	images  *image.Images
	secrets *secret.Keeper
	owner   *owner.Owner
	drainer *drain.Drainer
	watched watched

	jittered atomic.Bool                 // the first call to ECR was made
	owned    atomic.Pointer[owner.Owner] // the owner, once there is one: for the watchdog
	exits    exits                       // of the app, that were told
	running  docker.Image                // of the container that was shown last
}

// Run runs the agent until ctx ends, or until it was asked to end and has done what that takes. The container stays, unless the
// machine goes down.
func Run(ctx context.Context, o Options) error {
	if o.Paths == (settings.Paths{}) {
		o.Paths = settings.Installed
	}
	if o.RunDir == "" {
		o.RunDir = RunDir
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := settings.Load(o.Paths)
	if err != nil {
		return &ConfigError{err}
	}
	a := &agent{Options: o, settings: s, systemd: notify.New(o.Log), heart: notify.NewHeart(beatBound)}
	a.monitor = a.newMonitor()
	a.board = serve.NewBoard(serve.Status{
		App: s.App, Color: s.Color, Phase: serve.Starting, Why: "waiting for the metadata service",
		Agent: serve.Agent{Version: o.Version, Started: time.Now(), PID: os.Getpid()},
	}, a.health)
	a.metrics = serve.NewMetrics(a.board.Status)
	return a.run(ctx)
}

// run serves, and does all else meanwhile: an agent that waits for something says what for.
func (a *agent) run(ctx context.Context) error {
	public, admin, err := a.listen(ctx)
	if err != nil {
		return err
	}
	server := serve.New(serve.Options{Board: a.board, Live: a.heart.Err, Metrics: a.metrics.Handler(), Log: a.Log})

	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	served := make(chan error, 1)
	go func() { served <- server.Serve(serving, public, admin) }()
	a.systemd.Ready()
	for _, note := range a.settings.Notes {
		a.Log.Warn(note)
	}

	work, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	worked := make(chan error, 1)
	go func() { worked <- a.work(work) }()
	select {
	case err = <-worked:
	case err = <-served:
		served <- nil
		cancel(err)
		err = errors.Join(err, <-worked)
	}
	a.systemd.Stopping()
	stopServing()
	err = errors.Join(err, <-served)
	if errors.Is(err, errTerminated) || ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// listen opens the doors. Whoever had them open before, for another run of the agent, may have kept them open for this one.
func (a *agent) listen(ctx context.Context) (public, admin net.Listener, err error) {
	kept := notify.Inherited()
	if public, err = serve.Listen(ctx, a.settings.Health.Listen, kept["public"]); err != nil {
		return nil, nil, err
	}
	if admin, err = serve.Listen(ctx, a.settings.Admin.Listen, kept["admin"]); err != nil {
		return nil, nil, errors.Join(err, public.Close())
	}
	if err := a.systemd.Keep(map[string]net.Listener{"public": public, "admin": admin}); err != nil {
		a.Log.Debug("systemd does not keep the listeners over a restart", "error", err)
	}
	return public, admin, nil
}

// errTerminated ends the work of an agent that was asked to end, and has done what that takes.
var errTerminated = errors.New("terminated")

// work is all but serving.
func (a *agent) work(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	ready := make(chan struct{}) // closed when the drainer can be told of a signal
	all.Go(func() error { return a.untilTerminated(ctx, ready) })
	all.Go(func() error { a.monitor.Run(ctx); return nil })
	all.Go(func() error { return a.watchdog(ctx) })
	all.Go(func() error { giveBack(ctx); return nil })
	all.Go(func() error {
		if err := a.prepare(ctx); err != nil {
			return err
		}
		all.Go(func() error { a.drainer.Run(ctx); return nil })
		close(ready)
		all.Go(func() error { a.owner.Run(ctx); return nil })
		all.Go(func() error { a.images.Watch(ctx, a.settings.GC.Interval); return nil })
		all.Go(func() error { return a.publish(ctx) })
		all.Go(func() error { a.relay(ctx); return nil })
		all.Go(func() error { a.reload(ctx); return nil })
		all.Go(func() error { a.awaitColor(ctx); return nil })
		return a.supply(ctx)
	})
	err := all.Wait()
	if a.engine != nil {
		_ = a.engine.Close()
	}
	return err
}

// untilTerminated waits for the signal to end. Before the drainer is there, nothing of ours runs that could be drained.
func (a *agent) untilTerminated(ctx context.Context, ready <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-a.Terminate:
	}
	select {
	case <-ready:
	default:
		return errTerminated
	}
	extending, enough := context.WithCancel(ctx)
	defer enough()
	go a.systemd.KeepExtending(extending)
	a.Log.Info("asked to end")
	if down := a.drainer.Terminate(ctx); down {
		a.Log.Info("the container is stopped: the machine goes down")
	} else {
		a.Log.Info("the container stays as it is")
	}
	return errTerminated
}

// reload is for SIGHUP.
func (a *agent) reload(ctx context.Context) {
	for {
		select {
		case <-a.Reload:
			a.Log.Info("asked to look for another image")
			a.owner.Reload()
		case <-ctx.Done():
			return
		}
	}
}

// prepare finds out where the agent is, and makes the parts that depend on it.
func (a *agent) prepare(ctx context.Context) (err error) {
	if err = a.locate(ctx); err != nil {
		return err
	}
	if err = a.awaitTags(ctx); err != nil {
		return err
	}
	if a.settings, err = a.settings.WithTags(a.machine.tags); err != nil {
		return &ConfigError{fmt.Errorf("with the instance's tags: %w", err)}
	}
	a.board.Update(func(s *serve.Status) {
		s.App, s.Color, s.Instance, s.Image.Configured = a.settings.App, a.settings.Color, a.machine.id, a.settings.Image.String()
	})
	if a.engine, err = docker.Connect(a.Docker); err != nil {
		return err
	}
	a.newImages(lasting)
	if err := a.newSecrets(); err != nil {
		return err
	}
	if err := a.newOwner(); err != nil {
		return err
	}
	return a.newDrainer()
}
