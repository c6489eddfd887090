// Package owner owns the app's one container, from the first start on an instance to the last stop.
//
// There is no state but the engine's: which container is ours, which one serves and which one is on trial follows from
// labels, names and states, read anew before every step, and every step is one call. So it does not matter between which
// two of them the agent, or the daemon, is killed: the next look finds what is left to do.
//
// The rules, for containers with our app's and our instance's labels:
//
//   - A container's name is <app>-<generation>, and each new one has the next generation.
//   - One that has been found unhealthy after a replacement is first renamed to <app>-<generation>-failed and then
//     stopped. It is kept, as the record that its configuration is not to be tried again for a while, and for its logs.
//   - Of the others, the oldest that has ever run is the good one. A younger one that is as configured is on trial, and
//     when it is healthy the good one is removed, by which the other becomes the good one. All else goes.
//   - Only one of them runs.
//
// A container of another instance was inherited with the AMI: it is stopped and removed before one of ours starts, since
// it has our ports and knows nothing of this instance. One without our labels is never touched.
//
// Docker restarts what crashes, a few times. When the daemon itself starts, it also starts containers that were stopped on
// purpose, if they ended with an error then. So a container that is to stay down is first taken its restart policy, and
// given it again before it is to run. All the rules hold for whatever is found running, too. The owner starts containers at
// boot, replaces them, and restarts what stays unhealthy or down, within a budget; when that is spent, it says once that the
// instance is no good.
package owner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"bluegreen/internal/docker"
)

// Engine is what is needed of Docker.
type Engine interface {
	Containers(ctx context.Context, labels map[string]string) ([]docker.Container, error)
	Events(ctx context.Context, labels map[string]string) (<-chan docker.Event, <-chan error)
	Create(ctx context.Context, s docker.Spec) (id string, err error)
	Start(ctx context.Context, id string) error
	Stop(ctx context.Context, id string, timeout time.Duration) error
	Restart(ctx context.Context, id string, timeout time.Duration) error
	Rename(ctx context.Context, id, name string) error
	SetRestart(ctx context.Context, id string, restart docker.Restart) error
	Remove(ctx context.Context, id string) error
	Logs(ctx context.Context, id string, tail int) ([]string, error)
	Signalled(ctx context.Context, c docker.Container) (time.Time, error)
}

// Image is an image that is in the engine.
type Image struct {
	Pinned string // "repository@sha256:…": what to create a container from
	Digest string // "sha256:…"
	Stale  string // why it may not be what was asked for; empty if it is
}

// Health is what is known of the container that is watched.
type Health struct {
	Container    string // its id
	State        HealthState
	UnhealthyFor time.Duration // 0 unless it is Unhealthy
	Reason       string        // why it is not healthy
}

// HealthState is how an app is.
type HealthState int

// The states of an app.
const (
	Unknown HealthState = iota // or still starting
	Healthy
	Unhealthy
)

// Options of an Owner. Engine, App, Instance, Ensure, Health and Watch are needed.
type Options struct {
	Engine   Engine
	App      string
	Color    string
	Instance string // id
	Version  string // of the agent

	// Ensure gets an image. It goes on until it has it, and fails only if that is of no use before something changes. It
	// tells how far it is.
	Ensure func(ctx context.Context, configured string, tell func(Phase, string)) (Image, error)
	// Health is the last verdict; call Wake when it changes. It must not block.
	Health func() Health
	// Watch has a container that has started probed from now on, and any other forgotten. It must not block.
	Watch func(docker.Container)
	// Unwatch says that no container runs. It must not block. May be nil.
	Unwatch func(why string)
	// Quiesce is called before a container that serves is stopped for another one: a chance to have the load balancer
	// send nothing. May be nil.
	Quiesce    func(ctx context.Context)
	QuiesceFor time.Duration // the longest that Quiesce takes
	// Escalate says that this instance cannot run the app. It is called again while it fails. May be nil.
	Escalate func(ctx context.Context, reason string) error
	// Observe gets the status whenever it is another. It must not call the owner. May be nil.
	Observe func(Status)
	// Redact takes out what must not be seen of a line of the app's log. May be nil.
	Redact func(string) string

	RetryAfter   time.Duration // until what failed is tried again although nothing has changed; an hour when zero
	ImageAfter   time.Duration // likewise, until an image that is not to be had is asked for again; 5 minutes when zero
	UnhealthyFor time.Duration // until an unhealthy container is restarted; 30 seconds when zero
	CoolDown     time.Duration // from one restart of ours to the next; 2 minutes when zero
	Budget       int           // restarts of ours in an hour; 4 when zero
	Crashes      int           // in a row that Docker restarts by itself; 5 when zero
	Tick         time.Duration // from one look to the next when nothing happens; 30 seconds when zero
	LogLines     int           // of a container that exited, to be reported; 10 when zero, none when negative
	Log          *slog.Logger  // nothing is logged when nil
}

func (o *Options) complete() error {
	if o.Engine == nil || o.App == "" || o.Instance == "" || o.Ensure == nil || o.Health == nil || o.Watch == nil {
		return errors.New("own a container: Engine, App, Instance, Ensure, Health and Watch are needed")
	}
	fill(&o.RetryAfter, time.Hour)
	fill(&o.ImageAfter, 5*time.Minute)
	fill(&o.UnhealthyFor, 30*time.Second)
	fill(&o.CoolDown, 2*time.Minute)
	fill(&o.Budget, 4)
	fill(&o.Crashes, 5)
	fill(&o.Tick, 30*time.Second)
	fill(&o.LogLines, 10)
	if o.Unwatch == nil {
		o.Unwatch = func(string) {}
	}
	if o.Observe == nil {
		o.Observe = func(Status) {}
	}
	if o.Redact == nil {
		o.Redact = func(line string) string { return line }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// fill sets what is not set.
func fill[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}

// Desired is the container that there is to be.
type Desired struct {
	Spec   docker.Spec // its Name, Image and our labels are set by the owner
	Image  string      // as configured
	Config string      // hash of all that makes a difference; the same hash is the same container
	// HealthyWithin is how long a new container may take to be healthy before the one it replaces is put back; 2 minutes
	// when zero.
	HealthyWithin time.Duration
	// StopTimeout is how long the container may take to stop; 30 seconds when zero.
	StopTimeout time.Duration
}

// Owner owns the app's container while Run runs. Its other methods are safe for concurrent use.
type Owner struct {
	options Options
	wake    chan struct{}

	stopped chan struct{} // closed when no container of ours runs after Stop
	close   sync.Once     // of stopped
	work    sync.WaitGroup
	ctx     context.Context // of what goes on beside Run's turns; set by Run

	mu    sync.Mutex
	inbox inbox
	pulse pulse

	showing sync.Mutex // held while a status is shown, so that they are seen in order
	shown   Status
	pulled  pulled

	memory // of Run's goroutine
}

// inbox is what others have to say to Run's goroutine.
type inbox struct {
	desired  *Desired
	again    bool // ask what the image is now, and forget failures
	draining bool
	stopping bool
	lost     bool             // the daemon was away since the last look
	deaths   map[string]death // by container
	fetched  *fetched
	appeal   *appeal
}

// New makes an owner. It makes no call.
func New(o Options) (*Owner, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	return &Owner{
		options: o, wake: make(chan struct{}, 1), stopped: make(chan struct{}), memory: newMemory(o),
		shown: Status{Phase: Starting, Reason: "waiting for the configuration"},
	}, nil
}

// Set says what there is to be. What is like it already is left alone.
func (o *Owner) Set(d Desired) {
	fill(&d.HealthyWithin, 2*time.Minute)
	fill(&d.StopTimeout, 30*time.Second)
	o.tell(func(in *inbox) { in.desired = &d })
}

// Reload asks once more what the configured image stands for, and replaces the container if that is another one now. It
// also forgets that something has failed.
func (o *Owner) Reload() { o.tell(func(in *inbox) { in.again = true }) }

// Wake has a look now. To be called when the health is another.
func (o *Owner) Wake() { o.tell(func(*inbox) {}) }

// Drain ends all that the owner does to the container by itself. A replacement that has stopped the old one already still
// starts the new one, so that something serves until the load balancer has looked away.
func (o *Owner) Drain() { o.tell(func(in *inbox) { in.draining = true }) }

// Stop drains, stops the container and waits until it has ended, or until ctx does. It may be called again.
func (o *Owner) Stop(ctx context.Context) error {
	o.tell(func(in *inbox) { in.draining, in.stopping = true, true })
	select {
	case <-o.stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop the container: %w (%s)", context.Cause(ctx), o.Status().Reason)
	}
}

// Status is what there is now.
func (o *Owner) Status() Status {
	o.showing.Lock()
	defer o.showing.Unlock()
	return o.shown
}

// tell puts something into the inbox and has Run look.
func (o *Owner) tell(put func(*inbox)) {
	o.mu.Lock()
	put(&o.inbox)
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}
