package settings

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/docker"
)

// What nobody set is closed.
func TestSpecMinimal(t *testing.T) {
	got, err := Spec(mustLoad(t, minimal), SecretFiles{})
	if err != nil {
		t.Fatal(err)
	}
	want := docker.Spec{
		Env: map[string]string{}, Ports: []docker.Port{{Host: 80, Container: 8080, Protocol: "tcp"}},
		PIDs: 1024, OOMScoreAdj: 500, ReadOnly: true, NoNewPrivileges: true, CapDrop: []string{"ALL"},
		Tmpfs:       map[string]string{"/tmp": "rw,nosuid,nodev,noexec,size=67108864,mode=1777"},
		StopTimeout: 30 * time.Second, Restart: docker.Restart{Policy: "on-failure", Max: 5},
		Log: docker.Log{Driver: "local", Options: map[string]string{"max-size": "10m", "max-file": "5"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if open := opened(got); len(open) > 0 {
		t.Errorf("it is open: %v", open)
	}
}

func TestSpecEverything(t *testing.T) {
	got, err := Spec(mustLoad(t, everything), SecretFiles{Dir: "/run/bluegreen/secrets", Env: map[string]string{"DB_PASSWORD": "hunter2", "OTHER": "x"}})
	if err != nil {
		t.Fatal(err)
	}
	want := docker.Spec{
		Command: []string{"serve", "--port", "8080"}, Entrypoint: []string{"/bin/app"},
		Env:  map[string]string{"LOG_LEVEL": "info", "DB_PASSWORD": "hunter2"},
		User: "1000:1000", WorkingDir: "/srv", Hostname: "shop", Init: true,
		Ports:   []docker.Port{{Host: 80, Container: 8080, Protocol: "tcp"}, {HostIP: "127.0.0.1", Host: 53, Container: 53, Protocol: "udp"}},
		Network: "shop-net", ExtraHosts: []string{"db.internal:10.0.0.5"}, DNS: []string{"10.0.0.2"},
		Memory: 512 << 20, MemorySwap: 512 << 20, ShmSize: 128 << 20, CPUs: 1.5, PIDs: 200,
		Ulimits: []docker.Ulimit{{Name: "core"}, {Name: "nofile", Soft: 1024, Hard: 65536}}, OOMScoreAdj: 100,
		Tmpfs: map[string]string{
			"/tmp":       "rw,nosuid,nodev,noexec,size=67108864,mode=1777",
			"/var/cache": "rw,nosuid,nodev,exec,size=16777216,mode=0750",
		},
		Mounts:  []docker.Mount{{Source: "/srv/uploads", Target: "/uploads"}, {Source: "/run/bluegreen/secrets", Target: "/run/secrets", ReadOnly: true}},
		CapDrop: []string{"ALL"}, CapAdd: []string{"NET_BIND_SERVICE", "SETUID"}, Seccomp: "unconfined", AppArmor: "shop",
		StopSignal: "SIGQUIT", StopTimeout: 45 * time.Second, Restart: docker.Restart{Policy: "on-failure", Max: 2},
		Log: docker.Log{Driver: "awslogs", Options: map[string]string{"awslogs-group": "/shop", "tag": "{{.Name}}", "mode": "non-blocking", "max-buffer-size": "4m"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A container is not made before its secrets are there.
func TestSpecWithoutSecrets(t *testing.T) {
	s := mustLoad(t, everything)
	if _, err := Spec(s, SecretFiles{Dir: "/run/x"}); err == nil || err.Error() != "the secret DB_PASSWORD, which is to be a variable, has no value yet" {
		t.Errorf("no value: %v", err)
	}
	if _, err := Spec(s, SecretFiles{Env: map[string]string{"DB_PASSWORD": ""}}); err == nil || err.Error() != "there is no folder yet for the files of the secrets" {
		t.Errorf("no folder: %v", err)
	}
}

func TestFits(t *testing.T) {
	docked := mustLoad(t, minimal+"health.probe = \"docker\"")
	if err := Fits(docked, docker.Image{}); err == nil || !strings.HasPrefix(err.Error(), "the image has no HEALTHCHECK") {
		t.Errorf("got %v", err)
	}
	if err := Fits(docked, docker.Image{Healthcheck: true}); err != nil {
		t.Error(err)
	}
	if err := Fits(mustLoad(t, minimal), docker.Image{}); err != nil {
		t.Error(err)
	}
}

func TestRunsAsRoot(t *testing.T) {
	for _, c := range []struct {
		user, image string
		want        bool
	}{{"", "", true}, {"", "root", true}, {"", "0:5", true}, {"", "00", true}, {"", "app", false}, {"", "1000", false}, {"app", "", false}, {"root", "", false}} {
		if got := RunsAsRoot(Settings{Container: Container{User: c.user}}, docker.Image{User: c.image}); got != c.want {
			t.Errorf("%+v: got %t", c, got)
		}
	}
}

// opened judges a container by itself, and says by which keys it is less hardened than it could be.
func opened(s docker.Spec) map[string]bool {
	open := map[string]bool{}
	note := func(key string, yes bool) {
		if yes {
			open[key] = true
		}
	}
	note("network", s.Network == "host" || strings.HasPrefix(s.Network, "container"))
	user, _, _ := strings.Cut(s.User, ":")
	note("user", user == "root" || user != "" && strings.Trim(user, "0") == "")
	note("read_only", !s.ReadOnly)
	note("no_new_privileges", !s.NoNewPrivileges)
	note("capabilities", len(s.CapAdd) > 0 || cmp.Diff([]string{"ALL"}, s.CapDrop) != "")
	note("seccomp", s.Seccomp != "")
	note("apparmor", s.AppArmor != "")
	note("pids", s.PIDs <= 0)
	note("oom_score_adj", s.OOMScoreAdj < 0)
	note("memory", s.MemorySwap != s.Memory)
	note("restart", s.Restart.Policy != "on-failure")
	for _, m := range s.Mounts {
		note("mounts", !m.ReadOnly)
		note("sockets", strings.HasSuffix(m.Source, ".sock") && strings.Contains(m.Source, "docker"))
		for _, bad := range []string{"/proc", "/sys", "/dev", "/etc", "/run", "/var", "/var/run", "/var/lib", "/root", "/"} {
			note("host", strings.TrimSuffix(m.Source, "/") == strings.TrimSuffix(bad, "/"))
		}
	}
	for _, options := range s.Tmpfs {
		all := strings.Split(options, ",")
		has := func(option string) bool { return strings.Contains(","+strings.Join(all, ",")+",", ","+option+",") }
		note("tmpfs", !has("noexec") || has("exec"))
		note("suid", !has("nosuid") || !has("nodev") || !strings.Contains(options, "size="))
	}
	bounded := map[string]string{"local": "max-size", "json-file": "max-size", "awslogs": "mode", "journald": ""}
	option, known := bounded[s.Log.Driver]
	note("log", !known || option != "" && s.Log.Options[option] == "")
	return open
}

// loosenedKeys are the container's keys that Loosened names.
func loosenedKeys(s Settings) map[string]bool {
	keys := map[string]bool{}
	for _, line := range Loosened(s) {
		if rest, ok := strings.CutPrefix(line, "container."); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
			keys[rest[:end]] = true
		}
	}
	return keys
}

func TestLoosened(t *testing.T) {
	want := []string{
		`container.read_only = false: the app can change its own files`,
		`container.no_new_privileges = false: programs in the image can gain rights that the app does not have`,
		`container.capabilities: NET_BIND_SERVICE is added`,
		`container.capabilities: SETUID is added`,
		`container.seccomp = "unconfined": there is no profile that bounds what the app may ask of the kernel`,
		`container.apparmor = "shop": a profile of your own instead of Docker's`,
		`container.mounts: the app can change /srv/uploads of the host`,
		`container.tmpfs: programs in /var/cache can be run`,
		`secrets.DB_PASSWORD.env = true: Docker writes variables to its own files, and shows them to whoever may ask it`,
		`admin.listen = "0.0.0.0:9001": others than this host can read /status and /metrics`,
		`tags lists "image": whoever may tag the instance chooses which version runs`,
	}
	if diff := cmp.Diff(want, Loosened(mustLoad(t, everything))); diff != "" {
		t.Error(diff)
	}
	if got := Loosened(mustLoad(t, minimal)); got != nil {
		t.Errorf("by default: %v", got)
	}
	got := Loosened(mustLoad(t, "app = \"shop\"\nimage = \"a:1\"\nhealth.port = 80\n[container]\nnetwork = \"host\"\nuser = \"0:0\""))
	want = []string{
		`container.network = "host": the app sees the host's network, with all that listens on its loopback address, and can pose as the instance`,
		`container.user = "0:0": the app runs as root within the container`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDoubts(t *testing.T) {
	s := mustLoad(t, `
		app = "shop"
		image = "shop:latest"
		lifecycle.deregistration_delay = "100s"
		[container]
		ports = ["80:80"]
		command = ["serve", "--port 80"]
		env = {API_KEY = "x", KEYFILE = "/run/secrets/key", DB_PASSWORD_FILE = "/run/secrets/db", GREETING = "{{name}}"}`)
	s, err := s.WithTags(map[string]string{"bluegreen:image": "shop:1"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`tag bluegreen:image is passed over: tags does not list image`,
		`image: the tag latest moves, so that two instances may run different versions`,
		`container.command: "--port 80" is one word; an option and its value are usually two`,
		`container.env.API_KEY has the name of a secret, and Docker writes it to its own files: put it into [secrets]`,
		`container.env.GREETING looks like a template; it gets to the app as it stands`,
		`container.memory is not set: an app that leaks takes all of the host's memory before it is stopped`,
		`lifecycle.deregistration_delay and container.stop_timeout are more than the 2m that a spot instance is given`,
	}
	if diff := cmp.Diff(want, Doubts(s)); diff != "" {
		t.Error(diff)
	}
	got := Doubts(mustLoad(t, "app = \"shop\"\nimage = \"a:1\"\nhealth.port = 80\ncontainer = {network = \"host\", memory = \"1GiB\"}"))
	want = []string{`container.capabilities has no NET_BIND_SERVICE, without which the app cannot listen on port 80 of the host's network`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := Doubts(mustLoad(t, minimal+"container.memory = \"1GiB\"")); got != nil {
		t.Errorf("by default: %v", got)
	}
}
