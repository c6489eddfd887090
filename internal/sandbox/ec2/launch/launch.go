// Package launch is the vocabulary in which Auto Scaling asks EC2 for instances.
package launch

// Template is one numbered version of a launch template.
type Template struct {
	ID, Name     string
	Version      int64
	ImageID      string
	InstanceType string
}

// Spec asks for one instance.
type Spec struct {
	TemplateID   string
	Version      int64
	ImageID      string // instead of the template's
	InstanceType string // instead of the template's
	SubnetID     string
	Tags         map[string]string // beside and before the template's; system tags ("aws:…") are allowed
}

// The states of an instance, as EC2 names them.
const (
	Pending      = "pending"
	Running      = "running"
	ShuttingDown = "shutting-down"
	Terminated   = "terminated"
	Stopping     = "stopping"
	Stopped      = "stopped"
)
