package bluegreen_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/config"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// TestDrainProof retires a colour only with proof that its clients have left. Silence is no proof, and neither is a metric
// that does not show our own requests.
func TestDrainProof(t *testing.T) {
	for name, c := range map[string]struct {
		account sandbox.Options
		lingers time.Duration // a client that keeps to the old load balancer for so long
		retired bool
		says    string
	}{
		"nobody is there":           {sandbox.Options{Resolution: time.Minute, Delay: time.Minute}, 0, true, ""},
		"a client lingers":          {sandbox.Options{Resolution: time.Minute, Delay: time.Minute}, 24 * time.Hour, false, "clients are still there"},
		"a client leaves in time":   {sandbox.Options{Resolution: time.Minute, Delay: time.Minute}, 20 * time.Minute, true, ""},
		"CloudWatch shows nothing":  {sandbox.Options{Resolution: time.Minute, Delay: 24 * time.Hour}, 0, false, "does not show our probes"},
		"CloudWatch hides a client": {sandbox.Options{Resolution: time.Minute, Delay: 24 * time.Hour}, 24 * time.Hour, false, "does not show our probes"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorldOf(t, stack.Spec{}, c.account, func(ctx context.Context, w *world) {
				t := w.t
				hour := func(cfg *bluegreen.Config) { quick(cfg); cfg.Limits.Drain = config.Duration(time.Hour) }
				w.must(ctx, "cutover", cutoverTo(traffic.Green), hour)
				before, g := w.snapshot(), w.watch()
				lingering, leave := context.WithTimeout(ctx, c.lingers)
				defer leave()
				if c.lingers > 0 {
					w.browse(lingering, w.eye.balancer(t, traffic.Blue), 2*time.Second)
				}
				app, ev := w.process("retire", nil, hour)
				err := retire(ctx, app)
				time.Sleep(rest)
				after := w.snapshot()
				switch blue := after.Groups[traffic.Blue]; {
				case c.retired && (err != nil || blue.Desired != 0 || blue.InService != 0):
					t.Errorf("blue was not retired: %v, %+v", err, blue)
				case !c.retired && (err == nil || exit.CodeOf(err) != exit.Failed || !strings.Contains(err.Error(), c.says)):
					t.Errorf("exit code %d: %v", exit.CodeOf(err), err)
				case !c.retired && (blue.Desired != before.Groups[traffic.Blue].Desired || blue.Healthy != 2):
					t.Errorf("blue lost capacity without proof: %+v", blue)
				}
				if len(after.Open) > 0 || after.Lease != "" {
					t.Errorf("open %v, lease %q", after.Open, after.Lease)
				}
				g.check()
				if t.Failed() {
					ev.log(t)
				}
			})
		})
	}
}
