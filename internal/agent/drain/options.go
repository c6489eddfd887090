package drain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Options joins a drainer to its instance. Instance, Healthy, Refuse and Stop are needed.
type Options struct {
	Instance string // id of this instance
	Boot     string // id of this boot; the kernel's when empty
	File     string // where the drain is noted for the next agent; DefaultFile when empty
	Metadata Metadata
	Group    Group // without Group.Describe the instance is taken to be in no group

	Healthy func() bool                 // may the instance get traffic?
	Refuse  func(Cause)                 // has /health say 503; called once, when the drain begins or is gone on with
	Stop    func(context.Context) error // stops the container for good; may be called again when it is stopped
	// Extend asks systemd for more time to stop. May be nil.
	Extend func(time.Duration)
	// ShuttingDown tells the end of the machine from that of the agent; Systemd.ShuttingDown when nil.
	ShuttingDown func(context.Context) (bool, error)
	// Tell gets what is being waited for, whenever that changes. May be nil.
	Tell func(string)
	// Uptime is the time since boot; the kernel's when nil.
	Uptime func() time.Duration
	Log    *slog.Logger // slog.Default() when nil

	// LaunchHook and TerminationHook name our hooks. Where they are empty, ours is the only one of its transition whose name
	// begins with "bluegreen", or the only one of its transition.
	LaunchHook, TerminationHook string

	Rebalance bool // a rebalance recommendation drains, too

	// LaunchDeadline is how long the app may take to get healthy before its launch is abandoned; 10 minutes when zero.
	// Less if the hook allows less.
	LaunchDeadline time.Duration
	// Delay is the deregistration delay: from the first 503 on, the container runs for at least as long. When zero, it
	// runs until the group, which waits for its load balancers, says so.
	Delay time.Duration
	// Notice is what a load balancer needs to see from /health that the instance is going: interval times threshold of
	// its health check. It counts where nobody deregisters the instance first; 70 seconds when zero.
	Notice time.Duration
	// StopTimeout is what the container may take to stop; 30 seconds when zero.
	StopTimeout time.Duration
	// ShutdownLimit is how long a machine that shuts down is kept waiting before the container is stopped; 2 minutes
	// when zero.
	ShutdownLimit time.Duration

	Poll      time.Duration // of the metadata service; 5 seconds when zero
	GroupPoll time.Duration // of the group, while launching or draining; 10 seconds when zero
}

// DefaultFile is where a drain is noted. systemd must preserve the folder over restarts of the service, and the kernel
// forgets it at the next boot.
const DefaultFile = "/run/bluegreen/drain.json"

// complete fills in the defaults and refuses what cannot be.
func (o *Options) complete() error {
	if o.Instance == "" || o.Healthy == nil || o.Refuse == nil || o.Stop == nil {
		return errors.New("the instance's id, Healthy, Refuse and Stop are needed")
	}
	for name, span := range map[string]*time.Duration{
		"launch deadline": &o.LaunchDeadline, "delay": &o.Delay, "notice": &o.Notice,
		"stop timeout": &o.StopTimeout, "shutdown limit": &o.ShutdownLimit, "poll": &o.Poll, "group poll": &o.GroupPoll,
	} {
		if *span < 0 {
			return fmt.Errorf("%s: %v is negative", name, *span)
		}
	}
	fill(&o.LaunchDeadline, 10*time.Minute)
	fill(&o.Notice, 70*time.Second)
	fill(&o.StopTimeout, 30*time.Second)
	fill(&o.ShutdownLimit, 2*time.Minute)
	fill(&o.Poll, 5*time.Second)
	fill(&o.GroupPoll, 10*time.Second)
	fill(&o.File, DefaultFile)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.ShuttingDown == nil {
		o.ShuttingDown = Systemd{}.ShuttingDown
	}
	return o.completeClock()
}

func (o *Options) completeClock() (err error) {
	if o.Boot == "" {
		if o.Boot, err = BootID(); err != nil {
			return err
		}
	}
	if o.Uptime == nil {
		o.Uptime, err = uptime()
	}
	return err
}

// fill sets what is not set.
func fill[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}
