// Command bluegreen-agent owns the application container of an EC2 instance, from boot to drain.
package main

import (
	"context"
	"os"

	"bluegreen/internal/cli"
)

func main() { os.Exit(run(cli.System(), os.Args[1:])) }

// run is the whole program; it returns the exit code.
func run(s cli.Streams, args []string) int {
	return cli.Execute(context.Background(), s, newRoot(&env{Streams: s}), args, new(bool))
}
