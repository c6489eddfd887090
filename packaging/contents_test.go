package packaging_test

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestContents lists what each package puts on a machine, with the rights it gets there.
func TestContents(t *testing.T) {
	for name, want := range map[string]string{
		"bluegreen-agent": `
-rw-r--r-- /etc/bluegreen/agent.toml
-rwxr-xr-x /etc/update-motd.d/99-bluegreen-agent
-rwxr-xr-x /usr/bin/bluegreen-agent
-rw-r--r-- /usr/lib/systemd/system/bluegreen-agent.service
-rw-r--r-- /usr/share/bash-completion/completions/bluegreen-agent
-rw-r--r-- /usr/share/doc/bluegreen-agent/changelog.gz
-rw-r--r-- /usr/share/doc/bluegreen-agent/copyright
-rw-r--r-- /usr/share/fish/vendor_completions.d/bluegreen-agent.fish
-rw-r--r-- /usr/share/lintian/overrides/bluegreen-agent
-rw-r--r-- /usr/share/man/man5/agent.toml.5.gz
-rw-r--r-- /usr/share/man/man8/bluegreen-agent.8.gz
-rw-r--r-- /usr/share/zsh/vendor-completions/_bluegreen-agent
`,
		"bluegreen": `
-rwxr-xr-x /usr/bin/amibake
-rwxr-xr-x /usr/bin/switcher
-rw-r--r-- /usr/lib/systemd/system/amibake@.service
-rw-r--r-- /usr/lib/systemd/system/amibake@.timer
-rw-r--r-- /usr/share/bash-completion/completions/amibake
-rw-r--r-- /usr/share/bash-completion/completions/switcher
-rw-r--r-- /usr/share/doc/bluegreen/changelog.gz
-rw-r--r-- /usr/share/doc/bluegreen/copyright
-rw-r--r-- /usr/share/doc/bluegreen/examples/amibake.cron
-rw-r--r-- /usr/share/doc/bluegreen/examples/amibake.toml
-rw-r--r-- /usr/share/fish/vendor_completions.d/amibake.fish
-rw-r--r-- /usr/share/fish/vendor_completions.d/switcher.fish
-rw-r--r-- /usr/share/lintian/overrides/bluegreen
-rw-r--r-- /usr/share/man/man1/amibake.1.gz
-rw-r--r-- /usr/share/man/man1/switcher.1.gz
-rw-r--r-- /usr/share/man/man5/amibake.toml.5.gz
-rw-r--r-- /usr/share/man/man5/bluegreen.toml.5.gz
-rw-r--r-- /usr/share/zsh/vendor-completions/_amibake
-rw-r--r-- /usr/share/zsh/vendor-completions/_switcher
`,
	} {
		var got []string
		for line := range strings.Lines(command(t, "dpkg-deb", "--contents", deb(t, name, newer))) {
			fields := strings.Fields(line) // rights, owner, size, date, time, path
			if owner := fields[1]; owner != "root/root" {
				t.Errorf("%s belongs to %s", fields[5], owner)
			}
			if !strings.HasSuffix(fields[5], "/") {
				got = append(got, fields[0]+" "+strings.TrimPrefix(fields[5], "."))
			}
		}
		if diff := cmp.Diff(strings.Split(strings.TrimSpace(want), "\n"), got); diff != "" {
			t.Errorf("contents of %s (-want +got):\n%s", name, diff)
		}
	}
}

// TestBillOfMaterials compares the bill that lies beside each package with the programs in it.
func TestBillOfMaterials(t *testing.T) {
	for name, programs := range map[string][]string{"bluegreen-agent": {"bluegreen-agent"}, "bluegreen": {"amibake", "switcher"}} {
		root := t.TempDir()
		command(t, "dpkg-deb", "--extract", deb(t, name, newer), root)
		var want []string
		for _, program := range programs {
			want = append(want, program+" "+newer+" "+sum(t, filepath.Join(root, "usr/bin", program)))
			want = append(want, linked(t, filepath.Join(root, "usr/bin", program))...)
		}
		slices.Sort(want)
		if diff := cmp.Diff(slices.Compact(want), billed(t, file(t, name, newer, "cdx.json"))); diff != "" {
			t.Errorf("bill of materials of %s (-programs +bill):\n%s", name, diff)
		}
	}
}

func sum(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(content)
	return hex.EncodeToString(hash[:])
}

// linked are the modules in a program, as Go itself noted them there.
func linked(t *testing.T, program string) []string {
	t.Helper()
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	modules := []string{"std " + strings.TrimPrefix(info.GoVersion, "go") + " "}
	for _, dep := range info.Deps {
		modules = append(modules, dep.Path+" "+dep.Version+" ")
	}
	return modules
}

func billed(t *testing.T, name string) []string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		BOMFormat  string
		Components []struct {
			Name, Version string
			Hashes        []struct{ Content string }
		}
	}
	if err := json.Unmarshal(content, &bill); err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, c := range bill.Components {
		hash := ""
		for _, h := range c.Hashes {
			hash = h.Content
		}
		parts = append(parts, c.Name+" "+c.Version+" "+hash)
	}
	slices.Sort(parts)
	return parts
}
