package bluegreen

import (
	"context"
	"fmt"
	"time"

	"bluegreen/internal/aws/metrics"
	"bluegreen/internal/wait"
)

// drain proves that clients have left the old colour. No traffic and no data look alike, so that silence proves nothing:
// we send probes of our own to the old load balancer, and its request count has to show them and little else, over a whole
// quiet span.
func (r *run) drain(ctx context.Context, s *State) error {
	old := s.old()
	stack, err := r.stack(ctx, old)
	if err != nil {
		return err
	}
	if stack.Group.InService() == 0 {
		r.note(Note, "drain", "%s has no instance in service: there is nobody to leave", old)
		return nil
	}
	d := &drainProof{quiet: r.Config.Drain.Quiet.Span(), period: r.Config.Drain.Period.Span()}
	return r.until(ctx, "drain", fmt.Sprintf("clients to leave %s", old), r.Config.Limits.Drain.Span(), func(ctx context.Context) (bool, string, error) {
		if err := r.check(ctx, s); err != nil {
			return false, "", err
		}
		if d.start.IsZero() || d.over(time.Now()) {
			if err := r.beginWindow(ctx, stack, d); err != nil {
				return false, fmt.Sprintf("probes of %s do not get through: %v", old, err), nil
			}
		}
		if d.closes(time.Now()) {
			if err := r.closeWindow(ctx, stack, d); err != nil {
				return false, fmt.Sprintf("probes of %s do not get through: %v", old, err), nil
			}
		}
		return r.judge(ctx, stack, d)
	})
}

// drainProof is one window of full periods. Probes are sent at its begin and at its end: metrics come late, and only one that
// shows the last of them has shown all that came before.
type drainProof struct {
	quiet, period time.Duration
	start, end    time.Time
	last          time.Time // begin of the period in which the last probes were sent; zero before
	sent, closing int       // probes in all, and those at the end
	failed        string    // why this window proves nothing
	before        string    // why the window before it proved nothing
}

// lag is how long CloudWatch may take to show what a load balancer counted.
func (d *drainProof) lag() time.Duration { return 2 * d.period }

// over says that a window will not prove anything any more.
func (d *drainProof) over(now time.Time) bool { return d.failed != "" && now.After(d.end) }

// closes says that the last period has come, and its probes have not been sent.
func (d *drainProof) closes(now time.Time) bool {
	return d.last.IsZero() && d.failed == "" && !now.Before(d.end.Add(-d.period))
}

// shown says whether the metric shows all probes, and the last ones where they belong.
func (d *drainProof) shown(points []metrics.Point) bool {
	late := 0.0
	for _, p := range points {
		if !p.Time.Before(d.last) {
			late += p.Value
		}
	}
	return int(metrics.Sum(points)) >= d.sent && int(late) >= d.closing
}

// beginWindow sends the first probes of a new window.
func (r *run) beginWindow(ctx context.Context, stack Stack, d *drainProof) error {
	start := time.Now().UTC().Truncate(d.period)
	sent, err := r.knocks(ctx, stack)
	if err != nil {
		return err
	}
	*d = drainProof{quiet: d.quiet, period: d.period, start: start, sent: sent, before: d.failed}
	d.end = time.Now().UTC().Add(d.quiet).Truncate(d.period).Add(d.period)
	return nil
}

// closeWindow sends the last ones. The window ends with the period in which they are counted.
func (r *run) closeWindow(ctx context.Context, stack Stack, d *drainProof) error {
	last := time.Now().UTC().Truncate(d.period)
	sent, err := r.knocks(ctx, stack)
	if err != nil {
		return err
	}
	d.last, d.closing, d.sent = last, sent, d.sent+sent
	d.end = time.Now().UTC().Truncate(d.period).Add(d.period)
	return nil
}

// knocks sends as many probes as one end of a window takes.
func (r *run) knocks(ctx context.Context, stack Stack) (sent int, err error) {
	for range r.Config.Drain.Probes {
		n, err := r.knock(ctx, stack)
		if err != nil {
			return sent, err
		}
		sent += n
	}
	return sent, nil
}

// judge reads the window. It is proven when all its periods have passed, and the count shows the probes and little else.
func (r *run) judge(ctx context.Context, stack Stack, d *drainProof) (bool, string, error) {
	series, err := r.Cloud.Metrics.Read(ctx, d.start, d.end, r.requestsOf(stack, "RequestCount", d.period))
	if err != nil {
		return false, "", wait.Soft(err)
	}
	counted := int(metrics.Sum(series[0]))
	others := counted - d.sent
	bound := d.sent + r.Config.Drain.MaxRequests
	status := fmt.Sprintf("%s counted %d requests, %d of them our probes (bound %d)", stack.Balancer.Name, counted, min(counted, d.sent), bound)
	now := time.Now()
	switch {
	case others > r.Config.Drain.MaxRequests:
		d.failed = status + "; clients are still there"
		return false, d.failed, nil
	case now.Before(d.end):
		status = fmt.Sprintf("%s; quiet for another %s", status, time.Until(d.end).Round(time.Second))
		if d.before != "" {
			status += " (the last try: " + d.before + ")"
		}
		return false, status, nil
	case !d.shown(series[0]) && now.Before(d.end.Add(d.lag())):
		return false, status + "; waiting for the metric to show all probes", nil
	case !d.shown(series[0]):
		d.failed = status + "; the metric does not show our probes, so that it proves nothing"
		return false, d.failed, nil
	}
	return true, status, nil
}
