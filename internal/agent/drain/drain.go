// Package drain is the life of an instance as its Auto Scaling group sees it: it tells the group when a launch is healthy,
// and takes the app out of service, once, before the instance ends.
//
// What ends an instance shows in several places (the metadata service, the group, a signal), again and again and in any
// order. All of it comes together in one record of causes; a drain begins with the first of them and is never taken back.
// All spans are counted by the machine's uptime, so that a change of the clock changes nothing.
package drain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// tick is how often an unfinished launch or drain is looked at. Of the calls it makes, each has its own, longer interval.
const tick = time.Second

// Drainer takes one instance into service and out again. Make it with New.
type Drainer struct {
	o    Options
	told *told

	wake chan struct{} // the worker has something new to look at
	out  chan struct{} // closed when the container is stopped and no hook of ours holds the instance any more
	gone chan struct{} // closed when Run has returned

	telling sync.Mutex // held while Options.Tell is called; taken before mu

	mu    sync.Mutex
	facts facts
	seen  sightings
	group groupView
	stop  stopping
	text  string // what is waited for

	launching  bool          // it is not known yet that no launch hook holds the instance
	launchFrom time.Duration // uptime since when that is so
	abandoned  bool          // the launch, once and for all
	refused    bool          // Options.Refuse has been called
	stale      bool          // what the group said is of another time
	ask        bool          // the group is to be asked at once
}

// stopping is how far the stop of the container is.
type stopping struct {
	running bool
	done    bool
	first   time.Duration // uptime of the first try; zero before it
	ended   time.Duration // uptime of the last try's end
}

// New makes the drainer of this instance. It reads what an agent before it noted: if that one was draining, Draining is
// true from the start.
func New(o Options) (*Drainer, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("prepare the drain: %w", err)
	}
	d := &Drainer{
		o: o, told: newTold(o.Log),
		wake: make(chan struct{}, 1), out: make(chan struct{}), gone: make(chan struct{}),
		launching: o.Group.Describe != nil,
	}
	d.launchFrom = o.Uptime()
	noted, err := readFacts(o.File)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		o.Log.Warn("what an earlier agent noted cannot be read: starting afresh", "file", o.File, "error", err)
	case noted.Instance != o.Instance || noted.Boot != o.Boot:
		o.Log.Info("what another instance or boot noted is of no interest", "file", o.File)
	default:
		d.facts = noted
	}
	d.facts.Version, d.facts.Instance, d.facts.Boot = factsVersion, o.Instance, o.Boot
	return d, nil
}

// Run watches and acts until ctx ends. It is to be called once.
func (d *Drainer) Run(ctx context.Context) {
	defer close(d.gone)
	if cause, draining := d.Draining(); draining {
		d.o.Log.Warn("going on with the drain that an earlier agent began", "cause", cause)
		d.refuse(cause)
	}
	var work sync.WaitGroup
	work.Go(func() { d.watch(ctx) })
	work.Go(func() { d.act(ctx, &work) })
	work.Wait()
}

// act takes turns while there is anything to do, and sleeps otherwise.
func (d *Drainer) act(ctx context.Context, work *sync.WaitGroup) {
	for ctx.Err() == nil {
		if d.turn(ctx, work) {
			d.await(ctx, tick)
			continue
		}
		select {
		case <-d.wake:
		case <-ctx.Done():
		}
	}
}

// turn does what is to be done now, and tells whether there will be more without any news.
func (d *Drainer) turn(ctx context.Context, work *sync.WaitGroup) (more bool) {
	d.mu.Lock()
	draining, launching, over := d.facts.draining(), d.launching, d.stop.done && d.facts.Completed
	if d.stale {
		d.group = groupView{}
	}
	if d.ask {
		d.group.look.due = 0
	}
	d.stale, d.ask = false, false
	d.mu.Unlock()
	switch {
	case draining && over:
		return false
	case draining:
		d.drainTurn(ctx, work)
		return true
	case launching:
		d.launchTurn(ctx)
		return true
	}
	return false
}

// await lets d pass, or less if there is news or ctx ends.
func (d *Drainer) await(ctx context.Context, span time.Duration) {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.wake:
	case <-ctx.Done():
	}
}

// nudge wakes the worker.
func (d *Drainer) nudge() {
	select {
	case d.wake <- struct{}{}:
	default: // it has been woken and has not looked yet
	}
}

// Draining tells whether the instance is going out of service, and why first. It is true from the first cause on, for good.
func (d *Drainer) Draining() (Cause, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.facts.first()
}
