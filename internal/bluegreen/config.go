// Package bluegreen is what switcher is about: two stacks of one app, of which one serves, and the deployments that move
// traffic from one to the other and back.
package bluegreen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegreen/internal/aws/dns"
	"bluegreen/internal/config"
	"bluegreen/internal/pattern"
	"bluegreen/internal/traffic"
)

// Config is what a configuration file says. Its defaults are those of Default.
type Config struct {
	App     string          `toml:"app"`
	Region  string          `toml:"region"`
	Journal string          `toml:"journal"`
	Lease   config.Duration `toml:"lease"`
	DNS     DNSConfig       `toml:"dns"`
	Blue    StackConfig     `toml:"blue"`
	Green   StackConfig     `toml:"green"`
	Rollout RolloutConfig   `toml:"rollout"`
	Probe   ProbeConfig     `toml:"probe"`
	Gate    GateConfig      `toml:"gate"`
	Drain   DrainConfig     `toml:"drain"`
	Agent   AgentConfig     `toml:"agent"`
	Limits  LimitConfig     `toml:"limits"`
}

// DNSConfig says which records are the app's.
type DNSConfig struct {
	Zone     string   `toml:"zone"`
	ZoneID   string   `toml:"zone_id"`
	Names    []string `toml:"names"`
	Fence    string   `toml:"fence"`
	Resolver string   `toml:"resolver"`
}

// StackConfig names one colour's resources.
type StackConfig struct {
	LoadBalancer  string `toml:"load_balancer"`
	Group         string `toml:"group"`
	SetIdentifier string `toml:"set_identifier"`
}

// RolloutConfig says in which shifts traffic moves.
type RolloutConfig struct {
	Strategy string          `toml:"strategy"`
	Steps    []int           `toml:"steps"`
	Step     int             `toml:"step"`
	Interval config.Duration `toml:"interval"`
	Hold     config.Duration `toml:"hold"`
}

// ProbeConfig is the request that a colour has to answer.
type ProbeConfig struct {
	Scheme    string          `toml:"scheme"`
	Port      int             `toml:"port"`
	Host      string          `toml:"host"`
	Path      string          `toml:"path"`
	Status    string          `toml:"status"`
	Body      string          `toml:"body"`
	Timeout   config.Duration `toml:"timeout"`
	Interval  config.Duration `toml:"interval"`
	Successes int             `toml:"successes"`
	Failures  int             `toml:"failures"`
	CAFile    string          `toml:"ca_file"`
}

// GateConfig says when a colour that gets traffic is well.
type GateConfig struct {
	MaxErrors   float64         `toml:"max_error_percent"`
	MinRequests int             `toml:"min_requests"`
	MinHealthy  int             `toml:"min_healthy_percent"`
	Period      config.Duration `toml:"period"`
	Interval    config.Duration `toml:"interval"`
}

// DrainConfig says when clients have left a colour.
type DrainConfig struct {
	Probes      int             `toml:"probes"`
	MaxRequests int             `toml:"max_requests"`
	Period      config.Duration `toml:"period"`
	Quiet       config.Duration `toml:"quiet"`
}

// AgentConfig is what load balancers have to know of the agent on the instances.
type AgentConfig struct {
	HealthPort int `toml:"health_port"`
}

// LimitConfig bounds every wait.
type LimitConfig struct {
	Poll        config.Duration `toml:"poll"`
	InService   config.Duration `toml:"in_service"`
	Probe       config.Duration `toml:"probe"`
	Propagation config.Duration `toml:"propagation"`
	Rollback    config.Duration `toml:"rollback"`
	Drain       config.Duration `toml:"drain"`
	ScaleIn     config.Duration `toml:"scale_in"`
}

const (
	second = config.Duration(time.Second)
	minute = config.Duration(time.Minute)
)

// Default is the configuration of an app of which nothing but its name is known.
func Default() Config {
	return Config{
		Journal: "params",
		Lease:   30 * second,
		Rollout: RolloutConfig{Strategy: "canary", Steps: []int{10, 50}, Step: 10, Interval: 5 * minute, Hold: 15 * minute},
		Probe: ProbeConfig{
			Scheme: "https", Path: "/health", Status: "200", Timeout: 5 * second, Interval: 2 * second, Successes: 5, Failures: 3,
		},
		Gate:  GateConfig{MaxErrors: 1, MinRequests: 50, MinHealthy: 90, Period: minute, Interval: 15 * second},
		Drain: DrainConfig{Probes: 20, MaxRequests: 5, Period: minute, Quiet: 3 * minute},
		Agent: AgentConfig{HealthPort: 9180},
		Limits: LimitConfig{
			Poll: 5 * second, InService: 15 * minute, Probe: 5 * minute, Propagation: 10 * minute, Rollback: 12 * 60 * minute,
			Drain: 120 * minute, ScaleIn: 30 * minute,
		},
	}
}

// LoadConfig reads a file. All its faults come back in one error.
func LoadConfig(file string) (Config, error) {
	c := Default()
	faults, err := config.Load(file, &c)
	if err != nil {
		return c, err
	}
	c.complete()
	c.validate(faults)
	return c, faults.Err()
}

// Complete fills in what follows from the rest, and checks it all, as LoadConfig does for a file.
func (c *Config) Complete() error {
	faults := &config.Faults{File: "the configuration"}
	c.complete()
	c.validate(faults)
	return faults.Err()
}

// complete fills in the names that follow from the app's.
func (c *Config) complete() {
	for color, s := range map[traffic.Color]*StackConfig{traffic.Blue: &c.Blue, traffic.Green: &c.Green} {
		def(&s.LoadBalancer, fmt.Sprintf("%s-%s-alb", c.App, color))
		def(&s.Group, fmt.Sprintf("%s-%s-asg", c.App, color))
		def(&s.SetIdentifier, string(color))
	}
	if len(c.DNS.Names) > 0 {
		def(&c.DNS.Fence, fmt.Sprintf("_bluegreen-%s.%s", c.App, strings.TrimPrefix(c.DNS.Names[0], "*.")))
		def(&c.Probe.Host, strings.TrimSuffix(c.DNS.Names[0], "."))
	}
	if c.Probe.Port == 0 {
		c.Probe.Port = map[string]int{"http": 80, "https": 443}[c.Probe.Scheme]
	}
}

func def(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

var (
	appName  = pattern.Lazy(`^[a-z][a-z0-9-]{0,20}$`)
	hostName = pattern.Lazy(`^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}\.?$`)
)

func (c *Config) validate(f *config.Faults) {
	if !appName().MatchString(c.App) {
		f.Add("app", c.App, "must be 1 to 21 lower-case letters, digits or hyphens, a letter first")
	}
	if _, isFile := strings.CutPrefix(c.Journal, "file:"); c.Journal != "params" && !isFile {
		f.Add("journal", c.Journal, `must be "params" (Parameter Store) or "file:DIRECTORY"`)
	}
	c.DNS.validate(f)
	for _, path := range []struct {
		path        string
		blue, green string
	}{
		{"load_balancer", c.Blue.LoadBalancer, c.Green.LoadBalancer},
		{"group", c.Blue.Group, c.Green.Group},
		{"set_identifier", c.Blue.SetIdentifier, c.Green.SetIdentifier},
	} {
		if path.blue == path.green {
			f.Add("green."+path.path, path.green, "must differ from blue.%s", path.path)
		}
	}
	c.Rollout.validate(f)
	c.Probe.validate(f)
	if p := c.Agent.HealthPort; p < 1 || p > 65535 {
		f.Add("agent.health_port", p, "must be from 1 to 65535")
	}
	percent(f, "gate.min_healthy_percent", c.Gate.MinHealthy, 1, 100)
	if c.Gate.MaxErrors < 0 || c.Gate.MaxErrors > 100 {
		f.Add("gate.max_error_percent", c.Gate.MaxErrors, "must be from 0 to 100")
	}
	atLeast(f, "gate.min_requests", c.Gate.MinRequests, 1)
	atLeast(f, "drain.probes", c.Drain.Probes, 1)
	atLeast(f, "drain.max_requests", c.Drain.MaxRequests, 0)
	c.validateSpans(f)
}

func (d *DNSConfig) validate(f *config.Faults) {
	if d.Zone == "" && d.ZoneID == "" {
		f.Add("dns.zone_id", nil, "must be set, or dns.zone (with the id, a rollback saves a call)")
	}
	if len(d.Names) == 0 {
		f.Add("dns.names", nil, "must list the names that clients use")
	}
	for i, name := range d.Names {
		if !hostName().MatchString(strings.ToLower(name)) {
			f.Add(fmt.Sprintf("dns.names[%d]", i), name, "must be a host name")
		}
		if slices.Index(d.Names, name) != i {
			f.Add(fmt.Sprintf("dns.names[%d]", i), name, "stands there twice")
		}
	}
	if d.Fence != "" && !hostName().MatchString(d.Fence) {
		f.Add("dns.fence", d.Fence, "must be a host name with labels of at most 63 characters")
	}
}

func (r *RolloutConfig) validate(f *config.Faults) {
	if !slices.Contains(Strategies, r.Strategy) {
		f.Add("rollout.strategy", r.Strategy, "must be one of %s", strings.Join(Strategies, ", "))
	}
	percent(f, "rollout.step", r.Step, 1, 100)
	last := 0
	for i, s := range r.Steps {
		percent(f, fmt.Sprintf("rollout.steps[%d]", i), s, 1, 100)
		if s <= last {
			f.Add(fmt.Sprintf("rollout.steps[%d]", i), s, "must be greater than the step before, %d", last)
		}
		last = s
	}
	if r.Interval < 0 {
		f.Add("rollout.interval", r.Interval, "must not be negative")
	}
	if r.Hold < 0 {
		f.Add("rollout.hold", r.Hold, "must not be negative")
	}
}

func (p *ProbeConfig) validate(f *config.Faults) {
	if p.Scheme != "http" && p.Scheme != "https" {
		f.Add("probe.scheme", p.Scheme, `must be "http" or "https"`)
	}
	if p.Port < 1 || p.Port > 65535 {
		f.Add("probe.port", p.Port, "must be from 1 to 65535")
	}
	if !strings.HasPrefix(p.Path, "/") {
		f.Add("probe.path", p.Path, "must begin with /")
	}
	atLeast(f, "probe.successes", p.Successes, 1)
	atLeast(f, "probe.failures", p.Failures, 1)
}

// validateSpans checks that no wait is without a bound and no poll without a pause.
func (c *Config) validateSpans(f *config.Faults) {
	for _, s := range []struct {
		path string
		span config.Duration
		min  config.Duration
	}{
		{"lease", c.Lease, 3 * second},
		{"probe.timeout", c.Probe.Timeout, second / 10},
		{"probe.interval", c.Probe.Interval, second / 100},
		{"gate.period", c.Gate.Period, second},
		{"gate.interval", c.Gate.Interval, second / 100},
		{"drain.period", c.Drain.Period, second},
		{"drain.quiet", c.Drain.Quiet, second},
		{"limits.poll", c.Limits.Poll, second / 100},
		{"limits.in_service", c.Limits.InService, second},
		{"limits.probe", c.Limits.Probe, second},
		{"limits.propagation", c.Limits.Propagation, second},
		{"limits.rollback", c.Limits.Rollback, second},
		{"limits.drain", c.Limits.Drain, second},
		{"limits.scale_in", c.Limits.ScaleIn, second},
	} {
		if s.span < s.min {
			f.Add(s.path, s.span, "must be at least %s", s.min)
		}
	}
}

func percent(f *config.Faults, path string, n, low, high int) {
	if n < low || n > high {
		f.Add(path, n, "must be from %d to %d", low, high)
	}
}

func atLeast(f *config.Faults, path string, n, low int) {
	if n < low {
		f.Add(path, n, "must be at least %d", low)
	}
}

// Stack is the configuration of one colour.
func (c *Config) Stack(color traffic.Color) StackConfig {
	if color == traffic.Blue {
		return c.Blue
	}
	return c.Green
}

// records says which records of which zone are the app's.
func (c *Config) records(zoneID string) traffic.App {
	app := traffic.App{
		Zone: zoneID, Fence: dns.Normal(c.DNS.Fence),
		SetIDs: map[traffic.Color]string{traffic.Blue: c.Blue.SetIdentifier, traffic.Green: c.Green.SetIdentifier},
	}
	for _, n := range c.DNS.Names {
		app.Names = append(app.Names, dns.Normal(n))
	}
	return app
}
