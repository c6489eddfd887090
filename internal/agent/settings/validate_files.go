package settings

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"bluegreen/internal/config"
)

// SecretsTarget is where the app finds the secrets' files.
const SecretsTarget = "/run/secrets"

// protected are what no container gets to see, nor a folder that has it in it: with them, it could take over the host.
var protected = []struct{ path, why string }{
	{"/proc", "the host's processes"},
	{"/sys", "the host's kernel"},
	{"/dev", "the host's devices"},
	{"/boot", "what the host starts with"},
	{"/run/docker.sock", "Docker's socket: whoever may use it is root on the host"},
	{"/run/docker", "Docker's own state"},
	{"/run/containerd", "containerd's socket: whoever may use it is root on the host"},
	{"/run/podman", "Podman's socket: whoever may use it is root on the host"},
	{"/run/crio", "CRI-O's socket: whoever may use it is root on the host"},
	{"/run/systemd", "systemd's sockets: whoever may use them can start anything on the host"},
	{"/run/dbus", "the system bus: whoever may use it can start anything on the host"},
	{"/run/bluegreen", "the agent's own files"},
	{"/etc/bluegreen", "the agent's own files"},
	{"/etc/docker", "Docker's configuration"},
	{"/etc/shadow", "the host's passwords"},
	{"/etc/sudoers", "who is root on the host"},
	{"/etc/ssh", "the host's keys"},
	{"/root", "root's own files"},
	{"/var/lib/docker", "Docker's own files, those of all containers"},
	{"/var/lib/containerd", "containerd's own files, those of all containers"},
	{"/var/lib/bluegreen", "the agent's own files"},
	{"/var/lib/cloud", "the instance's user data"},
}

// forbidden says what a container that is shown a path of the host could see, if that is too much.
func forbidden(source string) (why string) {
	source = path.Clean(source)
	if rest, ok := strings.CutPrefix(source, "/var/run"); ok && (rest == "" || rest[0] == '/') {
		source = "/run" + rest // a symbolic link, everywhere
	}
	for _, p := range protected {
		if below(source, p.path) || below(p.path, source) {
			return p.why
		}
	}
	return ""
}

// below says whether a path is another one, or in it.
func below(p, dir string) bool {
	return p == dir || dir == "/" || strings.HasPrefix(p, dir+"/")
}

// validateFiles checks what the app sees of the host, and where it can write.
func (s *Settings) validateFiles(c checker) {
	targets := map[string]string{}
	if s.hasSecretFiles() {
		targets[SecretsTarget] = "the files of [secrets]"
	}
	for i, m := range s.Container.Mounts {
		at := fmt.Sprintf("container.mounts[%d]", i)
		if c.unread(at) {
			continue
		}
		switch why := forbidden(m.Source); {
		case !cleanPath(m.Source):
			c.fault(at+".source", m.Source, wantPath+": a file or directory of the host")
		case why != "":
			c.fault(at+".source", m.Source, "is refused: there is %s", why)
		}
		s.target(c, at+".target", m.Target, targets)
	}
	for _, p := range slices.Sorted(maps.Keys(s.Container.Tmpfs)) {
		at := config.Join("container.tmpfs", p)
		s.target(c, at, p, targets)
		if size := s.Container.Tmpfs[p].Size; size < 4*config.KiB && !c.Has(at) {
			c.fault(at, s.Container.Tmpfs[p], "must have at least 4KiB")
		}
	}
}

// target checks a path in the container, and that nothing else is there.
func (s *Settings) target(c checker, at, target string, taken map[string]string) {
	clean := path.Clean(target)
	switch by := taken[clean]; {
	case !cleanPath(target) || strings.Contains(target, ":"): // a colon would end it in Docker's own files
		c.fault(at, target, wantPath+" or a colon")
	case clean == "/" || below(clean, "/proc") || below(clean, "/sys") || below(clean, "/dev") && !below(clean, "/dev/shm"):
		c.fault(at, target, "is refused: the container has its own there")
	case by != "":
		c.fault(at, target, "is taken by %s", by)
	}
	taken[clean] = at
}

func (s *Settings) hasSecretFiles() bool {
	for _, secret := range s.Secrets {
		if secret.File != "" {
			return true
		}
	}
	return false
}
