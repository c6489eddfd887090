package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"bluegreen/internal/docker"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/machine"
	"bluegreen/internal/sandbox/stack"
)

// Docker says how instances are run as containers, each with systemd, Docker and the agent on it.
type Docker struct {
	Host    string // of the engine, which must run on this machine; that of DOCKER_HOST, or Docker's default, when empty
	Package string // file of the agent's Debian package; the one beside this program when empty
	Base    string // reference of an image of Debian 12; one is made by debootstrap when empty
	Program string // file of a static switcher, which is the app; this program when empty
	// Tell is told what takes long, and what goes wrong on instances; may be nil.
	Tell func(what string)
}

// AppArguments are what the app's program is run with.
const AppArguments = "sandbox-app"

// The times that instances take on this machine, whatever the account's speed.
const (
	containersReady = 4 * time.Minute // all of them, at once
	containersGone  = 3 * time.Minute
)

// containers is what the instances of an account run on.
type containers struct {
	engine *docker.Engine
	pkg    string // file of the agent's package
	disk   string // with the agent
	bare   string // with neither that nor Docker
	tell   func(string)
	host   *machine.Host
}

// prepare makes the disk of instances, and reads the app.
func (d *Docker) prepare(ctx context.Context) (*containers, *stack.Program, error) {
	c := &containers{tell: d.Tell}
	if c.tell == nil {
		c.tell = func(string) {}
	}
	program, err := d.program()
	if err != nil {
		return nil, nil, err
	}
	recipe := machine.Recipe{Package: d.Package, Base: d.Base, Tell: c.tell}
	if recipe.Package == "" {
		if recipe.Package, err = packageBeside(); err != nil {
			return nil, nil, err
		}
	}
	if c.engine, err = docker.Connect(d.Host); err != nil {
		return nil, nil, err
	}
	if _, err = c.engine.Info(ctx); err == nil {
		err = c.prepareDisks(ctx, recipe)
	} else {
		err = fmt.Errorf("instances as containers need a Docker Engine on this machine, and a user who may use it: %w", err)
	}
	if err != nil {
		c.close()
		return nil, nil, err
	}
	return c, program, nil
}

func (c *containers) prepareDisks(ctx context.Context, recipe machine.Recipe) (err error) {
	c.pkg = recipe.Package
	if c.disk, err = machine.Prepare(ctx, c.engine, recipe); err != nil {
		return err
	}
	c.bare, err = machine.PrepareBare(ctx, c.engine, recipe)
	return err
}

func (d *Docker) program() (*stack.Program, error) {
	file := d.Program
	if file == "" {
		file = "/proc/self/exe"
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the program that is to be the app: %w", err)
	}
	return stack.NewProgram(content, AppArguments)
}

// packageBeside finds the agent's package where `make package` puts it: beside this program. Of several it is the newest.
func packageBeside() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	pattern := filepath.Join(filepath.Dir(self), "bluegreen-agent_*_"+runtime.GOARCH+".deb")
	found, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("instances as containers need the agent's Debian package, and there is no %s: name it with --package "+
			"(`make package` builds it)", pattern)
	}
	return slices.MaxFunc(found, func(a, b string) int { return modified(a).Compare(modified(b)) }), nil
}

func modified(file string) time.Time {
	info, err := os.Stat(file)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// machines is for sandbox.Options.
func (c *containers) machines(sb *sandbox.Sandbox) (_ sandbox.Machines, err error) {
	c.host, err = machine.New(sb, machine.Options{
		Engine: c.engine, Disk: c.disk, Ports: []uint16{stack.AppPort, stack.AgentPort},
		Log: func(problem error) { c.tell(problem.Error()) },
	})
	return c.host, err
}

// explained adds to an error what the agents said.
func (c *containers) explained(ctx context.Context, err error) error {
	if c == nil || c.host == nil || ctx.Err() != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	return fmt.Errorf("%w\n%s", err, c.host.Journal(ctx))
}

func (c *containers) close() {
	if c != nil && c.engine != nil {
		_ = c.engine.Close() // idle connections
	}
}
