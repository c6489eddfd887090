package bluegreen

import (
	"context"
	"fmt"
	"slices"

	"bluegreen/internal/aws/template"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// CloneOptions is what a clone is asked for.
type CloneOptions struct {
	To       traffic.Color
	Image    string
	Accepted []string // what may be lost, by name
	// Container and Replace are as in CutoverOptions.
	Container string
	Replace   bool
}

// PlanClone reads the account and says what it takes to make a colour from the live one with another image.
func (a *App) PlanClone(ctx context.Context, o CloneOptions) (Plan, error) {
	return a.plan(ctx, workflowClone, CutoverOptions{
		To: o.To, Image: o.Image, Accepted: o.Accepted, Container: o.Container, Replace: o.Replace,
	})
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
	steps := r.bakeSteps(s)
	// The new version goes into the live group's template: one that follows the template would launch it too.
	if m.base().ID == m.Source.ID && !template.Pinned(m.Source.Version) {
		live := r.Config.Stack(s.old()).Group
		steps = append(steps, step.Step[State]{
			Name: "pin-template", Title: fmt.Sprintf("pin %s to version %d of its launch template (it follows %s, which the next step moves)", s.old(), m.Source.Number, m.Source.Version),
			Calls: []string{"autoscaling UpdateAutoScalingGroup " + live}, Do: r.pinTemplate, Undo: r.unpinTemplate,
			Back: fmt.Sprintf("let %s follow %s again", s.old(), m.Source.Version),
		})
	}
	if m.InPlace {
		return slices.Concat(steps, r.inPlaceSteps(s), r.checkStep(s))
	}
	steps = append(steps, r.cloningSteps(s)...)
	return append(steps, r.checkStep(s)...)
}

// cloningSteps make a colour that does not stand.
func (r *run) cloningSteps(s *State) []step.Step[State] {
	name := r.Config.Stack(s.To).LoadBalancer
	return []step.Step[State]{
		{
			Name: "create", Title: fmt.Sprintf("clone %s into %s with image %s, without instances", s.old(), s.To, s.Make.runs()),
			Calls: r.createCalls(s), Do: r.create, Undo: r.uncreate,
			Back: "delete the clone",
		},
		{Name: "active", Title: fmt.Sprintf("wait until load balancer %s is active", name), Do: r.awaitActive},
		{Name: "compare", Title: fmt.Sprintf("compare %s with %s, field by field", s.To, s.old()), Do: r.compareStacks},
	}
}

// inPlaceSteps make a colour that stands without instances run another image.
func (r *run) inPlaceSteps(s *State) []step.Step[State] {
	return []step.Step[State]{
		{
			Name: "template", Title: fmt.Sprintf("derive a version of %s's launch template with image %s", s.To, s.Make.runs()),
			Calls: []string{"ec2 CreateLaunchTemplateVersion " + s.Make.base().ID}, Do: r.deriveTemplate, Undo: r.dropTemplate,
			Back: "delete that version",
		},
		{
			Name: "use-template", Title: fmt.Sprintf("let %s launch that version", s.To),
			Calls: []string{"autoscaling UpdateAutoScalingGroup " + r.Config.Stack(s.To).Group}, Do: r.useTemplate, Undo: r.unuseTemplate,
			Back: fmt.Sprintf("let %s launch what it did before", s.To),
		},
		{Name: "compare", Title: fmt.Sprintf("compare what %s and %s launch, field by field", s.old(), s.To), Do: r.compareTemplates},
	}
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
		"elasticloadbalancing CreateListener "+next.LoadBalancer,
		"elasticloadbalancing ModifyListenerAttributes, AddListenerCertificates, CreateRule "+next.LoadBalancer+asNeeded,
		"ec2 CreateLaunchTemplateVersion "+s.Make.Source.ID,
		"autoscaling CreateAutoScalingGroup "+next.Group,
		"autoscaling PutScalingPolicy, EnableMetricsCollection, SuspendProcesses "+next.Group+asNeeded)
}
