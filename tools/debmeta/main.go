// Command debmeta writes what a Debian package says about itself: its version, changelog, copyright, manual pages, and the bill
// of materials that lies beside it. It reads the binaries that are packaged, so that what it says is what is in them, and writes
// the same bytes for the same input.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// about is what each command is told about the package, as far as it needs it.
type about struct {
	name    string
	version string
	arch    string
	date    time.Time
}

var commands = map[string]func(w io.Writer, a about, args []string) error{
	"version":   writeVersion,
	"changelog": writeChangelog,
	"copyright": writeCopyright,
	"sbom":      writeSBOM,
	"man":       writeMan,
}

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "debmeta:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	if len(args) == 0 || commands[args[0]] == nil {
		return fmt.Errorf("usage: debmeta version|changelog|copyright|sbom|man [flags] [argument ...]")
	}
	var a about
	flags := flag.NewFlagSet("debmeta "+args[0], flag.ContinueOnError)
	flags.StringVar(&a.name, "package", "", "`name` of the package")
	flags.StringVar(&a.version, "version", "", "`version` of the package")
	flags.StringVar(&a.arch, "arch", "", "Debian `architecture` of the package")
	epoch := flags.Int64("date", 0, "date of the package in `seconds` since 1970")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	a.date = time.Unix(*epoch, 0).UTC()
	return commands[args[0]](w, a, flags.Args())
}
