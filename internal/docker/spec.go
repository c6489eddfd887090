package docker

import "time"

// Spec is a container to be created. The zero value of a field leaves the matter to the image or to the engine, unless
// said otherwise.
type Spec struct {
	Name       string
	Image      string // a reference or an image id; it must be there
	Command    []string
	Entrypoint []string
	Env        map[string]string
	Labels     map[string]string
	User       string // "user", "uid", "user:group" or "uid:gid"
	WorkingDir string
	Hostname   string
	TTY        bool // its first process has a terminal, which Console reads

	Ports      []Port
	Network    string            // a network's name or "host", "none"; the default bridge when empty
	ExtraHosts []string          // "name:address"
	DNS        []string          // addresses
	Sysctls    map[string]string // of the container's own network, e.g. "net.ipv4.ip_forward"

	Memory      int64   // bytes; no limit when zero
	MemorySwap  int64   // memory and swap together, in bytes; equal to Memory for no swap, -1 for no limit, twice Memory when zero
	ShmSize     int64   // of /dev/shm, in bytes; 64 MiB when zero
	CPUs        float64 // no limit when zero
	PIDs        int64   // no limit when zero
	Ulimits     []Ulimit
	OOMScoreAdj int

	ReadOnly        bool              // the root file system
	Tmpfs           map[string]string // path to mount options, e.g. "/tmp": "size=64m,mode=1777"
	Mounts          []Mount
	Volumes         []string // paths that get a volume each, which goes with the container
	VolumesFrom     string   // id of a container whose volumes this one has, too
	NoNewPrivileges bool
	CapDrop         []string // "ALL", or names with or without "CAP_"
	CapAdd          []string
	Seccomp         string // a profile as JSON, or "unconfined"
	AppArmor        string // a loaded profile's name, or "unconfined"
	CgroupNamespace string // "host" or "private"

	StopSignal  string        // e.g. "SIGQUIT"
	StopTimeout time.Duration // rounded up to seconds
	Restart     Restart
	Log         Log
	Init        bool // run an init as PID 1 that reaps processes; false overrides the engine's own default
	Healthcheck *Healthcheck
}

// Port is a port of a container and the port of the host that leads to it.
type Port struct {
	HostIP    string // all addresses when empty
	Host      uint16 // the engine chooses one when zero
	Container uint16
	Protocol  string // "tcp" when empty, "udp" or "sctp"
}

// Ulimit is a resource limit of processes, e.g. "nofile".
type Ulimit struct {
	Name       string
	Soft, Hard int64
}

// Mount shows a file or directory of the host in the container. A source that is not there is an error.
type Mount struct {
	Source, Target string
	ReadOnly       bool
}

// Restart is what the engine does by itself when the container exits, and when the daemon starts: see SetRestart.
type Restart struct {
	Policy string // "no" when empty, or "on-failure"
	Max    int    // attempts of "on-failure"; no limit when zero
}

// Log is where the container's output goes.
type Log struct {
	Driver  string // e.g. "local", "journald"; the engine's default when empty
	Options map[string]string
}

// Healthcheck replaces the one in the image.
type Healthcheck struct {
	// Test is {"CMD", program, argument…}, {"CMD-SHELL", command line}, or {"NONE"} for no check.
	Test        []string
	Interval    time.Duration // this and what follows: as in the image when zero
	Timeout     time.Duration
	StartPeriod time.Duration
	Retries     int
}
