package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/balancer"
	"bluegreen/internal/aws/dns"
	"bluegreen/internal/aws/group"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// CloneOptions is what a clone is asked for.
type CloneOptions struct {
	To       traffic.Color
	Image    string
	Accepted []string // what may be lost, by name
}

// PlanClone reads the account and says what it takes to make a colour from the live one with another image.
func (a *App) PlanClone(ctx context.Context, o CloneOptions) (Plan, error) {
	return a.plan(ctx, workflowClone, CutoverOptions{To: o.To, Image: o.Image, Accepted: o.Accepted})
}

// Clone makes a colour from the live one, as planned. It gets no traffic and no instances.
func (a *App) Clone(ctx context.Context, p Plan) error { return a.begin(ctx, p) }

// cloneSteps is the whole of a clone, in order.
func (r *run) cloneSteps(s *State) []step.Step[State] {
	steps := append([]step.Step[State]{r.fenceStep(s), r.settleStep(s)}, r.makeSteps(s)...)
	return append(steps, step.Step[State]{
		Name: "end", Title: "note the end in the fence", Calls: []string{"route53 ChangeResourceRecordSets"},
		Do: func(ctx context.Context, s *State) error { return r.mark(ctx, s, traffic.OpCloned, traffic.Free) },
	})
}

// makeSteps make the new colour run another image, in a clone or in place.
func (r *run) makeSteps(s *State) []step.Step[State] {
	m := s.Make
	if m == nil {
		return nil
	}
	to, next := s.To, r.Config.Stack(s.To)
	if m.InPlace {
		return []step.Step[State]{
			{
				Name: "template", Title: fmt.Sprintf("derive a version of %s's launch template with image %s", to, m.Image),
				Calls: []string{"ec2 CreateLaunchTemplateVersion " + m.Found.ID}, Do: r.deriveTemplate, Undo: r.dropTemplate,
			},
			{
				Name: "use-template", Title: fmt.Sprintf("let %s launch that version", to),
				Calls: []string{"autoscaling UpdateAutoScalingGroup " + next.Group}, Do: r.useTemplate, Undo: r.unuseTemplate,
			},
			{Name: "compare", Title: fmt.Sprintf("compare what %s and %s launch, field by field", s.old(), to), Do: r.compareTemplates},
		}
	}
	var steps []step.Step[State]
	if !template.Pinned(m.Source.Version) {
		live := r.Config.Stack(s.old()).Group
		steps = append(steps, step.Step[State]{
			Name: "pin-template", Title: fmt.Sprintf("pin %s to version %d of its launch template (it follows %s, which the next step moves)", s.old(), m.Source.Number, m.Source.Version),
			Calls: []string{"autoscaling UpdateAutoScalingGroup " + live}, Do: r.pinTemplate, Undo: r.unpinTemplate,
		})
	}
	return append(steps,
		step.Step[State]{
			Name: "create", Title: fmt.Sprintf("clone %s into %s with image %s, without instances", s.old(), to, m.Image),
			Calls: r.createCalls(s), Do: r.create, Undo: r.uncreate,
		},
		step.Step[State]{Name: "active", Title: fmt.Sprintf("wait until load balancer %s is active", next.LoadBalancer), Do: r.awaitActive},
		step.Step[State]{Name: "compare", Title: fmt.Sprintf("compare %s with %s, field by field", to, s.old()), Do: r.compareStacks},
	)
}

func (r *run) createCalls(s *State) []string {
	next := r.Config.Stack(s.To)
	calls := []string{
		"elasticloadbalancing CreateLoadBalancer " + next.LoadBalancer, "elasticloadbalancing ModifyLoadBalancerAttributes " + next.LoadBalancer,
	}
	for _, name := range s.Make.Targets {
		calls = append(calls, "elasticloadbalancing CreateTargetGroup "+name, "elasticloadbalancing ModifyTargetGroupAttributes "+name)
	}
	return append(calls,
		"elasticloadbalancing CreateListener, ModifyListenerAttributes, AddListenerCertificates, CreateRule "+next.LoadBalancer,
		"ec2 CreateLaunchTemplateVersion "+s.Make.Source.ID,
		"autoscaling CreateAutoScalingGroup "+next.Group,
		"autoscaling PutScalingPolicy, EnableMetricsCollection, SuspendProcesses "+next.Group)
}

// token names what a deployment derives from a launch template.
func token(s *State) string { return "bluegreen " + s.Deployment }

// create makes the whole stack. Calls that do not need each other go side by side, all under one intent in the journal: each
// finds again what an attempt before has made, by its name and tags.
func (r *run) create(ctx context.Context, s *State) error {
	b, err := r.blueprint(ctx, s.old())
	if err != nil {
		return err
	}
	var lb balancer.Balancer
	var version template.Version
	arns := make([]string, len(b.balancer.Groups))
	next, tags := r.Config.Stack(s.To), r.copyTags(s)

	parts, ctx1 := errgroup.WithContext(ctx)
	parts.Go(func() (err error) {
		lb, err = r.Cloud.Balancers.CreateBalancer(ctx1, b.balancer, next.LoadBalancer, tags)
		return err
	})
	parts.Go(func() (err error) {
		version, err = r.Cloud.Templates.Derive(ctx1, r.source(s), s.Make.Image, token(s))
		return err
	})
	for i := range arns {
		parts.Go(func() (err error) {
			arns[i], err = r.Cloud.Balancers.CreateGroup(ctx1, b.balancer, i, s.Make.Targets[i], tags)
			return err
		})
	}
	if err := parts.Wait(); err != nil {
		return err
	}
	targets, labels := map[string]string{}, map[string]string{}
	for i, g := range b.balancer.Groups {
		targets[g.ARN] = arns[i]
		labels[b.balancer.Balancer.Label(g.ARN)] = lb.Label(arns[i])
	}
	s.Targets[s.To] = dns.Alias{Name: dns.Normal(lb.DNSName), ZoneID: lb.ZoneID}
	s.Make.Made = TemplateRef{ID: version.TemplateID, Version: strconv.FormatInt(version.Number, 10), Number: version.Number}

	whole, ctx2 := errgroup.WithContext(ctx)
	whole.Go(func() error { return r.Cloud.Balancers.SetAttributes(ctx2, b.balancer, lb.ARN) })
	whole.Go(func() error { return r.Cloud.Balancers.CreateListeners(ctx2, b.balancer, lb.ARN, targets, tags) })
	whole.Go(func() error {
		return r.Cloud.Groups.Create(ctx2, b.group, group.Copy{
			Name: next.Group, TemplateID: version.TemplateID, TemplateVersion: version.Number,
			TargetGroups: targets, Tags: tags(b.group.Group.Tags),
		})
	})
	if err := whole.Wait(); err != nil {
		return err
	}
	rename := func(name string) string { return recolor(name, s.To) }
	return r.Cloud.Groups.Finish(ctx, b.group, next.Group, labels, rename)
}

// source is the version that the clone's is derived from.
func (r *run) source(s *State) template.Version {
	return template.Version{TemplateID: s.Make.Source.ID, Number: s.Make.Source.Number}
}

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
			return false, fmt.Sprintf("%d instances left", len(g.Instances)), nil
		}
		err = r.guard(ctx, s, s.To, func(ctx context.Context) error { return r.Cloud.Groups.Delete(ctx, name) })
		return false, "being deleted", err
	})
}

// dropVersion deletes the version that this deployment has derived from a launch template.
func (r *run) dropVersion(ctx context.Context, templateID string, s *State) error {
	v, ok, err := r.Cloud.Templates.Find(ctx, templateID, token(s))
	if err != nil || !ok {
		return err
	}
	return r.Cloud.Templates.Delete(ctx, v)
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

// pinTemplate keeps the live group on the version that it runs: a new version would otherwise be launched by its next
// scale-out.
func (r *run) pinTemplate(ctx context.Context, s *State) error {
	name := r.Config.Stack(s.old()).Group
	return r.Cloud.Groups.UseTemplate(ctx, name, s.Make.Source.ID, strconv.FormatInt(s.Make.Source.Number, 10))
}

func (r *run) unpinTemplate(ctx context.Context, s *State) error {
	if s.Served {
		return nil // the version that it would follow is the new colour's
	}
	g, err := r.groupOf(ctx, s.old())
	if err != nil {
		return err
	}
	if g.TemplateID != s.Make.Source.ID || g.TemplateVersion != strconv.FormatInt(s.Make.Source.Number, 10) {
		return nil // not as we left it: somebody else's choice
	}
	return r.Cloud.Groups.UseTemplate(ctx, g.Name, s.Make.Source.ID, s.Make.Source.Version)
}

func (r *run) deriveTemplate(ctx context.Context, s *State) error {
	// Where both colours launch from one template, the live version is the better source: it has what was changed since.
	source := s.Make.Found
	if s.Make.Found.ID == s.Make.Source.ID {
		source = s.Make.Source
	}
	v, err := r.Cloud.Templates.Derive(ctx, template.Version{TemplateID: source.ID, Number: source.Number}, s.Make.Image, token(s))
	if err != nil {
		return err
	}
	s.Make.Made = TemplateRef{ID: v.TemplateID, Version: strconv.FormatInt(v.Number, 10), Number: v.Number}
	return nil
}

func (r *run) dropTemplate(ctx context.Context, s *State) error {
	if s.Served {
		return nil
	}
	return r.dropVersion(ctx, s.Make.Found.ID, s)
}

func (r *run) useTemplate(ctx context.Context, s *State) error {
	return r.Cloud.Groups.UseTemplate(ctx, r.Config.Stack(s.To).Group, s.Make.Made.ID, s.Make.Made.Version)
}

func (r *run) unuseTemplate(ctx context.Context, s *State) error {
	if s.Served {
		return nil
	}
	return r.Cloud.Groups.UseTemplate(ctx, r.Config.Stack(s.To).Group, s.Make.Found.ID, s.Make.Found.Version)
}
