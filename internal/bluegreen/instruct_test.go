package bluegreen_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
	"bluegreen/internal/userdata"
)

// toAgent moves green to the agent: another machine image, the container by reference, and user data without a script.
func toAgent(ctx context.Context, app *bluegreen.App, ami string) error {
	plan, err := app.PlanClone(ctx, bluegreen.CloneOptions{
		To: traffic.Green, Image: ami, Container: "registry.example.com/shop:v2", Replace: true,
	})
	if err != nil {
		return err
	}
	return app.Clone(ctx, plan)
}

// launched is what green's instances get at their next launch, and where load balancers look for their health.
type launched struct{ Image, UserData, Port, Path string }

func (h *hands) launched() launched {
	h.t.Helper()
	g := h.w.eye.group(h.t, traffic.Green)
	v := ok(h.ec2.DescribeLaunchTemplateVersions(h.t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: g.LaunchTemplate.LaunchTemplateId, Versions: []string{*g.LaunchTemplate.Version},
	}))(h.t).LaunchTemplateVersions[0].LaunchTemplateData
	text, err := base64.StdEncoding.DecodeString(*v.UserData)
	if err != nil {
		h.t.Fatal(err)
	}
	tg := ok(h.elb.DescribeTargetGroups(h.t.Context(), &elbv2.DescribeTargetGroupsInput{Names: []string{"shop-green-tg"}}))(h.t).TargetGroups[0]
	return launched{Image: *v.ImageId, UserData: string(text), Port: *tg.HealthCheckPort, Path: *tg.HealthCheckPath}
}

// TestInstructCrashAtEveryCall kills a move to the agent before and after each of its calls, with a green stack that stands and
// without one. Resumed, green launches what it should; rolled back, the account is as found, user data and health checks too.
func TestInstructCrashAtEveryCall(t *testing.T) {
	for what, spec := range map[string]stack.Spec{"in place": {}, "in a clone": {BlueOnly: true}} {
		calls := 0
		inWorld(t, spec, func(ctx context.Context, w *world) {
			do := func(ctx context.Context, app *bluegreen.App) error { return toAgent(ctx, app, w.made.Images["v2"]) }
			p := w.plug(0, false)
			if ev, _, err := w.mortal(ctx, "uninterrupted", p, do, brisk); err != nil {
				ev.log(w.t)
				w.t.Fatal(err)
			}
			calls = p.Total()
		})
		all, tried := points(calls), 0
		sparse := stride
		if spec.BlueOnly {
			sparse = max(stride, 7) // clones die everywhere in their own test
		}
		for _, back := range []bool{false, true} {
			for i := 0; i < len(all); i += sparse {
				tried++
				t.Run(fmt.Sprintf("%s, %s, %s", what, all[i], recovery(back)), func(t *testing.T) {
					t.Parallel()
					dieInMove(t, spec, all[i], back)
				})
			}
		}
		t.Logf("%s: %d crash points in %d calls, %d deaths tried", what, len(all), calls, tried)
	}
}

func dieInMove(t *testing.T, spec stack.Spec, at point, back bool) {
	inWorld(t, spec, func(ctx context.Context, w *world) {
		h := w.hands()
		do := func(ctx context.Context, app *bluegreen.App) error { return toAgent(ctx, app, w.made.Images["v2"]) }
		if !w.dies(ctx, h, do, at, back) {
			return
		}
		want := launched{
			Image: w.made.Images["v2"], Port: "9180", Path: "/health",
			UserData: userdata.CloudConfig("image = \"registry.example.com/shop:v2\"\n"),
		}
		if diff := cmp.Diff(want, h.launched()); diff != "" {
			w.t.Errorf("-want +got:\n%s", diff)
		}
	})
}
