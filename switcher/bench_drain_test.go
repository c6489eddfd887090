package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/demo/lab"
	"bluegreen/internal/demo/load"
	"bluegreen/internal/sandbox/app"
	"bluegreen/internal/sandbox/stack"
)

// How the account of the drain runs: a minute of AWS in a second, and load balancers that keep a client's connection for five
// of its minutes.
const (
	drainSpeed  = 60
	keepSeconds = 300
)

// inAccount is a time of the account on this machine's clock.
func inAccount(d time.Duration) time.Duration { return d / drainSpeed }

// BenchmarkDrain measures who still answers from the color that a rollback has left, as time goes by. Clients without
// keep-alive go when the answer of the DNS that they remember is too old; those with it when their connection ends.
func BenchmarkDrain(b *testing.B) {
	l := openLab(b, stack.Spec{KeepAliveSeconds: keepSeconds}, drainSpeed)
	pools := []*load.Load{clients(l, false), clients(l, true)}
	for _, p := range pools {
		defer p.Stop()
	}
	holdGreen(b, l)
	waitFor(b, "all requests to go to green", func() bool {
		before := []load.Stats{pools[0].Stats(), pools[1].Stats()}
		time.Sleep(inAccount(15 * time.Second))
		return share(before[0], pools[0].Stats(), "green") == 1 && share(before[1], pools[1].Stats(), "green") == 1
	})
	back := make(chan struct{})
	rollback, err := l.App("the bench", reporter(func(e bluegreen.Event) {
		if e.Event == bluegreen.Shifted {
			close(back)
		}
	}))
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- rollback.Rollback(context.WithoutCancel(b.Context())) }()
	<-back
	table(fmt.Sprintf("share of requests that green still answers after a rollback to blue; an answer of the DNS lasts 60 s, a connection %d s (in time of AWS; the account runs %d times as fast)", keepSeconds, drainSpeed),
		drain(pools)...)
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	for i, p := range pools {
		s := p.Stats()
		b.ReportMetric(float64(s.Failed), []string{"failed-new", "failed-kept"}[i])
	}
}

// clients send requests: each over a connection of its own, or all over one that lasts as long as the other side lets it.
func clients(l *lab.Lab, keep bool) *load.Load {
	o := load.Options{
		Host: l.Made.Spec.Names[0], Port: stack.HTTPPort, Path: "/", Resolver: l.Resolver(), Clients: 20, Keep: time.Nanosecond,
		Pause: 50 * time.Millisecond, Timeout: 5 * time.Second, Idle: inAccount(time.Minute) / 2,
		Version: app.VersionHeader, Color: app.ColorHeader,
	}
	if keep {
		o.Long, o.Stagger = o.Clients, inAccount(keepSeconds*time.Second)
	}
	return load.Start(o)
}

// share is the part of the requests between two moments that a color answered.
func share(before, after load.Stats, color string) float64 {
	all := after.Requests - before.Requests
	if all == 0 {
		return 0
	}
	return float64(after.Of(color).Requests-before.Of(color).Requests) / float64(all)
}

// drain samples until nobody is left on green, and for one more row.
func drain(pools []*load.Load) [][]string {
	const step = 30 * time.Second
	rows := [][]string{{"after", "without keep-alive", "with keep-alive"}}
	for at, left := time.Duration(0), true; left && at <= 2*keepSeconds*time.Second; at += step {
		var before []load.Stats
		for _, p := range pools {
			before = append(before, p.Stats())
		}
		time.Sleep(inAccount(step))
		row := []string{fmt.Sprintf("%.0f to %.0f s", at.Seconds(), (at + step).Seconds())}
		left = false
		for i, p := range pools {
			part := share(before[i], p.Stats(), "green")
			left = left || part > 0
			row = append(row, fmt.Sprintf("%.1f %%", 100*part))
		}
		rows = append(rows, row)
	}
	return rows
}

func waitFor(b *testing.B, what string, so func() bool) {
	b.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if so() {
			return
		}
	}
	b.Fatalf("%s: not in a minute", what)
}
