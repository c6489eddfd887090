package recipe

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/machine/machinetest"
)

// once is for tests that look at an instance when its guest has ended: it need not say so again.
var once = []string{"AMIBAKE_REPEAT='40'", "AMIBAKE_REPEAT='1'"}

const standIn = "bluegreen/internal/bake/recipe/testdata/agent"

// containers has a script leave two, which are in a volume of the instance's: an image of the engine has nothing of it.
const containers = `tar --create --files-from /dev/null | docker import - empty
docker create --label bluegreen.app=shop --name ours empty /none
docker create --name theirs empty /none
`

// TestLife makes an image for real, but for AWS: an instance that provisions itself from user data, with packages from
// Debian, and another one of the image that comes of it.
func TestLife(t *testing.T) {
	host, image := base(t)
	image = withCloudInit(t, host, image)
	t.Run("made and tested", func(t *testing.T) { makeAndTest(t, host, image) })
	t.Run("with a cloud-init that fails", func(t *testing.T) { failInCloudInit(t, host, image) })
}

func makeAndTest(t *testing.T, host, image string) {
	c := cargo()
	c.Scripts = []Piece{
		{"first.sh", 0o755, []byte("#!/bin/bash\nset -eu\n" + containers + "ls -A | (! grep .)\ntest \"$AMIBAKE_APP\" = shop\njq --version\necho first >/etc/scripts\n")},
		{"second.sh", 0o755, []byte("#!/bin/bash\nset -eu\nsystemctl is-active amibake-deadman.timer\necho second >>/etc/scripts\necho 'the last' >/var/log/script.log\n")},
	}
	bundle, err := c.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	agent, err := os.ReadFile(machinetest.Package(t, standIn))
	if err != nil {
		t.Fatal(err)
	}
	files := http.NewServeMux()
	for name, content := range map[string][]byte{"bundle": bundle, "agent": agent} {
		files.HandleFunc("/"+name, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) })
	}
	bucket := "http://" + serve(t, host, files)
	b := anyBuilder()
	b.Repeat = 1
	b.Agent = Object{bucket + "/agent?X-Amz-Signature=of-the-agent", SHA256(agent)}
	b.Bundle = Object{bucket + "/bundle", SHA256(bundle)}
	userData, err := b.UserData()
	if err != nil {
		t.Fatal(err)
	}
	i := boot(t, host, image, seed("i-builder", userData)...)
	got := i.report(t, guest.Run)
	if got.Ready == nil {
		t.Fatalf("the builder has failed: %+v\n%s", got.Failed, strings.Join(got.Log, "\n"))
	}
	i.wantReady(t, got)
	i.wantClean(t)

	i.docker(t, nil, "stop", i.id)
	image = i.docker(t, nil, "commit", i.id)
	v := Verifier{Guest: guest, Limit: time.Minute, Metadata: "127.0.0.1"}
	v.Repeat = 1
	if userData, err = v.UserData(); err != nil {
		t.Fatal(err)
	}
	next := boot(t, host, image, seed("i-test", userData)...)
	next.wantAgentRuns(t)
	next.wantVerified(t)
}

// failInCloudInit has a module of cloud-init fail on a builder, as one in a base AMI may.
func failInCloudInit(t *testing.T, host, image string) {
	c, b := failing()
	bundle, err := c.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	b.Inline, b.Repeat = bundle, 1
	userData, err := b.UserData()
	if err != nil {
		t.Fatal(err)
	}
	broken := Piece{"etc/cloud/cloud.cfg.d/99-test.cfg", 0o644, []byte(cloudConfig + "locale: en_XX.UTF-8\n")}
	i := boot(t, host, image, append(seed("i-broken", userData), broken)...)
	got := i.report(t, guest.Run)
	if diff := cmp.Diff(&Failed{"cloud-init", "cloud-init failed, with 1"}, got.Failed); diff != "" || got.Ready != nil {
		t.Errorf("%+v\n%s", got.Ready, diff)
	}
	if log := strings.Join(got.Log, "\n"); !strings.Contains(log, "Running module locale") {
		t.Errorf("the log does not tell what has failed:\n%s", log)
	}
}

// cloudConfig has cloud-init look for files, and leave alone what a container cannot change.
const cloudConfig = "datasource_list: [NoCloud]\nnetwork: {config: disabled}\n"

// withCloudInit is an image with cloud-init in it and no Docker, whose instances take what they are to do from files on their disk, and with
// much that an AMI must not have.
func withCloudInit(t *testing.T, host, image string) string {
	t.Helper()
	i := boot(t, host, image)
	i.place(t, "/etc/apt/apt.conf.d/99test", []byte(fmt.Sprintf("Acquire::http::Proxy %q;\n", "http://"+serve(t, host, http.HandlerFunc(mirror)))))
	i.place(t, "/etc/cloud/cloud.cfg.d/99-test.cfg", []byte(cloudConfig+"locale: C.UTF-8\n"))
	i.sh(t, `
		export DEBIAN_FRONTEND=noninteractive
		apt-get -qq update
		apt-get -qq -y --no-install-recommends install cloud-init
		apt-get -qq -y purge docker.io # the builder is to install it
	`)
	i.litter(t)
	return i.docker(t, nil, "commit", i.id)
}

// seed is what cloud-init finds on the disk of an instance.
func seed(id, userData string) []Piece {
	return []Piece{
		{"var/lib/cloud/seed/nocloud/meta-data", 0o600, []byte("instance-id: " + id + "\n")},
		{"var/lib/cloud/seed/nocloud/user-data", 0o600, []byte(userData)},
	}
}

// litter leaves what an image must not have.
func (i *instance) litter(t *testing.T) {
	t.Helper()
	i.sh(t, `
		mkdir -p /root/.ssh /root/.docker /home/admin/.ssh /home/admin/.aws /etc/ssh /var/log/journal /var/lib/dhcp
		for file in /root/.ssh/authorized_keys /home/admin/.ssh/authorized_keys /home/admin/.aws/credentials /root/.docker/config.json /root/.bash_history \
			/home/admin/.python_history /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key.pub /var/log/app.log /var/log/app.log.1 \
			/var/log/app.log.2.gz /var/lib/systemd/random-seed /var/lib/dhcp/dhclient.leases /var/tmp/left /tmp/left; do
			echo secret >"$file"
		done
		echo kept | tee /root/.ssh/config /home/admin/notes /etc/ssh/sshd_config >/dev/null
		echo ASSUMED_BY_THE_UNIT=1 >/etc/default/bluegreen-agent
	`)
}

func (i *instance) wantReady(t *testing.T, got Report) {
	t.Helper()
	r := *got.Ready
	for _, stage := range []string{"start", "deadman", "cloud-init", "apt", "fetch", "files", "packages", "docker", "agent", "pull", "scripts", "hygiene"} {
		if _, ok := r.Times[stage]; !ok {
			t.Errorf("it does not say how long %q took: %v", stage, r.Times)
		}
	}
	if !strings.HasPrefix(r.Docker, "20.10.") || r.Kernel == "" {
		t.Errorf("Docker is %q, the kernel %q", r.Docker, r.Kernel)
	}
	r.Docker, r.Kernel, r.Times = "", "", nil
	want := Ready{
		Agent: "0", Digest: digest, OS: "Debian GNU/Linux 12 (bookworm)",
		Notes: []string{},
	}
	if diff := cmp.Diff(want, r); diff != "" || got.Stage != "done" || got.Log != nil {
		t.Errorf("at stage %q, log %q:\n%s", got.Stage, got.Log, diff)
	}
	if console := i.console(t); strings.Contains(console, "of-the-agent") {
		t.Errorf("the console has a signature:\n%s", console)
	}
}

// wantClean checks what is left on an instance of which an image is to be made.
func (i *instance) wantClean(t *testing.T) {
	t.Helper()
	for _, c := range []struct{ what, script string }{
		{"keys that log in", "! ls /root/.ssh/authorized_keys /home/admin/.ssh/authorized_keys"},
		{"the host's keys", "! ls /etc/ssh/ssh_host_*"},
		{"credentials", "! ls /root/.docker/config.json /home/admin/.aws"},
		{"histories", "! ls /root/.bash_history /home/admin/.python_history"},
		{"the journal", "! find /var/log/journal -mindepth 1 | grep ."},
		{"logs", "! find /var/log -type f -size +0 | grep . && ! ls /var/log/app.log.1 /var/log/app.log.2.gz"},
		{"lists of packages", "! find /var/lib/apt/lists -type f | grep . && ! find /var/cache/apt -name '*.deb' -o -name '*.bin' | grep ."},
		{"temporary files", "! ls /var/tmp/left /tmp/left"},
		{"the machine's id", "test -e /etc/machine-id -a ! -s /etc/machine-id && { test -L /var/lib/dbus/machine-id || ! test -e /var/lib/dbus/machine-id; }"},
		{"cloud-init's state", "! ls /var/lib/cloud/instance /var/lib/cloud/instances/* /var/lib/cloud/data/* /var/lib/cloud/sem/* /var/log/cloud-init.log"},
		{"its random seed", "! ls /var/lib/systemd/random-seed"},
		{"its leases", "! ls /var/lib/dhcp/*"},
		{"staged files", "! ls -d /var/lib/amibake"},
		{"its engine's id", "! ls /var/lib/docker/engine-id /etc/docker/key.json"},
		{"a policy that keeps services down", "! ls /usr/sbin/policy-rc.d"},
		{"a part of the dead-man", "! grep -rl amibake /etc/systemd /usr/lib/systemd /var/lib/systemd"},
		{"a signature", "rm -r /var/lib/cloud/seed; ! grep -rl of-the-agent /etc /var /root /home /usr/local"},
		{"a running agent", "! systemctl is-active bluegreen-agent && ! pidof bluegreen-agent"},
		{"not what was wanted: other files", "grep -q kept /root/.ssh/config /home/admin/notes /etc/ssh/sshd_config && test -d /var/log/journal -a -e /var/log/app.log"},
		{"not what was wanted: scripts in their order", "test \"$(cat /etc/scripts)\" = $'first\\nsecond'"},
		{"not what was wanted: the files", "grep -q swappiness /etc/sysctl.d/90-shop.conf && test $(stat -c %a:%U /usr/local/bin/tune) = 700:root && test $(stat -c %a /usr/local/bin) = 755"},
		{"not what was wanted: the agent's settings", "grep -q " + digest + " /etc/bluegreen/agent.d/10-amibake.toml && grep -q 80:8080 /etc/bluegreen/agent.d/20-app.toml"},
		{"not what was wanted: packages", "jq --version && systemctl is-enabled docker.service bluegreen-agent.service"},
		{"not what was wanted: the dead-man, who still watches", "systemctl is-active amibake-deadman.timer"},
		{"an engine that writes", "! systemctl is-active docker.service"},
		{"a container of the agent's, or not others'", "systemctl start docker && test \"$(docker ps --all --format '{{.Names}}')\" = theirs && systemctl stop docker.socket docker"},
	} {
		if out, ok := i.try(t, c.script); !ok {
			t.Errorf("the image would have %s: %s", c.what, out)
		}
	}
}

func (i *instance) wantAgentRuns(t *testing.T) {
	t.Helper()
	i.eventually(t, "the agent runs", func() bool { _, ok := i.try(t, "systemctl is-active bluegreen-agent"); return ok })
	if id := i.sh(t, "cat /etc/machine-id"); len(id) != 32 {
		t.Errorf("the new instance's id is %q", id)
	}
}

func (i *instance) wantVerified(t *testing.T) {
	t.Helper()
	got := i.report(t, guest.Run)
	if got.Verified == nil {
		t.Fatalf("the verifier has failed: %+v\n%s", got.Failed, strings.Join(got.Log, "\n"))
	}
	v := *got.Verified
	if v.Boot < 0 || v.Boot > 10*time.Minute || v.Docker == "" || v.Kernel == "" {
		t.Errorf("it took %s to boot, Docker is %q, the kernel %q", v.Boot, v.Docker, v.Kernel)
	}
	v.Boot, v.Docker, v.Kernel = 0, "", ""
	want := Verified{
		Agent: "0", Digest: digest, OS: "Debian GNU/Linux 12 (bookworm)", Phase: "serving", Metadata: "required",
		Ports: []int{9180}, Published: []int{}, Notes: []string{},
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Error(diff)
	}
}
