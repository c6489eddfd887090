package lab

import (
	"fmt"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/config"
	"bluegreen/internal/sandbox/stack"
)

// Config is the app's configuration: the defaults, as much faster as the account is. What takes this machine's own time, such
// as to answer a probe, is not.
func (l *Lab) Config() bluegreen.Config {
	c := bluegreen.Default()
	spec := l.Made.Spec
	c.App, c.Region = spec.App, l.Sandbox.Account.Region
	c.DNS.ZoneID, c.DNS.Zone, c.DNS.Names = l.Made.ZoneID, spec.Zone, spec.Names
	// Not the health check: some versions answer that well, and nothing else.
	c.Probe.Scheme, c.Probe.Port, c.Probe.Path, c.Probe.Successes = "http", stack.HTTPPort, "/", 10
	if l.speed > 1 {
		l.hurry(&c)
	}
	if err := c.Complete(); err != nil {
		panic(fmt.Sprintf("the sandbox's settings: %v", err)) // they follow from constants and a checked speed
	}
	return c
}

func (l *Lab) hurry(c *bluegreen.Config) {
	for _, s := range []struct {
		span  *config.Duration
		least time.Duration
	}{
		{&c.Lease, 5 * time.Second},
		{&c.Rollout.Interval, 2 * time.Second},
		{&c.Rollout.Hold, 3 * time.Second},
		{&c.Probe.Interval, 50 * time.Millisecond},
		{&c.Gate.Interval, 200 * time.Millisecond},
		{&c.Limits.Poll, 100 * time.Millisecond},
		{&c.Limits.InService, 30 * time.Second},
		{&c.Limits.Probe, 15 * time.Second},
		{&c.Limits.Propagation, 30 * time.Second},
		{&c.Limits.Drain, 2 * time.Minute},
		{&c.Limits.ScaleIn, time.Minute},
	} {
		scaled := l.scaled(s.span.Span()).Round(10 * time.Millisecond)
		*s.span = config.Duration(max(scaled, min(s.span.Span(), s.least)))
	}
	if l.containers != nil {
		c.Limits.InService = max(c.Limits.InService, config.Duration(containersReady))
		c.Limits.ScaleIn = max(c.Limits.ScaleIn, config.Duration(containersGone))
	}
	period := resolution(l.speed)
	c.Gate.Period, c.Drain.Period, c.Drain.Quiet = config.Duration(period), config.Duration(period), config.Duration(3*period)
}

// resolution is how long a datapoint of a load balancer's metrics lasts: a minute, or the longest period of CloudWatch that
// is no longer than a minute of the account's time.
func resolution(speed float64) time.Duration {
	for _, period := range []time.Duration{time.Minute, 30 * time.Second, 10 * time.Second, 5 * time.Second} {
		if float64(period)*speed <= float64(time.Minute) {
			return period
		}
	}
	return time.Second
}
