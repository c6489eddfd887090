// Package settings is what the agent is told to do: /etc/bluegreen/agent.toml, the files in agent.d over it, and the
// instance's tags over those. It is strict, reports all faults at once, and says what container comes of it. What is not
// set is hardened; everything that makes the container less so is written out, and listed by [Loosened].
package settings

import (
	"time"

	"bluegreen/internal/config"
)

// Settings are what the files and tags say, complete and checked. The keys are described in Keys, the defaults are those
// of Default.
type Settings struct {
	App    string   `toml:"app"`
	Color  string   `toml:"color"` // "blue", "green", or "" when not known
	Image  Image    `toml:"image"`
	Region string   `toml:"region"` // "" for the instance's own
	Tags   []string `toml:"tags"`   // the instance tags that are obeyed, without "bluegreen:"

	Container Container         `toml:"container"`
	Log       Log               `toml:"log"`
	Secrets   map[string]Secret `toml:"secrets"`
	Pull      Pull              `toml:"pull"`
	Registry  map[string]Login  `toml:"registry"` // by host
	Health    Health            `toml:"health"`
	Admin     Admin             `toml:"admin"`
	Restart   Restart           `toml:"restart"`
	GC        GC                `toml:"gc"`
	Lifecycle Lifecycle         `toml:"lifecycle"`
	Metrics   Metrics           `toml:"metrics"`

	Notes []string // what stood there and was passed over, for the log
}

// Container is how the app runs. A zero limit is none, and an empty text leaves the matter to the image, unless said
// otherwise.
type Container struct {
	Command    Words             `toml:"command"`
	Entrypoint Words             `toml:"entrypoint"`
	Env        map[string]string `toml:"env"`
	User       string            `toml:"user"`
	WorkingDir string            `toml:"working_dir"`
	Hostname   string            `toml:"hostname"`
	Init       bool              `toml:"init"`

	Ports      []Port            `toml:"ports"`
	Network    string            `toml:"network"`
	ExtraHosts map[string]string `toml:"extra_hosts"` // name to address
	DNS        []string          `toml:"dns"`         // addresses

	Memory   config.Size       `toml:"memory"`
	ShmSize  config.Size       `toml:"shm_size"` // of /dev/shm; Docker's 64 MiB when zero
	CPUs     float64           `toml:"cpus"`
	PIDs     int               `toml:"pids"`
	Ulimits  map[string]Ulimit `toml:"ulimits"`
	OOMScore int               `toml:"oom_score_adj"` // who goes first when the machine has no memory left: 0 to 1000

	ReadOnly        bool             `toml:"read_only"`
	Tmpfs           map[string]Tmpfs `toml:"tmpfs"` // by path
	Mounts          []Mount          `toml:"mounts"`
	Capabilities    []string         `toml:"capabilities"` // without "CAP_"; all others are dropped
	NoNewPrivileges bool             `toml:"no_new_privileges"`
	Seccomp         string           `toml:"seccomp"` // "" for Docker's profile, "unconfined", or a file
	SeccompProfile  string           // what is in that file
	AppArmor        string           `toml:"apparmor"` // "" for Docker's profile, "unconfined", or a profile's name

	StopSignal  string        `toml:"stop_signal"`
	StopTimeout time.Duration `toml:"stop_timeout"`
}

// Mount shows a file or directory of the host to the app.
type Mount struct {
	Source string `toml:"source"`
	Target string `toml:"target"`
	Write  bool   `toml:"write"`
}

// Log is where the app's output goes.
type Log struct {
	Driver  string            `toml:"driver"`
	Options map[string]string `toml:"options"` // as Docker names them, with those that rotate
}

// Secret is one that the app gets.
type Secret struct {
	From     Source        `toml:"from"`
	File     string        `toml:"file"`  // name below SecretsTarget; "" for none
	Mode     Mode          `toml:"mode"`  // see Access
	Owner    string        `toml:"owner"` // "uid" or "uid:gid"; see Access
	Env      bool          `toml:"env"`   // as a variable, too
	Refresh  time.Duration `toml:"refresh"`
	OnChange string        `toml:"on_change"` // "restart" or "update"
}

// Login is how to log in to a registry.
type Login struct {
	Username string `toml:"username"`
	Password Source `toml:"password"`
}

// Pull is how the image is fetched.
type Pull struct {
	Policy     string        `toml:"policy"`     // "always", "missing" or "never"
	Begin      time.Duration `toml:"begin"`      // until the first word of progress
	Inactivity time.Duration `toml:"inactivity"` // without any progress
	Total      time.Duration `toml:"total"`
	Patience   time.Duration `toml:"patience"` // until an image that is there is used instead
	MinFree    config.Size   `toml:"min_free"` // of disk, that must be there before
}

// Health is how the app is probed, and where the verdict is served.
type Health struct {
	Listen      string        `toml:"listen"` // host:port
	Probe       string        `toml:"probe"`  // "http", "https", "tcp" or "docker"
	Path        string        `toml:"path"`
	Port        int           `toml:"port"` // of the host; complete unless Probe is "docker"
	Host        string        `toml:"host"` // the Host header; "" for the address
	Status      string        `toml:"status"`
	StartPeriod time.Duration `toml:"start_period"`
	Interval    time.Duration `toml:"interval"`
	Timeout     time.Duration `toml:"timeout"`
	Healthy     int           `toml:"healthy"`   // successes in a row
	Unhealthy   int           `toml:"unhealthy"` // failures in a row
	MaxAge      time.Duration `toml:"max_age"`   // of a verdict that is believed
}

// Admin is where /status and /metrics are served.
type Admin struct {
	Listen string `toml:"listen"` // host:port
}

// Restart is what is done about an app that fails.
type Restart struct {
	Crashes  int           `toml:"crashes"`  // in a row that Docker restarts by itself
	After    time.Duration `toml:"after"`    // unhealthy for that long
	Cooldown time.Duration `toml:"cooldown"` // from one restart of the agent's to the next
	Budget   int           `toml:"budget"`   // restarts of the agent's in an hour
	Escalate bool          `toml:"escalate"` // when the budget is spent, the instance is reported as unhealthy
}

// GC is when images are removed.
type GC struct {
	High     int           `toml:"high"` // percent of a disk in use from which on images are removed
	Low      int           `toml:"low"`  // and down to which
	Interval time.Duration `toml:"interval"`
}

// Lifecycle is how the instance comes and goes.
type Lifecycle struct {
	LaunchHook          string        `toml:"launch_hook"`      // "" for the group's own
	TerminationHook     string        `toml:"termination_hook"` // likewise
	LaunchDeadline      time.Duration `toml:"launch_deadline"`
	Rebalance           bool          `toml:"rebalance"`
	DeregistrationDelay time.Duration `toml:"deregistration_delay"` // 0 to go by what can be seen
	Notice              time.Duration `toml:"notice"`
	ShutdownLimit       time.Duration `toml:"shutdown_limit"`
	Poll                time.Duration `toml:"poll"`       // of the metadata service
	GroupPoll           time.Duration `toml:"group_poll"` // of the group, while launching or draining
}

// Metrics is what goes to CloudWatch.
type Metrics struct {
	Enabled   bool          `toml:"enabled"`
	Namespace string        `toml:"namespace"`
	Interval  time.Duration `toml:"interval"`
}

// Default are the settings of an app of which nothing is known.
func Default() Settings {
	return Settings{
		Tags: []string{"app", "color"},
		Container: Container{
			Network: "bridge", PIDs: 1024, OOMScore: 500, ReadOnly: true, NoNewPrivileges: true, StopTimeout: 30 * time.Second,
		},
		Log: Log{Driver: "local"},
		Pull: Pull{
			Policy: "always", Begin: 5 * time.Minute, Inactivity: 2 * time.Minute, Total: 2 * time.Hour,
			Patience: 20 * time.Second, MinFree: 512 * config.MiB,
		},
		Health: Health{
			Listen: ":9180", Probe: "http", Path: "/health", Status: "200-399", StartPeriod: time.Minute, Interval: 5 * time.Second,
			Timeout: 2 * time.Second, Healthy: 2, Unhealthy: 3,
		},
		Admin:   Admin{Listen: "127.0.0.1:9181"},
		Restart: Restart{Crashes: 5, After: 30 * time.Second, Cooldown: 2 * time.Minute, Budget: 4, Escalate: true},
		GC:      GC{High: 85, Low: 75, Interval: 10 * time.Minute},
		Lifecycle: Lifecycle{
			LaunchDeadline: 10 * time.Minute, Notice: 70 * time.Second,
			ShutdownLimit: 2 * time.Minute, Poll: 5 * time.Second, GroupPoll: 10 * time.Second,
		},
		Metrics: Metrics{Enabled: true, Namespace: "Bluegreen", Interval: time.Minute},
	}
}
