package packaging_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// suites are the Debian releases that the packages are for, with what an instance of each has beside the base system.
var suites = []struct{ name, packages string }{
	{"bookworm", "systemd,systemd-sysv,dbus,ca-certificates,man-db,docker.io,iptables"},
	{"trixie", "systemd,systemd-sysv,dbus,ca-certificates,man-db,docker.io,docker-cli,iptables"},
}

// dropIn lets Docker 26 start containers although it cannot turn off IPv6 in them: /proc/sys is read-only in a container, and
// should stay so, because not all that is in there is the container's own.
const dropIn = "[Service]\nEnvironment=DOCKER_ALLOW_IPV6_ON_IPV4_INTERFACE=1\n"

// recipe is raised when what debian does changes, so that archives from before are not used.
const recipe = "2"

// debian is the file system of a release as a tar archive. It is made once and kept: that takes a minute.
func debian(t *testing.T, suite, packages string) string {
	t.Helper()
	key := sha256.Sum256([]byte(recipe + packages + dropIn))
	archive, err := filepath.Abs(fmt.Sprintf("../.cache/debian/%s-%x.tar", suite, key[:6]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(archive); err == nil {
		return archive
	}
	root := t.TempDir()
	command(t, "debootstrap", "--variant=minbase", "--include="+packages, suite, root)
	place(t, filepath.Join(root, "etc/systemd/system/docker.service.d/ipv6.conf"), dropIn)
	if err := os.MkdirAll(filepath.Join(root, "var/log/journal"), 0o755); err != nil { // that outlives a boot
		t.Fatal(err)
	}
	keep(t, archive, func(file string) {
		command(t, "tar", "-C", root, "--one-file-system", "--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*", "-cf", file, ".")
	})
	return archive
}

// keep makes a file that others may make at the same time: it is there when it is complete.
func keep(t *testing.T, name string, write func(file string)) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(file.Name()) // where it did not get its name
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	write(file.Name())
	if err := os.Rename(file.Name(), name); err != nil {
		t.Fatal(err)
	}
}

// place makes a file, and the folders that it is in.
func place(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// instance is a machine with systemd and a Docker Engine of its own, as EC2 would run it.
type instance struct {
	engine *engine
	id     string
}

func (e *engine) boot(t *testing.T, image string) *instance {
	t.Helper()
	id := e.docker(t, nil, "run", "--detach", "--env=container=docker", "--network=none",
		"--cap-add=SYS_ADMIN", "--cap-add=NET_ADMIN", "--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined",
		"--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw", "--volume=/var/lib/docker",
		"--tmpfs=/run", "--tmpfs=/run/lock", "--tmpfs=/tmp", image, "/sbin/init")
	i := &instance{engine: e, id: id}
	e.removeLater(t, id)
	i.wait(t)
	i.publish(t)
	return i
}

// wait waits until the instance has booted.
func (i *instance) wait(t *testing.T) {
	t.Helper()
	eventually(t, "systemd has booted", func() bool { return i.try(t, "systemctl is-system-running").code == 0 })
	eventually(t, "the instance has a Docker Engine", func() bool { return i.try(t, "docker version").code == 0 })
}

// reboot shuts the instance down and starts it again.
func (i *instance) reboot(t *testing.T) {
	t.Helper()
	i.sh(t, "systemctl poweroff --no-block")
	eventually(t, "the instance is off", func() bool {
		return i.engine.docker(t, nil, "inspect", "--format={{.State.Running}}", i.id) == "false"
	})
	i.engine.docker(t, nil, "start", i.id)
	i.wait(t)
}

// publish has the app's image in a registry of the instance, and nowhere else.
func (i *instance) publish(t *testing.T) {
	t.Helper()
	i.place(t, "/root/registry", program(t, "./testdata/registry"))
	i.sh(t, "chmod +x /root/registry; systemd-run --unit=registry /root/registry")
	i.engine.docker(t, appImage(t), "exec", "--interactive", i.id, "docker", "import", "--change=ENTRYPOINT [\"/app\"]",
		"--change=EXPOSE 8080", "-", appReference)
	eventually(t, "the registry has the image", func() bool { return i.try(t, "docker push "+appReference).code == 0 })
	i.sh(t, "docker rmi "+appReference)
}

// result is what a command in the instance came to.
type result struct {
	output string // of both kinds
	code   int
}

func (i *instance) try(t *testing.T, script string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	output, err := i.engine.command(ctx, "exec", i.id, "bash", "-euo", "pipefail", "-c", script).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", script, err)
	}
	r := result{output: strings.TrimSpace(string(output))}
	if exit != nil {
		r.code = exit.ExitCode()
	}
	return r
}

// sh runs a script that has to succeed and returns what it prints.
func (i *instance) sh(t *testing.T, script string) string {
	t.Helper()
	r := i.try(t, script)
	if r.code != 0 {
		t.Fatalf("%s: exit %d\n%s", script, r.code, r.output)
	}
	return r.output
}

// place makes a file in the instance.
func (i *instance) place(t *testing.T, name string, content []byte) {
	t.Helper()
	script := fmt.Sprintf("mkdir -p $(dirname %[1]s); cat >%[1]s", name)
	i.engine.docker(t, bytes.NewReader(content), "exec", "--interactive", i.id, "sh", "-ec", script)
}

func (i *instance) write(t *testing.T, name, content string) {
	t.Helper()
	i.place(t, name, []byte(content))
}

// upload copies a package into the instance and returns its path there.
func (i *instance) upload(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	name := "/root/" + filepath.Base(file)
	i.place(t, name, content)
	return name
}

const appReference = "127.0.0.1:5000/shop:1"

// appImage is the file system of the application's image: its program, and nothing else.
func appImage(t *testing.T) *bytes.Reader {
	t.Helper()
	app := program(t, "bluegreen/internal/docker/dockertest/testapp")
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Name: "app", Mode: 0o755, Size: int64(len(app))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(app); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(archive.Bytes())
}

// program builds a package for the instances, which have no libraries for it.
func program(t *testing.T, name string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", file, name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, output)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
	}
	return string(output)
}
