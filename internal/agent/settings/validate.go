package settings

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"bluegreen/internal/config"
	"bluegreen/internal/pattern"
	"bluegreen/internal/probe"
)

// checker notes what is wrong with a value, unless it could not even be decoded.
type checker struct{ *config.Faults }

func (c checker) fault(path string, value any, want string, args ...any) {
	if !c.Has(path) {
		c.Add(path, value, want, args...)
	}
}

// unread says whether all of a table could not be decoded, so that nothing in it is missing.
func (c checker) unread(path string) bool {
	return slices.ContainsFunc(c.Faults.Faults, func(f config.Fault) bool { return f.Path == path })
}

// match checks a text that may be empty.
func (c checker) match(path, value string, form pattern.Func, want string) {
	if value != "" && !form().MatchString(value) {
		c.fault(path, value, "%s", want)
	}
}

func (c checker) within(path string, n, low, high int) {
	if n < low || n > high {
		c.fault(path, n, "must be from %d to %d", low, high)
	}
}

func (c checker) oneOf(path, value string, known ...string) {
	if !slices.Contains(known, value) {
		c.fault(path, value, "must be one of %s", strings.Join(known, ", "))
	}
}

func (c checker) atLeast(path string, span, low time.Duration) {
	if span < low {
		c.fault(path, span, "must be at least %s", low)
	}
}

var (
	appName   = pattern.Lazy(`^[a-z][a-z0-9-]{0,20}$`)
	region    = pattern.Lazy(`^[a-z]{2,8}(-[a-z]+)+-\d{1,2}$`)
	hostName  = pattern.Lazy(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)
	hookName  = pattern.Lazy(`^[A-Za-z0-9\-_/]{1,255}$`)
	namespace = pattern.Lazy(`^[A-Za-z0-9._/#-][A-Za-z0-9._/#:-]{0,254}$`)
	variable  = pattern.Lazy(`^[A-Za-z_][A-Za-z0-9_]*$`)
	registry  = pattern.Lazy(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$`)
)

func (s *Settings) validate(f *config.Faults) {
	c := checker{f}
	if s.App == "" && !slices.Contains(s.Tags, "app") {
		c.fault("app", nil, "must be set")
	}
	c.match("app", s.App, appName, "must be 1 to 21 lower-case letters, digits or hyphens, a letter first")
	if s.Color != "" {
		c.oneOf("color", s.Color, "blue", "green")
	}
	if s.Image.IsZero() {
		c.fault("image", nil, wantImage)
	}
	c.match("region", s.Region, region, `must be a region, such as "eu-west-1"`)
	for i, tag := range s.Tags {
		c.oneOf(fmt.Sprintf("tags[%d]", i), tag, knownTags...)
	}
	s.validateContainer(c)
	s.validatePorts(c)
	s.validateFiles(c)
	s.validateLog(c)
	s.validateSecrets(c)
	s.validateHealth(c)
	s.validateListeners(c)
	s.validateRest(c)
}

func (s *Settings) validateHealth(c checker) {
	h := s.Health
	c.oneOf("health.probe", h.Probe, "http", "https", "tcp", "docker")
	if !strings.HasPrefix(h.Path, "/") || strings.ContainsFunc(h.Path, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		c.fault("health.path", h.Path, "must begin with / and have no blanks")
	}
	c.match("health.host", strings.TrimSuffix(h.Host, portOf(h.Host)), hostName, "must be a host name, or one with a port")
	if _, err := probe.ParseStatuses(h.Status); err != nil {
		c.fault("health.status", h.Status, `must be statuses such as "200" or "200-399"`)
	}
	c.atLeast("health.start_period", h.StartPeriod, 0)
	c.atLeast("health.interval", h.Interval, 100*time.Millisecond)
	c.atLeast("health.timeout", h.Timeout, 10*time.Millisecond)
	if h.MaxAge <= h.Interval+h.Timeout {
		c.fault("health.max_age", h.MaxAge, "must be more than interval and timeout together, %s, or a verdict is too old before there is the next one",
			h.Interval+h.Timeout)
	}
	c.within("health.healthy", h.Healthy, 1, 100)
	c.within("health.unhealthy", h.Unhealthy, 1, 100)
	s.validateProbed(c)
}

// validateProbed checks that there is something to probe.
func (s *Settings) validateProbed(c checker) {
	h, network := s.Health, s.Container.Network
	if h.Probe == "docker" {
		if h.Port != 0 {
			c.fault("health.port", h.Port, `must not be set when probe = "docker": the image says how`)
		}
		return
	}
	published := slices.ContainsFunc(s.Container.Ports, func(p Port) bool { return p.Protocol == "tcp" && int(p.Host) == h.Port })
	switch {
	case h.Port == 0 && c.Has("container.ports"): // which may lead to it
	case h.Port == 0 && network == "host":
		c.fault("health.port", nil, `must be set: with container.network = "host" there is no other way to know it`)
	case h.Port == 0:
		c.fault("health.port", nil, `must be set, or container.ports: no port of the host leads to the app that could be probed (or probe = "docker")`)
	case network == "host":
		c.within("health.port", h.Port, 1, 65535)
	case !published:
		c.fault("health.port", h.Port, "must be a port of the host that leads to the app: one of container.ports")
	}
}

// portOf is the port of a host with its colon; "" for none.
func portOf(host string) string {
	if _, port, err := net.SplitHostPort(host); err == nil {
		return ":" + port
	}
	return ""
}

// listenPort is the port in an address to listen on; 0 for what is no such address.
func listenPort(address string) int {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0
	}
	if _, err := netip.ParseAddr(host); host != "" && err != nil {
		return 0
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// validateListeners checks that nobody takes another's port.
func (s *Settings) validateListeners(c checker) {
	taken := map[int]string{}
	if s.Container.Network == "host" && s.Health.Port != 0 {
		taken[s.Health.Port] = "the app"
	}
	for i, p := range s.Container.Ports {
		if p.Protocol == "tcp" {
			taken[int(p.Host)] = fmt.Sprintf("container.ports[%d]", i)
		}
	}
	for _, l := range []struct{ path, address string }{{"health.listen", s.Health.Listen}, {"admin.listen", s.Admin.Listen}} {
		port := listenPort(l.address)
		if port == 0 {
			c.fault(l.path, l.address, `must be an address and a port, such as ":9180" or "127.0.0.1:9181"`)
			continue
		}
		if by, ok := taken[port]; ok {
			c.fault(l.path, l.address, "must have a port of its own: %d is that of %s", port, by)
		}
		taken[port] = l.path
	}
}

func (s *Settings) validateRest(c checker) {
	for _, r := range []struct {
		path      string
		span, low time.Duration
	}{
		{"pull.begin", s.Pull.Begin, time.Second},
		{"pull.inactivity", s.Pull.Inactivity, time.Second},
		{"pull.total", s.Pull.Total, time.Second},
		{"pull.patience", s.Pull.Patience, time.Second},
		{"restart.after", s.Restart.After, time.Second},
		{"restart.cooldown", s.Restart.Cooldown, time.Second},
		{"gc.interval", s.GC.Interval, time.Minute},
		{"lifecycle.launch_deadline", s.Lifecycle.LaunchDeadline, time.Second},
		{"lifecycle.deregistration_delay", s.Lifecycle.DeregistrationDelay, 0},
		{"lifecycle.notice", s.Lifecycle.Notice, time.Second},
		{"lifecycle.shutdown_limit", s.Lifecycle.ShutdownLimit, time.Second},
		{"lifecycle.poll", s.Lifecycle.Poll, time.Second},
		{"lifecycle.group_poll", s.Lifecycle.GroupPoll, time.Second},
		{"metrics.interval", s.Metrics.Interval, time.Second},
	} {
		c.atLeast(r.path, r.span, r.low)
	}
	if s.Pull.Total < max(s.Pull.Begin, s.Pull.Inactivity) {
		c.fault("pull.total", s.Pull.Total, "must not be less than pull.begin and pull.inactivity")
	}
	c.oneOf("pull.policy", s.Pull.Policy, "always", "missing", "never")
	c.within("restart.crashes", s.Restart.Crashes, 1, 1000)
	c.within("restart.budget", s.Restart.Budget, 1, 1000)
	c.within("gc.high", s.GC.High, 1, 99)
	c.within("gc.low", s.GC.Low, 1, 99)
	if s.GC.Low >= s.GC.High {
		c.fault("gc.low", s.GC.Low, "must be below gc.high, %d", s.GC.High)
	}
	c.match("lifecycle.launch_hook", s.Lifecycle.LaunchHook, hookName, "must be the name of a lifecycle hook")
	c.match("lifecycle.termination_hook", s.Lifecycle.TerminationHook, hookName, "must be the name of a lifecycle hook")
	if !namespace().MatchString(s.Metrics.Namespace) || strings.HasPrefix(s.Metrics.Namespace, "AWS/") {
		c.fault("metrics.namespace", s.Metrics.Namespace, "must be a namespace of CloudWatch, and not one of AWS's own")
	}
}

// isObject says whether a text is a JSON object.
func isObject(text []byte) bool {
	var object map[string]any
	return json.Unmarshal(text, &object) == nil && object != nil
}
