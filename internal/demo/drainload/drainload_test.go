// Package drainload has the proof that nobody who uses an app notices how its instances come and go: requests flow at a
// steady rate, some of them slow, through a load balancer that sends nothing twice, to an app that dies at once when it is
// told to end.
package drainload_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/imds"
	"bluegreen/internal/sandbox/machine/machinetest"
)

// TestDrainUnderLoad is one story: each part goes on where the one before ended.
func TestDrainUnderLoad(t *testing.T) {
	upgrade := machinetest.Release(t, newer)
	w := newWorld(t)
	ids := w.serving(t)
	w.startTraffic(t)
	eventually(t, "requests flow", func() bool { return w.traffic.count().slow > 15 })
	upgraded, retired, reclaimed, lost := ids[0], ids[1], ids[2], ids[3]
	for _, part := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"the agent is upgraded", func(t *testing.T) { w.upgrade(t, upgraded, upgrade) }},
		{"the group replaces an instance", func(t *testing.T) { w.replace(t, retired) }},
		{"EC2 takes an instance back, and may take another", func(t *testing.T) { w.reclaim(t, reclaimed, upgraded, lost) }},
		{"instances go, and nobody deregisters them", func(t *testing.T) {
			ids := slices.DeleteFunc(w.serving(t), func(id string) bool { return id == lost })
			w.unattended(t, ids[0], ids[1])
		}},
		{"an instance is lost", func(t *testing.T) { w.lose(t, lost) }},
	} {
		if !t.Run(part.name, part.run) {
			t.Fatalf("the story ends here\n%s\n%s", w.witness.troubles(), w.host.Journal(context.WithoutCancel(t.Context())))
		}
	}
}

// upgrade installs another version of the agent on an instance, and then restarts it for another setting. The app goes on
// meanwhile, and there is always somebody who answers for its health.
func (w *world) upgrade(t *testing.T, id, file string) {
	before, app, agent := w.traffic.count(), w.appOn(t, id), w.agentOn(t, id, older, 0)
	asked := w.askForHealth(id)
	w.in(t, id, "dpkg --install "+w.upload(t, id, file))
	agent = w.agentOn(t, id, newer, agent)
	w.in(t, id, `printf '[lifecycle]\nrebalance = true\n' >/etc/bluegreen/agent.d/40-rebalance.toml; systemctl restart bluegreen-agent`)
	w.agentOn(t, id, newer, agent)
	asked.wantAnswers(t)
	if diff := cmp.Diff(app, w.appOn(t, id)); diff != "" {
		t.Errorf("the app's container (-before +after):\n%s", diff)
	}
	w.traffic.wantFlow(t, before)
}

// replace has the group end an instance and launch another. The agent is killed in the middle of the drain; the one that
// systemd starts after it goes on with that.
func (w *world) replace(t *testing.T, id string) {
	before := w.traffic.count()
	_, err := w.groups.TerminateInstanceInAutoScalingGroup(t.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: &id, ShouldDecrementDesiredCapacity: aws.Bool(false),
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "its agent drains", func() bool {
		return strings.HasPrefix(w.in(t, id, "systemctl show --property=StatusText --value bluegreen-agent"), "draining")
	})
	w.in(t, id, "systemctl kill --signal=KILL bluegreen-agent")
	w.wantDrained(t, id)
	w.serving(t)
	w.traffic.wantFlow(t, before)
}

// reclaim gives an instance the notice that EC2 takes it back in two minutes, and two others the recommendation to go, of
// which one heeds it. Those that go say that they are not healthy: the load balancer sends them nothing more, and the group
// replaces them.
func (w *world) reclaim(t *testing.T, reclaimed, heeding, staying string) {
	before := w.traffic.count()
	w.sb.Account.Lock()
	err := errors.Join(
		w.sb.Metadata.InterruptSpot(reclaimed, imds.Terminate, speed*2*time.Minute),
		w.sb.Metadata.RecommendRebalance(heeding), w.sb.Metadata.RecommendRebalance(staying),
	)
	w.sb.Account.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	w.wantDrained(t, reclaimed)
	w.wantDrained(t, heeding)
	if ids := w.serving(t); !slices.Contains(ids, staying) {
		t.Errorf("%s is not to heed a recommendation, but of those that serve there are only %q", staying, ids)
	}
	w.traffic.wantFlow(t, before)
}

// unattended has EC2 take an instance back, and another one reboot, while the group replaces nothing: all that the load balancer
// has to go by is what the agents say of health. The one that reboots serves again.
func (w *world) unattended(t *testing.T, reclaimed, rebooting string) {
	before := w.traffic.count()
	suspended := []string{"HealthCheck"} // what is once found unhealthy is replaced, however well it is later
	_, err := w.groups.SuspendProcesses(t.Context(), &autoscaling.SuspendProcessesInput{
		AutoScalingGroupName: aws.String(group), ScalingProcesses: suspended,
	})
	if err != nil {
		t.Fatal(err)
	}
	agent := w.agentOn(t, rebooting, older, 0)
	w.in(t, rebooting, fmt.Sprintf(`printf '[lifecycle]\nnotice = "%s"\n' >/etc/bluegreen/agent.d/40-notice.toml; systemctl restart bluegreen-agent`,
		(threshold+3)*interval/speed+checkTime))
	w.agentOn(t, rebooting, older, agent)
	w.sb.Account.Lock()
	err = w.sb.Metadata.InterruptSpot(reclaimed, imds.Terminate, speed*2*time.Minute)
	w.sb.Account.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	w.in(t, rebooting, "systemctl reboot --no-block")

	w.wantEnded(t, rebooting)
	eventually(t, rebooting+" serves again", func() bool { return w.member(t, rebooting).target == "healthy" })
	w.agentOn(t, rebooting, older, 0)
	w.wantEnded(t, reclaimed)

	_, err = w.groups.ResumeProcesses(t.Context(), &autoscaling.ResumeProcessesInput{
		AutoScalingGroupName: aws.String(group), ScalingProcesses: suspended,
	})
	if err != nil {
		t.Fatal(err)
	}
	if ids := w.serving(t); !slices.Contains(ids, rebooting) || slices.Contains(ids, reclaimed) {
		t.Errorf("%q serve, want %s among them and %s gone", ids, rebooting, reclaimed)
	}
	w.traffic.wantFlow(t, before)
}

// wantEnded waits until the app on an instance is told to end while its group has it in service: the load balancer sends it
// nothing then.
func (w *world) wantEnded(t *testing.T, id string) {
	t.Helper()
	want := []string{"hook launch: CONTINUE", "the app is told to end: InService, unhealthy"}
	var got []string
	var late bool
	eventually(t, "the app on "+id+" is told to end", func() bool {
		got, late = w.witness.of(id)
		return len(got) >= len(want)
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what happened to %s (-want +got):\n%s", id, diff)
	}
	if late {
		t.Errorf("%s was sent a request when its app was to end", id)
	}
}

// wantDrained waits for an instance to be gone, and looks at what it went through: the app is told to end when the load
// balancer has let go of it, and the group hears of that once.
func (w *world) wantDrained(t *testing.T, id string) {
	t.Helper()
	eventually(t, id+" is gone", func() bool { return w.member(t, id) == member{} })
	got, late := w.witness.of(id)
	want := []string{"hook launch: CONTINUE", "the app is told to end: Terminating:Wait, not registered", "hook drain: CONTINUE"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what happened to %s (-want +got):\n%s", id, diff)
	}
	if late {
		t.Errorf("%s was sent a request when its app was to end", id)
	}
}

// lose cuts an instance's power. What is sent to it fails until the load balancer has noticed: as many checks as its
// threshold says, of which the first comes at most an interval later, and the last takes until it is given up.
func (w *world) lose(t *testing.T, id string) {
	before, rate := w.traffic.count(), w.traffic.rate()
	machine, err := w.engine.Container(t.Context(), w.container(t, id))
	if err != nil {
		t.Fatal(err)
	}
	lost := time.Now()
	if err := syscall.Kill(machine.Pid, syscall.SIGKILL); err != nil { // the first process: all others die with it, at once
		t.Fatal(err)
	}
	eventually(t, "the load balancer has noticed", func() bool { return w.member(t, id).target != "healthy" })
	noticed, since := time.Since(lost), w.traffic.count()
	eventually(t, "requests flow again", func() bool {
		now := w.traffic.count()
		return now.quick > since.quick+500 && now.slow > since.slow+30
	})
	now := w.traffic.count()
	sent, failed := now.total()-before.total(), now.failed-before.failed
	var last time.Duration
	failures := w.witness.failures()
	for _, r := range failures {
		last = max(last, r.Start.Sub(lost))
		if r.Instance != id {
			t.Errorf("a request to %s failed", r.Instance)
		}
	}
	t.Logf("%d of %d requests failed, at %.0f/s; the last of them was sent %s after the loss, which the load balancer noticed after %s",
		failed, sent, rate, last.Round(time.Millisecond), noticed.Round(time.Millisecond))
	// However soon it has noticed, what was under way at the loss fails, too.
	if most := rate * max(noticed, threshold*interval/speed+checkTime).Seconds(); failed == 0 || float64(failed) > most {
		t.Errorf("%d requests failed, want some, and at most %.0f", failed, most)
	}
	if failed != len(failures) {
		t.Errorf("clients saw %d failures, the load balancer %d", failed, len(failures))
	}
	if last > noticed {
		t.Errorf("a request that was sent %s after the loss failed, want none after %s", last, noticed)
	}
}
