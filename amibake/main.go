// Command amibake makes machine images of an app, proves that they boot healthy, hands them out, and takes old ones away.
package main

import (
	"context"
	"errors"
	"os"

	"bluegreen/internal/cli"
)

func main() { os.Exit(run(cli.System(), os.Args[1:])) }

// run is the whole program; it returns the exit code.
func run(s cli.Streams, args []string) int {
	e := &env{Streams: s}
	root := newRoot(e)
	root.SetArgs(args)
	ctx, stop := cli.Interrupt(context.Background(), s)
	defer stop()
	cmd, err := root.ExecuteContextC(ctx)
	var usage *cli.UsageError
	if errors.As(err, &usage) && usage.Try == "" {
		usage.Try = cmd.CommandPath() + " --help"
	}
	return cli.End(s, "amibake", e.json, err)
}
