// Command switcher moves an app's traffic between a blue and a green stack by Route 53 weights, and back.
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
	return cli.End(s, "switcher", e.json, err)
}
