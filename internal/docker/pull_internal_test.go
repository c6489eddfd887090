package docker

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/distribution/reference"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/api/types/system"
)

// What daemons and registries were seen to say.
func TestKindsOfFailedPulls(t *testing.T) {
	const ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web"
	for _, tt := range []struct {
		ref, says string
		want      PullKind
	}{
		{ecr + ":1", "pull access denied for " + ecr + ", repository does not exist or may require 'docker login': denied: Your authorization token has expired. Reauthenticate and try again.", Expired},
		{ecr + ":1", "denied: Your Authorization Token has expired. Please run 'aws ecr get-login --no-include-email' to fetch a new one.", Expired},
		{ecr + ":1", "Head \"https://" + ecr + "/manifests/1\": no basic auth credentials", Denied},
		{ecr + ":1", "pull access denied for " + ecr + ", repository does not exist or may require 'docker login': denied: User: arn:aws:sts::123456789012:assumed-role/r/i-1 is not authorized to perform: ecr:BatchGetImage on resource: x", Denied},
		{ecr + ":1", "unauthorized: authentication required", Denied},
		{ecr + ":1", "repository " + ecr + " not found: name unknown: The repository with name 'shop/web' does not exist in the registry with id '123456789012'", NotFound},
		{ecr + ":1", "manifest for " + ecr + ":1 not found: manifest unknown: Requested image not found", NotFound},
		{ecr + ":1", "no matching manifest for linux/arm64/v8 in the manifest list entries", NotFound},
		{ecr + ":1", "toomanyrequests: Rate exceeded", Throttled},
		{"web:1", "toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating", Throttled},
		{ecr + ":1", "error pulling image configuration: download failed after attempts=6: toomanyrequests: Data limit exceeded", Throttled},
		{ecr + ":1", "failed to register layer: write /usr/bin/x: no space left on device", NoSpace},
		{ecr + ":1", "write /var/lib/docker/tmp/GetImageBlob112233: no space left on device", NoSpace},
		{ecr + ":1", "Get \"https://" + ecr + "/v2/\": dial tcp: lookup x on 10.0.0.2:53: no such host", Unreachable},
		{ecr + ":1", "Get \"https://x/v2/\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)", Unreachable},
		{ecr + ":1", "Get \"https://x/v2/\": net/http: TLS handshake timeout", Unreachable},
		{ecr + ":1", "Get \"https://x/v2/\": x509: certificate signed by unknown authority", Unreachable},
		{ecr + ":1", "Get \"https://x/v2/\": dial tcp 10.0.0.9:443: i/o timeout", Unreachable},
		{ecr + ":1", "Get \"https://x/v2/\": EOF", Unreachable},
		{ecr + ":1", "read tcp 10.0.0.1:1->10.0.0.9:443: read: connection reset by peer", Unreachable},
		{ecr + ":1", "received unexpected HTTP status: 503 Service Unavailable", Unreachable},
		{ecr + ":1", "filesystem layer verification failed for digest sha256:0", Other},
		{"reg:5000/denied:expired", "manifest for reg:5000/denied:expired not found: manifest unknown", NotFound},
		{"reg:5000/throttled", "manifest for reg:5000/throttled:latest not found: manifest unknown", NotFound},
		{"reg:5000/forbidden/app:1", "repository reg:5000/forbidden/app not found: name unknown: The repository with name 'forbidden/app' does not exist", NotFound},
		{"reg:5000/forbidden:1", "name unknown: The repository with name 'forbidden' does not exist", NotFound},
		{"unknown:1", "manifest for unknown:1 not found: manifest unknown", NotFound},
		{"a", "manifest for a:latest not found: manifest unknown", NotFound},
	} {
		named, err := reference.ParseNormalizedNamed(tt.ref)
		if err != nil {
			t.Fatal(err)
		}
		err = errors.New(tt.says)
		if got := pullKind(withoutNames(err.Error(), named), err); got != tt.want {
			t.Errorf("%s: %q is %q, want %q", tt.ref, tt.says, got, tt.want)
		}
	}
}

// A stream of a real daemon, in which one layer was there and one of two connections was retried.
const stream = `
{"status":"Pulling from shop/web","id":"1"}
{"status":"Already exists","progressDetail":{},"id":"aaa"}
{"status":"Pulling fs layer","progressDetail":{},"id":"bbb"}
{"status":"Pulling fs layer","progressDetail":{},"id":"ccc"}
{"status":"Waiting","progressDetail":{},"id":"ccc"}
{"status":"Downloading","progressDetail":{"current":100,"total":1000},"progress":"[=>","id":"bbb"}
{"status":"Downloading","progressDetail":{"current":100,"total":1000},"progress":"[=>","id":"bbb"}
{"status":"Downloading","progressDetail":{"current":50,"total":200},"progress":"[=>","id":"ccc"}
{"status":"Retrying in 1 second","progressDetail":{},"id":"ccc"}
{"status":"Verifying Checksum","progressDetail":{},"id":"bbb"}
{"status":"Download complete","progressDetail":{},"id":"bbb"}
{"status":"Extracting","progressDetail":{"current":32,"total":1000},"progress":"[=>","id":"bbb"}
{"status":"Downloading","progressDetail":{"current":200,"total":200},"progress":"[=>","id":"ccc"}
{"status":"Download complete","progressDetail":{},"id":"ccc"}
{"status":"Pull complete","progressDetail":{},"id":"bbb"}
{"status":"Pull complete","progressDetail":{},"id":"ccc"}
{"status":"Digest: sha256:0"}
{"status":"Status: Downloaded newer image for shop/web:1"}`

func TestProgressOfAStream(t *testing.T) {
	var l layers
	var got []Progress
	for line := range strings.Lines(strings.TrimSpace(stream)) {
		var m jsonstream.Message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		if l.take(m) {
			got = append(got, l.progress())
		}
	}
	want := []Progress{
		{0, 0, 0, 0, "Pulling from shop/web"},
		{1, 1, 0, 0, "Already exists"},
		{2, 1, 0, 0, "Pulling fs layer"},
		{3, 1, 0, 0, "Pulling fs layer"},
		{3, 1, 0, 0, "Waiting"},
		{3, 1, 100, 1000, "Downloading"}, // and the one that repeats it is no news
		{3, 1, 150, 1200, "Downloading"},
		{3, 1, 150, 1200, "Retrying in 1 second"},
		{3, 1, 150, 1200, "Verifying Checksum"},
		{3, 1, 1050, 1200, "Download complete"},
		{3, 1, 1050, 1200, "Extracting"},
		{3, 1, 1200, 1200, "Downloading"},
		{3, 1, 1200, 1200, "Download complete"},
		{3, 2, 1200, 1200, "Pull complete"},
		{3, 3, 1200, 1200, "Pull complete"},
		{3, 3, 1200, 1200, "Digest: sha256:0"},
		{3, 3, 1200, 1200, "Status: Downloaded newer image for shop/web:1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Samples of hosts that no test machine is at once.
func TestMemoryOfSamples(t *testing.T) {
	for _, tt := range []struct {
		name, json string
		want       Stats
	}{
		{
			name: "cgroup v1: of the whole hierarchy",
			json: `{"memory_stats": {"usage": 1000, "limit": 5000, "stats": {"total_inactive_file": 300, "inactive_file": 100}},
				"cpu_stats": {"cpu_usage": {"total_usage": 7}}, "pids_stats": {"current": 3}}`,
			want: Stats{Memory: 700, MemoryLimit: 5000, CPU: 7, PIDs: 3},
		},
		{
			name: "cgroup v2",
			json: `{"memory_stats": {"usage": 1000, "limit": 5000, "stats": {"inactive_file": 100, "file": 400}}}`,
			want: Stats{Memory: 900, MemoryLimit: 5000},
		},
		{
			name: "more cache than usage",
			json: `{"memory_stats": {"usage": 1000, "limit": 5000, "stats": {"inactive_file": 1100}}}`,
			want: Stats{Memory: 1000, MemoryLimit: 5000},
		},
		{name: "nothing known", json: `{}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s container.StatsResponse
			if err := json.Unmarshal([]byte(tt.json), &s); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, fromSample(s)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What engines say that no test machine has.
func TestInfoOfOtherEngines(t *testing.T) {
	for _, tt := range []struct {
		name, json string
		want       Info
	}{
		{
			name: "containerd's image store in the system's containerd, cgroup v2, AppArmor",
			json: `{"ServerVersion": "29.1.0", "DockerRootDir": "/var/lib/docker", "Driver": "overlayfs", "CgroupVersion": "2",
				"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
				"Containerd": {"Address": "/run/containerd/containerd.sock"},
				"SecurityOptions": ["name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"], "LiveRestoreEnabled": true}`,
			want: Info{
				Version: "29.1.0", Root: "/var/lib/docker", ImageRoot: "/var/lib/containerd", Driver: "overlayfs",
				CgroupVersion: 2, ContainerdStore: true, Seccomp: true, AppArmor: true, LiveRestore: true,
			},
		},
		{
			name: "containerd's image store in a containerd that the daemon starts",
			json: `{"DockerRootDir": "/data", "Driver": "overlayfs", "CgroupVersion": "2",
				"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
				"Containerd": {"Address": "/var/run/docker/containerd/containerd.sock"}}`,
			want: Info{Root: "/data", ImageRoot: "/data/containerd/daemon", Driver: "overlayfs", CgroupVersion: 2, ContainerdStore: true},
		},
		{
			name: "Docker 19.03",
			json: `{"DockerRootDir": "/var/lib/docker", "Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]]}`,
			want: Info{Root: "/var/lib/docker", ImageRoot: "/var/lib/docker", Driver: "overlay2", CgroupVersion: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var in system.Info
			if err := json.Unmarshal([]byte(tt.json), &in); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, fromInfo(in)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
