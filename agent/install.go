package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kardianos/service"
	"github.com/spf13/cobra"

	"bluegreen/internal/agent/settings"
	"bluegreen/internal/cli"
	"bluegreen/internal/exit"
	"bluegreen/packaging"
)

func newInstall(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "install",
		Short: "Install the systemd unit, on a host without the package",
		Long: "install writes the unit of the package for this very program, enables and starts it. The Debian package does that by\n" +
			"itself, and more: it is the better way wherever it can be used.",
		Args: cli.NoArgs,
		RunE: func(*cobra.Command, []string) error { return install(e) },
	}
}

func newUninstall(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "uninstall",
		Short: "Stop and remove the unit that install has written",
		Long:  "uninstall stops the agent and removes its unit. The app's container and the configuration stay.",
		Args:  cli.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return uninstall(e) },
	}
}

// packagedUnit is where the package has its unit.
const packagedUnit = "/usr/lib/systemd/system/bluegreen-agent.service"

func install(e *env) error {
	if _, err := settings.Load(e.paths); err != nil { // a unit that cannot start helps nobody
		return configFault(err)
	}
	s, err := unit()
	if err != nil {
		return err
	}
	if err := s.Install(); err != nil {
		return &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("install the unit: %w", err), Try: program + " uninstall, if it is there already; as root"}
	}
	if err := s.Start(); err != nil {
		return &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("start the unit: %w", err), Try: "journalctl -u " + program}
	}
	fmt.Fprintf(e.Out, "%s is installed and started; %s status tells how it is\n", program, program)
	return nil
}

func uninstall(e *env) error {
	s, err := unit()
	if err != nil {
		return err
	}
	if err := s.Stop(); err != nil && !errors.Is(err, service.ErrNotInstalled) {
		fmt.Fprintf(e.Err, "stop the unit: %v\n", err)
	}
	if err := s.Uninstall(); err != nil {
		return &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("remove the unit: %w", err), Try: "as root: systemctl status " + program}
	}
	fmt.Fprintf(e.Out, "%s is removed; the app's container runs on\n", program)
	return nil
}

// nothing is a program that the service manager never runs through the library: its unit starts `bluegreen-agent run`.
type nothing struct{}

func (nothing) Start(service.Service) error { return nil }
func (nothing) Stop(service.Service) error  { return nil }

// unit is the agent as a unit of systemd. The library's own has no readiness, no watchdog and no hardening, so that it gets
// the package's.
func unit() (service.Service, error) {
	if _, err := os.Stat(packagedUnit); err == nil {
		return nil, &exit.Problem{
			Code: exit.Failed, Err: fmt.Errorf("the package has its own unit here (%s)", packagedUnit), Try: "systemctl status " + program,
		}
	}
	path, err := os.Executable()
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return nil, fmt.Errorf("find this program's path: %w", err)
	}
	script := strings.Replace(packaging.Unit, "ExecStart="+packaging.UnitPath+" ", "ExecStart="+path+" ", 1)
	s, err := service.New(nothing{}, &service.Config{
		Name: program, DisplayName: program, Description: "runs and drains this instance's container", Executable: path, Arguments: []string{"run"},
		Option: service.KeyValue{"SystemdScript": script},
	})
	if err != nil {
		return nil, &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("find the service manager: %w", err), Try: program + " run"}
	}
	return s, nil
}
