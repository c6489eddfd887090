package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bluegreen/internal/cli"
	"bluegreen/internal/version"
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
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&e.config, "config", "c", "bluegreen.toml", "configuration `file` (BLUEGREEN_CONFIG)")
	flags.BoolVar(&e.json, "json", false, "print events and results as JSON, one a line, on stdout")
	root.AddCommand(
		newStatus(e), newPlan(e), newClone(e), newCutover(e), newBake(e), newResume(e), newRollback(e), newRetire(e),
		newSandbox(e), newSandboxApp(e), newDemo(e), cli.NewVersion(e.Streams, "switcher", version.Version),
	)
	complete(root)
	cli.Root(root, e.Streams, exitCodes)
	return root
}

// line prints to the result.
func (e *env) line(format string, args ...any) {
	fmt.Fprintf(e.Out, format+"\n", args...)
}
