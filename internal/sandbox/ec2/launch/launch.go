// Package launch is the vocabulary in which Auto Scaling asks EC2 for instances.
package launch

// Template is one numbered version of a launch template.
type Template struct {
	ID, Name     string
	Version      int64
	ImageID      string
	InstanceType string
}

// Configuration is what a launch configuration says, which stands in the place of a template.
type Configuration struct {
	ImageID, InstanceType string
	KeyName, UserData     string // user data in base64
	Profile               string // name or ARN
	SecurityGroups        []string
	Tokens                string // "required" or "optional" for the metadata service; the usual when empty
	HopLimit              int32  // of its tokens; the usual when zero
	Spot, EBSOptimized    bool
	Disks                 []Disk
}

// Disk is a device that a Configuration adds, or changes.
type Disk struct {
	Device, SnapshotID, Type string
	GiB                      int32 // the snapshot's when zero
	Encrypted                bool
	Kept                     bool // beyond the end of the instance
	None                     bool // take the image's device away
}

// Spec asks for one instance.
type Spec struct {
	Configuration *Configuration // instead of a template, where it is not nil

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
