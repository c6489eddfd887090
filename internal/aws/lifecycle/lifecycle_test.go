package lifecycle_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/lifecycle"
	"bluegreen/internal/aws/session"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	group   = "shop-blue-asg"
	warmUp  = "warm-up"  // the launch hook
	goodbye = "good-bye" // the termination hook
)

// world is an account with a group of one instance and a hook for each way.
type world struct {
	*lifecycle.Client
	t   *testing.T
	sb  *sandbox.Sandbox
	asg *autoscaling.Client
	id  string // of the instance, which its launch hook holds
}

func in(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sb, err := sandbox.New(sandbox.Options{Fabric: fabric.Memory(), Resolution: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		defer sb.Close()
		one := stack.Size{Min: 0, Max: 1, Desired: 1}
		if _, err := stack.Build(t.Context(), sb, stack.Spec{Blue: one, BlueOnly: true, HookSeconds: 300}); err != nil {
			t.Fatal(err)
		}
		cfg, err := session.Load(t.Context(), session.Options{
			Region: sb.Account.Region, HTTP: sb.Transport(), Endpoint: "http://sandbox", Credentials: stack.Credentials(),
		})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{Client: lifecycle.New(cfg), t: t, sb: sb, asg: autoscaling.NewFromConfig(cfg)}
		if _, err := w.asg.PutLifecycleHook(t.Context(), &autoscaling.PutLifecycleHookInput{
			AutoScalingGroupName: aws.String(group), LifecycleHookName: aws.String(goodbye), HeartbeatTimeout: aws.Int32(60),
			LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_TERMINATING"),
		}); err != nil {
			t.Fatal(err)
		}
		w.until("an instance waits for its launch hook", func() bool { return w.theInstance(lifecycle.PendingWait) })
		test(t, w)
	})
}

// theInstance finds the only instance of the group, if it is in a state.
func (w *world) theInstance(state lifecycle.State) bool {
	out, err := w.asg.DescribeAutoScalingInstances(w.t.Context(), &autoscaling.DescribeAutoScalingInstancesInput{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, i := range out.AutoScalingInstances {
		w.id = *i.InstanceId
	}
	return len(out.AutoScalingInstances) == 1 && *out.AutoScalingInstances[0].LifecycleState == string(state)
}

func (w *world) until(what string, met func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(10 * time.Minute); !met(); time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			w.t.Fatalf("after ten minutes it is not so that %s", what)
		}
	}
}

func (w *world) state() lifecycle.State {
	w.t.Helper()
	i, err := w.Describe(w.t.Context(), w.id)
	if err != nil {
		w.t.Fatal(err)
	}
	return i.State
}

func (w *world) is(state lifecycle.State) func() bool {
	return func() bool { return w.state() == state }
}

func (w *world) action(hook string) lifecycle.Action {
	return lifecycle.Action{Group: group, Hook: hook, InstanceID: w.id}
}

// complete expects that a hook holds the instance, or that it does not.
func (w *world) complete(hook string, wantHeld bool) {
	w.t.Helper()
	if held, err := w.Complete(w.t.Context(), w.action(hook), lifecycle.Continue); err != nil || held != wantHeld {
		w.t.Errorf("complete %s in %s: held %v, %v", hook, w.state(), held, err)
	}
}

// serve brings the instance into service.
func (w *world) serve() {
	w.t.Helper()
	w.complete(warmUp, true)
	w.until("the instance serves", w.is(lifecycle.InService))
}

// leave begins to end the instance.
func (w *world) leave() {
	w.t.Helper()
	if _, err := w.asg.SetDesiredCapacity(w.t.Context(), &autoscaling.SetDesiredCapacityInput{
		AutoScalingGroupName: aws.String(group), DesiredCapacity: aws.Int32(0),
	}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) gone() bool {
	_, err := w.Describe(w.t.Context(), w.id)
	return errors.Is(err, awserr.ErrNotFound)
}

func TestDescribe(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		got, err := w.Describe(t.Context(), w.id)
		want := lifecycle.Instance{ID: w.id, Group: group, State: lifecycle.PendingWait, Healthy: true}
		if diff := cmp.Diff(want, got); err != nil || diff != "" || !got.State.Held() {
			t.Errorf("%v %s", err, diff)
		}
		w.serve()
		if w.state().Held() {
			t.Errorf("%s is held", w.state())
		}
	})
}

func TestHooks(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		got, err := w.Hooks(t.Context(), group)
		want := []lifecycle.Hook{
			{Name: warmUp, Transition: lifecycle.Launching, Heartbeat: 5 * time.Minute, GlobalLimit: 500 * time.Minute, Default: lifecycle.Continue},
			{Name: goodbye, Transition: lifecycle.Terminating, Heartbeat: time.Minute, GlobalLimit: 100 * time.Minute, Default: lifecycle.Abandon},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
}

// From its launch to its end an instance completes each hook once, and hears that it was not held whenever it asks too early,
// too late or for the wrong hook.
func TestOneLife(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.complete(goodbye, false)
		w.complete(warmUp, true)
		w.complete(warmUp, false)
		w.until("the instance serves", w.is(lifecycle.InService))
		w.complete(warmUp, false)
		w.complete(goodbye, false)
		w.leave()
		w.until("the instance leaves", func() bool { return w.state() != lifecycle.InService })
		if state := w.state(); state != "Terminating" {
			t.Fatalf("the load balancer has not drained, but the instance is %s", state)
		}
		w.complete(goodbye, false) // early: the load balancer drains before the hook holds
		w.until("the termination hook holds", w.is(lifecycle.TerminatingWait))
		w.complete(goodbye, true)
		w.complete(goodbye, false)
		w.until("the instance is gone", w.gone)
		if held, err := w.Complete(t.Context(), w.action(goodbye), lifecycle.Continue); held || err != nil {
			t.Errorf("after its end: held %v, %v", held, err)
		}
	})
}

// A completion whose answer was lost has been done: the SDK's second attempt hears that nothing is held.
func TestLostAnswer(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.sb.Front.Faults.Add(wire.Fault{Service: "autoscaling", Operation: "CompleteLifecycleAction", Nth: 1, Times: 1, Action: wire.ActionLostReply})
		w.complete(warmUp, false)
		w.until("the instance serves", w.is(lifecycle.InService))
	})
}

func TestAbandon(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		first := w.id
		if held, err := w.Complete(t.Context(), w.action(warmUp), lifecycle.Abandon); !held || err != nil {
			t.Fatalf("held %v, %v", held, err)
		}
		w.until("another instance is launched", func() bool { return w.theInstance(lifecycle.PendingWait) && w.id != first })
	})
}

func TestHeartbeat(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		beat := func(hook string, wantHeld bool) {
			t.Helper()
			if held, err := w.Heartbeat(t.Context(), w.action(hook)); err != nil || held != wantHeld {
				t.Errorf("heartbeat of %s: held %v, %v", hook, held, err)
			}
		}
		beat(goodbye, false)
		for range 5 {
			time.Sleep(4 * time.Minute)
			beat(warmUp, true)
		}
		if state := w.state(); state != lifecycle.PendingWait {
			t.Errorf("with heartbeats, the instance is %s", state)
		}
		time.Sleep(6 * time.Minute)
		beat(warmUp, false)
		if state := w.state(); state != lifecycle.InService {
			t.Errorf("without a heartbeat, the instance is %s", state)
		}
	})
}

// An instance that gives itself up is replaced, its group's grace period or not.
func TestSetHealth(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		if _, err := w.asg.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{
			AutoScalingGroupName: aws.String(group), HealthCheckGracePeriod: aws.Int32(7200),
		}); err != nil {
			t.Fatal(err)
		}
		w.serve()
		first := w.id
		if err := w.SetHealth(t.Context(), first, lifecycle.Unhealthy); err != nil {
			t.Fatal(err)
		}
		if i, err := w.Describe(t.Context(), first); err != nil || i.Healthy {
			t.Errorf("%+v, %v", i, err)
		}
		w.until("it leaves", w.is(lifecycle.TerminatingWait))
		w.complete(goodbye, true)
		w.until("another one is launched", func() bool { return w.theInstance(lifecycle.PendingWait) && w.id != first })
	})
}

func TestErrors(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		ctx, nobody := t.Context(), "i-0123456789abcdef0"
		second := func(_ any, err error) error { return err }
		for want, err := range map[string]error{
			"describe Auto Scaling instance " + nobody + ": ":              second(w.Describe(ctx, nobody)),
			"list the lifecycle hooks of Auto Scaling group nobody: ":      second(w.Hooks(ctx, "nobody")),
			"complete lifecycle hook none of " + w.id + " with CONTINUE: ": second(w.Complete(ctx, w.action("none"), lifecycle.Continue)),
			"prolong lifecycle hook none of " + w.id + ": ":                second(w.Heartbeat(ctx, w.action("none"))),
			"set the health of instance " + nobody + " to Unhealthy: ":     w.SetHealth(ctx, nobody, lifecycle.Unhealthy),
		} {
			if err == nil || !errors.Is(err, awserr.ErrNotFound) || !strings.HasPrefix(err.Error(), want) || awserr.Transient(err) {
				t.Errorf("%s: %v", want, err)
			}
		}
		held, err := w.Complete(ctx, w.action(warmUp), "MAYBE")
		if held || err == nil || errors.Is(err, awserr.ErrNotFound) || awserr.Code(err) != "ValidationError" {
			t.Errorf("an odd result: held %v, %v", held, err)
		}
		if state := w.state(); state != lifecycle.PendingWait {
			t.Errorf("after all that, the instance is %s", state)
		}
	})
}

// A service that throttles is asked nine times; then the error says so, and nothing has been completed.
func TestThrottled(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		calls := 0
		defer w.sb.Front.Calls.Observe(func(c wire.Call) {
			if c.Operation == "CompleteLifecycleAction" {
				calls++
			}
		})()
		throttle := wire.Fault{Service: "autoscaling", Operation: "CompleteLifecycleAction", Nth: 1, Times: -1, Action: wire.ActionThrottle}
		w.sb.Front.Faults.Add(throttle)
		held, err := w.Complete(t.Context(), w.action(warmUp), lifecycle.Continue)
		if held || !errors.Is(err, awserr.ErrThrottled) || calls != 9 || w.state() != lifecycle.PendingWait {
			t.Errorf("%d calls, held %v, %v", calls, held, err)
		}
		w.sb.Front.Faults.Clear()
		throttle.Times, calls = 8, 0
		w.sb.Front.Faults.Add(throttle)
		w.complete(warmUp, true)
		if calls != 9 {
			t.Errorf("%d calls", calls)
		}
	})
}
