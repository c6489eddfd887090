package bluegreen

import (
	"context"
	"fmt"

	"bluegreen/internal/probe"
	"bluegreen/internal/traffic"
)

// probeOf makes the probe of a stack: the request of a client, sent to each address of the stack's own load balancer, under
// the production name, whatever DNS says of that name now.
func (a *App) probeOf(ctx context.Context, stack Stack) (*probe.Probe, error) {
	answer, err := a.Resolver.Lookup(ctx, stack.Balancer.DNSName, "A")
	if err != nil {
		return nil, err
	}
	if len(answer.Values) == 0 {
		return nil, fmt.Errorf("load balancer %s has no address yet (%s)", stack.Balancer.Name, stack.Balancer.DNSName)
	}
	c := a.Config.Probe
	return probe.New(probe.Target{
		Scheme: c.Scheme, Addrs: answer.Values, Port: c.Port, Host: c.Host, Path: c.Path,
		ExpectStatus: c.Status, ExpectBody: c.Body, Timeout: c.Timeout.Span(), CAFile: c.CAFile,
	}, a.Dial)
}

// probeOnce asks every address of a stack once.
func (a *App) probeOnce(ctx context.Context, stack Stack) error {
	p, err := a.probeOf(ctx, stack)
	if err != nil {
		return err
	}
	return p.Once(ctx).Err()
}

// knock sends one request to each address of a stack. Any answer will do: what is asked is whether the load balancer counts
// it, and a version that was rolled back may well answer with errors.
func (a *App) knock(ctx context.Context, stack Stack) (answered int, err error) {
	p, err := a.probeOf(ctx, stack)
	if err != nil {
		return 0, err
	}
	results := p.Once(ctx)
	for _, r := range results {
		if r.Status == 0 {
			return answered, r.Err
		}
		answered++
	}
	return answered, nil
}

// probeNew is the last gate before a colour gets traffic.
func (r *run) probeNew(ctx context.Context, s *State) error {
	return r.probeStreak(ctx, "probe", s.To)
}

// probeStreak waits until a colour has answered well several times in a row.
func (r *run) probeStreak(ctx context.Context, stepName string, color traffic.Color) error {
	stack, err := r.stack(ctx, color)
	if err != nil {
		return err
	}
	want, good, last := r.Config.Probe.Successes, 0, ""
	what := fmt.Sprintf("%d good answers in a row from %s", want, stack.Balancer.Name)
	every := r.Config.Probe.Interval.Span()
	return r.untilEvery(ctx, every, stepName, what, r.Config.Limits.Probe.Span(), func(ctx context.Context) (bool, string, error) {
		if err := r.check(ctx, &r.State); err != nil {
			return false, "", err
		}
		good++
		if err := r.probeOnce(ctx, stack); err != nil {
			good, last = 0, fmt.Sprintf("; the last failure: %v", err)
		}
		return good >= want, fmt.Sprintf("%d of %d%s", good, want, last), nil
	})
}
