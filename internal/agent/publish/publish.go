// Package publish measures the app's container and writes what it finds to CloudWatch once a minute, by app and colour: EC2 has
// no metric of memory, and none of containers, that a rollout could be gated on.
//
// It has its own loop, in which it waits for Docker and for CloudWatch with a bound on each. Nothing else waits for it: what
// CloudWatch does not take is dropped and counted.
package publish

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"time"

	"bluegreen/internal/aws/metrics"
)

// Usage is what a container uses at one moment.
type Usage struct {
	Container   string        // its id; empty for none that runs
	Memory      int64         // bytes
	MemoryLimit int64         // bytes; 0 for none
	CPU         time.Duration // that it has used since it was started
	PIDs        int64         // processes and threads
}

// Options of a Publisher.
type Options struct {
	Prefix   string // of the namespace, before "/" and the app's name
	App      string
	Color    func() string // the dimension Color; none where it is empty, or this is nil
	Instance string        // besides, as a dimension InstanceId of series of their own; none when empty: CloudWatch bills by series
	Cores    float64       // that the container may use: 100 % of CPU

	Usage    func(context.Context) (Usage, error) // may ask Docker
	Healthy  func() bool
	Restarts func() int // of the container, so far

	// Put writes to CloudWatch. Without one, the container is only measured.
	Put func(ctx context.Context, namespace string, data ...metrics.Datum) error

	Measured func(Usage) // is told of each measurement; may be nil
	Dropped  func(n int) // is told how many values CloudWatch has not taken; may be nil

	Sample time.Duration  // between two measurements; 10 s when zero
	Every  time.Duration  // between two writes; a minute when zero
	Rand   func() float64 // in [0, 1), for when the first write is due; the global source when nil
	Log    *slog.Logger
}

const (
	sampleWithin = 5 * time.Second
	putWithin    = 20 * time.Second
)

// Publisher measures and writes.
type Publisher struct {
	options Options
	window  window
	last    measurement
	counted int  // restarts, up to the last sample
	blind   bool // the last measurement failed
	down    bool // the last write failed
}

// measurement is what CPU time is counted from.
type measurement struct {
	usage Usage
	at    time.Time
}

// New makes a publisher.
func New(o Options) *Publisher {
	if o.Sample <= 0 {
		o.Sample = 10 * time.Second
	}
	if o.Every <= 0 {
		o.Every = time.Minute
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Measured == nil {
		o.Measured = func(Usage) {}
	}
	if o.Dropped == nil {
		o.Dropped = func(int) {}
	}
	return &Publisher{options: o, counted: o.Restarts(), window: newWindow()}
}

// Run measures and writes until ctx ends. The first write is due at random within the interval, so that a fleet that was
// started at once does not write at once. What was measured since the last write is lost at the end.
func (p *Publisher) Run(ctx context.Context) {
	sample := time.NewTicker(p.options.Sample)
	defer sample.Stop()
	write := time.NewTimer(time.Duration(p.options.Rand() * float64(p.options.Every)))
	defer write.Stop()
	p.sample(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-sample.C:
			p.sample(ctx)
		case <-write.C:
			write.Reset(p.options.Every)
			p.write(ctx)
		}
	}
}

// sample measures once.
func (p *Publisher) sample(ctx context.Context) {
	p.window.add(healthy, truth(p.options.Healthy()))
	restarted := p.options.Restarts()
	p.window.add(restarts, float64(max(restarted-p.counted, 0)))
	p.counted = restarted

	within, cancel := context.WithTimeout(ctx, sampleWithin)
	defer cancel()
	usage, err := p.options.Usage(within)
	if ctx.Err() != nil {
		return
	}
	if err != nil && !p.blind {
		p.options.Log.Warn("Could not measure the container", "error", err)
	}
	if p.blind = err != nil; p.blind {
		return
	}
	p.measured(measurement{usage, time.Now()})
}

func (p *Publisher) measured(now measurement) {
	u, last := now.usage, p.last
	p.last = now
	p.options.Measured(u)
	if u.Container == "" {
		return
	}
	p.window.add(memory, float64(u.Memory))
	if u.MemoryLimit > 0 {
		p.window.add(memoryShare, 100*float64(u.Memory)/float64(u.MemoryLimit))
	}
	p.window.add(pids, float64(u.PIDs))
	// CPU time starts over with each start of a container.
	if took := now.at.Sub(last.at); u.Container == last.usage.Container && u.CPU >= last.usage.CPU && took > 0 && p.options.Cores > 0 {
		p.window.add(cpu, 100*(u.CPU-last.usage.CPU).Seconds()/took.Seconds()/p.options.Cores)
	}
}

// write ends the window.
func (p *Publisher) write(ctx context.Context) {
	data := p.window.data(p.dimensions())
	p.window = newWindow()
	if p.options.Put == nil || len(data) == 0 {
		return
	}
	within, cancel := context.WithTimeout(ctx, putWithin)
	defer cancel()
	err := p.options.Put(within, p.options.Prefix+"/"+p.options.App, data...)
	if ctx.Err() != nil {
		return
	}
	switch {
	case err != nil:
		p.options.Dropped(len(data))
		if !p.down {
			p.options.Log.Warn("CloudWatch does not take metrics", "error", err)
		}
	case p.down:
		p.options.Log.Info("CloudWatch takes metrics again")
	}
	p.down = err != nil
}

// dimensions are those of each series that a value goes into: CloudWatch adds nothing up over them by itself.
func (p *Publisher) dimensions() []map[string]string {
	fleet := map[string]string{}
	if p.options.Color != nil {
		if color := p.options.Color(); color != "" { // CloudWatch refuses empty ones
			fleet["Color"] = color
		}
	}
	if p.options.Instance == "" {
		return []map[string]string{fleet}
	}
	instance := maps.Clone(fleet)
	instance["InstanceId"] = p.options.Instance
	return []map[string]string{fleet, instance}
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
