package main

import (
	"github.com/spf13/cobra"

	"bluegreen/internal/agent/settings"
	"bluegreen/internal/cli"
	"bluegreen/internal/exit"
	"bluegreen/internal/version"
)

const program = "bluegreen-agent"

// codeConfig is EX_CONFIG of sysexits.h, at which systemd does not start the agent again: nothing but an edit helps.
const codeConfig exit.Code = 78

// exitCodes stands in the help of every command.
const exitCodes = `
EXIT STATUS
  0   done
  1   failed
  2   usage; nothing was tried
  78  the configuration is at fault; the message lists all faults`

// env is what all commands share.
type env struct {
	cli.Streams
	paths settings.Paths
}

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   program,
		Short: "Runs and drains the application container of an EC2 instance",
		Long: program + " owns one container: it logs in to the registry, pulls the image, runs it with limits and hardening,\n" +
			"answers health checks, completes the lifecycle hooks of the instance's Auto Scaling group, and drains without a lost\n" +
			"request. systemd runs it; people use check and status.",
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&e.paths.File, "config", "c", settings.Installed.File, "configuration `file`")
	flags.StringVar(&e.paths.Dir, "config-dir", settings.Installed.Dir, "`folder` whose *.toml go over it")
	root.AddCommand(newRun(e), newCheck(e), newPull(e), newStatus(e), newInstall(e), newUninstall(e), cli.NewVersion(e.Streams, program, version.Version))
	cli.Root(root, e.Streams, exitCodes)
	return root
}

// configFault is the error of a command whose configuration is at fault.
func configFault(err error) error {
	return &exit.Problem{Code: codeConfig, Err: err, Try: program + " check"}
}
