package drain_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"bluegreen/internal/sandbox/wire"
)

// TestMissingPermission takes one IAM action from the role. It is named once, and all else goes on.
func TestMissingPermission(t *testing.T) {
	for _, c := range []struct {
		operation string
		want      outcome
	}{
		{"DescribeAutoScalingInstances", outcome{App: "lost", Stops: 1, Completed: map[string]int{}}},
		{"DescribeLifecycleHooks", outcome{App: "lost", Stops: 1, Completed: map[string]int{}}},
		{"CompleteLifecycleAction", outcome{App: "lost", Stops: 1, Completed: map[string]int{}}},
		{"RecordLifecycleActionHeartbeat", outcome{App: "lost", Stops: 1, Completed: map[string]int{"down": 1}}},
	} {
		t.Run(c.operation, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.create(down())
				m := w.serving()
				w.front.Faults.Add(wire.Fault{Operation: c.operation, Action: wire.ActionError, Code: "AccessDenied", Status: 403,
					Message: "User: arn:aws:sts::123456789012:assumed-role/app/i-1 is not authorized to perform: autoscaling:" + c.operation})
				w.shrink()
				w.ended(m, 20*time.Minute)
				w.expect(m, c.want)
				if n := w.log.count("level=WARN", "lacks a permission", "action=autoscaling:"+c.operation); n != 1 {
					t.Errorf("the missing permission was named %d times", n)
				}
				if n := w.log.count("level=WARN"); n != 2 { // it, and that it drains
					t.Errorf("%d warnings", n)
				}
			})
		})
	}
}

// TestThrottled has Auto Scaling refuse everything for some minutes.
func TestThrottled(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.create(up(), hook("down", "autoscaling:EC2_INSTANCE_TERMINATING", 20*time.Minute))
		m := w.serving()
		w.front.Faults.Add(wire.Fault{Action: wire.ActionThrottle})
		w.shrink()
		w.wait(5 * time.Minute)
		w.front.Faults.Clear()
		w.ended(m, 5*time.Minute)
		w.expect(m, drained())
	})
}

// TestLostReply has the reply to the completion get lost, with the SDK trying again by itself and without.
func TestLostReply(t *testing.T) {
	for name, retryer := range map[string]func() aws.Retryer{
		"the SDK tries again": func() aws.Retryer { return retry.NewStandard() },
		"it does not":         func() aws.Retryer { return aws.NopRetryer{} },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(m *machine) { m.retryer = retryer }, func(w *world) {
				// The other hook goes on holding, so that the agent has every reason to wonder.
				w.create(hook("bluegreen", "autoscaling:EC2_INSTANCE_TERMINATING", time.Minute),
					hook("logs", "autoscaling:EC2_INSTANCE_TERMINATING", 10*time.Minute))
				m := w.serving()
				w.front.Faults.Add(wire.Fault{Operation: "CompleteLifecycleAction", Action: wire.ActionLostReply, Nth: 1})
				w.shrink()
				w.await("the completion to be believed", 5*time.Minute, func() bool { return m.current().Status().Completed })
				calls := w.log.count("CompleteLifecycleAction")
				w.ended(m, 20*time.Minute)
				if n := w.log.count("CompleteLifecycleAction"); n != calls || n > 6 {
					t.Errorf("%d calls to complete, %d of them when it was done", n, n-calls)
				}
				w.expect(m, outcome{App: "lost", Stops: 1, Completed: map[string]int{}})
			})
		})
	}
}

// someFault is one that passes.
func someFault(r *rand.Rand) wire.Fault {
	actions := []wire.Action{wire.ActionThrottle, wire.ActionLostReply, wire.ActionCut}
	return wire.Fault{Action: actions[r.IntN(len(actions))], Nth: 1, Times: 1 + r.IntN(6)}
}
