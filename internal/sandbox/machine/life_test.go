package machine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/machine/machinetest"
)

const counting = `#cloud-config
bootcmd:
  - echo booted $INSTANCE_ID >> /var/lib/ran
runcmd:
  - [sh, -c, 'echo first >> "$1"', sh, /var/lib/ran]
  - systemctl is-active docker >> /var/lib/ran
  - echo printed by user data
  - echo marked > /dev/console
  - exit 3
`

// TestRestarts follows an instance over a reboot of its own and over a stop: its disk stays, and what its user data has run
// once is not run again.
func TestRestarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, machinetest.Shared(t))
	id, addr := w.run(t, w.image, counting, types.ShutdownBehaviorStop)
	for _, what := range []string{"printed by user data", "marked", "failed to run /var/lib/cloud/instance/scripts/runcmd: exit code 3"} {
		w.said(t, id, what)
	}
	ran := func() string {
		return w.in(t, id, "cat /var/lib/ran; systemctl is-active sandbox-user-data || true")
	}
	booted := "booted " + id
	want := strings.Join([]string{"0 " + booted, "first", "active", "failed"}, "\n")
	eventually(t, "it has failed", func() bool { return ran() == want })

	w.in(t, id, "systemctl reboot --no-block")
	want = strings.Join([]string{"0 " + booted, "first", "active", booted, "inactive"}, "\n")
	again := func() bool {
		return w.running(t, id) && strings.HasPrefix(w.in(t, id, "systemctl is-system-running --wait"), "0 running")
	}
	eventually(t, "it has booted again", again)
	if diff := cmp.Diff(want, ran()); diff != "" {
		t.Errorf("after a reboot (-want +got):\n%s", diff)
	}
	if got := w.state(t, id); got != "running" {
		t.Errorf("after a reboot it is %s", got)
	}

	if _, err := w.StopInstances(t.Context(), &sdkec2.StopInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it has stopped", func() bool {
		_, err := w.StartInstances(t.Context(), &sdkec2.StartInstancesInput{InstanceIds: []string{id}})
		return err == nil
	})
	eventually(t, "it is on again", func() bool { return w.state(t, id) == "running" })
	eventually(t, "it has booted a third time", again)
	eventually(t, "its agent answers", func() bool { return get(addr, "/identity") == "200 "+id })
	want = strings.Join([]string{"0 " + booted, "first", "active", booted, booted, "inactive"}, "\n")
	if diff := cmp.Diff(want, ran()); diff != "" {
		t.Errorf("after a stop (-want +got):\n%s", diff)
	}
}

// TestPowerOff has instances shut themselves down: EC2 notices, and does what they were launched for.
func TestPowerOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, machinetest.Shared(t))
	stopped, _ := w.run(t, w.image, "#!/bin/sh\npoweroff\n", types.ShutdownBehaviorStop)
	gone, _ := w.run(t, w.image, "#!/bin/sh\nsystemd-run --on-active=1 --timer-property=AccuracySec=1ms systemctl poweroff\n", types.ShutdownBehaviorTerminate)
	eventually(t, "one has stopped", func() bool { return w.state(t, stopped) == "stopped" })
	eventually(t, "the other is terminated", func() bool { return w.state(t, gone) == "terminated" })
	eventually(t, "its disk is gone", func() bool { return len(w.containers(t, gone)) == 0 })
	if n := len(w.containers(t, stopped)); n != 1 {
		t.Errorf("the one that has stopped has %d containers", n)
	}
	if _, err := w.TerminateInstances(t.Context(), &sdkec2.TerminateInstancesInput{InstanceIds: []string{stopped}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first one's disk is gone, too", func() bool { return len(w.containers(t, stopped)) == 0 })
}

const builder = `#!/bin/sh
set -e
tar -C /usr/bin -c bluegreen-agent | docker import --change 'ENTRYPOINT ["/bluegreen-agent"]' - baked/app:v1
docker run --detach --publish 8000:9180 --restart always --name left baked/app:v1
echo made by $(hostname) > /etc/baked
truncate --size=0 /etc/machine-id
rm -rf /var/lib/cloud
sync
echo ready > /dev/console
`

// TestImage makes an AMI of a stopped instance, which was set up by its user data, and boots another one from it: it has the
// images that Docker had, and is another machine.
func TestImage(t *testing.T) {
	t.Parallel()
	engine := machinetest.Shared(t)
	w := newWorld(t, engine)
	source, _ := w.run(t, w.image, builder, types.ShutdownBehaviorTerminate)
	w.said(t, source, "ready")
	machineID := w.in(t, source, "cat /run/machine-id /proc/sys/kernel/random/boot_id")
	if _, err := w.StopInstances(t.Context(), &sdkec2.StopInstancesInput{InstanceIds: []string{source}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it has stopped", func() bool { return w.state(t, source) == "stopped" })

	image := w.bake(t, source, false)
	if _, err := w.TerminateInstances(t.Context(), &sdkec2.TerminateInstancesInput{InstanceIds: []string{source}}); err != nil {
		t.Fatal(err)
	}
	id, addr := w.run(t, image, "#cloud-config\nruncmd: [echo anew > /dev/console]\n", types.ShutdownBehaviorStop)
	w.said(t, id, "anew")
	eventually(t, "its agent answers", func() bool { return get(addr, "/identity") == "200 "+id })
	eventually(t, "the container on it that Docker restarts serves", func() bool {
		return w.in(t, id, "exec 3<>/dev/tcp/127.0.0.1/8000; printf 'GET /identity HTTP/1.0\\r\\n\\r\\n' >&3; tail -n 1 <&3") == "0 "+id
	})
	got := w.in(t, id, "hostname; cat /etc/baked; docker image inspect --format '{{.RepoTags}}' baked/app:v1; ls /var/lib/sandbox")
	want := fmt.Sprintf("0 %s\nmade by %s\n[baked/app:v1]", id, source)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("on the new instance (-want +got):\n%s", diff)
	}
	if got := w.in(t, id, "cat /etc/machine-id"); len(got) != len("0 ")+32 || strings.Contains(machineID, got) {
		t.Errorf("the machine id is %s, that of the builder was in %s", got, machineID)
	}

	second := w.bake(t, id, true) // while it runs
	if got := get(addr, "/identity"); got != "200 "+id {
		t.Errorf("after an image was made of it while it ran: %s", got)
	}
	other, addr := w.run(t, second, "", types.ShutdownBehaviorStop)
	eventually(t, "the agent of one from the second image answers", func() bool { return get(addr, "/identity") == "200 "+other })
	if got := w.in(t, other, "docker image inspect --format '{{.RepoTags}}' baked/app:v1"); got != "0 [baked/app:v1]" {
		t.Errorf("on an instance from the second image: %s", got)
	}

	w.sb.Close()
	images, err := engine.Images(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range images {
		if i.Labels["bluegreen.sandbox"] != "" {
			t.Errorf("left: %v", i)
		}
	}
}

// bake makes an image of an instance and waits until it is available.
func (w *world) bake(t *testing.T, id string, live bool) (image string) {
	t.Helper()
	made, err := w.CreateImage(t.Context(), &sdkec2.CreateImageInput{InstanceId: &id, Name: aws.String("baked-" + id), NoReboot: &live})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the image is available", func() bool {
		out, err := w.DescribeImages(t.Context(), &sdkec2.DescribeImagesInput{ImageIds: []string{*made.ImageId}})
		if err != nil {
			t.Fatal(err)
		}
		if state := out.Images[0].State; state == types.ImageStateFailed {
			t.Fatalf("the image has failed: %v", w.problems)
		}
		return out.Images[0].State == types.ImageStateAvailable
	})
	return *made.ImageId
}
