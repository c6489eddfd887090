package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"bluegreen/internal/agent/serve"
	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/imds"
)

// machine is where the agent runs.
type machine struct {
	id       string // instance id; the machine's own on one that is no instance
	region   string
	tags     map[string]string // nil where the metadata service does not give them
	metadata *imds.Client      // nil on a machine that is no instance
}

// noMetadata is the SDK's variable for machines that have no metadata service.
const noMetadata = "AWS_EC2_METADATA_DISABLED"

// between two attempts at what has to be there before anything can go on.
const (
	firstPause = time.Second
	maxPause   = 15 * time.Second
)

// patience is how long the metadata service may take where an agent before this one has noted what it said.
const patience = 2 * time.Second

// locate finds out which instance this is. The metadata service may be late at boot: it is waited for. When it is away later on,
// what it said to another agent in this boot holds: the app that runs is not to wait for it.
func (a *agent) locate(ctx context.Context) error {
	if strings.EqualFold(os.Getenv(noMetadata), "true") {
		return a.locateElsewhere()
	}
	metadata := imds.New(imds.Options{})
	noted, known := a.notedMachine()
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		asking, cancel := ctx, context.CancelFunc(func() {})
		if known {
			asking, cancel = context.WithTimeout(ctx, patience)
		}
		m, err := describe(asking, metadata)
		cancel()
		if err == nil {
			a.machine = m
			a.noteMachine()
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if known {
			a.Log.Warn("the metadata service does not answer: what it said earlier in this boot holds", "error", err)
			a.machine = machine{id: noted.ID, region: noted.Region, tags: noted.Tags, metadata: metadata}
			break
		}
		a.board.Phase(serve.Starting, "waiting for the metadata service: "+err.Error())
		a.systemd.Status("waiting for the metadata service")
		a.Log.Warn("the metadata service does not say which instance this is", "error", err, "again", pause)
		if !sleep(ctx, pause) {
			return context.Cause(ctx)
		}
	}
	if a.settings.Region != "" {
		a.machine.region = a.settings.Region
	}
	a.Log.Info("located", "instance", a.machine.id, "region", a.machine.region)
	account, err := connect(ctx, a.machine)
	a.account = account
	return err
}

func describe(ctx context.Context, metadata *imds.Client) (machine, error) {
	identity, err := metadata.Identity(ctx)
	if err != nil {
		return machine{}, err
	}
	m := machine{id: identity.InstanceID, region: identity.Region, metadata: metadata}
	m.tags, err = metadata.Tags(ctx)
	if errors.Is(err, awserr.ErrNotFound) {
		return m, nil
	}
	return m, err
}

// locateElsewhere is for machines that are no instances: for trying the agent out, and for hosts of one's own.
func (a *agent) locateElsewhere() error {
	id, err := os.ReadFile("/etc/machine-id")
	name := strings.TrimSpace(string(id))
	if err != nil || name == "" {
		if name, err = os.Hostname(); err != nil {
			return fmt.Errorf("name this machine, which has no metadata service: %w", err)
		}
	}
	a.machine = machine{id: name, region: a.settings.Region}
	a.Log.Info("this machine is no EC2 instance", "variable", noMetadata, "id", name)
	account, err := connect(context.Background(), a.machine)
	a.account = account
	return err
}

// sleep says whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
