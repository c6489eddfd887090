// Package clitest writes the reference of a program's commands, from what the commands say of themselves.
package clitest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Reference is a page about all commands of a program.
type Reference struct {
	Title     string
	Package   string // that has the test which writes the page, as an argument of `go test`
	SeeAlso   string // a line of Markdown; none when empty
	ExitCodes string // as they stand in the help of each command
	Root      *cobra.Command
}

// Markdown is the page.
func (r Reference) Markdown() string {
	r.Root.InitDefaultCompletionCmd()
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# %s\n\n<!-- Written by a test from the program itself: go test %s -run Reference -update -->\n\n", r.Title, r.Package)
	p("%s\n\n", r.said(r.Root))
	if r.SeeAlso != "" {
		p("%s\n\n", r.SeeAlso)
	}
	p("| command | does |\n|---|---|\n")
	for _, c := range r.shown() {
		p("| [`%s`](#%s) | %s |\n", c.Name(), c.Name(), c.Short)
	}
	p("\nFlags of every command:\n\n```text\n%s```\n", r.Root.PersistentFlags().FlagUsages())
	p("\n## Exit status\n\n```text\n%s\n```\n", strings.TrimPrefix(r.ExitCodes, "\nEXIT STATUS\n"))
	for _, c := range r.shown() {
		p("\n## %s\n", c.Name())
		r.describe(p, c)
	}
	return b.String()
}

// shown are the commands that are for people.
func (r Reference) shown() []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(r.Root.Commands()), func(c *cobra.Command) bool { return c.Hidden })
}

// said is what a command says of itself, without the exit codes, which stand in one place here.
func (r Reference) said(c *cobra.Command) string {
	if long := strings.TrimSpace(strings.TrimSuffix(c.Long, r.ExitCodes)); long != "" {
		return long
	}
	return c.Short + "."
}

func (r Reference) describe(p func(string, ...any), c *cobra.Command) {
	// The flags of all commands, and that of help, stand above.
	flags := c.LocalNonPersistentFlags()
	if help := flags.Lookup("help"); help != nil {
		help.Hidden = true
	}
	p("\n```sh\n%s\n```\n", c.UseLine())
	p("\n%s\n", r.said(c))
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
