package bluegreen

import (
	"context"
	"errors"
	"fmt"

	"bluegreen/internal/aws/awserr"
)

// uncreate deletes what create has made: what carries the deployment's tag, and nothing else. A stack that got traffic
// stays, because clients may still be on it.
func (r *run) uncreate(ctx context.Context, s *State) error {
	if s.Served {
		return nil
	}
	next := r.Config.Stack(s.To)
	mine := func(tags map[string]string) bool { return tags[tagDeployment] == s.Deployment }
	if err := r.deleteGroup(ctx, s, next.Group, mine); err != nil {
		return err
	}
	err := r.guard(ctx, s, s.To, func(ctx context.Context) error {
		return r.Cloud.Balancers.DeleteBalancer(ctx, next.LoadBalancer, mine)
	})
	if err != nil {
		return err
	}
	// AWS lets target groups go a moment after their load balancer.
	err = r.until(ctx, "create", "the target groups to be free", r.Config.Limits.ScaleIn.Span(), func(ctx context.Context) (bool, string, error) {
		for _, name := range s.Make.Targets {
			err := r.Cloud.Balancers.DeleteGroup(ctx, name, mine)
			if awserr.Code(err) == "ResourceInUse" {
				return false, err.Error(), nil
			}
			if err != nil {
				return false, "", err
			}
		}
		return true, "", nil
	})
	if err != nil {
		return err
	}
	return r.dropVersion(ctx, s.Make.Source.ID, s)
}

// deleteGroup deletes the new Auto Scaling group when its last instance is gone.
func (r *run) deleteGroup(ctx context.Context, s *State, name string, mine func(map[string]string) bool) error {
	return r.until(ctx, "create", "Auto Scaling group "+name+" to be gone", r.Config.Limits.ScaleIn.Span(), func(ctx context.Context) (bool, string, error) {
		g, err := r.Cloud.Groups.Get(ctx, name)
		if errors.Is(err, awserr.ErrNotFound) || err == nil && !mine(g.Tags) {
			return true, "", nil
		}
		if err != nil {
			return false, "", err
		}
		switch {
		case g.Status != "":
			return false, g.Status, nil
		case len(g.Instances) > 0:
			if g.Held() {
				err = r.guard(ctx, s, s.To, func(ctx context.Context) error { return r.Cloud.Groups.LetGo(ctx, g) })
			}
			return false, fmt.Sprintf("%d instances left", len(g.Instances)), err
		}
		err = r.guard(ctx, s, s.To, func(ctx context.Context) error { return r.Cloud.Groups.Delete(ctx, g) })
		return false, "being deleted", err
	})
}
