package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"bluegreen/internal/cli"
)

// TestReferenceCommands compares the reference of commands with what the commands say of themselves. With -update it is
// written anew.
func TestReferenceCommands(t *testing.T) {
	root := newRoot(&env{Streams: cli.Streams{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}})
	root.InitDefaultCompletionCmd()
	want := commandsReference(root)
	file := filepath.Join("..", "docs", "reference", "amibake-commands.md")
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is behind the program (go test ./amibake -run Reference -update; -program +file):\n%s", file, diff)
	}
}

func commandsReference(root *cobra.Command) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# Commands of amibake\n\n")
	p("<!-- Written by a test from the program itself: go test ./amibake -run Reference -update -->\n\n")
	p("%s\n\n", said(root))
	p("See also [amibake.toml](amibake.md), and [how an AMI is made, handed out and taken away](../amibake.md).\n\n")
	p("| command | does |\n|---|---|\n")
	for _, c := range shown(root) {
		p("| [`%s`](#%s) | %s |\n", c.Name(), c.Name(), c.Short)
	}
	p("\nFlags of every command:\n\n```text\n%s```\n", root.PersistentFlags().FlagUsages())
	p("\n## Exit status\n\n```text\n%s\n```\n", strings.TrimPrefix(exitCodes, "\nEXIT STATUS\n"))
	for _, c := range shown(root) {
		p("\n## %s\n", c.Name())
		describeCommand(p, c)
	}
	return b.String()
}

// shown are the commands that are for people.
func shown(root *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(root.Commands()), func(c *cobra.Command) bool { return c.Hidden })
}

// said is what a command says of itself, without the exit codes, which stand in one place here.
func said(c *cobra.Command) string {
	if long := strings.TrimSpace(strings.TrimSuffix(c.Long, exitCodes)); long != "" {
		return long
	}
	return c.Short + "."
}

func describeCommand(p func(string, ...any), c *cobra.Command) {
	// The flags of all commands, and that of help, stand above.
	flags := c.LocalNonPersistentFlags()
	if help := flags.Lookup("help"); help != nil {
		help.Hidden = true
	}
	p("\n```sh\n%s\n```\n", c.UseLine())
	p("\n%s\n", said(c))
	if flags.HasAvailableFlags() {
		p("\n```text\n%s```\n", flags.FlagUsages())
	}
	if c.Example != "" {
		p("\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(c.Example, "  "), "\n  ", "\n"))
	}
	for _, sub := range c.Commands() {
		p("\n### %s %s\n\n%s.\n", c.Name(), sub.Name(), sub.Short)
	}
}
