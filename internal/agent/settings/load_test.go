package settings

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/config"
)

var update = flag.Bool("update", false, "rewrite what tests compare with")

// minimal is what cannot be left out.
const minimal = "app = \"shop\"\nimage = \"registry.example.com/shop:1\"\ncontainer.ports = [\"80:8080\"]\n"

// write writes files by name and returns their paths: "agent.toml", and the others in agent.d.
func write(t testing.TB, files map[string]string) Paths {
	t.Helper()
	dir := t.TempDir()
	paths := Paths{File: filepath.Join(dir, "agent.toml"), Dir: filepath.Join(dir, "agent.d")}
	if err := os.Mkdir(paths.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(paths.Dir, name)
		if name == "agent.toml" {
			file = paths.File
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// load loads one file; the message has no folders in it.
func load(t testing.TB, text string) (Settings, string) {
	t.Helper()
	return loadAll(t, map[string]string{"agent.toml": text})
}

func loadAll(t testing.TB, files map[string]string) (Settings, string) {
	t.Helper()
	paths := write(t, files)
	s, err := Load(paths)
	if err == nil {
		return s, ""
	}
	return s, strings.NewReplacer(paths.Dir+string(filepath.Separator), "agent.d/", filepath.Dir(paths.File)+string(filepath.Separator), "").Replace(err.Error())
}

func mustLoad(t testing.TB, text string) Settings {
	t.Helper()
	s, faults := load(t, text)
	if faults != "" {
		t.Fatal(faults)
	}
	return s
}

// What is not set has its default, or follows from the rest.
func TestLoadMinimal(t *testing.T) {
	want := Default()
	want.App = "shop"
	want.Image = Image{Text: "registry.example.com/shop:1", Registry: "registry.example.com", Repository: "shop", Tag: "1"}
	want.Container.Ports = []Port{{Host: 80, Container: 8080, Protocol: "tcp"}}
	want.Container.Tmpfs = map[string]Tmpfs{"/tmp": {Size: 64 * config.MiB}}
	want.Log.Options = map[string]string{"max-size": "10m", "max-file": "5"}
	want.Health.Port = 80
	want.Health.MaxAge = 17 * time.Second
	if diff := cmp.Diff(want, mustLoad(t, minimal)); diff != "" {
		t.Error(diff)
	}
}

const everything = `
app = "shop"
color = "green"
image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/shop:1.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
region = "eu-west-1"
tags = ["color", "image"]

[container]
command = ["serve", "--port", "8080"]
entrypoint = ["/bin/app"]
user = "1000:1000"
working_dir = "/srv"
hostname = "shop"
init = true
ports = ["80:8080", "127.0.0.1:53:53/udp"]
network = "shop-net"
extra_hosts = { "db.internal" = "10.0.0.5" }
dns = ["10.0.0.2"]
memory = "512MiB"
shm_size = "128MiB"
cpus = 1.5
pids = 200
ulimits = { nofile = "1024:65536", core = 0 }
oom_score_adj = 100
read_only = false
tmpfs = { "/var/cache" = "16MiB,exec,mode=0750" }
capabilities = ["cap_net_bind_service", "SETUID"]
no_new_privileges = false
seccomp = "unconfined"
apparmor = "shop"
stop_signal = "SIGQUIT"
stop_timeout = "45s"
env = { LOG_LEVEL = "info" }

[[container.mounts]]
source = "/srv/uploads"
target = "/uploads"
write = true

[log]
driver = "awslogs"
options = { awslogs-group = "/shop", tag = "{{.Name}}" }

[secrets.DB_PASSWORD]
from = "secretsmanager:shop/db#password"
env = true

[secrets."tls.key"]
from = "ssm:/shop/tls/key"
file = "key.pem"
mode = "0440"
owner = "1000"
refresh = "5m"
on_change = "update"

[registry."ghcr.io"]
username = "robot"
password = "ssm:/shop/ghcr"

[pull]
policy = "missing"
begin = "1m"
inactivity = "30s"
total = "10m"
patience = "5s"
min_free = "2GiB"

[health]
listen = "127.0.0.1:9000"
probe = "https"
path = "/ready?deep=1"
port = 80
host = "shop.example.com:8443"
status = "200-299,401"
start_period = "0s"
interval = "1s"
timeout = "500ms"
healthy = 1
unhealthy = 5
max_age = "10s"

[admin]
listen = "0.0.0.0:9001"

[restart]
crashes = 2
after = "1m"
cooldown = "5m"
budget = 1
escalate = false

[gc]
high = 90
low = 50
interval = "1h"

[lifecycle]
launch_hook = "up"
termination_hook = "down"
launch_deadline = "5m"
rebalance = true
deregistration_delay = "10s"
notice = "20s"
shutdown_limit = "1m"
poll = "2s"
group_poll = "4s"

[metrics]
enabled = false
namespace = "Shop"
interval = "30s"
`

func TestLoadEverything(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	const registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	want := Settings{
		App: "shop", Color: "green", Region: "eu-west-1", Tags: []string{"color", "image"},
		Image: Image{Text: registry + "/team/shop:1.2@" + digest, Registry: registry, Repository: "team/shop", Tag: "1.2", Digest: digest},
		Container: Container{
			Command: Words{"serve", "--port", "8080"}, Entrypoint: Words{"/bin/app"}, Env: map[string]string{"LOG_LEVEL": "info"},
			User: "1000:1000", WorkingDir: "/srv", Hostname: "shop", Init: true,
			Ports:   []Port{{Host: 80, Container: 8080, Protocol: "tcp"}, {HostIP: "127.0.0.1", Host: 53, Container: 53, Protocol: "udp"}},
			Network: "shop-net", ExtraHosts: map[string]string{"db.internal": "10.0.0.5"}, DNS: []string{"10.0.0.2"},
			Memory: 512 * config.MiB, ShmSize: 128 * config.MiB, CPUs: 1.5, PIDs: 200,
			Ulimits: map[string]Ulimit{"nofile": {1024, 65536}, "core": {0, 0}}, OOMScore: 100,
			Tmpfs:  map[string]Tmpfs{"/var/cache": {Size: 16 * config.MiB, Exec: true, Mode: 0o750}, "/tmp": {Size: 64 * config.MiB}},
			Mounts: []Mount{{"/srv/uploads", "/uploads", true}}, Capabilities: []string{"NET_BIND_SERVICE", "SETUID"},
			Seccomp: "unconfined", AppArmor: "shop", StopSignal: "SIGQUIT", StopTimeout: 45 * time.Second,
		},
		Log: Log{"awslogs", map[string]string{"awslogs-group": "/shop", "tag": "{{.Name}}", "mode": "non-blocking", "max-buffer-size": "4m"}},
		Secrets: map[string]Secret{
			"DB_PASSWORD": {From: "secretsmanager:shop/db#password", Env: true, OnChange: "restart"},
			"tls.key":     {From: "ssm:/shop/tls/key", File: "key.pem", Mode: 0o440, Owner: "1000", Refresh: 5 * time.Minute, OnChange: "update"},
		},
		Registry: map[string]Login{"ghcr.io": {"robot", "ssm:/shop/ghcr"}},
		Pull:     Pull{"missing", time.Minute, 30 * time.Second, 10 * time.Minute, 5 * time.Second, 2 * config.GiB},
		Health: Health{
			"127.0.0.1:9000", "https", "/ready?deep=1", 80, "shop.example.com:8443", "200-299,401", 0, time.Second,
			500 * time.Millisecond, 1, 5, 10 * time.Second,
		},
		Admin:   Admin{"0.0.0.0:9001"},
		Restart: Restart{2, time.Minute, 5 * time.Minute, 1, false},
		GC:      GC{90, 50, time.Hour},
		Lifecycle: Lifecycle{
			"up", "down", 5 * time.Minute, true, 10 * time.Second, 20 * time.Second, time.Minute,
			2 * time.Second, 4 * time.Second,
		},
		Metrics: Metrics{false, "Shop", 30 * time.Second},
	}
	if diff := cmp.Diff(want, mustLoad(t, everything)); diff != "" {
		t.Error(diff)
	}
}

// The files in agent.d go over the main one in the order of their names; what is no .toml file is not read.
func TestLoadLayers(t *testing.T) {
	s, faults := loadAll(t, map[string]string{
		"agent.toml":        minimal + "region = \"eu-west-1\"\n[container.env]\nA = \"main\"\nB = \"main\"\n",
		"50-user-data.toml": "image = \"registry.example.com/shop:2\"\ncolor = \"green\"\n",
		"10-first.toml":     "image = \"registry.example.com/shop:0\"\n[container]\nports = [\"81:8080\"]\nenv.A = \"first\"\n[log]\ndriver = \"journald\"\n",
		"60-more.toml.bak":  "app = \"none\"",
		".hidden.toml":      "app = \"none\"",
		"README":            "not TOML",
	})
	if faults != "" {
		t.Fatal(faults)
	}
	want := mustLoad(t, `
		app = "shop"
		color = "green"
		region = "eu-west-1"
		image = "registry.example.com/shop:2"
		container.ports = ["81:8080"]
		container.env = {A = "first", B = "main"}
		log.driver = "journald"`)
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
}

func TestLoadFilesThatAreMissing(t *testing.T) {
	paths := write(t, map[string]string{"50-user-data.toml": minimal})
	if _, err := Load(paths); err != nil {
		t.Errorf("just agent.d: %v", err)
	}
	paths = write(t, map[string]string{"agent.toml": minimal})
	paths.Dir += "/none"
	if _, err := Load(paths); err != nil {
		t.Errorf("just agent.toml: %v", err)
	}
	paths = write(t, nil)
	if _, err := Load(paths); err == nil || !strings.Contains(err.Error(), "there is neither "+paths.File+" nor a .toml file in "+paths.Dir) {
		t.Errorf("nothing: %v", err)
	}
	paths = write(t, map[string]string{"agent.toml": "app = \n", "1.toml": "x", "2.toml": minimal})
	if _, err := Load(paths); err == nil || !strings.Contains(err.Error(), "agent.toml: line 1: ") || !strings.Contains(err.Error(), "1.toml: line 1: ") {
		t.Errorf("no TOML: %v", err)
	}
	paths.Dir = paths.File
	if _, err := Load(paths); err == nil || !strings.HasPrefix(err.Error(), "read the configuration: ") {
		t.Errorf("a file for a folder: %v", err)
	}
	paths.File += "/agent.toml"
	if _, err := Load(paths); err == nil || !strings.HasPrefix(err.Error(), "read the configuration: ") {
		t.Errorf("a folder that is a file: %v", err)
	}
}

func TestLoadSeccomp(t *testing.T) {
	dir := t.TempDir()
	profile := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return minimal + "container.seccomp = \"" + file + "\"\n"
	}
	if s := mustLoad(t, profile("good", `{"defaultAction": "SCMP_ACT_ERRNO"}`)); s.Container.SeccompProfile != `{"defaultAction": "SCMP_ACT_ERRNO"}` {
		t.Errorf("got %q", s.Container.SeccompProfile)
	}
	for name, text := range map[string]string{"empty": "", "list": "[]", "null": "null", "large": `{"x": "` + strings.Repeat("x", maxSeccomp) + `"}`} {
		if _, faults := load(t, profile(name, text)); !strings.Contains(faults, "container.seccomp: must be a profile, which is a JSON object") {
			t.Errorf("%s: got %s", name, faults)
		}
	}
	if _, faults := load(t, minimal+"container.seccomp = \"/none.json\""); !strings.Contains(faults, "container.seccomp: must be a profile that can be read: ") {
		t.Errorf("missing: got %s", faults)
	}
}

func TestRegions(t *testing.T) {
	for _, region := range []string{"eu-west-1", "us-gov-east-1", "us-isob-east-1", "cn-northwest-1", "eusc-de-east-1", "us-iso-west-12"} {
		if s := mustLoad(t, minimal+"region = \""+region+"\"\n"); s.Region != region {
			t.Errorf("%s is read as %s", region, s.Region)
		}
	}
}
