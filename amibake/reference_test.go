package main

import (
	"io"
	"strings"
	"testing"

	"bluegreen/internal/cli"
	"bluegreen/internal/cli/clitest"
	"bluegreen/internal/config/describe/describetest"
)

// TestReferenceCommands compares the reference of commands with what the commands say of themselves. With -update it is
// written anew.
func TestReferenceCommands(t *testing.T) {
	page := clitest.Reference{
		Title: "Commands of amibake", Package: "./amibake",
		SeeAlso:   "See also [amibake.toml](amibake.md), and [how an AMI is made, handed out and taken away](../amibake.md).",
		ExitCodes: exitCodes,
		Root:      newRoot(&env{Streams: cli.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}}),
	}
	describetest.Files(t, *update, map[string]string{"../docs/reference/amibake-commands.md": page.Markdown()})
}
