package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/balancer"
	"bluegreen/internal/aws/dns"
	"bluegreen/internal/aws/group"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/traffic"
)

// Stack is one colour as it stands.
type Stack struct {
	Color    traffic.Color
	Balancer balancer.Balancer
	Groups   []balancer.Group             // target groups
	Targets  map[string][]balancer.Target // by target group ARN
	Group    group.Group
	Template template.Version
	Image    image.Image
}

// Healthy is the number of healthy targets in the target group that has fewest.
func (s Stack) Healthy() int {
	least := -1
	for _, g := range s.Groups {
		n := 0
		for _, t := range s.Targets[g.ARN] {
			if t.Healthy() {
				n++
			}
		}
		if least < 0 || n < least {
			least = n
		}
	}
	return max(least, 0)
}

// Total is the number of targets in the target group that has most.
func (s Stack) Total() int {
	most := 0
	for _, g := range s.Groups {
		most = max(most, len(s.Targets[g.ARN]))
	}
	return most
}

// Unhealthy says why targets are not healthy, one line each.
func (s Stack) Unhealthy() []string {
	var lines []string
	for _, g := range s.Groups {
		for _, t := range s.Targets[g.ARN] {
			if !t.Healthy() {
				lines = append(lines, fmt.Sprintf("%s is %s: %s", t.Instance, t.State, t.Reason))
			}
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// Alias is where a record of this colour points.
func (s Stack) Alias() dns.Alias {
	return dns.Alias{Name: dns.Normal(s.Balancer.DNSName), ZoneID: s.Balancer.ZoneID}
}

// Version is what the stack runs, for people: the image's tag Version, or its name.
func (s Stack) Version() string {
	for _, text := range []string{s.Image.Tags["Version"], s.Image.Name, s.Image.ID} {
		if text != "" {
			return text
		}
	}
	return "unknown"
}

// stack reads a colour. Its load balancer, target groups and Auto Scaling group must stand.
func (a *App) stack(ctx context.Context, color traffic.Color) (Stack, error) {
	s := Stack{Color: color}
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return a.readBalancer(ctx, &s) })
	both.Go(func() error { return a.readGroup(ctx, &s) })
	if err := both.Wait(); err != nil {
		return s, fmt.Errorf("the %s stack: %w", color, err)
	}
	return s, nil
}

func (a *App) readBalancer(ctx context.Context, s *Stack) (err error) {
	if s.Balancer, err = a.Cloud.Balancers.Get(ctx, a.Config.Stack(s.Color).LoadBalancer); err != nil {
		return err
	}
	if s.Groups, err = a.Cloud.Balancers.Groups(ctx, s.Balancer.ARN); err != nil {
		return err
	}
	if len(s.Groups) == 0 {
		return fmt.Errorf("load balancer %s sends requests to no target group", s.Balancer.Name)
	}
	s.Targets, err = a.targets(ctx, s.Groups)
	return err
}

func (a *App) targets(ctx context.Context, groups []balancer.Group) (map[string][]balancer.Target, error) {
	found := make([][]balancer.Target, len(groups))
	all, ctx := errgroup.WithContext(ctx)
	for i, g := range groups {
		all.Go(func() (err error) {
			found[i], err = a.Cloud.Balancers.Targets(ctx, g.ARN)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	targets := map[string][]balancer.Target{}
	for i, g := range groups {
		targets[g.ARN] = found[i]
	}
	return targets, nil
}

func (a *App) readGroup(ctx context.Context, s *Stack) (err error) {
	if s.Group, err = a.Cloud.Groups.Get(ctx, a.Config.Stack(s.Color).Group); err != nil {
		return err
	}
	if s.Group.Status != "" {
		return fmt.Errorf("the Auto Scaling group %s is being deleted (%s)", s.Group.Name, s.Group.Status)
	}
	if s.Group.TemplateID == "" {
		return fmt.Errorf("the Auto Scaling group %s has no launch template of its own: mixed instances and launch configurations cannot be switched for now", s.Group.Name)
	}
	if s.Template, err = a.Cloud.Templates.Get(ctx, s.Group.TemplateID, s.Group.TemplateVersion); err != nil {
		return err
	}
	if s.Template.Image == "" {
		return nil
	}
	s.Image, err = a.Cloud.Images.Get(ctx, s.Template.Image)
	if errors.Is(err, awserr.ErrNotFound) { // it can be deregistered while its instances serve on
		s.Image, err = image.Image{ID: s.Template.Image, State: "deregistered"}, nil
	}
	return err
}

// wired checks that the parts of a stack belong together: instances of its group reach its load balancer.
func (s Stack) wired() error {
	if s.Balancer.State != "active" {
		return fmt.Errorf("load balancer %s is %s, not active", s.Balancer.Name, s.Balancer.State)
	}
	for _, g := range s.Groups {
		if !slices.Contains(s.Group.TargetGroups, g.ARN) {
			return fmt.Errorf("load balancer %s sends requests to target group %s, in which the Auto Scaling group %s does not register its instances",
				s.Balancer.Name, g.Name, s.Group.Name)
		}
	}
	return nil
}
