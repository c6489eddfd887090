package settings

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// promise checks what holds of all settings that were accepted: a container that is open in no way that Loosened does not
// say, a hash that does not change by itself, and no fault that comes later.
func promise(t rapid.TB, s Settings) {
	t.Helper()
	secrets := SecretFiles{Dir: "/run/bluegreen/secrets", Env: map[string]string{}}
	for name := range s.Secrets {
		secrets.Env[name] = "hunter2"
	}
	spec, err := Spec(s, secrets)
	if err != nil {
		t.Fatalf("no container comes of it: %v", err)
	}
	if diff := cmp.Diff(loosenedKeys(s), opened(spec)); diff != "" {
		t.Errorf("what Loosened says (-) and how it is (+):\n%s", diff)
	}
	again, _ := Spec(s, secrets)
	if Hash(spec, nil) != Hash(again, nil) {
		t.Error("the hash is another each time")
	}
	s.App = "shop" // which a tag may bring
	tagged, err := s.WithTags(nil)
	if err != nil {
		t.Errorf("it was accepted, and is not any more: %v", err)
	}
	if diff := cmp.Diff(s, tagged); diff != "" {
		t.Errorf("no tag has changed something:\n%s", diff)
	}
	if probed := s.Health.Probe != "docker"; probed != (s.Health.Port > 0) || listenPort(s.Health.Listen) == 0 {
		t.Errorf("nobody can probe it, or ask for the verdict: %+v", s.Health)
	}
	_ = Doubts(s)
}

// lines are what a file may say of each key, good and bad.
var lines = map[string][]string{
	"user":              {`"root"`, `"0"`, `"00:5"`, `"1000"`, `"app:app"`, `""`, `":0"`},
	"network":           {`"host"`, `"bridge"`, `"none"`, `"net"`, `"container:x"`, `"HOST"`, `"default"`},
	"ports":             {`["80:80"]`, `[]`, `["80:80", "80:81"]`, `["53:53/udp"]`, `["127.0.0.1:81:80"]`},
	"read_only":         {`true`, `false`, `"no"`},
	"no_new_privileges": {`true`, `false`},
	"capabilities":      {`["ALL"]`, `["CAP_CHOWN"]`, `["sys_admin"]`, `["NET_RAW", "KILL"]`, `[]`, `["all"]`, `["cap_all"]`},
	"seccomp":           {`"unconfined"`, `""`, `"/none"`, `"Unconfined"`, `"default"`},
	"apparmor":          {`"unconfined"`, `""`, `"docker-default"`},
	"tmpfs":             {`{"/x" = "1MiB,exec"}`, `{"/x" = "1MiB"}`, `{"/tmp" = "1MiB,mode=0700,exec"}`, `{"/x" = "1MiB,suid"}`, `{}`},
	"mounts": {
		`[{source = "/srv", target = "/a", write = true}]`, `[{source = "/srv", target = "/a"}]`, `[{source = "/", target = "/a"}]`,
		`[{source = "/run/docker.sock", target = "/a"}]`, `[{source = "/var/run/../run/docker.sock", target = "/a"}]`,
		`[{source = "//", target = "/a"}]`, `[{source = "/srv", target = "/tmp"}]`, `[{source = "/var/lib/docker/", target = "/a"}]`,
		`[{source = "/var//run/docker.sock", target = "/a"}]`, `[{source = "/run/", target = "/a", write = true}]`,
	},
	"memory":        {`"1GiB"`, `"0B"`, `"1B"`},
	"pids":          {`1`, `0`, `-1`, `100`},
	"oom_score_adj": {`0`, `-1000`, `1000`},
	"env":           {`{A = "x"}`, `{"" = "x"}`},
}

// TestAcceptedIsHardened is the promise, for files that are as wrong and as right as can be.
func TestAcceptedIsHardened(t *testing.T) {
	dir := t.TempDir()
	accepted, open := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		text := "app = \"shop\"\nimage = \"shop:1\"\nhealth.port = 80\n" + rapid.SampledFrom([]string{
			"", "log.driver = \"json-file\"\n", "secrets.A = {from = \"ssm:/a\", env = true}\n", "secrets.A = {from = \"ssm:/a\"}\n",
		}).Draw(t, "more") + "[container]\n"
		network := rapid.SampledFrom([]string{"ports", "network"}).Draw(t, "network")
		text += map[string]string{"ports": "ports = [\"80:8080\"]\n", "network": "network = \"host\"\n"}[network]
		for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(lines))), 0, 5, rapid.ID[string]).Draw(t, "keys") {
			if key != network {
				text += key + " = " + rapid.SampledFrom(lines[key]).Draw(t, key) + "\n"
			}
		}
		paths := Paths{File: filepath.Join(dir, "agent.toml"), Dir: filepath.Join(dir, "none")}
		if err := os.WriteFile(paths.File, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Load(paths)
		if err != nil {
			return
		}
		accepted++
		if len(Loosened(s)) > 0 {
			open++
		}
		promise(t, s)
	})
	if accepted == 0 || open == 0 || open == accepted {
		t.Errorf("%d were accepted, %d of them loosened: that proves little", accepted, open)
	}
}

// FuzzLoad is the promise for whatever stands in a file.
func FuzzLoad(f *testing.F) {
	f.Add(minimal)
	f.Add(everything)
	f.Add(Template())
	for key, values := range lines {
		for _, value := range values {
			f.Add(minimal + "container." + key + " = " + value)
		}
	}
	paths := Paths{File: filepath.Join(f.TempDir(), "agent.toml")}
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(paths.File, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := Load(paths); err == nil {
			promise(t, s)
		}
	})
}

// FuzzImage checks that what is read of an image is written the same, and no other by its digest.
func FuzzImage(f *testing.F) {
	for _, text := range []string{"nginx:1", "ssm:/a/b", "localhost:5000/a@sha256:" + strings.Repeat("0", 64), "[::1]:5000/a:1"} {
		f.Add(text)
	}
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	f.Fuzz(func(t *testing.T, text string) {
		image, err := ParseImage(text)
		if err != nil || image.Parameter != "" {
			return
		}
		again, err := ParseReference(image.WithDigest(digest).String())
		if err != nil || image.String() != text || again.Name() != image.Name() || again.Digest != digest {
			t.Errorf("%q: %+v, pinned: %+v, %v", text, image, again, err)
		}
	})
}
