package bluegreen

import (
	"context"
	"fmt"
	"strings"
	"time"

	"bluegreen/internal/aws/metrics"
	"bluegreen/internal/traffic"
	"bluegreen/internal/wait"
)

// sickPolls is how many polls in a row have to find too few healthy targets: one may fall into a replacement.
const sickPolls = 2

// gateGrace is how much longer than its span a watch waits for a gate that cannot be read.
const gateGrace = 15 * time.Minute

// gates is what a watch has seen of the colour that gets traffic.
type gates struct {
	stack    Stack
	failures int // probes that failed in a row
	sick     int // polls in a row with too few healthy targets
	verdict  string
}

// watch lets time pass while every gate says yes: probes, the share of errors, the health of targets. One that says no ends
// the watch with an error. One that cannot be read says nothing; the watch goes on until it can.
func (r *run) watch(ctx context.Context, s *State, span time.Duration) error {
	if s.Since.IsZero() {
		s.Since = time.Now().UTC()
		if err := r.Save(ctx); err != nil {
			return err
		}
	}
	end := s.Since.Add(span)
	g := &gates{}
	limit := time.Until(end) + gateGrace
	return r.untilEvery(ctx, r.Config.Gate.Interval.Span(), "watch", "the gates of "+string(s.To), limit, func(ctx context.Context) (bool, string, error) {
		if err := r.check(ctx, s); err != nil {
			return false, "", err
		}
		if err := r.ask(ctx, s, g); err != nil {
			return false, "", err
		}
		left := time.Until(end)
		if left <= 0 {
			return true, "", nil
		}
		return false, fmt.Sprintf("%s; %s left", g.verdict, left.Round(time.Second)), nil
	})
}

// ask asks all gates once.
func (r *run) ask(ctx context.Context, s *State, g *gates) error {
	if err := r.lookAt(ctx, s.To, g); err != nil {
		return wait.Soft(fmt.Errorf("the targets cannot be read: %w", err))
	}
	targets, err := r.askTargets(s, g)
	if err != nil {
		return err
	}
	probe, err := r.askProbe(ctx, g)
	if err != nil {
		return err
	}
	share, err := r.askErrors(ctx, s, g)
	if err != nil {
		return err
	}
	g.verdict = strings.Join([]string{targets, probe, share}, ", ")
	return nil
}

// lookAt reads the whole stack once, and after that its targets only: a watch takes long, and APIs have quotas.
// A stack of which only a part could be read looks like a sick one: it is not kept.
func (r *run) lookAt(ctx context.Context, color traffic.Color, g *gates) error {
	if g.stack.Balancer.ARN == "" {
		stack, err := r.stack(ctx, color)
		if err == nil {
			g.stack = stack
		}
		return err
	}
	targets, err := r.targets(ctx, g.stack.Groups)
	if err == nil {
		g.stack.Targets = targets
	}
	return err
}

func (r *run) askTargets(s *State, g *gates) (string, error) {
	healthy, want := g.stack.Healthy(), s.Needed
	verdict := fmt.Sprintf("%d of %d targets healthy", healthy, want)
	if healthy*100 >= want*r.Config.Gate.MinHealthy {
		g.sick = 0
		return verdict, nil
	}
	if g.sick++; g.sick < sickPolls {
		return verdict, nil
	}
	if sick := g.stack.Unhealthy(); len(sick) > 0 {
		verdict += ": " + sick[0]
	}
	return "", fmt.Errorf("%s: %w (at least %d%% are wanted)", verdict, errNotHealthy, r.Config.Gate.MinHealthy)
}

func (r *run) askProbe(ctx context.Context, g *gates) (string, error) {
	err := r.probeOnce(ctx, g.stack)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err == nil {
		g.failures = 0
		return "probe ok", nil
	}
	if g.failures++; g.failures < r.Config.Probe.Failures {
		return fmt.Sprintf("probe failed (%d of %d)", g.failures, r.Config.Probe.Failures), nil
	}
	return "", fmt.Errorf("%d probes in a row failed, the last one: %w", g.failures, err)
}

// loadBalancerMetrics is the namespace in which load balancers count.
const loadBalancerMetrics = "AWS/ApplicationELB"

// requestsOf asks for a count of a load balancer.
func (a *App) requestsOf(stack Stack, metric string, period time.Duration) metrics.Query {
	return metrics.Query{
		Namespace: loadBalancerMetrics, Name: metric, Stat: "Sum", Period: period,
		Dimensions: map[string]string{"LoadBalancer": stack.Balancer.Dimension()},
	}
}

// askErrors reads the share of requests that the colour answered with 5xx since the watch began.
func (r *run) askErrors(ctx context.Context, s *State, g *gates) (string, error) {
	period := r.Config.Gate.Period.Span()
	// Datapoints are counted from full periods: the one in which the watch began belongs to the shift before.
	start, end := s.Since.Truncate(period), time.Now().UTC().Add(period).Truncate(period)
	series, err := r.Cloud.Metrics.Read(ctx, start, end,
		r.requestsOf(g.stack, "RequestCount", period),
		r.requestsOf(g.stack, "HTTPCode_Target_5XX_Count", period),
		r.requestsOf(g.stack, "HTTPCode_ELB_5XX_Count", period))
	if err != nil {
		return "", wait.Soft(fmt.Errorf("the share of errors cannot be read: %w", err))
	}
	requests, bad := metrics.Sum(series[0]), metrics.Sum(series[1])+metrics.Sum(series[2])
	if requests < float64(r.Config.Gate.MinRequests) {
		return fmt.Sprintf("%.0f requests, too few to judge", requests), nil
	}
	share := 100 * bad / requests
	if share > r.Config.Gate.MaxErrors {
		return "", fmt.Errorf("%.2f%% of %.0f requests failed (5xx): more than the %.2f%% that are allowed", share, requests, r.Config.Gate.MaxErrors)
	}
	return fmt.Sprintf("%.2f%% of %.0f requests failed", share, requests), nil
}
