package docker_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
)

// status reads a line of /proc/self/status of the app.
func status(t *testing.T, url string) map[string]string {
	t.Helper()
	_, text := get(t, url+"/status")
	lines := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		lines[name] = strings.TrimSpace(value)
	}
	return lines
}

func TestHardenedContainer(t *testing.T) {
	b := shared(t)
	secrets := t.TempDir()
	if err := os.WriteFile(filepath.Join(secrets, "token"), []byte("s3cret"), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(secrets, 0o755); err != nil {
		t.Fatal(err)
	}
	_, url := b.run(t, docker.Spec{
		User: "1000:1000", ReadOnly: true, NoNewPrivileges: true, CapDrop: []string{"ALL"},
		Tmpfs:  map[string]string{"/tmp": "size=1m,mode=1777"},
		Mounts: []docker.Mount{{Source: secrets, Target: "/run/secrets", ReadOnly: true}},
	})

	type hardening struct{ CapEff, CapPrm, CapBnd, NoNewPrivs, Seccomp, Uid string }
	s := status(t, url)
	got := hardening{s["CapEff"], s["CapPrm"], s["CapBnd"], s["NoNewPrivs"], s["Seccomp"], s["Uid"]}
	none := "0000000000000000"
	if diff := cmp.Diff(hardening{none, none, none, "1", "2", "1000\t1000\t1000\t1000"}, got); diff != "" {
		t.Errorf("the process (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		path string
		want int
	}{
		{"/write?path=/x", 500},
		{"/write?path=/run/secrets/token", 500},
		{"/write?path=/tmp/x", 200},
		{"/read?path=/run/secrets/token", 200},
	} {
		if code, text := get(t, url+tt.path); code != tt.want {
			t.Errorf("%s: %d %s", tt.path, code, text)
		}
	}
	if _, text := get(t, url+"/read?path=/run/secrets/token"); text != "s3cret" {
		t.Errorf("secret: %q", text)
	}
}

func TestLoosenedContainer(t *testing.T) {
	b := shared(t)
	_, url := b.run(t, docker.Spec{CapDrop: []string{"ALL"}, CapAdd: []string{"NET_BIND_SERVICE", "CAP_CHOWN"}, Seccomp: "unconfined"})
	s := status(t, url)
	if s["CapEff"] != "0000000000000401" || s["NoNewPrivs"] != "0" || s["Seccomp"] != "0" {
		t.Errorf("capabilities %s, no new privileges %s, seccomp %s", s["CapEff"], s["NoNewPrivs"], s["Seccomp"])
	}
	if code, text := get(t, url+"/write?path=/x"); code != 200 {
		t.Errorf("write to the root file system: %d %s", code, text)
	}
}

func TestSeccompProfile(t *testing.T) {
	b := shared(t)
	_, url := b.run(t, docker.Spec{
		Seccomp: `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdirat", "openat2", "uname"], "action": "SCMP_ACT_ERRNO"}]}`,
	})
	if s := status(t, url); s["Seccomp"] != "2" {
		t.Errorf("seccomp %s", s["Seccomp"])
	}
	if code, _ := get(t, url+"/mkdir?path=/tmp/d"); code != 500 {
		t.Errorf("make a directory: %d", code)
	}
	_, url = b.run(t, docker.Spec{})
	if code, text := get(t, url+"/mkdir?path=/tmp/d"); code != 200 {
		t.Errorf("make a directory with the default profile: %d %s", code, text)
	}
}

func TestLimitsInTheCgroup(t *testing.T) {
	b := shared(t)
	id, url := b.run(t, docker.Spec{
		Memory: 96 << 20, MemorySwap: 96 << 20, CPUs: 0.5, PIDs: 64, ShmSize: 1 << 20, OOMScoreAdj: 321,
		Ulimits: []docker.Ulimit{{Name: "nofile", Soft: 1000, Hard: 2000}},
	})
	info, err := b.engine.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"memory/memory.limit_in_bytes": "100663296", "memory/memory.memsw.limit_in_bytes": "100663296",
		"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000", "pids/pids.max": "64",
	}
	if info.CgroupVersion == 2 {
		files = map[string]string{"/memory.max": "100663296", "/memory.swap.max": "0", "/cpu.max": "50000 100000", "/pids.max": "64"}
	}
	for file, want := range files {
		controller, name, _ := strings.Cut(file, "/")
		got, err := os.ReadFile(filepath.Join(b.Cgroup(controller, id), name))
		if err != nil {
			t.Error(err)
		} else if strings.TrimSpace(string(got)) != want {
			t.Errorf("%s is %s, want %s", file, got, want)
		}
	}
	if _, text := get(t, url+"/read?path=/proc/self/oom_score_adj"); strings.TrimSpace(text) != "321" {
		t.Errorf("oom_score_adj: %s", text)
	}
	if _, text := get(t, url+"/read?path=/proc/self/limits"); !slices.Contains(strings.Fields(text), "2000") {
		t.Errorf("limits:\n%s", text)
	}
	if _, text := get(t, url+"/read?path=/proc/mounts"); !strings.Contains(text, "/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k") {
		t.Errorf("mounts:\n%s", text)
	}
}

func TestNoLimitsWhenNoneAreAskedFor(t *testing.T) {
	b := shared(t)
	id := b.create(t, docker.Spec{})
	type resources struct {
		Memory, MemorySwap, NanoCpus int64
		PidsLimit                    *int64
		CapAdd, CapDrop, SecurityOpt []string
		ReadonlyRootfs, Privileged   bool
	}
	var got struct{ HostConfig resources }
	b.inspect(t, id, &got)
	if diff := cmp.Diff(resources{}, got.HostConfig); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatTheContainerIsToldToBe(t *testing.T) {
	b := shared(t)
	id, url := b.run(t, docker.Spec{
		Name: "told-1", Command: []string{"an", "argument"}, Env: map[string]string{"B": "2", "A": "1=x"},
		WorkingDir: "/tmp", Hostname: "told", ExtraHosts: []string{"db:192.0.2.7"}, DNS: []string{"192.0.2.53", "2001:db8::53"},
		StopSignal: "SIGQUIT", StopTimeout: 1500 * time.Millisecond, Init: true, AppArmor: "unconfined",
		Log: docker.Log{Driver: "local", Options: map[string]string{"max-size": "1m", "max-file": "2"}},
	})

	_, text := get(t, url)
	var said struct {
		Hostname string
		PID      int
		Env      []string
	}
	if err := json.Unmarshal([]byte(text), &said); err != nil {
		t.Fatal(err)
	}
	if said.Hostname != "told" || said.PID == 1 || !slices.Contains(said.Env, "A") {
		t.Errorf("said %+v", said)
	}
	if _, hosts := get(t, url+"/read?path=/etc/hosts"); !strings.Contains(hosts, "192.0.2.7\tdb") {
		t.Errorf("hosts:\n%s", hosts)
	}
	if _, resolvers := get(t, url+"/read?path=/etc/resolv.conf"); !strings.Contains(resolvers, "nameserver 192.0.2.53\nnameserver 2001:db8::53") {
		t.Errorf("resolvers:\n%s", resolvers)
	}
	if _, command := get(t, url+"/read?path=/proc/self/cmdline"); command != "/app\x00an\x00argument\x00" {
		t.Errorf("command line %q", command)
	}

	type config struct {
		Env                    []string
		WorkingDir, StopSignal string
		StopTimeout            int
	}
	type host struct {
		SecurityOpt []string
		LogConfig   struct {
			Type   string
			Config map[string]string
		}
		RestartPolicy struct{ Name string }
	}
	var got struct {
		Config     config
		HostConfig host
	}
	b.inspect(t, id, &got)
	wantConfig := config{Env: []string{"A=1=x", "B=2", "APP_VERSION=v1"}, WorkingDir: "/tmp", StopSignal: "SIGQUIT", StopTimeout: 2}
	got.Config.Env = slices.DeleteFunc(got.Config.Env, func(e string) bool { return strings.HasPrefix(e, "PATH=") })
	if diff := cmp.Diff(wantConfig, got.Config); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	wantHost := host{SecurityOpt: []string{"apparmor=unconfined"}}
	wantHost.LogConfig.Type, wantHost.LogConfig.Config = "local", map[string]string{"max-size": "1m", "max-file": "2"}
	wantHost.RestartPolicy.Name = "no"
	if diff := cmp.Diff(wantHost, got.HostConfig); diff != "" {
		t.Errorf("host config (-want +got):\n%s", diff)
	}

	if err := b.engine.Stop(t.Context(), id, time.Minute); err != nil {
		t.Fatal(err)
	}
	lines, err := b.engine.Logs(t.Context(), id, 1)
	if diff := cmp.Diff([]string{"got quit"}, lines); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestPortsAreBoundAsAskedFor(t *testing.T) {
	b := shared(t)
	free := dockertest.FreePort(t)
	id := b.create(t, docker.Spec{Ports: []docker.Port{
		{HostIP: "127.0.0.1", Host: free, Container: 8080},
		{HostIP: "127.0.0.2", Host: free, Container: 8080},
		{HostIP: "127.0.0.1", Host: free, Container: 53, Protocol: "udp"},
	}})
	if err := b.engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	want := []docker.Port{
		{HostIP: "127.0.0.1", Host: free, Container: 53, Protocol: "udp"},
		{HostIP: "127.0.0.1", Host: free, Container: 8080, Protocol: "tcp"},
		{HostIP: "127.0.0.2", Host: free, Container: 8080, Protocol: "tcp"},
	}
	if diff := cmp.Diff(want, b.container(t, id).Ports); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNetworkNone(t *testing.T) {
	b := shared(t)
	id := b.create(t, docker.Spec{Network: "none"})
	if err := b.engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if c := b.container(t, id); c.IP != "" || c.State != docker.Running {
		t.Errorf("%+v", c)
	}
}

func TestAnonymousVolumesGoWithTheContainer(t *testing.T) {
	b := shared(t)
	id := b.create(t, docker.Spec{Image: volumeImage(t, b)})
	var got struct{ Mounts []struct{ Source string } }
	b.inspect(t, id, &got)
	if len(got.Mounts) != 1 {
		t.Fatalf("%d volumes", len(got.Mounts))
	}
	if err := b.engine.Remove(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(got.Mounts[0].Source); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the volume: %v", err)
	}
}

func TestInfo(t *testing.T) {
	b := shared(t)
	info, err := b.engine.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	version := 1
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		version = 2
	}
	want := docker.Info{
		Version: info.Version, APIVersion: info.APIVersion, Root: b.Root, ImageRoot: info.ImageRoot, Driver: b.Driver,
		CgroupVersion: version, Runtimes: info.Runtimes, LogDriver: "json-file", Architecture: info.Architecture,
		CPUs: runtime.NumCPU(), Memory: info.Memory, Seccomp: true, AppArmor: info.AppArmor, ContainerdStore: info.ContainerdStore,
		MemoryLimit: true, SwapLimit: info.SwapLimit, CPULimit: true, PIDsLimit: true, Warnings: info.Warnings,
	}
	if diff := cmp.Diff(want, info); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if info.Version == "" || info.APIVersion < "1.40" || info.Memory < 1<<28 || !slices.Contains(info.Runtimes, "runc") {
		t.Errorf("%+v", info)
	}
	if !info.ContainerdStore && info.ImageRoot != b.Root {
		t.Errorf("images are in %s", info.ImageRoot)
	}
}

func TestWarnings(t *testing.T) {
	b := shared(t)
	e := b.Engine(t)
	var got []string
	e.OnWarning(func(container, warning string) { got = append(got, container+": "+warning) })
	id, err := e.Create(t.Context(), docker.Spec{
		Name: "warned", Image: b.image, Network: "host", Ports: []docker.Port{{Host: 80, Container: 80}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Remove(t.Context(), id)
	if want := "warned: Published ports are discarded when using host network mode"; !slices.Contains(got, want) {
		t.Errorf("warned: %q", got)
	}
}
