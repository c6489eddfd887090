package recipe

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
	"bluegreen/internal/sandbox/machine/machinetest"
)

func TestMain(m *testing.M) { os.Exit(machinetest.Main(m)) }

// instance is a Debian with systemd as process 1 and a Docker Engine of its own, whose console is a terminal.
type instance struct {
	host, id string
}

// base is the engine's image of a Debian.
func base(t *testing.T) (host, image string) {
	t.Helper()
	engine := machinetest.Shared(t)
	images, err := engine.Images(t.Context())
	if err != nil || len(images) == 0 {
		t.Fatalf("no image of a Debian: %v", err)
	}
	oldest := slices.MinFunc(images, func(a, b docker.Image) int { return a.Created.Compare(b.Created) })
	return dockertest.Shared(t).Host, oldest.ID
}

// boot starts an instance, on whose disk files are put before.
func boot(t *testing.T, host, image string, files ...Piece) *instance {
	t.Helper()
	i := &instance{host: host}
	i.id = i.docker(t, nil, "create", "--tty", "--env=container=docker", "--stop-signal=SIGRTMIN+3",
		"--cap-add=SYS_ADMIN", "--cap-add=NET_ADMIN", "--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined",
		"--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw", "--volume=/var/lib/docker", "--volume=/var/lib/containerd",
		"--tmpfs=/run", "--tmpfs=/run/lock", "--tmpfs=/tmp", image, "/sbin/init")
	t.Cleanup(func() {
		if out, err := i.command(context.Background(), "rm", "--force", "--volumes", i.id).CombinedOutput(); err != nil {
			t.Errorf("remove the instance: %v\n%s", err, out)
		}
	})
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.Name, Mode: int64(f.Mode), Size: int64(len(f.Content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	i.docker(t, &archive, "cp", "-", i.id+":/")
	i.docker(t, nil, "start", i.id)
	i.eventually(t, "systemd has booted", func() bool {
		_, ok := i.try(t, "[[ $(systemctl is-system-running) =~ ^(running|degraded)$ ]]")
		return ok
	})
	return i
}

func (i *instance) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+i.host, "DOCKER_CONTEXT=")
	return cmd
}

func (i *instance) docker(t *testing.T, stdin io.Reader, args ...string) string {
	t.Helper()
	cmd := i.command(t.Context(), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("docker %s: %v\n%s%s", strings.Join(args, " "), err, &stdout, &stderr)
	}
	return strings.TrimSpace(stdout.String())
}

// try runs a script on the instance, and returns what it prints.
func (i *instance) try(t *testing.T, script string) (string, bool) {
	t.Helper()
	out, err := i.command(t.Context(), "exec", i.id, "bash", "-euo", "pipefail", "-c", script).CombinedOutput()
	return strings.TrimSpace(string(out)), err == nil
}

func (i *instance) sh(t *testing.T, script string) string {
	t.Helper()
	out, ok := i.try(t, script)
	if !ok {
		t.Fatalf("%s fails:\n%s", script, out)
	}
	return out
}

func (i *instance) place(t *testing.T, name string, content []byte) {
	t.Helper()
	i.docker(t, bytes.NewReader(content), "exec", "--interactive", i.id, "sh", "-ec", "mkdir -p $(dirname "+name+"); cat >"+name)
}

func (i *instance) console(t *testing.T) string {
	t.Helper()
	out, err := i.command(t.Context(), "logs", i.id).CombinedOutput()
	if err != nil {
		t.Fatalf("read the console: %v\n%s", err, out)
	}
	return string(out)
}

func (i *instance) running(t *testing.T) bool {
	return i.docker(t, nil, "inspect", "--format={{.State.Running}}", i.id) == "true"
}

func (i *instance) eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	timeout := time.After(3 * time.Minute)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-timeout:
			log, _ := i.try(t, "systemctl is-system-running || true; systemctl list-jobs --no-pager; tail -n 30 /run/amibake.log")
			t.Fatalf("after three minutes it is still not so that %s; the console:\n%s\njobs, and the log:\n%s", what, strings.Join(Tail(i.console(t), 30), "\n"), log)
		}
	}
}

// settle does what user data asks for on an instance without cloud-init, to the letter, but for some words.
func (i *instance) settle(t *testing.T, userData string, changed ...string) {
	t.Helper()
	plain := text(t, userData, nil)
	i.place(t, work+"settings", []byte(strings.NewReplacer(changed...).Replace(part(t, plain, "settings"))))
	i.place(t, work+"guest", []byte(part(t, plain, "guest")))
	if _, after, ok := strings.Cut(plain, "encoding: b64\n    content: '"); ok {
		packed, _, _ := strings.Cut(after, "'")
		i.docker(t, strings.NewReader(packed), "exec", "--interactive", i.id, "sh", "-ec", "base64 --decode >"+work+"bundle.tar.gz")
	}
	for _, key := range []string{"bootcmd", "runcmd"} {
		_, command, _ := strings.Cut(plain, key+":\n  - ")
		command, _, _ = strings.Cut(command, "\n")
		i.sh(t, strings.NewReplacer(changed...).Replace(command))
	}
}

// report waits until the guest has said how it ended.
func (i *instance) report(t *testing.T, run string) Report {
	t.Helper()
	var r Report
	i.eventually(t, "the guest has ended", func() bool {
		r = Parse(i.console(t), run)
		return r.Ready != nil || r.Failed != nil || r.Verified != nil
	})
	return r
}

// serve is an HTTP server where instances can reach it, and it returns its address.
func serve(t *testing.T, host string, handler http.Handler) string {
	t.Helper()
	gateway := (&instance{host: host}).docker(t, nil, "network", "inspect", "--format={{(index .IPAM.Config 0).Gateway}}", "bridge")
	listener, err := net.Listen("tcp", net.JoinHostPort(gateway, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// mirror hands requests for Debian's archive on: instances of tests have no other way out.
func mirror(w http.ResponseWriter, r *http.Request) {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	out.Header.Del("Proxy-Connection")
	answer, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	for key, values := range answer.Header {
		w.Header()[key] = values
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body)
}
