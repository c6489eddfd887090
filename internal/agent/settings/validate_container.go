package settings

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"bluegreen/internal/config"
	"bluegreen/internal/pattern"
)

var (
	userName    = pattern.Lazy(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$`)
	networkName = pattern.Lazy(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)
	profileName = pattern.Lazy(`^[A-Za-z0-9_./-]+$`)
	signalName  = pattern.Lazy(`^SIG(HUP|INT|QUIT|ABRT|ALRM|TERM|USR1|USR2|WINCH|KILL|RTMIN(\+\d{1,2})?)$`)
)

// ulimitNames are those that setrlimit(2) knows.
var ulimitNames = []string{
	"as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime",
	"sigpending", "stack",
}

func (s *Settings) validateContainer(c checker) {
	r := s.Container
	s.validateWords(c)
	s.validateEnv(c)
	c.match("container.user", r.User, userName, `must be a user, and maybe a group, such as "app", "1000" or "1000:1000"`)
	if r.WorkingDir != "" && !cleanPath(r.WorkingDir) {
		c.fault("container.working_dir", r.WorkingDir, wantPath)
	}
	c.match("container.hostname", r.Hostname, hostName, "must be a host name")
	c.match("container.stop_signal", r.StopSignal, signalName, `must be the name of a signal, such as "SIGTERM" or "SIGQUIT"`)
	if r.StopTimeout < time.Second || r.StopTimeout > time.Hour {
		c.fault("container.stop_timeout", r.StopTimeout, "must be from 1s to 1h")
	}
	s.validateLimits(c)
	s.validateHardening(c)
}

func (s *Settings) validateWords(c checker) {
	r := s.Container
	for _, list := range []struct {
		path, want string
		words      Words
	}{
		{"container.entrypoint", unsplit(r.Entrypoint), r.Entrypoint},
		{"container.entrypoint", waitingWords(nil, r.Entrypoint), r.Entrypoint},
		{"container.command", waitingWords(r.Entrypoint, r.Command), r.Command},
	} {
		if list.want != "" {
			c.fault(list.path, list.words.literal(), "%s", list.want)
		}
	}
	if want := unsplit(r.Command); want != "" && len(r.Entrypoint) == 0 { // else, it is an argument
		c.fault("container.command", r.Command.literal(), "%s", want)
	}
}

func (s *Settings) validateEnv(c checker) {
	for _, name := range slices.Sorted(maps.Keys(s.Container.Env)) {
		at := config.Join("container.env", name)
		switch value := s.Container.Env[name]; {
		case !variable().MatchString(name):
			c.fault("container.env", name, "must have names of letters, digits and underscores, no digit first")
		case strings.Contains(value, "\x00"):
			c.fault(at, nil, "must not have a zero byte in it")
		}
	}
}

func (s *Settings) validateLimits(c checker) {
	r := s.Container
	if r.Memory != 0 && r.Memory < 6*config.MiB {
		c.fault("container.memory", r.Memory, "must be at least 6MiB, or 0B for no limit")
	}
	if r.CPUs != 0 && (r.CPUs < 0.01 || r.CPUs > 1024) {
		c.fault("container.cpus", r.CPUs, "must be from 0.01 to 1024, or 0 for no limit")
	}
	c.within("container.pids", r.PIDs, 1, 1<<22)
	c.within("container.oom_score_adj", r.OOMScore, 0, 1000)
	for _, name := range slices.Sorted(maps.Keys(r.Ulimits)) {
		if !slices.Contains(ulimitNames, name) {
			c.fault(config.Join("container.ulimits", name), r.Ulimits[name], "must be one of %s", strings.Join(ulimitNames, ", "))
		}
	}
}

// capabilities are those of Linux that may be added.
var capabilities = []string{
	"AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "CHECKPOINT_RESTORE", "CHOWN", "DAC_OVERRIDE", "FOWNER",
	"FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE",
	"NET_BROADCAST", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "SYSLOG", "WAKE_ALARM",
}

// ownsHost are those with which a container can take over the host.
var ownsHost = []string{
	"SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "SYS_BOOT", "DAC_READ_SEARCH", "MAC_ADMIN", "MAC_OVERRIDE", "BPF", "PERFMON",
}

func (s *Settings) validateHardening(c checker) {
	r := s.Container
	for i, name := range r.Capabilities {
		at := fmt.Sprintf("container.capabilities[%d]", i)
		switch {
		case name == "ALL":
			c.fault(at, name, "is refused: name those that the app needs")
		case slices.Contains(ownsHost, name):
			c.fault(at, name, "is refused: with it, the container can take over the host")
		case !slices.Contains(capabilities, name):
			c.fault(at, name, `must be a capability, such as "NET_BIND_SERVICE"`)
		case slices.Index(r.Capabilities, name) != i:
			c.fault(at, name, "stands there twice")
		}
	}
	if r.Seccomp != "" && r.Seccomp != unconfined && !path.IsAbs(r.Seccomp) {
		c.fault("container.seccomp", r.Seccomp, `must be the absolute path of a profile, or "unconfined"`)
	}
	c.match("container.apparmor", r.AppArmor, profileName, `must be the name of a profile that is loaded, or "unconfined"`)
}

// unconfined turns a profile off.
const unconfined = "unconfined"

// validatePorts checks the app's network.
func (s *Settings) validatePorts(c checker) {
	r := s.Container
	switch {
	case strings.HasPrefix(r.Network, "container:"):
		c.fault("container.network", r.Network, "is refused: the app would depend on a container that the agent knows nothing of")
	case !networkName().MatchString(r.Network):
		c.fault("container.network", r.Network, `must be "bridge", "host", "none" or the name of a network of Docker`)
	case (r.Network == "host" || r.Network == "none") && len(r.Ports) > 0:
		c.fault("container.ports", nil, "must not be set when container.network = %q: there is nothing to publish", r.Network)
	}
	for i, p := range r.Ports {
		for _, other := range r.Ports[:i] {
			if p.Host == other.Host && p.Protocol == other.Protocol && (p.HostIP == other.HostIP || p.HostIP == "" || other.HostIP == "") {
				c.fault(fmt.Sprintf("container.ports[%d]", i), p, "publishes the same port of the host as %s", other)
				break
			}
		}
	}
	for i, address := range r.DNS {
		if _, err := netip.ParseAddr(address); err != nil {
			c.fault(fmt.Sprintf("container.dns[%d]", i), address, "must be an address")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.ExtraHosts)) {
		address := r.ExtraHosts[name]
		if _, err := netip.ParseAddr(address); err != nil && address != "host-gateway" {
			c.fault(config.Join("container.extra_hosts", name), address, `must be an address, or "host-gateway"`)
		}
		if !hostName().MatchString(name) {
			c.fault("container.extra_hosts", name, "must have host names")
		}
	}
}

const wantPath = "must be an absolute path without . and .. in it"

// cleanPath says whether a path is absolute, and the shortest way to write it.
func cleanPath(p string) bool {
	return path.IsAbs(p) && (path.Clean(p) == p || path.Clean(p)+"/" == p) && !strings.ContainsAny(p, "\x00\n")
}

func (w Words) literal() any {
	list := make([]any, len(w))
	for i, word := range w {
		list[i] = word
	}
	return list
}
