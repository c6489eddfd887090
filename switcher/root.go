package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bluegreen/internal/cli"
)

// exitCodes stands in the help of every command: scripts decide by them.
const exitCodes = `
EXIT STATUS
  0    done
  1    failed; nothing is left behind
  2    usage; nothing was tried
  3    failed after traffic had moved, and rolled back
  4    failed and needs a human; the message says what to do
  8    waiting for an approval
  11   locked: another deployment is under way
  130  interrupted; the message says how to go on`

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "switcher",
		Short: "Blue/green deployment for Docker apps on EC2, switched at the DNS level",
		Long: "switcher moves an app's traffic between two stacks, blue and green, by the weights of its Route 53 records:\n" +
			"in one atomic batch per shift, watched at every name server, and back by one command.",
		SilenceErrors: true, SilenceUsage: true,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(e.In)
	root.SetOut(e.Out)
	root.SetErr(e.Err)
	flags := root.PersistentFlags()
	flags.StringVarP(&e.config, "config", "c", "bluegreen.toml", "configuration `file` (BLUEGREEN_CONFIG)")
	flags.BoolVar(&e.json, "json", false, "print events and results as JSON, one a line, on stdout")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &cli.UsageError{Err: err} })
	root.AddCommand(
		newStatus(e), newPlan(e), newClone(e), newCutover(e), newBake(e), newResume(e), newRollback(e), newRetire(e),
		newSandbox(e), newSandboxApp(e), newDemo(e), newVersion(e),
	)
	complete(root)
	for _, c := range root.Commands() {
		c.Long = c.Long + "\n" + exitCodes
	}
	return root
}

// noArgs refuses what a command does not know, in the words of a usage error.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return cli.Usagef("%s takes no argument %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// noCommand refuses a command that there is not, and says which one may be meant.
func noCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	try := ""
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		try = root.Name() + " " + near[0]
	}
	return &cli.UsageError{Err: fmt.Errorf("there is no command %q", args[0]), Try: try}
}

// line prints to the result.
func (e *env) line(format string, args ...any) {
	fmt.Fprintf(e.Out, format+"\n", args...)
}
