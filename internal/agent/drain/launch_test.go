package drain_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/drain"
	"bluegreen/internal/sandbox/wire"
)

const launching = "autoscaling:EC2_INSTANCE_LAUNCHING"

func TestLaunchThatTakesLong(t *testing.T) {
	inWorld(t, func(m *machine) { m.ready = 8 * time.Minute }, func(w *world) {
		w.create(hook("up", launching, 30*time.Second))
		m := w.serving()
		w.expect(m, outcome{App: "up", Completed: map[string]int{"up": 1}})
		if n := w.log.count("RecordLifecycleActionHeartbeat up : 200"); n < 16 {
			t.Errorf("%d heartbeats in eight minutes with a timeout of 30 seconds", n)
		}
		if n := w.log.count("DescribeAutoScalingInstances"); n > 20 {
			t.Errorf("%d questions to the group within eight minutes", n)
		}
		if n := len(w.all()); n != 1 {
			t.Errorf("%d instances", n)
		}
	})
}

func TestLaunchThatFails(t *testing.T) {
	for _, c := range []struct {
		name        string
		heartbeat   time.Duration
		deadline    time.Duration
		least, most time.Duration
	}{
		{"at the agent's deadline", 10 * time.Minute, 4 * time.Minute, 4 * time.Minute, 4*time.Minute + 5*time.Second},
		{"before the hook's global timeout", 30 * time.Second, 4 * time.Hour, 49 * time.Minute, 50 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(m *machine) {
				m.ready = -1
				m.options = func(o *drain.Options) { o.LaunchDeadline = c.deadline }
			}, func(w *world) {
				w.create(hook("up", launching, c.heartbeat))
				m := w.first()
				begun := time.Now()
				w.await("the launch to be abandoned", 2*time.Hour, func() bool { return w.log.count("CompleteLifecycleAction up ABANDON: 200") > 0 })
				if took := time.Since(begun); took < c.least || took > c.most {
					t.Errorf("abandoned after %v, want %v to %v", took, c.least, c.most)
				}
				w.await("another instance", time.Minute, func() bool { return len(w.all()) == 2 })
				w.ended(m, 10*time.Minute)
			})
		})
	}
}

// TestLaunchDeadlineOutlivesTheAgent has the agent die all the time.
func TestLaunchDeadlineOutlivesTheAgent(t *testing.T) {
	inWorld(t, func(m *machine) { m.ready = -1 }, func(w *world) {
		w.create(hook("up", launching, 5*time.Minute))
		m := w.first()
		begun := time.Now()
		for w.log.count("ABANDON: 200") == 0 && time.Since(begun) < time.Hour {
			w.wait(90 * time.Second)
			m.kill()
			w.wait(5 * time.Second)
			m.start()
			w.wait(time.Second)
		}
		if took := time.Since(begun); took < 9*time.Minute || took > 12*time.Minute {
			t.Errorf("abandoned after %v, want 10 minutes", took)
		}
	})
}

// TestAbandonedIsAbandoned has the reply to ABANDON get lost and the app get healthy just then.
func TestAbandonedIsAbandoned(t *testing.T) {
	inWorld(t, func(m *machine) { m.ready = 10*time.Minute + time.Second }, func(w *world) {
		w.create(hook("up", launching, time.Hour))
		w.first()
		w.front.Faults.Add(wire.Fault{Operation: "CompleteLifecycleAction", Action: wire.ActionThrottle, Times: 2})
		w.await("the end of the launch", time.Hour, func() bool { return w.log.count("CompleteLifecycleAction", ": 200") > 0 })
		if n := w.log.count("CONTINUE"); n != 0 {
			t.Error("the launch went on after it was abandoned")
		}
		if n := w.log.count("level=ERROR", "abandoning the launch"); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
}

func TestLaunchWithoutOurHook(t *testing.T) {
	t.Run("ambiguous", func(t *testing.T) {
		inWorld(t, nil, func(w *world) {
			w.create(hook("one", launching, time.Minute), hook("two", launching, time.Minute))
			w.first()
			w.wait(50 * time.Second)
			if n := w.log.count("level=WARN", "the hooks one, two"); n != 1 {
				t.Errorf("explained %d times", n)
			}
			if n := w.log.count("LifecycleAction"); n != 0 {
				t.Errorf("%d calls about the hooks of others", n)
			}
		})
	})
	t.Run("none", func(t *testing.T) {
		inWorld(t, nil, func(w *world) {
			w.create()
			m := w.serving()
			w.wait(10 * time.Minute)
			if m.current().Status().Launching {
				t.Error("it still waits to be launched")
			}
			if n := w.log.count("DescribeAutoScalingInstances"); n > 3 {
				t.Errorf("%d questions to the group", n)
			}
		})
	})
}

// TestLaunchNobodyAnswers leaves Auto Scaling alone after a while.
func TestLaunchNobodyAnswers(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.front.Faults.Add(wire.Fault{Action: wire.ActionError, Code: "AccessDenied", Status: 403})
		w.create()
		m := w.serving()
		w.wait(time.Hour)
		if n := w.log.count("DescribeAutoScalingInstances"); n < 15 || n > 25 {
			t.Errorf("asked %d times within an hour", n)
		}
		if m.current().Status().Launching {
			t.Error("it still waits to be launched")
		}
	})
}

// TestNoGroup runs an instance of nobody.
func TestNoGroup(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		_, err := w.compute().RunInstances(w.t.Context(), &ec2sdk.RunInstancesInput{
			ImageId: aws.String(imageID), InstanceType: ec2types.InstanceTypeT3Small, SubnetId: aws.String(subnetID),
			MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		})
		w.must(err)
		m := w.first()
		w.wait(time.Hour)
		if n := w.log.count("DescribeAutoScalingInstances"); n != 1 {
			t.Errorf("%d questions to a group that there is not", n)
		}
		if n := w.log.count("level=WARN"); n != 0 {
			t.Error("warnings where nothing is wrong")
		}
		w.expect(m, outcome{App: "up", Completed: map[string]int{}})

		down := time.Now()
		m.set(func(m *machine) { m.down = true })
		if !m.current().terminate() {
			t.Error("the shutdown of the machine was taken for a restart of the agent")
		}
		if took := time.Since(down); took < 70*time.Second || took > 80*time.Second {
			t.Errorf("stopped %v after the machine began to go down, want what load balancers need to notice", took)
		}
		w.expect(m, outcome{App: "stopped", Stops: 1, Completed: map[string]int{}})
	})
}

// TestBackFromStandby checks that an instance that the group takes back is held by its launch hook no longer than necessary.
func TestBackFromStandby(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.create(up(), down())
		m := w.serving()
		_, err := w.EnterStandby(w.t.Context(), &sdk.EnterStandbyInput{
			AutoScalingGroupName: aws.String(groupName), InstanceIds: []string{m.id}, ShouldDecrementDesiredCapacity: aws.Bool(true),
		})
		w.must(err)
		w.wait(5 * time.Minute)
		if m.current().refuses() {
			t.Error("an instance in standby drains")
		}
		asked := w.log.count("DescribeAutoScalingInstances")
		_, err = w.ExitStandby(w.t.Context(), &sdk.ExitStandbyInput{AutoScalingGroupName: aws.String(groupName), InstanceIds: []string{m.id}})
		w.must(err)
		w.wait(time.Minute)
		if n := w.log.count("DescribeAutoScalingInstances") - asked; n < 1 || n > 3 {
			t.Errorf("%d questions to the group when it takes the instance back", n)
		}
		w.shrink()
		w.ended(m, 10*time.Minute)
		w.expect(m, drained())
	})
}

// TestRebootWhileLaunching is what a provisioning script does: nobody routes here yet, so nobody is waited for.
func TestRebootWhileLaunching(t *testing.T) {
	inWorld(t, func(m *machine) { m.ready = time.Hour }, func(w *world) {
		w.create(up())
		m := w.first()
		w.wait(30 * time.Second)
		m.set(func(m *machine) { m.down = true })
		begun := time.Now()
		m.current().terminate()
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("a reboot was held up for %v", took)
		}
		if diff := cmp.Diff(map[string]int{}, m.outcome().Completed); diff != "" {
			t.Error(diff)
		}
	})
}
