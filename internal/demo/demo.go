// Package demo is the product at work, on this machine and with no AWS account: a sandbox with an app, clients that never
// stop, and a team that releases one version after the other. What moves the traffic is the product's own code, over HTTP,
// as in a process of its own.
package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/demo/lab"
	"bluegreen/internal/demo/load"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/app"
	"bluegreen/internal/sandbox/stack"
)

// Options says how to show it.
type Options struct {
	Speed float64 // how many times faster than AWS the account's own delays pass
	Seed  uint64
	View  View
	// Docker runs instances as containers; as apps in this process when nil.
	Docker *lab.Docker
}

// The account's clients. Real time, as all that clients do.
const (
	clients     = 60
	longClients = 20 // keep their connection for as long as the load balancer lets them
	clientPause = 240 * time.Millisecond
	clientKeep  = 2 * time.Second // of all others
	keepAlive   = 4 * time.Minute // of the load balancers, in the account's time; AWS grants 60 s to 7 days
	// Of connections, in the account's time, too. Clients rest in real time: what AWS grants, a minute, would leave them
	// next to nothing at a high speed.
	idleTimeout  = 5 * time.Minute
	hookSeconds  = 30
	badBehavior  = "errors=1"
	requestLimit = 10 * time.Second
)

// Demo is a running demo.
type Demo struct {
	lab  *lab.Lab
	load *load.Load
	tell *teller

	rollback, lastOld time.Duration // from the command to the flip, and to the last request on the abandoned side
}

// Run shows it all. It returns what came of it, and an error if something did not go as it has to; a request that failed is
// for the caller to judge.
func Run(ctx context.Context, o Options) (Summary, error) {
	d := &Demo{tell: newTeller(o.View)}
	d.tell.act(0, "start an AWS account on this machine")
	l, err := lab.Open(ctx, "", lab.Options{
		Spec: stack.Spec{
			HookSeconds: hookSeconds, KeepAliveSeconds: int(keepAlive.Seconds()), IdleSeconds: int(idleTimeout.Seconds()), BlueOnly: true,
			Behaviors: map[string]string{"v3": badBehavior},
		},
		Speed: o.Speed, Seed: o.Seed, Docker: o.Docker,
	})
	if err != nil {
		return Summary{}, err
	}
	defer l.Close()
	d.lab = l
	d.load = load.Start(load.Options{
		Host: l.Made.Spec.Names[0], Port: stack.HTTPPort, Path: "/", Resolver: l.Resolver(),
		Clients: clients, Long: longClients, Keep: clientKeep, Pause: clientPause, Timeout: requestLimit,
		Stagger: scaled(o.Speed, keepAlive),
		Idle:    scaled(o.Speed, idleTimeout) / 2, // as a well-behaved client: shorter than the load balancer's
		Version: app.VersionHeader, Color: app.ColorHeader,
	})
	defer d.load.Stop()
	stopSampling := d.tell.sample(d.load)
	err = d.play(ctx)
	stopSampling()
	d.load.Stop()
	return d.summary(), interrupted(ctx, err)
}

// scaled is what a delay of AWS takes here.
func scaled(speed float64, d time.Duration) time.Duration { return time.Duration(float64(d) / speed) }

// interrupted replaces what commands say of being interrupted: here the account goes with the process.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return &exit.Problem{Code: exit.Interrupted, Err: errors.New("interrupted; the account of the demo is gone")}
}

// Summary is what came of it.
type Summary struct {
	Event            string `json:"event"` // "summary"
	Requests         int    `json:"requests"`
	Failed           int    `json:"failed"`
	RollbackMS       int64  `json:"rollback_ms"`
	LastOldRequestMS int64  `json:"last_old_request_ms"`
	Shifts           int    `json:"shifts"`

	Failures []load.Failure `json:"-"` // the first ones
}

func (d *Demo) summary() Summary {
	s := d.load.Stats()
	return Summary{
		Event: "summary", Requests: s.Requests, Failed: s.Failed, Failures: s.Failures, Shifts: d.tell.shiftCount(),
		RollbackMS: d.rollback.Milliseconds(), LastOldRequestMS: d.lastOld.Milliseconds(),
	}
}

// Text is the summary for people.
func (s Summary) Text() string {
	return fmt.Sprintf("%d requests, %d failed, %d shifts; rollback: weights back %d ms after the command, last request on the abandoned side after %d ms",
		s.Requests, s.Failed, s.Shifts, s.RollbackMS, s.LastOldRequestMS)
}
