package owner

import (
	"fmt"
	"reflect"
	"time"
)

// Phase is what is going on.
type Phase string

// The phases.
const (
	Starting  Phase = "starting"
	Resolving Phase = "resolving"
	Pulling   Phase = "pulling"
	Creating  Phase = "creating"
	Waiting   Phase = "waiting" // for health
	Serving   Phase = "serving"
	Sick      Phase = "unhealthy"
	Replacing Phase = "replacing"
	Draining  Phase = "draining"
	Stopped   Phase = "stopped"
	Failed    Phase = "failed" // and nothing runs
)

// Status is what there is, and why. Nothing in it is secret.
type Status struct {
	Phase     Phase
	Reason    string
	Docker    string // why the daemon cannot be reached; empty when it can
	Container Container
	Settled   bool       // it serves, is what there is to be, and there is no other that could be put back
	Refused   *Container // what was not healthy in time, while it is not tried again
	Image     string     // why the image may not be the one asked for; empty if it is
	Exits     []Exit     // of the app, the last ones, oldest first
	Restarts  int        // by the owner in this hour
	Escalated string     // why the instance was said to be no good; empty if it was not
}

// Container is the one that serves, or is to.
type Container struct {
	ID         string
	Name       string
	Generation int
	Image      string // as configured
	ImageID    string // in the engine
	Digest     string
	Config     string
	State      string    // Docker's
	Started    time.Time // zero when it never was
	Crashes    int       // that Docker has restarted it after
}

// Exit is an end of the app that nobody here has asked for.
type Exit struct {
	Container string // its name
	At        time.Time
	Code      int
	OOM       bool
	Error     string   // why it could not be started
	Log       []string // the last lines, redacted
}

func (e Exit) String() string {
	switch {
	case e.Error != "":
		return fmt.Sprintf("%s could not be started: %s", e.Container, e.Error)
	case e.OOM:
		return fmt.Sprintf("%s was killed: out of memory", e.Container)
	}
	text := fmt.Sprintf("%s exited with %d", e.Container, e.Code)
	if n := len(e.Log); n > 0 {
		text += ": " + e.Log[n-1]
	}
	return text
}

// publish shows a status if it is another one.
func (o *Owner) publish(s Status) {
	o.showing.Lock()
	defer o.showing.Unlock()
	o.show(s)
}

// show is publish with the lock held.
func (o *Owner) show(s Status) {
	before := o.shown
	if reflect.DeepEqual(before, s) {
		return
	}
	o.shown = s
	if before.Phase != s.Phase || before.Reason != s.Reason && s.Phase != Pulling {
		o.options.Log.Info("Container", "phase", s.Phase, "reason", s.Reason, "container", s.Container.Name, "digest", s.Container.Digest)
	}
	o.options.Observe(s)
}
