package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bluegreen/internal/config"
)

// Paths are where the files are.
type Paths struct {
	File string // may be missing if there are others
	Dir  string // its *.toml go over File in the order of their names; may be missing
}

// Installed are the paths of the package.
var Installed = Paths{File: "/etc/bluegreen/agent.toml", Dir: "/etc/bluegreen/agent.d"}

// Load reads the files and checks them. All faults come back in one error, a *config.Faults. What the instance's tags are
// to bring is not missed yet: see WithTags.
func Load(paths Paths) (Settings, error) {
	files, err := paths.files()
	if err != nil {
		return Settings{}, err
	}
	s := Default()
	faults, err := config.Merge(&s, unexpanded, files...)
	if err != nil {
		return Settings{}, err
	}
	s.readSeccomp(faults)
	s.complete()
	s.validate(faults)
	return s, faults.Err()
}

// files are those that exist, in the order in which they are read.
func (p Paths) files() ([]string, error) {
	var files []string
	if _, err := os.Stat(p.File); err == nil {
		files = append(files, p.File)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	entries, err := os.ReadDir(p.Dir) // in the order of their names
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() && filepath.Ext(e.Name()) == ".toml" && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, filepath.Join(p.Dir, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read the configuration: there is neither %s nor a .toml file in %s", p.File, p.Dir)
	}
	return files, nil
}

// maxSeccomp bounds a profile; Docker's own has 14 KB.
const maxSeccomp = 1 << 20

// readSeccomp reads the profile that container.seccomp names.
func (s *Settings) readSeccomp(f *config.Faults) {
	c := &s.Container
	if !filepath.IsAbs(c.Seccomp) {
		return // validate has something to say about it
	}
	text, err := os.ReadFile(c.Seccomp)
	switch {
	case err != nil:
		f.Add("container.seccomp", c.Seccomp, "must be a profile that can be read: %v", err)
	case len(text) > maxSeccomp || !isObject(text):
		f.Add("container.seccomp", c.Seccomp, "must be a profile, which is a JSON object")
	default:
		c.SeccompProfile = string(text)
	}
}

// complete fills in what follows from the rest.
func (s *Settings) complete() {
	s.completeLog()
	s.completeTmpfs()
	s.completeHealth()
	for name, secret := range s.Secrets {
		if secret.File == "" && !secret.Env {
			secret.File = name
		}
		if secret.OnChange == "" {
			secret.OnChange = "restart"
		}
		s.Secrets[name] = secret
	}
	for i, name := range s.Container.Capabilities {
		s.Container.Capabilities[i] = strings.TrimPrefix(strings.ToUpper(name), "CAP_")
	}
}

// completeTmpfs gives the app a place to write to, unless it has one there.
func (s *Settings) completeTmpfs() {
	c := &s.Container
	for _, m := range c.Mounts {
		if m.Target == defaultTmpfs {
			return
		}
	}
	if _, ok := c.Tmpfs[defaultTmpfs]; !ok {
		if c.Tmpfs == nil {
			c.Tmpfs = map[string]Tmpfs{}
		}
		c.Tmpfs[defaultTmpfs] = Tmpfs{Size: 64 * config.MiB}
	}
}

const defaultTmpfs = "/tmp"

func (s *Settings) completeHealth() {
	h := &s.Health
	if port, ok := s.FirstPort(); ok && h.Port == 0 && h.Probe != "docker" {
		h.Port = int(port.Host)
	}
	if h.MaxAge == 0 {
		h.MaxAge = 3*h.Interval + h.Timeout
	}
}

// FirstPort is the first one that can be probed.
func (s *Settings) FirstPort() (Port, bool) {
	for _, p := range s.Container.Ports {
		if p.Protocol == "tcp" {
			return p, true
		}
	}
	return Port{}, false
}
