package machinetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

const control = `Package: bluegreen-agent
Version: 0
Architecture: all
Maintainer: nobody <nobody@example.com>
Description: stands in for the agent
`

const unit = `[Service]
ExecStart=/usr/bin/bluegreen-agent
[Install]
WantedBy=multi-user.target
`

// packages are those that were made in this process, by program.
var packages struct {
	sync.Mutex
	made map[string][]byte
}

// Package makes a Debian package of a Go program that stands in for the agent: a service as its own is, and no more. Asked
// again, it is the same package, so that an engine makes a disk of it once.
func Package(t testing.TB, program string) string {
	t.Helper()
	packages.Lock()
	defer packages.Unlock()
	if packages.made[program] == nil {
		content, err := os.ReadFile(pack(t, program))
		if err != nil {
			t.Fatal(err)
		}
		packages.made = map[string][]byte{program: content}
	}
	deb := filepath.Join(t.TempDir(), "agent.deb")
	if err := os.WriteFile(deb, packages.made[program], 0o600); err != nil {
		t.Fatal(err)
	}
	return deb
}

func pack(t testing.TB, program string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range map[string]string{
		"DEBIAN/control":  control,
		"DEBIAN/postinst": "#!/bin/sh\nset -e\nsystemctl enable bluegreen-agent\n",
		"usr/lib/systemd/system/bluegreen-agent.service": unit,
		"etc/bluegreen/agent.d/.keep":                    "",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(root, "usr/bin/bluegreen-agent"), program)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the stand-in of the agent: %v\n%s", err, out)
	}
	deb := filepath.Join(t.TempDir(), "agent.deb")
	if out, err := exec.CommandContext(t.Context(), "dpkg-deb", "-Znone", "--build", root, deb).CombinedOutput(); err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
	return deb
}
