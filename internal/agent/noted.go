package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"bluegreen/internal/agent/drain"
)

// noted is what the metadata service has said of the machine, for the next agent of this boot. The instance is the same until
// then; its tags may change, which is why the service is asked all the same.
type noted struct {
	Boot   string            `json:"boot"`
	ID     string            `json:"instance"`
	Region string            `json:"region"`
	Tags   map[string]string `json:"tags"`
}

// notes is where. Nowhere for an image that is pulled while a machine image is made: that note would be of another machine.
func (a *agent) notes() string {
	if a.RunDir == "" {
		return ""
	}
	return filepath.Join(a.RunDir, "machine.json")
}

// noteMachine notes where the agent is. It goes on if that cannot be noted.
func (a *agent) noteMachine() {
	file := a.notes()
	if file == "" {
		return
	}
	if err := a.writeNotes(file); err != nil {
		a.Log.Warn("the machine cannot be noted for the next agent", "error", err)
	}
}

func (a *agent) writeNotes(file string) error {
	boot, err := drain.BootID()
	if err != nil {
		return err
	}
	text, err := json.Marshal(noted{Boot: boot, ID: a.machine.id, Region: a.machine.region, Tags: a.machine.tags})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	fresh := file + ".new"
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, file)
}

// notedMachine is what an agent before this one has noted in this boot.
func (a *agent) notedMachine() (n noted, known bool) {
	file := a.notes()
	if file == "" {
		return noted{}, false
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return noted{}, false
	}
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	boot, errBoot := drain.BootID()
	if err := errors.Join(err, errBoot); err != nil {
		a.Log.Warn("what an agent before this one has noted of the machine is of no use", "error", fmt.Errorf("read %s: %w", file, err))
		return noted{}, false
	}
	return n, n.Boot == boot && n.ID != ""
}
