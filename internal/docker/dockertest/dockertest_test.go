package dockertest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
)

// run starts the app in an engine and returns where it serves.
func run(t *testing.T, d *dockertest.Daemon, s docker.Spec) (id, url string) {
	t.Helper()
	e := d.Engine(t)
	s.Ports = []docker.Port{{HostIP: "127.0.0.1", Container: 8080}}
	id, err := e.Create(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	c, err := e.Container(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return id, fmt.Sprintf("http://127.0.0.1:%d", c.Ports[0].Host)
}

func status(method, url string) (code int, body string) {
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		return 0, err.Error()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("gave up waiting until %s", what)
		}
	}
}

func TestApp(t *testing.T) {
	d := dockertest.Start(t)
	d.Load(t, dockertest.BuildApp(t, dockertest.App{Version: "v1", User: "7:8", Env: map[string]string{"APP_HEALTHY_AFTER": "1h"}}), "shop:1")
	_, url := run(t, d, docker.Spec{Image: "shop:1", Hostname: "shop", Env: map[string]string{"TOKEN": "secret"}})

	eventually(t, "it serves", func() bool { code, _ := status("GET", url+"/health"); return code != 0 })
	if code, _ := status("GET", url+"/health"); code != 503 {
		t.Errorf("health at first: %d", code)
	}
	status("POST", url+"/healthy")
	if code, _ := status("GET", url+"/ready"); code != 200 {
		t.Errorf("ready as told: %d", code)
	}
	status("POST", url+"/unhealthy")
	if code, _ := status("GET", url+"/health"); code != 503 {
		t.Errorf("health as told: %d", code)
	}

	_, text := status("GET", url+"/")
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"version": "v1", "uid": 7.0, "gid": 8.0, "pid": 1.0, "hostname": "shop",
		"env": []any{"APP_HEALTHY_AFTER", "APP_VERSION", "HOME", "HOSTNAME", "PATH", "TOKEN"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	_, url = run(t, d, docker.Spec{Image: "shop:1", Env: map[string]string{"APP_HEALTHY_AFTER": "1s"}})
	eventually(t, "another is healthy by itself", func() bool { code, _ := status("GET", url+"/health"); return code == 200 })
}

func TestEnginesBesideEachOther(t *testing.T) {
	app := dockertest.BuildApp(t, dockertest.App{Version: "v1"})
	one, two := dockertest.Start(t), dockertest.Start(t)
	for _, d := range []*dockertest.Daemon{one, two} {
		d.Load(t, app, "shop:1")
		_, url := run(t, d, docker.Spec{Name: "shop", Image: "shop:1"})
		eventually(t, "it serves", func() bool { code, _ := status("GET", url+"/health"); return code == 200 })
	}
}

// left lists what an engine with this data directory has left on the machine.
func left(t *testing.T, root string) []string {
	t.Helper()
	home := filepath.Dir(root)
	var found []string
	if _, err := os.Stat(home); !errors.Is(err, os.ErrNotExist) {
		found = append(found, home)
	}
	commands, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range commands {
		if command, err := os.ReadFile(path); err == nil && strings.Contains(string(command), home) {
			found = append(found, fmt.Sprintf("%s: %q", path, command))
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, home) {
			found = append(found, line)
		}
	}
	return found
}

// bridge finds the bridge and cgroup of an engine by its data directory. It is empty when there is none.
func bridge(root string) string {
	aliases, _ := filepath.Glob("/sys/class/net/*/ifalias")
	for _, path := range aliases {
		if alias, err := os.ReadFile(path); err == nil && strings.HasSuffix(strings.TrimSpace(string(alias)), " "+filepath.Dir(root)) {
			return filepath.Base(filepath.Dir(path))
		}
	}
	return ""
}

func TestNothingIsLeft(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts []dockertest.Option
		end  func(*testing.T, *dockertest.Daemon)
	}{
		{name: "running", end: func(*testing.T, *dockertest.Daemon) {}},
		{name: "killed", end: func(t *testing.T, d *dockertest.Daemon) { d.Kill(t) }},
		{name: "stopped", end: func(t *testing.T, d *dockertest.Daemon) { d.Stop(t) }},
		{name: "frozen", end: func(t *testing.T, d *dockertest.Daemon) { d.Freeze(t) }},
		{name: "killed and up again", end: func(t *testing.T, d *dockertest.Daemon) { d.Kill(t); d.Up(t) }},
		{name: "on a disk, killed, measured", opts: []dockertest.Option{dockertest.Disk(200 << 20), dockertest.Measured()},
			end: func(t *testing.T, d *dockertest.Daemon) { d.Kill(t) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var root, name, network string
			t.Run("engine", func(t *testing.T) {
				d := dockertest.Start(t, tt.opts...)
				root, name = d.Root, bridge(d.Root)
				d.Load(t, dockertest.BuildApp(t, dockertest.App{Version: "v1"}), "shop:1")
				run(t, d, docker.Spec{Image: "shop:1", Env: map[string]string{"APP_IGNORE_TERM": "yes"}, StopTimeout: time.Second})
				id, err := d.Engine(t).CreateNetwork(t.Context(), "shop", nil)
				if err != nil {
					t.Fatal(err)
				}
				network = "br-" + id[:12]
				if _, err := net.InterfaceByName(network); err != nil {
					t.Fatal(err)
				}
				tt.end(t, d)
			})
			if found := left(t, root); len(found) > 0 {
				t.Errorf("left:\n%s", strings.Join(found, "\n"))
			}
			if name == "" || bridge(root) != "" {
				t.Errorf("had the bridge %q, left %q", name, bridge(root))
			}
			if _, err := net.InterfaceByName(network); err == nil {
				t.Errorf("left: bridge %s of a network", network)
			}
			groups, _ := filepath.Glob("/sys/fs/cgroup/*/" + name)
			if _, err := net.InterfaceByName(name); err != nil && len(groups) > 0 { // else the name has another owner now
				t.Errorf("left: cgroups %v", groups)
			}
		})
	}
}

// A test that is killed cannot clean up; the next one does, be it this one or one of another package.
func TestKilledTestIsSweptByTheNext(t *testing.T) {
	if os.Getenv("DOCKERTEST_DIE") != "" {
		d := dockertest.Start(t)
		d.Load(t, dockertest.BuildApp(t, dockertest.App{Version: "v1"}), "shop:1")
		run(t, d, docker.Spec{Image: "shop:1"})
		if bridge(d.Root) == "" || len(left(t, d.Root)) == 0 {
			t.Fatal("it will leave nothing to sweep")
		}
		fmt.Println("root:", d.Root)
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	if testing.Short() && os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	child := exec.Command(os.Args[0], "-test.run=^TestKilledTestIsSweptByTheNext$")
	child.Env = append(os.Environ(), "DOCKERTEST_DIE=yes")
	out, err := child.CombinedOutput()
	_, root, ok := strings.Cut(string(out), "root: ")
	if !ok || child.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the child: %v\n%s", err, out)
	}
	root = strings.TrimSpace(root)
	dockertest.Start(t)
	if found := left(t, root); len(found) > 0 || bridge(root) != "" {
		t.Errorf("left the bridge %q, and:\n%s", bridge(root), strings.Join(found, "\n"))
	}
}

func TestRegistry(t *testing.T) {
	registry := dockertest.StartRegistry(t)
	image, err := dockertest.NewImage("amd64", dockertest.Config{Entrypoint: []string{"/x"}}, []dockertest.File{{Path: "x", Mode: 0o755}})
	if err != nil {
		t.Fatal(err)
	}
	byTag, byDigest := registry.Push(t, image, "shop/web", "1")
	_, digest, _ := strings.Cut(byDigest, "@")
	if byTag != registry.Host+"/shop/web:1" || byDigest != registry.Host+"/shop/web@"+digest {
		t.Errorf("%s, %s", byTag, byDigest)
	}
	manifest := "http://" + registry.Host + "/v2/shop/web/manifests/"
	for _, ref := range []string{"1", digest} {
		if code, text := status("GET", manifest+ref); code != 200 || !strings.Contains(text, image.ID()) {
			t.Errorf("%s: %d %s", ref, code, text)
		}
	}
	registry.Require("me", "pw")
	if code, text := status("GET", manifest+"1"); code != 401 || !strings.Contains(text, "UNAUTHORIZED") {
		t.Errorf("without a password: %d %s", code, text)
	}
	if code, _ := status("GET", strings.Replace(manifest, "//", "//me:pw@", 1)+"1"); code != 200 {
		t.Errorf("with the password: %d", code)
	}
	if asked := registry.Requests(); len(asked) != 4 || asked[0] != "GET /v2/shop/web/manifests/1" {
		t.Errorf("requests: %q", asked)
	}
}
