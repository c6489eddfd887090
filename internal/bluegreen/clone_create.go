package bluegreen

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"bluegreen/internal/aws/balancer"
	"bluegreen/internal/aws/dns"
	"bluegreen/internal/aws/group"
	"bluegreen/internal/aws/template"
)

// token names what a deployment derives from a launch template.
func token(s *State) string { return "bluegreen " + s.Deployment }

// create makes the whole stack, all under one intent in the journal. Each call waits for just what it needs, and finds again
// by its name and tags what an attempt before has made.
func (r *run) create(ctx context.Context, s *State) error {
	b, err := r.blueprint(ctx, s.old())
	if err != nil {
		return err
	}
	names, err := r.names(b, s.To)
	if err != nil {
		return err
	}
	if !slices.Equal(names.targetNames(b), s.Make.Targets) {
		return fmt.Errorf("the target groups of %s are not those of the plan any more: their copies were to be called %v", s.old(), s.Make.Targets)
	}
	c := &cloning{run: r, ctx: r.whileAlive(ctx), from: b, names: names, to: r.Config.Stack(s.To), tags: r.copyTags(s, names)}
	c.start(s)
	if err := c.parts.wait(); err != nil {
		return err
	}
	lb, version := c.balancer.value, c.version.value
	s.Targets[s.To] = dns.Alias{Name: dns.Normal(lb.DNSName), ZoneID: lb.ZoneID}
	s.Make.Made = TemplateRef{ID: version.TemplateID, Version: strconv.FormatInt(version.Number, 10), Number: version.Number}
	return nil
}

// cloning is a stack in the making.
type cloning struct {
	*run
	parts
	ctx   context.Context // of create, which it does not outlive
	from  blueprint
	names naming
	to    StackConfig
	tags  balancer.Tagger

	balancer *part[balancer.Balancer]
	targets  []*part[string] // ARNs of the target groups, in the order of their sources
	version  *part[template.Version]
}

// start begins every part of the stack.
func (c *cloning) start(s *State) {
	api, from := c.Cloud.Balancers, c.from.balancer
	c.balancer = begin(&c.parts, func() (balancer.Balancer, error) {
		return api.CreateBalancer(c.ctx, from, c.to.LoadBalancer, c.tags)
	})
	c.version = begin(&c.parts, func() (template.Version, error) {
		change, err := c.change(c.ctx, s)
		if err != nil {
			return template.Version{}, err
		}
		return c.Cloud.Templates.Derive(c.ctx, s.Make.base().version(), change, token(s))
	})
	for i, g := range from.Groups {
		target := begin(&c.parts, func() (string, error) {
			return api.CreateGroup(c.ctx, from, i, c.names.targetGroup(g.Name), c.tags)
		})
		c.parts.do(func() error {
			arn, err := target.get()
			if err != nil {
				return err
			}
			return api.SetGroupAttributes(c.ctx, from, i, arn)
		})
		c.targets = append(c.targets, target)
	}
	c.parts.do(func() error {
		lb, err := c.balancer.get()
		if err != nil {
			return err
		}
		return api.SetAttributes(c.ctx, from, lb.ARN)
	})
	c.beginGroup(c.beginListeners())
}

// copies says which target group stands for which of the source.
func (c *cloning) copies() (map[string]string, error) {
	arns, err := each(c.targets)
	if err != nil {
		return nil, err
	}
	copies := map[string]string{}
	for i, g := range c.from.balancer.Groups {
		copies[g.ARN] = arns[i]
	}
	return copies, nil
}

// beginListeners begins the listeners and all that hangs on them; requests reach the target groups when what it returns is
// done.
func (c *cloning) beginListeners() (routes []*part[struct{}]) {
	api, from := c.Cloud.Balancers, c.from.balancer
	for i := range from.Listeners() {
		listener := begin(&c.parts, func() (string, error) {
			lb, err := c.balancer.get()
			if err != nil {
				return "", err
			}
			copies, err := c.copies()
			if err != nil {
				return "", err
			}
			return api.CreateListener(c.ctx, from, i, lb.ARN, copies, c.tags)
		})
		on := func(work func(arn string) error) *part[struct{}] {
			return c.parts.do(func() error {
				arn, err := listener.get()
				if err != nil {
					return err
				}
				return work(arn)
			})
		}
		on(func(arn string) error { return api.SetListenerAttributes(c.ctx, from, i, arn) })
		on(func(arn string) error { return api.AddCertificates(c.ctx, from, i, arn) })
		routes = append(routes, on(func(arn string) error {
			copies, err := c.copies()
			if err != nil {
				return err
			}
			return api.CreateRules(c.ctx, from, i, arn, copies, c.tags)
		}))
	}
	return routes
}

// beginGroup begins the Auto Scaling group and all that hangs on it. Policies that follow the requests of a target group wait
// until requests reach it.
func (c *cloning) beginGroup(routes []*part[struct{}]) {
	api, from, name := c.Cloud.Groups, c.from.group, c.to.Group
	made := c.parts.do(func() error {
		version, err := c.version.get()
		if err != nil {
			return err
		}
		copies, err := c.copies()
		if err != nil {
			return err
		}
		return c.seen(c.ctx, "create", func(ctx context.Context) error {
			return api.Create(ctx, from, group.Copy{
				Name: name, TemplateID: version.TemplateID, TemplateVersion: version.Number, TargetGroups: copies, Tags: c.tags(from.Group.Tags),
			})
		})
	})
	then := func(work func() error) {
		c.parts.do(func() error {
			if _, err := made.get(); err != nil {
				return err
			}
			return work()
		})
	}
	then(func() error { return api.EnableMetrics(c.ctx, from, name) })
	then(func() error { return api.SuspendProcesses(c.ctx, from, name) })
	then(func() error {
		return api.CopyPolicies(c.ctx, from, group.PolicyCopy{Group: name, Rename: c.names.policy})
	})
	then(func() error {
		labels, err := c.labels()
		if err != nil {
			return err
		}
		if _, err := each(routes); err != nil {
			return err
		}
		return api.TrackRequests(c.ctx, from, group.PolicyCopy{Group: name, Rename: c.names.policy, Labels: labels})
	})
}

// labels says which resource label of the source stands for which of the copy.
func (c *cloning) labels() (map[string]string, error) {
	lb, err := c.balancer.get()
	if err != nil {
		return nil, err
	}
	copies, err := c.copies()
	if err != nil {
		return nil, err
	}
	labels := map[string]string{}
	for source, made := range copies {
		labels[c.from.balancer.Balancer.Label(source)] = lb.Label(made)
	}
	return labels, nil
}

// version is what a reference stands for.
func (t TemplateRef) version() template.Version {
	return template.Version{TemplateID: t.ID, Number: t.Number}
}

func (r *run) awaitActive(ctx context.Context, s *State) error {
	name := r.Config.Stack(s.To).LoadBalancer
	return r.until(ctx, "active", "load balancer "+name, r.Config.Limits.InService.Span(), func(ctx context.Context) (bool, string, error) {
		lb, err := r.Cloud.Balancers.Get(ctx, name)
		if err != nil {
			return false, "", err
		}
		if lb.State == "failed" {
			return false, "", fmt.Errorf("load balancer %s could not be set up: AWS says it failed", name)
		}
		return lb.State == "active", "it is " + lb.State, nil
	})
}
