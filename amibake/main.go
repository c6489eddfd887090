// Command amibake makes machine images of an app, proves that they boot healthy, hands them out, and takes old ones away.
package main

import (
	"context"
	"os"

	"bluegreen/internal/cli"
)

func main() { os.Exit(run(cli.System(), os.Args[1:])) }

// run is the whole program; it returns the exit code.
func run(s cli.Streams, args []string) int {
	e := &env{Streams: s}
	ctx, stop := cli.Interrupt(context.Background(), s)
	defer stop()
	return cli.Execute(ctx, s, newRoot(e), args, &e.json)
}
