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

// gates is what a process has seen of the colour that gets traffic.
type gates struct {
	stack    Stack
	asked    time.Time // when those were asked last that answer at once
	failures int       // probes that failed in a row
	sick     int       // polls in a row with too few healthy targets
	verdict  string
}

// doubt says that a gate is about to say no: a watch does not end on that.
func (g *gates) doubt() bool { return g.failures > 0 || g.sick > 0 }

// watch lets time pass while every gate says yes: probes, the share of errors, the health of targets. One that says no ends
// the watch with an error. One that cannot be read says nothing; the watch goes on until it can. also is done at every look.
func (r *run) watch(ctx context.Context, s *State, span time.Duration, also ...func(context.Context, *State)) error {
	if s.Since.IsZero() {
		s.Since = time.Now().UTC()
		if err := r.Save(ctx); err != nil {
			return err
		}
	}
	g, begun, before := &r.gates, time.Now(), s.Watched
	saved := before
	limit := span - before + gateGrace
	return r.untilEvery(ctx, r.Config.Gate.Interval.Span(), "watch", "the gates of "+string(s.To), limit, func(ctx context.Context) (bool, string, error) {
		if err := r.check(ctx, s); err != nil {
			return false, "", err
		}
		if err := r.ask(ctx, s, g); err != nil {
			return false, "", err
		}
		for _, do := range also {
			do(ctx, s)
		}
		s.Watched = before + time.Since(begun)
		left := span - s.Watched
		if left <= 0 && !g.doubt() {
			return true, "", nil
		}
		if s.Watched-saved >= max(span/saves, time.Minute) {
			saved = s.Watched
			if err := r.SaveSoon(ctx); err != nil {
				return false, "", err
			}
		}
		return false, fmt.Sprintf("%s; %s left", g.verdict, max(0, left).Round(time.Second)), nil
	})
}

// saves is how often a watch notes how far it came, at most: a resume has no more than one part of so many to watch again.
const saves = 10

// ask asks all gates once.
func (r *run) ask(ctx context.Context, s *State, g *gates) error {
	g.asked = time.Now()
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

// due says that the gates want a look, while something else than they is waited for: the new colour has traffic, and was not
// looked at for as long as a watch would.
func (r *run) due(s *State) bool {
	if r.weights(s).Share(s.To) == 0 {
		return false
	}
	if r.gates.asked.IsZero() {
		r.gates.asked = time.Now() // it has just been proven
	}
	return time.Since(r.gates.asked) >= r.Config.Gate.Interval.Span()
}

// meanwhile asks the gates that answer at once if they are due. What cannot be read says nothing.
func (r *run) meanwhile(ctx context.Context, s *State) error {
	if !r.due(s) {
		return nil
	}
	g := &r.gates
	g.asked = time.Now()
	if read := r.lookAt(ctx, s.To, g) == nil; !read {
		return nil
	}
	if _, err := r.askTargets(s, g); err != nil {
		return err
	}
	_, err := r.askProbe(ctx, g)
	return err
}

// meanwhileGrowing is meanwhile for a colour that is given more instances, of which not all can be healthy yet.
func (r *run) meanwhileGrowing(ctx context.Context, s *State, stack Stack) error {
	if !r.due(s) {
		return nil
	}
	r.gates.asked, r.gates.stack = time.Now(), stack
	_, err := r.askProbe(ctx, &r.gates)
	return err
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
	bad := metrics.Sum(series[1]) + metrics.Sum(series[2])
	requests := max(metrics.Sum(series[0]), bad) // requests for which there was no target are among the latter only
	if requests < float64(r.Config.Gate.MinRequests) {
		return fmt.Sprintf("%.0f requests, too few to judge", requests), nil
	}
	share := 100 * bad / requests
	if share > r.Config.Gate.MaxErrors {
		return "", fmt.Errorf("%.2f%% of %.0f requests failed (5xx): more than the %.2f%% that are allowed", share, requests, r.Config.Gate.MaxErrors)
	}
	return fmt.Sprintf("%.2f%% of %.0f requests failed", share, requests), nil
}
