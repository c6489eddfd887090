package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bluegreen/internal/cli"
	"bluegreen/internal/version"
)

// exitCodes stands in the help of every command: cron and scripts decide by them.
const exitCodes = `
EXIT STATUS
  0    done, or nothing was to be done
  1    failed; nothing is left behind
  2    usage; nothing was tried
  4    failed and needs a human, or amibake sweep; the message says which
  11   locked: another process works on this app's images
  130  interrupted; the same command again goes on`

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "amibake",
		Short: "Make machine images of a Docker app, proven before they are used, with nothing left behind",
		Long: "amibake makes an AMI with Docker, the agent and the app's image on it, boots it to prove that it gets healthy, copies\n" +
			"and shares it, names it in Parameter Store, and takes old ones away that nothing uses. It may run from cron every\n" +
			"hour: what goes into an AMI has a key, and one that is there already is not made again.",
		SilenceErrors: true, SilenceUsage: true, SuggestionsMinimumDistance: 2,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(e.In)
	root.SetOut(e.Out)
	root.SetErr(e.Err)
	flags := root.PersistentFlags()
	flags.StringVarP(&e.config, "config", "c", "amibake.toml", "configuration `file` (AMIBAKE_CONFIG)")
	flags.BoolVar(&e.json, "json", false, "print events and results as JSON, one a line, on stdout")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &cli.UsageError{Err: err} })
	root.AddCommand(
		newPlan(e), newBake(e), newVerify(e), newPromote(e), newPrune(e), newSweep(e), newList(e), newHistory(e), newDoctor(e), newIAMPolicy(e), newVersion(e),
	)
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
func (e *env) line(format string, args ...any) { fmt.Fprintf(e.Out, format+"\n", args...) }

func newVersion(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			e.line("amibake %s", version.Version)
			return nil
		},
	}
}
