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
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&e.config, "config", "c", "amibake.toml", "configuration `file` (AMIBAKE_CONFIG)")
	flags.BoolVar(&e.json, "json", false, "print events and results as JSON, one a line, on stdout")
	root.AddCommand(
		newPlan(e), newBake(e), newVerify(e), newPromote(e), newPrune(e), newSweep(e), newList(e), newHistory(e), newDoctor(e), newIAMPolicy(e), cli.NewVersion(e.Streams, "amibake", version.Version),
	)
	cli.Root(root, e.Streams, exitCodes)
	return root
}

// line prints to the result.
func (e *env) line(format string, args ...any) { fmt.Fprintf(e.Out, format+"\n", args...) }
