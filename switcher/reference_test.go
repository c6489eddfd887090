package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/cli"
)

const referenceDir = "../docs/reference"

// TestReferenceCommands compares the reference of commands with what the commands say of themselves. With -update it is
// written anew.
func TestReferenceCommands(t *testing.T) {
	root := newRoot(&env{Streams: cli.Streams{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}})
	root.InitDefaultCompletionCmd()
	want := commandsReference(root)
	file := filepath.Join(referenceDir, "commands.md")
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
		t.Errorf("%s is behind the program (go test ./switcher -run Reference -update; -program +file):\n%s", file, diff)
	}
}

func commandsReference(root *cobra.Command) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# Commands\n\n")
	p("<!-- Written by a test from the program itself: go test ./switcher -run Reference -update -->\n\n")
	p("%s\n\n", root.Long)
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

func describeCommand(p func(string, ...any), c *cobra.Command) {
	// The flags of all commands, and that of help, stand above.
	flags := c.LocalNonPersistentFlags()
	if help := flags.Lookup("help"); help != nil {
		help.Hidden = true
	}
	p("\n```sh\n%s\n```\n", c.UseLine())
	long := strings.TrimSpace(strings.TrimSuffix(c.Long, exitCodes))
	if long == "" {
		long = c.Short + "."
	}
	p("\n%s\n", long)
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

// TestReferenceConfig compares the keys and defaults in the reference of the configuration with those of the program.
func TestReferenceConfig(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(referenceDir, "config.md"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| ([^|]+) \\|").FindAllStringSubmatch(string(text), -1) {
		if _, twice := got[row[1]]; twice {
			t.Errorf("%s stands there twice", row[1])
		}
		got[row[1]] = row[2]
	}
	want := map[string]string{}
	defaults("", reflect.ValueOf(bluegreen.Default()), want)
	for key, value := range want {
		if value == "" && got[key] != "" {
			want[key] = got[key] // it follows from something else: the reference says from what
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys and defaults (-program +reference):\n%s", diff)
	}
}

// defaults are the keys below a table with their defaults as TOML; "" for those that have none of their own.
func defaults(path string, v reflect.Value, into map[string]string) {
	for i := range v.NumField() {
		key := strings.TrimPrefix(path+"."+v.Type().Field(i).Tag.Get("toml"), ".")
		field := v.Field(i)
		text, isText := field.Interface().(fmt.Stringer)
		switch {
		case field.Kind() == reflect.Struct:
			defaults(key, field, into)
		case field.IsZero():
			into[key] = ""
		case isText:
			into[key] = fmt.Sprintf("`%q`", text)
		case field.Kind() == reflect.Slice:
			into[key] = "`" + strings.ReplaceAll(fmt.Sprint(field), " ", ", ") + "`"
		default:
			into[key] = fmt.Sprintf("`%#v`", field.Interface())
		}
	}
}
