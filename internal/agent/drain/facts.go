package drain

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const factsVersion = 1

// facts are what an agent has to know of the time before its start. What is known of containers is not among them: that
// stands in the containers' labels.
type facts struct {
	Version  int     `json:"version"`
	Instance string  `json:"instance"`
	Boot     string  `json:"boot"`
	Causes   []event `json:"causes,omitempty"` // in the order of their coming
	// Launch and Held are since when Pending:Wait and Terminating:Wait have been seen.
	Launch *event `json:"pending_wait,omitempty"`
	Held   *event `json:"terminating_wait,omitempty"`
	// Completed says that our termination hook has let the instance go.
	Completed bool `json:"completed,omitempty"`
}

// event is something that happened at a time after boot. Its wall clock time is for people.
type event struct {
	What   string        `json:"what"`
	Uptime time.Duration `json:"uptime_ns"`
	Time   time.Time     `json:"time"`
}

func (f *facts) draining() bool { return len(f.Causes) > 0 }

// first is why the drain began.
func (f *facts) first() (Cause, bool) {
	if !f.draining() {
		return "", false
	}
	return Cause(f.Causes[0].What), true
}

// since is when, after boot, a cause came.
func (f *facts) since(c Cause) (time.Duration, bool) {
	for _, e := range f.Causes {
		if e.What == string(c) {
			return e.Uptime, true
		}
	}
	return 0, false
}

// lasting are the facts that concern the next agent. The end of the machine does not: an agent that starts again in the
// same boot proves that it did not come, or is over.
func (f facts) lasting() facts {
	var causes []event
	for _, e := range f.Causes {
		if e.What != string(Shutdown) {
			causes = append(causes, e)
		}
	}
	f.Causes = causes
	return f
}

func readFacts(file string) (facts, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return facts{}, err
	}
	var f facts
	if err := json.Unmarshal(text, &f); err != nil {
		return facts{}, fmt.Errorf("parse %s: %w", file, err)
	}
	if f.Version != factsVersion {
		return facts{}, fmt.Errorf("%s is of version %d, want %d", file, f.Version, factsVersion)
	}
	return f, nil
}

// writeFacts replaces the file in one step, so that an agent that is killed leaves the old one or the new one.
func writeFacts(file string, f facts) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	_, err = temp.Write(text)
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

// save notes the facts for the next agent. d.mu must be held. A drain goes on if they cannot be noted.
func (d *Drainer) save() {
	d.told.result("note the drain for the next agent", writeFacts(d.o.File, d.facts.lasting()))
}

// happened is an event of now.
func (d *Drainer) happened(what string) event {
	return event{What: what, Uptime: d.o.Uptime(), Time: time.Now().UTC()}
}
