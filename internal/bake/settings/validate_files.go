package settings

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
)

// volatile are folders of which nothing would be in an AMI, or nothing that lasts.
var volatile = []string{"/dev", "/proc", "/run", "/sys", "/tmp", "/var/run", "/var/tmp", "/var/lib/amibake", "/var/lib/cloud", "/var/log"}

// validateFiles checks that what goes into the AMI is there, and may go where it is to go.
func (s *Settings) validateFiles(c checker) {
	if p := s.Agent.Package; p != "" {
		if filepath.Ext(p) != ".deb" {
			c.fault("agent.package", p, "must be a Debian package, such as \"bluegreen-agent_1.2.0_amd64.deb\"")
		}
		regular(c, "agent.package", p)
	}
	if p := s.Agent.Settings; p != "" {
		if filepath.Ext(p) != ".toml" {
			c.fault("agent.settings", p, "must be a .toml file")
		}
		regular(c, "agent.settings", p)
		fragment(c, p)
	}
	for i, script := range s.Build.Scripts {
		regular(c, fmt.Sprintf("build.scripts[%d]", i), script)
	}
	taken := map[string]string{}
	for i, f := range s.Build.Files {
		at := fmt.Sprintf("build.files[%d]", i)
		if c.Has(at) {
			continue
		}
		if f.Source == "" {
			c.fault(at+".source", nil, "must be set")
		} else if info, err := os.Stat(f.Source); err != nil {
			c.fault(at+".source", f.Source, "must be a file or a folder that can be read: %v", reason(err))
		} else if !info.IsDir() && !info.Mode().IsRegular() {
			c.fault(at+".source", f.Source, "must be a file or a folder")
		}
		target(c, at+".target", f.Target, taken)
	}
}

// fragment checks what can be known of the agent's settings here; the agent itself checks them on the builder.
func fragment(c checker, file string) {
	const at = "agent.settings"
	table := map[string]any{}
	if _, err := toml.DecodeFile(file, &table); err != nil {
		c.fault(at, file, "must be TOML: %v", err)
	}
	for _, key := range []string{"app", "image"} {
		if _, ok := table[key]; ok {
			c.fault(at, file, "must not set %s: amibake does, to what stands here", key)
		}
	}
}

// target checks a path on the AMI, and that nothing else is there.
func target(c checker, at, to string, taken map[string]string) {
	inside := func(dir string) bool { return to == dir || strings.HasPrefix(to, dir+"/") }
	switch {
	case !path.IsAbs(to) || path.Clean(to) != to || to == "/" || strings.ContainsAny(to, "\x00\n"):
		c.fault(at, to, `must be an absolute path without "..", and no "/" at its end`)
	case taken[to] != "":
		c.fault(at, to, "is taken by %s", taken[to])
	}
	for _, dir := range volatile {
		if inside(dir) {
			c.fault(at, to, "is refused: what is in %s does not get into an AMI, or does not last", dir)
		}
	}
	taken[to] = at
}

// regular checks that a path is that of a file that can be opened.
func regular(c checker, at, file string) {
	info, err := os.Stat(file)
	if err == nil && !info.Mode().IsRegular() {
		c.fault(at, file, "must be a file")
		return
	}
	if err == nil {
		var f fs.File
		if f, err = os.Open(file); err == nil {
			_ = f.Close() // nothing was written
		}
	}
	if err != nil {
		c.fault(at, file, "must be a file that can be read: %v", reason(err))
	}
}
