package recipe

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Verified is what an instance of an AMI says when its app is healthy.
type Verified struct {
	Agent     string // version of the package
	Digest    string // of the image that runs
	Docker    string // version
	OS        string
	Kernel    string
	Phase     string        // the agent's
	Metadata  string        // "required" if the metadata service wants a token, "optional" if not, "off" if it is not there
	Ports     []int         // that are open to others, of TCP and UDP
	Published []int         // by the app's container
	Boot      time.Duration // from its start until the app was healthy
	Notes     []string
}

func readVerified(said string) *Verified {
	var raw struct {
		Agent, Digest, Docker, OS, Kernel, Phase string
		IMDS                                     string
		Ports, Published                         []int
		Boot                                     *int64 `json:"boot_ms"`
		Notes                                    []string
	}
	if json.Unmarshal([]byte(said), &raw) != nil || raw.Agent == "" || raw.IMDS == "" || raw.Boot == nil {
		return nil
	}
	return &Verified{
		Agent: raw.Agent, Digest: raw.Digest, Docker: raw.Docker, OS: raw.OS, Kernel: raw.Kernel, Phase: raw.Phase, Metadata: raw.IMDS,
		Ports: raw.Ports, Published: raw.Published, Boot: time.Duration(*raw.Boot) * time.Millisecond, Notes: raw.Notes,
	}
}

// Want is how an instance of an AMI has to be.
type Want struct {
	Agent     string // version; "" for any
	Digest    string
	Ports     []int // that may be open, beside those that the app's container publishes
	BootLimit time.Duration
}

// Faults say, for people, in what an instance is not as it has to be.
func (v Verified) Faults(want Want) []string {
	var faults []string
	say := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if v.Digest != want.Digest {
		say("the image that runs is %s, not %s", v.Digest, want.Digest)
	}
	if want.Agent != "" && v.Agent != want.Agent {
		say("the agent's version is %s, not %s", v.Agent, want.Agent)
	}
	if v.Phase != "serving" {
		say("the agent says that the app is %q, not \"serving\"", v.Phase)
	}
	if v.Metadata != "required" {
		say("the metadata service without a token is %q: IMDSv2 is not required", v.Metadata)
	}
	for _, p := range v.Ports {
		if !slices.Contains(want.Ports, p) && !slices.Contains(v.Published, p) {
			say("port %d is open: close it, or add it to verify.ports", p)
		}
	}
	if v.Boot > want.BootLimit {
		say("it took %s from the boot until the app was healthy, more than %s", v.Boot.Round(100*time.Millisecond), want.BootLimit)
	}
	return faults
}
