package settings

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"bluegreen/internal/pattern"
)

// Loosened lists, in words, every way in which the settings make the container, or the agent, less hardened than they
// would be without.
func Loosened(s Settings) []string {
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	c := s.Container
	if c.Network == "host" {
		say(`container.network = "host": the app sees the host's network, with all that listens on its loopback address, and can pose as the instance`)
	}
	if rootUser(c.User) {
		say("container.user = %q: the app runs as root within the container", c.User)
	}
	if !c.ReadOnly {
		say("container.read_only = false: the app can change its own files")
	}
	if !c.NoNewPrivileges {
		say("container.no_new_privileges = false: programs in the image can gain rights that the app does not have")
	}
	for _, name := range c.Capabilities {
		say("container.capabilities: %s is added", name)
	}
	for _, p := range []struct{ key, value string }{{"seccomp", c.Seccomp}, {"apparmor", c.AppArmor}} {
		switch p.value {
		case "":
		case unconfined:
			say("container.%s = %q: there is no profile that bounds what the app may ask of the kernel", p.key, p.value)
		default:
			say("container.%s = %q: a profile of your own instead of Docker's", p.key, p.value)
		}
	}
	for _, m := range c.Mounts {
		if m.Write {
			say("container.mounts: the app can change %s of the host", m.Source)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(c.Tmpfs)) {
		if c.Tmpfs[p].Exec {
			say("container.tmpfs: programs in %s can be run", p)
		}
	}
	return append(all, loosenedAgent(s)...)
}

func loosenedAgent(s Settings) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
		if s.Secrets[name].Env {
			all = append(all, fmt.Sprintf("secrets.%s.env = true: Docker writes variables to its own files, and shows them to whoever may ask it", name))
		}
	}
	if !loopback(s.Admin.Listen) {
		all = append(all, fmt.Sprintf("admin.listen = %q: others than this host can read /status and /metrics", s.Admin.Listen))
	}
	if slices.Contains(s.Tags, "image") {
		all = append(all, `tags lists "image": whoever may tag the instance chooses which version runs`)
	}
	return all
}

// rootUser says whether a user is root, whatever its group.
func rootUser(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	return name == "root" || name != "" && strings.Trim(name, "0") == ""
}

func loopback(address string) bool {
	at, err := netip.ParseAddrPort(address)
	return err == nil && at.Addr().IsLoopback()
}

var secretVariable = pattern.Lazy(`(?i)(password|passwd|secret|token|api_?key|private_?key|credential)`)

// Doubts lists, in words, what may be as it stands, but probably was not meant to be.
func Doubts(s Settings) []string {
	all := slices.Clone(s.Notes)
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	c := s.Container
	if s.Image.Tag == "latest" && !s.Image.Pinned() {
		say("image: the tag latest moves, so that two instances may run different versions")
	}
	for _, list := range []struct {
		key   string
		words []string
	}{{"entrypoint", c.Entrypoint}, {"command", c.Command}} {
		if word, found := pairs(list.words); found {
			say("container.%s: %q is one word; an option and its value are usually two", list.key, word)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		value := c.Env[name]
		if secretVariable().MatchString(name) && value != "" && !path.IsAbs(value) {
			say("container.env.%s has the name of a secret, and Docker writes it to its own files: put it into [secrets]", name)
		}
		if want := waiting(value); want != "" {
			say("container.env.%s looks like a template; it gets to the app as it stands", name)
		}
	}
	if c.Memory == 0 {
		say("container.memory is not set: an app that leaks takes all of the host's memory before it is stopped")
	}
	if c.Network == "host" && s.Health.Port > 0 && s.Health.Port < 1024 && !slices.Contains(c.Capabilities, "NET_BIND_SERVICE") {
		say("container.capabilities has no NET_BIND_SERVICE, without which the app cannot listen on port %d of the host's network", s.Health.Port)
	}
	if l := s.Lifecycle; l.DeregistrationDelay+c.StopTimeout > 2*time.Minute {
		say("lifecycle.deregistration_delay and container.stop_timeout are more than the 2m that a spot instance is given")
	}
	return all
}
