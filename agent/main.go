// Command bluegreen-agent owns the application container of an EC2 instance, from boot to drain.
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
	cmd, err := root.ExecuteContextC(context.Background())
	var usage *cli.UsageError
	if errors.As(err, &usage) && usage.Try == "" {
		usage.Try = cmd.CommandPath() + " --help"
	}
	return cli.End(s, program, false, err)
}
