package bluegreen_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// TestTemplateMovesBeforeItIsPinned has somebody deploy to the live group between the plan of a clone and the clone, which would pin
// that group to the version of the plan.
func TestTemplateMovesBeforeItIsPinned(t *testing.T) {
	for name, move := range map[string]func(h *hands){
		"a new version":       (*hands).publish,
		"a version by number": func(h *hands) { h.publish(); h.launch(traffic.Blue, "2") },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, stack.Spec{BlueOnly: true}, func(ctx context.Context, w *world) {
				h := w.hands()
				h.launch(traffic.Blue, "$Latest")
				app, ev := w.process("me", nil)
				plan, err := app.PlanClone(ctx, bluegreen.CloneOptions{To: traffic.Green, Image: w.made.Images["v2"]})
				if err != nil {
					w.t.Fatal(err)
				}
				move(h)
				found := h.account()
				err = app.Clone(ctx, plan)
				if code := exit.CodeOf(err); code != exit.Failed || !strings.Contains(err.Error(), "plan again") {
					w.t.Errorf("exit code %d: %v", code, err)
				}
				if diff := cmp.Diff(found, h.account()); diff != "" {
					ev.log(w.t)
					w.t.Errorf("the account is not as found (-found +left):\n%s", diff)
				}
			})
		})
	}
}

// publish adds a version to the launch template of blue.
func (h *hands) publish() {
	h.t.Helper()
	ok(h.ec2.CreateLaunchTemplateVersion(h.t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: h.w.eye.group(h.t, traffic.Blue).LaunchTemplate.LaunchTemplateId, SourceVersion: aws.String("1"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{InstanceType: ec2types.InstanceTypeT3Large},
	}))(h.t)
}
