package bluegreen_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	sandboxec2 "bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// TestCloneRefusesBadInput checks what no clone can be made of, before anything is changed.
func TestCloneRefusesBadInput(t *testing.T) {
	for _, tc := range []struct {
		name    string
		spec    stack.Spec
		prepare func(h *hands) (image string)
		to      traffic.Color
		want    string
	}{
		{"no such image", stack.Spec{BlueOnly: true}, func(*hands) string { return "ami-0123456789abcdef0" }, green, "image ami-0123456789abcdef0 does not exist in eu-west-1, or is not shared with this account"},
		{"not an image id", stack.Spec{BlueOnly: true}, func(*hands) string { return "v2" }, green, "describe image v2: "},
		{"a deregistered image", stack.Spec{BlueOnly: true}, func(h *hands) string { return h.deregistered("v3") }, green, "does not exist in eu-west-1"},
		{"a pending image", stack.Spec{BlueOnly: true}, func(h *hands) string { return h.image("ami-00000000000000abc", "x86_64", "pending") }, green, "image ami-00000000000000abc is pending, not available"},
		{"a failed image", stack.Spec{BlueOnly: true}, func(h *hands) string { return h.image("ami-00000000000000abd", "x86_64", "failed") }, green, "image ami-00000000000000abd is failed, not available"},
		{"an image of another architecture", stack.Spec{BlueOnly: true}, func(h *hands) string { return h.w.made.Images["v2-arm64"] }, green, "is of architecture arm64, which instance type t3.small does not run"},
		{"the live color", stack.Spec{}, func(h *hands) string { return h.w.made.Images["v2"] }, traffic.Blue, "blue is live already (blue:100,green:0); name the other color to switch"},
		{"a color with instances", stack.Spec{Green: stack.Size{Min: 1, Max: 2, Desired: 1}}, func(h *hands) string { return h.w.made.Images["v3"] }, green, "green stands with 1 instances of v2: it cannot get another image under way"},
		{"a source of mixed instances", stack.Spec{BlueOnly: true}, func(h *hands) string { h.mixed(); return h.w.made.Images["v2"] }, green, "the Auto Scaling group shop-blue-asg has no launch template of its own: mixed instances and launch configurations cannot be switched"},
		{"only a load balancer", stack.Spec{}, func(h *hands) string { h.dropGroup(green); return h.w.made.Images["v2"] }, green, "of the green stack only load balancer shop-green-alb stands, and no Auto Scaling group shop-green-asg"},
		{"only a group", stack.Spec{}, func(h *hands) string { h.dropBalancer(green); return h.w.made.Images["v2"] }, green, "of the green stack only the Auto Scaling group shop-green-asg stands, and no load balancer shop-green-alb"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, tc.spec, func(ctx context.Context, w *world) {
				t := w.t
				h := w.hands()
				image := tc.prepare(h)
				found := h.account()
				app, _ := w.process("me", nil)
				_, err := app.PlanClone(ctx, bluegreen.CloneOptions{To: tc.to, Image: image})
				if err == nil || !strings.Contains(err.Error(), tc.want) || exit.CodeOf(err) != exit.Failed {
					t.Errorf("it ends with %v, code %d; it should say %q", err, exit.CodeOf(err), tc.want)
				}
				if diff := cmp.Diff(found, h.account()); diff != "" {
					t.Errorf("the account changed:\n%s", diff)
				}
			})
		})
	}
}

// TestRefusalIsTheEnd refuses an image while other things are still being looked at: nothing goes on behind the error's back.
func TestRefusalIsTheEnd(t *testing.T) {
	inWorld(t, stack.Spec{BlueOnly: true}, func(ctx context.Context, w *world) {
		app, _ := w.process("me", nil)
		if _, err := app.PlanClone(ctx, bluegreen.CloneOptions{To: green, Image: w.made.Images["v2"]}); err != nil {
			w.t.Fatal(err)
		}
		w.sb.Front.Latency.Set("elasticloadbalancing", "", time.Second)
		if _, err := app.PlanClone(ctx, bluegreen.CloneOptions{To: green, Image: "ami-0123456789abcdef0"}); err == nil {
			w.t.Fatal("an image that does not exist was taken")
		}
		ended := w.sb.Front.Calls.Count()
		time.Sleep(rest)
		for _, c := range w.sb.Front.Calls.Since(ended) {
			w.t.Errorf("%s was called after it had ended", c.Operation)
		}
	})
}

// TestCloneRefusesAChangedSource checks that a target group which came after the plan is not left out.
func TestCloneRefusesAChangedSource(t *testing.T) {
	inWorld(t, stack.Spec{BlueOnly: true}, func(ctx context.Context, w *world) {
		t := w.t
		h := w.hands()
		app, _ := w.process("me", nil)
		plan, err := app.PlanClone(ctx, bluegreen.CloneOptions{To: green, Image: w.made.Images["v2"]})
		if err != nil {
			t.Fatal(err)
		}
		h.extraTargets("late")
		found := h.account()
		if err := app.Clone(ctx, plan); err == nil || !strings.Contains(err.Error(), "the target groups of blue are not those of the plan any more") {
			t.Errorf("it ends with %v", err)
		}
		if diff := cmp.Diff(found, h.account()); diff != "" {
			t.Errorf("the account is not as found (-found +left):\n%s", diff)
		}
	})
}

func (h *hands) image(id, architecture, state string) string {
	h.t.Helper()
	h.w.sb.Account.Lock()
	defer h.w.sb.Account.Unlock()
	return ok(h.w.sb.EC2.AddImage(sandboxec2.Image{ID: id, Name: id, Architecture: architecture, State: state}))(h.t)
}

// mixed gives blue a mixed instances policy in place of its launch template.
func (h *hands) mixed() {
	h.t.Helper()
	spec := *h.w.eye.group(h.t, traffic.Blue).LaunchTemplate
	spec.LaunchTemplateName = nil
	h.change(traffic.Blue, autoscaling.UpdateAutoScalingGroupInput{MixedInstancesPolicy: &astypes.MixedInstancesPolicy{
		LaunchTemplate: &astypes.LaunchTemplate{LaunchTemplateSpecification: &spec},
	}})
}

func (h *hands) deregistered(version string) string {
	h.t.Helper()
	id := h.w.made.Images[version]
	ok(h.ec2.DeregisterImage(h.t.Context(), &ec2.DeregisterImageInput{ImageId: &id}))(h.t)
	return id
}

func (h *hands) dropGroup(color traffic.Color) {
	h.t.Helper()
	ok(h.asg.DeleteAutoScalingGroup(h.t.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: h.group(color)}))(h.t)
	until(h.t, "the group is gone", func() bool {
		out := ok(h.asg.DescribeAutoScalingGroups(h.t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{*h.group(color)}}))(h.t)
		return len(out.AutoScalingGroups) == 0
	})
}

func (h *hands) dropBalancer(color traffic.Color) {
	h.t.Helper()
	ok(h.elb.DeleteLoadBalancer(h.t.Context(), &elbv2.DeleteLoadBalancerInput{LoadBalancerArn: h.balancer(color).LoadBalancerArn}))(h.t)
}

// inPlace gives green, which stands without instances, another image.
func inPlace(image string, accepted ...string) deed { return cloneOf(image, accepted...) }

// TestInPlaceComparesTemplates lets green stand with a launch template that is not as blue's.
func TestInPlaceComparesTemplates(t *testing.T) {
	for _, tc := range []struct {
		name     string
		prepare  func(h *hands)
		accepted []string
		code     exit.Code
		want     string // of the error; none when empty
	}{
		{"as blue's", func(*hands) {}, nil, exit.Done, ""},
		{"other than blue's", func(h *hands) { h.otherTemplate() }, nil, exit.Failed, "template/Monitoring/Enabled: in the launch template, template/Monitoring/Enabled is false, not true"},
		{"other than blue's, and accepted", func(h *hands) { h.otherTemplate() }, []string{"template/Monitoring/Enabled"}, exit.Done, ""},
		{"accepts what is as blue's", func(*hands) {}, []string{"template/Monitoring/Enabled"}, exit.Usage, "nothing of that name would be lost"},
		{"accepts all", func(h *hands) { h.otherTemplate() }, []string{""}, exit.Usage, "nothing of that name would be lost"},
		{"one template for both", func(h *hands) { h.share("1") }, nil, exit.Done, ""},
		{"one template for both, whose newest version blue follows", func(h *hands) { h.share("$Latest") }, nil, exit.Done, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
				t := w.t
				h := w.hands()
				tc.prepare(h)
				found := h.account()
				app, ev := w.process("me", nil)
				err := inPlace(w.made.Images["v3"], tc.accepted...)(ctx, app)
				if exit.CodeOf(err) != tc.code || err != nil && !strings.Contains(err.Error(), tc.want) {
					ev.log(t)
					t.Fatalf("it ends with %v, code %d", err, exit.CodeOf(err))
				}
				if err != nil {
					if diff := cmp.Diff(found, h.account()); diff != "" {
						t.Errorf("the account changed:\n%s", diff)
					}
					return
				}
				if got := h.launches(green); got != w.made.Images["v3"] {
					t.Errorf("green launches %s", got)
				}
				if got := h.launches(traffic.Blue); got != w.made.Images["v1"] {
					t.Errorf("blue launches %s", got)
				}
			})
		})
	}
}

// TestInPlaceIsUndone lets the comparison fail: templates and groups are as found.
func TestInPlaceIsUndone(t *testing.T) {
	for name, prepare := range map[string]func(h *hands){
		"two templates": func(*hands) {}, "one template": func(h *hands) { h.share("1") }, "one template that blue follows": func(h *hands) { h.share("$Latest") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
				t := w.t
				h := w.hands()
				prepare(h)
				found := h.account()
				app, ev := w.process("me", nil)
				ev.on(func(e bluegreen.Event) {
					if e.Event == bluegreen.StepBegan && e.Step == "compare" {
						h.w.sb.Front.Faults.Add(wire.Fault{Service: "autoscaling", Operation: "DescribePolicies", Action: wire.ActionError, Code: "AccessDenied", Status: 403})
					}
				})
				if err := inPlace(w.made.Images["v3"])(ctx, app); err == nil {
					t.Error("it did not fail")
				}
				h.w.sb.Front.Faults.Clear()
				if diff := cmp.Diff(found, h.account()); diff != "" {
					t.Errorf("the account is not as found (-found +left):\n%s", diff)
				}
			})
		})
	}
}

// otherTemplate makes green launch with other settings.
func (h *hands) otherTemplate() {
	h.t.Helper()
	spec := h.w.eye.group(h.t, green).LaunchTemplate
	ok(h.ec2.CreateLaunchTemplateVersion(h.t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: spec.LaunchTemplateId, SourceVersion: aws.String("1"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{Monitoring: &ec2types.LaunchTemplatesMonitoringRequest{Enabled: aws.Bool(false)}},
	}))(h.t)
	h.launch(green, "2")
}

// share makes green launch from blue's launch template, and blue from a version of it.
func (h *hands) share(version string) {
	h.t.Helper()
	spec := *h.w.eye.group(h.t, traffic.Blue).LaunchTemplate
	spec.LaunchTemplateName, spec.Version = nil, aws.String("1")
	h.change(green, autoscaling.UpdateAutoScalingGroupInput{LaunchTemplate: &spec})
	h.launch(traffic.Blue, version)
}

// launches is the image that a group launches now.
func (h *hands) launches(color traffic.Color) string {
	h.t.Helper()
	spec := h.w.eye.group(h.t, color).LaunchTemplate
	out := ok(h.ec2.DescribeLaunchTemplateVersions(h.t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: spec.LaunchTemplateId, Versions: []string{*spec.Version},
	}))(h.t)
	return *out.LaunchTemplateVersions[0].LaunchTemplateData.ImageId
}
