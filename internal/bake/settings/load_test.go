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
const minimal = `app = "shop"
image = "registry.example.com/shop:1"
[build]
subnet = "subnet-0123456789abcdef0"
[staging]
bucket = "shop-amibake"
`

// material is a folder with the files that settings name.
func material(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"bluegreen-agent_1.2.0_amd64.deb": "!<arch>\n",
		"shop.agent.toml":                 "container.ports = [\"80:8080\"]\n",
		"etc/sysctl.d/90-shop.conf":       "vm.swappiness = 1\n",
		"harden.sh":                       "#!/bin/sh\n",
		"tune.sh":                         "#!/bin/sh\necho tuned\n",
		"broken.toml":                     "a = \n",
		"takes-over.toml":                 "app = \"other\"\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// load loads a text as a file of a folder; the message has no folders in it.
func load(t testing.TB, dir, text string) (Settings, string) {
	t.Helper()
	file := filepath.Join(dir, "amibake.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Load(file)
	if err == nil {
		return s, ""
	}
	return s, strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
}

func mustLoad(t testing.TB, dir, text string) Settings {
	t.Helper()
	s, faults := load(t, dir, text)
	if faults != "" {
		t.Fatal(faults)
	}
	return s
}

// What is not set has its default, or follows from the rest.
func TestLoadMinimal(t *testing.T) {
	want := Default()
	want.App, want.Image = "shop", "registry.example.com/shop:1"
	want.Base.Parameter = DefaultParameter
	want.Build.Subnet = "subnet-0123456789abcdef0"
	want.Staging.Bucket = "shop-amibake"
	want.Verify.InstanceType = "t3.small"
	want.Promote.Parameter = "/bluegreen/shop/ami"
	if diff := cmp.Diff(want, mustLoad(t, t.TempDir(), minimal)); diff != "" {
		t.Error(diff)
	}
}

// Regions of all partitions are regions.
func TestRegions(t *testing.T) {
	for _, region := range []string{"eu-west-1", "us-gov-east-1", "us-isob-east-1", "cn-northwest-1", "eusc-de-east-1", "us-iso-west-12"} {
		if s := mustLoad(t, t.TempDir(), "region = \""+region+"\"\n"+minimal); s.Region != region {
			t.Errorf("%s is read as %s", region, s.Region)
		}
	}
}

func TestLoadAll(t *testing.T) {
	dir := material(t)
	got := mustLoad(t, dir, `
		app = "shop"
		region = "eu-west-1"
		image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1.2"
		[base.filter]
		owner = "136693071363"
		name = "debian-12-arm64-*"
		architecture = "arm64"
		[agent]
		package = "bluegreen-agent_1.2.0_amd64.deb"
		settings = "`+dir+`/shop.agent.toml"
		[build]
		instance_type = "t4g.small"
		subnet = "subnet-01234567"
		security_groups = ["sg-01234567"]
		instance_profile = "arn:aws:iam::123456789012:instance-profile/builders/amibake"
		volume_size = "16GiB"
		kms_key = "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
		spot = true
		channel = "run-command"
		deadline = "20m"
		expiry = "1h"
		docker = "docker-ce"
		packages = ["jq", "chrony=4.3-2+deb12u1"]
		scripts = ["harden.sh"]
		name = "images/{app} {time} ({key})"
		tags = { Owner = "team-shop" }
		no_reboot = true
		[[build.files]]
		source = "etc"
		target = "/etc"
		[[build.files]]
		source = "tune.sh"
		target = "/usr/local/bin/tune"
		mode = "0700"
		[staging]
		bucket = "shop.amibake"
		prefix = "/a/b/"
		[verify]
		instance_type = "m7g.large"
		deadline = "10m"
		boot_limit = "90s"
		ports = [9180]
		[promote]
		parameter = "/images/shop"
		regions = ["eu-central-1"]
		kms_keys = { eu-central-1 = "alias/amis" }
		accounts = ["210987654321"]
		organizations = ["arn:aws:organizations::123456789012:organization/o-abcdefghij"]
		units = ["arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-cdefghij"]
		launch_template = "lt-0123456789abcdef0"
		[prune]
		keep = 3
		younger_than = "36h"
		disable_after = "8d"
		deregister_after = "30d"
		orphans_after = "12h"
		[lease]
		term = "30s"
		[notify]
		namespace = ""
	`)
	want := Settings{
		App: "shop", Region: "eu-west-1", Image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1.2",
		Base:  Base{Filter: Filter{Owner: "136693071363", Name: "debian-12-arm64-*", Architecture: "arm64"}},
		Agent: Agent{Package: dir + "/bluegreen-agent_1.2.0_amd64.deb", Settings: dir + "/shop.agent.toml"},
		Build: Build{
			InstanceType: "t4g.small", Subnet: "subnet-01234567", SecurityGroups: []string{"sg-01234567"},
			InstanceProfile: "arn:aws:iam::123456789012:instance-profile/builders/amibake", VolumeSize: 16 * config.GiB, Channel: RunCommand,
			KMSKey: "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef", Spot: true,
			Deadline: 20 * time.Minute, Expiry: time.Hour, Docker: DockerCE, Packages: []string{"jq", "chrony=4.3-2+deb12u1"},
			Files: []File{
				{Source: dir + "/etc", Target: "/etc"}, {Source: dir + "/tune.sh", Target: "/usr/local/bin/tune", Mode: 0o700},
			},
			Scripts: []string{dir + "/harden.sh"}, Name: "images/{app} {time} ({key})", Tags: map[string]string{"Owner": "team-shop"}, NoReboot: true,
		},
		Staging: Staging{Bucket: "shop.amibake", Prefix: "a/b"},
		Verify:  Verify{InstanceType: "m7g.large", Deadline: 10 * time.Minute, BootLimit: 90 * time.Second, Ports: []int{9180}},
		Promote: Promote{
			Parameter: "/images/shop", Regions: []string{"eu-central-1"}, KMSKeys: map[string]string{"eu-central-1": "alias/amis"},
			Accounts: []string{"210987654321"}, Organizations: []string{"arn:aws:organizations::123456789012:organization/o-abcdefghij"},
			Units: []string{"arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-cdefghij"}, LaunchTemplate: "lt-0123456789abcdef0",
		},
		Prune: Prune{Keep: 3, YoungerThan: Age(36 * time.Hour), Disable: 8 * Day, Deregister: 30 * Day, Orphans: Age(12 * time.Hour)},
		Lease: Lease{Term: 30 * time.Second},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Files come with what they say, by the path that they get; those of a folder each for themselves.
func TestMaterial(t *testing.T) {
	dir := material(t)
	if err := os.Chmod(filepath.Join(dir, "tune.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := mustLoad(t, dir, minimal+`
[[build.files]]
source = "etc"
target = "/etc"
[[build.files]]
source = "tune.sh"
target = "/usr/local/bin/tune"
[[build.files]]
source = "harden.sh"
target = "/root/harden"
mode = "0700"
`)
	s.Build.Scripts = []string{dir + "/tune.sh", dir + "/harden.sh"}
	s.Agent = Agent{Package: dir + "/bluegreen-agent_1.2.0_amd64.deb", Settings: dir + "/shop.agent.toml"}
	got, err := s.Material()
	if err != nil {
		t.Fatal(err)
	}
	tune, harden := []byte("#!/bin/sh\necho tuned\n"), []byte("#!/bin/sh\n")
	want := Material{
		Package: []byte("!<arch>\n"), Agent: []byte("container.ports = [\"80:8080\"]\n"),
		Files: []Piece{
			{"/etc/sysctl.d/90-shop.conf", 0o644, []byte("vm.swappiness = 1\n")}, {"/usr/local/bin/tune", 0o755, tune}, {"/root/harden", 0o700, harden},
		},
		Scripts: []Piece{{"tune.sh", 0o755, tune}, {"harden.sh", 0o755, harden}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	if err := os.Remove(dir + "/harden.sh"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Material(); err == nil || !strings.HasPrefix(err.Error(), "read what goes to /root/harden: ") {
		t.Errorf("a file that is gone: %v", err)
	}
}
