package bluegreen_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

var faultSeeds = flag.Int("faults.seeds", 200, "how many fault schedules a deployment has to bear")

// operations are those that a deployment calls, by their service.
var operations = map[string][]string{
	"route53":              {"ListResourceRecordSets", "ChangeResourceRecordSets", "GetChange", "GetHostedZone"},
	"autoscaling":          {"DescribeAutoScalingGroups", "UpdateAutoScalingGroup", "CreateOrUpdateTags", "DeleteTags"},
	"elasticloadbalancing": {"DescribeLoadBalancers", "DescribeTargetGroups", "DescribeTargetHealth"},
	"ec2":                  {"DescribeLaunchTemplateVersions", "DescribeImages"},
	"monitoring":           {"GetMetricData"},
	"ssm":                  {"PutParameter", "GetParameter", "GetParametersByPath"},
}

// schedule is what goes wrong in one run: some calls, a few times in a row each.
func schedule(random *rand.Rand, most int) []wire.Fault {
	var all []wire.Fault
	for _, service := range slices.Sorted(maps.Keys(operations)) {
		for _, name := range operations[service] {
			for range random.IntN(4) {
				f := wire.Fault{Service: service, Operation: name, Nth: 1 + random.IntN(20), Times: 1 + random.IntN(most)}
				switch random.IntN(3) {
				case 0:
					f.Action = wire.ActionThrottle
				case 1:
					f.Action = wire.ActionLostReply
				default:
					f.Action, f.Code, f.Status = wire.ActionError, "InternalFailure", 500
				}
				all = append(all, f)
			}
		}
	}
	return all
}

// TestFaultSchedules runs a cutover and its rollback with faults all over. Both end as if there had been none.
func TestFaultSchedules(t *testing.T) {
	sc := scenario{name: "cutover", do: cutoverTo(traffic.Green)}
	e := uninterrupted(t, sc)
	back := uninterrupted(t, scenario{name: "rollback", before: []deed{sc.do}, do: rollback})
	var runs, struck atomic.Int64
	t.Run("seed", func(t *testing.T) {
		for half := range 2 {
			t.Run(fmt.Sprint(half), func(t *testing.T) {
				t.Parallel()
				for seed := half; seed < *faultSeeds; seed += 2 * stride {
					runs.Add(1)
					struck.Add(withFaults(t, uint64(seed), e.done, back.done))
				}
			})
		}
	})
	fmt.Printf("%d fault schedules, %d calls went wrong\n", runs.Load(), struck.Load())
}

func withFaults(t *testing.T, seed uint64, done, back snapshot) (struck int64) {
	t.Helper()
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		t := w.t
		g := w.watch()
		random := rand.New(rand.NewPCG(seed, 7))
		// Beyond what the SDK bears by itself: it tries a call nine times.
		most := 1 + int(seed%12)
		var count atomic.Int64
		w.sb.Front.Calls.Observe(func(c wire.Call) {
			if c.Fault != "" {
				count.Add(1)
			}
		})
		for _, c := range []struct {
			what string
			do   deed
			want snapshot
		}{{"cutover", cutoverTo(traffic.Green), done}, {"rollback", rollback, back}} {
			fence := w.snapshot().Fence
			app, ev := w.process("me", nil, canary)
			w.sb.Front.Faults.Add(schedule(random, most)...)
			err := c.do(ctx, app)
			for tries := 1; err != nil && exit.CodeOf(err) == exit.Failed && w.snapshot().Fence == fence && tries < 9; tries++ {
				err = c.do(ctx, app) // it could not even look, and left nothing behind
			}
			w.sb.Front.Faults.Clear()
			time.Sleep(rest)
			if err != nil {
				t.Errorf("%s: %v", c.what, err)
			}
			got := w.snapshot()
			if len(got.Open) == 0 {
				got.Lease = "" // letting go may have failed; nobody waits for it
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: not as if nothing had gone wrong (-want +got):\n%s", c.what, diff)
			}
			g.check()
			if t.Failed() {
				ev.log(t)
				t.Fatalf("seed %d: up to %d times in a row", seed, most)
			}
		}
		struck = count.Load()
	})
	return struck
}

// TestLostReplyOfEachBatch loses the reply to one batch after the other, and with it the change id.
func TestLostReplyOfEachBatch(t *testing.T) {
	e := uninterrupted(t, scenario{name: "cutover", do: cutoverTo(traffic.Green)})
	for n := 1; n <= 8; n++ {
		for _, times := range []int{1, 3} {
			t.Run(fmt.Sprintf("batch %d, %d in a row", n, times), func(t *testing.T) {
				inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
					g := w.watch()
					w.sb.Front.Faults.Add(wire.Fault{Operation: "ChangeResourceRecordSets", Nth: n, Times: times, Action: wire.ActionLostReply})
					ev := w.must(ctx, "me", cutoverTo(traffic.Green), canary)
					time.Sleep(rest)
					if diff := cmp.Diff(e.done, w.snapshot()); diff != "" {
						ev.log(w.t)
						w.t.Errorf("-want +got:\n%s", diff)
					}
					if diff := cmp.Diff([]string{"blue:90,green:10", "blue:50,green:50", "blue:0,green:100"}, ev.shifts()); diff != "" {
						w.t.Errorf("shifts (-want +got):\n%s", diff)
					}
					g.check()
				})
			})
		}
	}
}

// outage is a service that cannot be used for a while.
func (w *world) outage(service, operation string, f wire.Fault, lasts time.Duration) {
	f.Service, f.Operation = service, operation
	w.sb.Front.Faults.Add(f)
	w.left.Go(func() {
		time.Sleep(lasts)
		w.sb.Front.Faults.Clear()
	})
}

// TestOutages takes one service away for a while in the middle of a rollout. A deployment that is well waits for it.
func TestOutages(t *testing.T) {
	e := uninterrupted(t, scenario{name: "cutover", do: cutoverTo(traffic.Green)})
	for name, c := range map[string]struct {
		service, operation string
		fault              wire.Fault
		step               string
		lasts              time.Duration
	}{
		"others keep the zone busy": {"route53", "ChangeResourceRecordSets", wire.Fault{Action: wire.ActionError, Code: "PriorRequestNotComplete", Message: "busy"}, "probe", 4 * time.Minute},
		"Route 53 throttles":        {"route53", "", wire.Fault{Action: wire.ActionThrottle}, "verify-1", 5 * time.Minute},
		"Route 53 has failed":       {"route53", "", wire.Fault{Action: wire.ActionError, Code: "InternalFailure", Status: 500}, "watch-1", 5 * time.Minute},
		"Auto Scaling throttles":    {"autoscaling", "", wire.Fault{Action: wire.ActionThrottle}, "settle", 5 * time.Minute},
		"replies of Auto Scaling":   {"autoscaling", "", wire.Fault{Action: wire.ActionLostReply}, "settle", 5 * time.Minute},
		"load balancing throttles":  {"elasticloadbalancing", "", wire.Fault{Action: wire.ActionThrottle}, "size-green", 5 * time.Minute},
		"Parameter Store throttles": {"ssm", "", wire.Fault{Action: wire.ActionThrottle}, "verify-2", 5 * time.Minute},
		"CloudWatch has failed":     {"monitoring", "", wire.Fault{Action: wire.ActionError, Code: "InternalServiceError", Status: 500}, "verify-2", 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
				g := w.watch()
				app, ev := w.process("me", nil, canary)
				w.at(ev, c.step, time.Millisecond, func() { w.outage(c.service, c.operation, c.fault, c.lasts) })
				if err := cutoverTo(traffic.Green)(ctx, app); err != nil {
					w.t.Errorf("exit code %d: %v", exit.CodeOf(err), err)
				}
				time.Sleep(rest)
				if diff := cmp.Diff(e.done, w.snapshot()); diff != "" {
					w.t.Errorf("-want +got:\n%s", diff)
				}
				g.check()
				if w.t.Failed() {
					ev.log(w.t)
				}
			})
		})
	}
}
