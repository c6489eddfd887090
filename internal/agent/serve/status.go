package serve

import "time"

// Phase is what the agent is doing.
type Phase string

// The phases, in the order in which an instance usually goes through them.
const (
	Starting  Phase = "starting"
	Resolving Phase = "resolving" // the image's tag to a digest
	Pulling   Phase = "pulling"
	Creating  Phase = "creating"
	Waiting   Phase = "waiting" // for the container to be healthy
	Serving   Phase = "serving"
	Unhealthy Phase = "unhealthy"
	Replacing Phase = "replacing"
	Draining  Phase = "draining"
	Stopped   Phase = "stopped"
	Failed    Phase = "failed"
)

var phases = []Phase{
	Starting, Resolving, Pulling, Creating, Waiting, Serving, Unhealthy, Replacing, Draining, Stopped, Failed,
}

// Status is all that the agent tells about itself and the app. Nothing in it is secret.
type Status struct {
	Now       time.Time  `json:"now"` // when the status was taken, by the agent's clock
	App       string     `json:"app"`
	Color     string     `json:"color,omitempty"`
	Instance  string     `json:"instance,omitempty"`
	Version   string     `json:"version,omitempty"` // of the app, from a label of the image
	Phase     Phase      `json:"phase"`
	Why       string     `json:"why,omitempty"`
	Since     time.Time  `json:"since"` // of the phase
	Health    Health     `json:"health"`
	Image     Image      `json:"image"`
	Config    string     `json:"config,omitempty"` // hash of what the container is to be
	Container *Container `json:"container,omitempty"`
	Pull      *Pull      `json:"pull,omitempty"`      // while there is one
	Lifecycle string     `json:"lifecycle,omitempty"` // as Auto Scaling has it: "InService", "Terminating:Wait" …
	Errors    []Trouble  `json:"errors"`              // the last ones, the newest first
	Agent     Agent      `json:"agent"`
}

// Health is the verdict on the app.
type Health struct {
	Ready    bool   `json:"ready"`            // for traffic
	Status   string `json:"status"`           // "healthy", "starting", "unhealthy", "stale", "draining", "stopped"
	Reason   string `json:"reason,omitempty"` // why it is not ready
	AgeMS    int64  `json:"age_ms"`           // since the last probe with an answer
	Failures int    `json:"failures"`         // probes in a row
}

// Image is what runs, or is to run.
type Image struct {
	Configured string    `json:"configured,omitempty"` // as in the configuration
	Digest     string    `json:"digest,omitempty"`     // what that came to: "sha256:…"
	Created    time.Time `json:"created,omitzero"`
}

// Container is the app's current one.
type Container struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Generation int       `json:"generation"`
	State      string    `json:"state"` // Docker's word: "running", "exited" …
	Started    time.Time `json:"started,omitzero"`
	Restarts   int       `json:"restarts"`
	Usage      *Usage    `json:"usage,omitempty"`
}

// Usage is what the container uses, as last measured.
type Usage struct {
	Measured    time.Time `json:"measured"`
	Memory      int64     `json:"memory_bytes"`
	MemoryLimit int64     `json:"memory_limit_bytes,omitempty"` // 0 when there is none
	CPUSeconds  float64   `json:"cpu_seconds"`                  // since the container was started
	PIDs        int64     `json:"pids"`
}

// Pull is how far a pull has come.
type Pull struct {
	Layers     int    `json:"layers"`
	LayersDone int    `json:"layers_done"`
	Bytes      int64  `json:"bytes"`
	TotalBytes int64  `json:"total_bytes"` // of the layers that are known so far
	Status     string `json:"status,omitempty"`
}

// Trouble is an error that the agent has met. The same one again is counted.
type Trouble struct {
	Time  time.Time `json:"time"` // of the last one
	What  string    `json:"what"` // was being done
	Error string    `json:"error"`
	Count int       `json:"count"`
}

// Agent is the agent itself.
type Agent struct {
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	PID     int       `json:"pid"`
}
