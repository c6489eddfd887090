// Package settings is what amibake is told to do: amibake.toml. It says what goes into an app's AMIs, where they are made
// and tested, who gets them, and when old ones go. It is strict, and reports all faults at once. No secret is in it:
// credentials are those of the environment or of an instance's role.
package settings

import (
	"time"

	"bluegreen/internal/config"
)

// Settings are what the file says, complete and checked. The keys are described in Sections, the defaults are those of
// Default. Paths of files are as this process can open them.
type Settings struct {
	App    string `toml:"app"`
	Region string `toml:"region"` // "" for that of the environment
	Image  string `toml:"image"`  // of the app, a reference with a tag or a digest

	Base    Base    `toml:"base"`
	Agent   Agent   `toml:"agent"`
	Build   Build   `toml:"build"`
	Staging Staging `toml:"staging"`
	Verify  Verify  `toml:"verify"`
	Promote Promote `toml:"promote"`
	Prune   Prune   `toml:"prune"`
	Lease   Lease   `toml:"lease"`
	Notify  Notify  `toml:"notify"`
}

// Base is the AMI that ours are made of. Just one of the three is set.
type Base struct {
	Parameter string `toml:"parameter"` // of Parameter Store, which has an AMI's id
	AMI       string `toml:"ami"`       // an AMI's id
	Filter    Filter `toml:"filter"`
}

// Filter finds the newest AMI of an owner.
type Filter struct {
	Owner        string `toml:"owner"` // 12 digits, "self", "amazon" or "aws-marketplace"
	Name         string `toml:"name"`  // with * and ?
	Architecture string `toml:"architecture"`
}

// Agent is what runs the app's container.
type Agent struct {
	Package  string `toml:"package"`  // a .deb; "" where the base AMI has the agent
	Settings string `toml:"settings"` // a file like agent.toml, whose keys go over those that amibake writes; "" for none
}

// Build is the instance that AMIs are made of, and what is done on it.
type Build struct {
	InstanceType    string      `toml:"instance_type"`
	Subnet          string      `toml:"subnet"`
	SecurityGroups  []string    `toml:"security_groups"`  // none for the VPC's default
	InstanceProfile string      `toml:"instance_profile"` // "" for none
	VolumeSize      config.Size `toml:"volume_size"`      // whole GiB; 0 for that of the base AMI
	KMSKey          string      `toml:"kms_key"`          // "" for the account's default
	Spot            bool        `toml:"spot"`
	Channel         string      `toml:"channel"` // one of the constants below; of the instance that tests an AMI, too

	Deadline time.Duration `toml:"deadline"` // until it must be provisioned
	Expiry   time.Duration `toml:"expiry"`   // from its start until anybody may end it

	Docker   string   `toml:"docker"`   // one of the constants below
	Packages []string `toml:"packages"` // of apt, each maybe with =VERSION
	Files    []File   `toml:"files"`
	Scripts  []string `toml:"scripts"` // files, in the order in which they run

	Name     string            `toml:"name"` // of the AMIs, with {app}, {time} and {key}
	Tags     map[string]string `toml:"tags"` // of all that is made, beside our own
	NoReboot bool              `toml:"no_reboot"`
}

// Where Docker is from.
const (
	DockerIO = "docker.io" // the distribution's package
	DockerCE = "docker-ce" // Docker's own
	NoDocker = "none"      // the base AMI has it
)

// How instances are started on their work, and heard.
const (
	Console    = "console"     // by user data, and by their console
	RunCommand = "run-command" // by Run Command of Systems Manager
)

// File is one, or a folder with all that is in it, that is put onto the AMI.
type File struct {
	Source string `toml:"source"`
	Target string `toml:"target"` // an absolute path on the AMI
	Mode   Mode   `toml:"mode"`   // 0 for 0755 where its owner may run it here, and 0644 elsewhere
}

// Staging is where files wait for the instance that fetches them.
type Staging struct {
	Bucket string `toml:"bucket"`
	Prefix string `toml:"prefix"` // of the keys, without a / at the end
}

// Verify is the instance on which an AMI has to prove itself.
type Verify struct {
	InstanceType string        `toml:"instance_type"` // complete: that of Build unless set
	Deadline     time.Duration `toml:"deadline"`      // from its start until the verdict
	BootLimit    time.Duration `toml:"boot_limit"`    // from its boot until the app is healthy
	Ports        []int         `toml:"ports"`         // that may be open beside those that the app's container publishes
}

// Promote is who gets an AMI that is proven, and where it is named.
type Promote struct {
	Parameter      string            `toml:"parameter"` // complete
	Regions        []string          `toml:"regions"`   // beside Settings.Region
	KMSKeys        map[string]string `toml:"kms_keys"`  // by region
	Accounts       []string          `toml:"accounts"`
	Organizations  []string          `toml:"organizations"` // ARNs
	Units          []string          `toml:"units"`         // ARNs
	LaunchTemplate string            `toml:"launch_template"`
}

// Shared says whether anybody else gets the AMIs.
func (p Promote) Shared() bool {
	return len(p.Accounts)+len(p.Organizations)+len(p.Units) > 0
}

// Prune is what is kept although nobody uses it, and how slowly the rest goes.
type Prune struct {
	Keep        int `toml:"keep"`             // verified AMIs in each region
	YoungerThan Age `toml:"younger_than"`     // are kept
	Disable     Age `toml:"disable_after"`    // an AMI was deprecated at least for this long
	Deregister  Age `toml:"deregister_after"` // an AMI was disabled at least for this long
	Orphans     Age `toml:"orphans_after"`    // snapshots whose AMI is gone
}

// Lease keeps two runs from working on one app.
type Lease struct {
	Term time.Duration `toml:"term"` // after which a holder that says nothing is dead
}

// Notify is who hears of a run.
type Notify struct {
	Namespace string `toml:"namespace"` // of CloudWatch; "" for no metrics
}

// Default are the settings of an app of which nothing is known.
func Default() Settings {
	return Settings{
		Build: Build{
			InstanceType: "t3.small", Deadline: 30 * time.Minute, Expiry: 2 * time.Hour, Channel: Console, Docker: DockerIO,
			Name: "{app}-{time}-{key}",
		},
		Staging: Staging{Prefix: "amibake"},
		Verify:  Verify{Deadline: 15 * time.Minute, BootLimit: 3 * time.Minute, Ports: []int{22, 68, 546, 9180}},
		Prune:   Prune{Keep: 5, YoungerThan: 7 * Day, Disable: 7 * Day, Deregister: 14 * Day, Orphans: Day},
		Lease:   Lease{Term: time.Minute},
		Notify:  Notify{Namespace: "Bluegreen"},
	}
}

// DefaultParameter has the base AMI unless the file says otherwise.
const DefaultParameter = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
