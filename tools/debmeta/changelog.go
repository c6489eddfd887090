package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
)

const maintainer = "bluegreen maintainers <maintainers@bluegreen.example>"

// release is a section of CHANGELOG.md.
type release struct {
	version string // empty for what is not released
	date    time.Time
	changes []string // headings as "[ Added ]", and items
}

var (
	releaseHeading = regexp.MustCompile(`^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?`)
	kindHeading    = regexp.MustCompile(`^### (\w+)`)
	item           = regexp.MustCompile(`^[-*] (.*)`)
	continued      = regexp.MustCompile(`^ {2,}(\S.*)`)
)

// writeChangelog turns a changelog in the format of Keep a Changelog into Debian's (deb-changelog(5)). What is not released
// yet is the entry of the version that is built.
func writeChangelog(w io.Writer, a about, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("changelog: want one file, got %q", args)
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("changelog: %w", err)
	}
	releases, err := parseChangelog(string(text))
	if err != nil {
		return fmt.Errorf("changelog: %s: %w", args[0], err)
	}
	for _, r := range current(releases, a) {
		if err := r.write(w, a.name); err != nil {
			return err
		}
	}
	return nil
}

// current gives the unreleased section the version and date of the package, or drops it if the package is a release.
func current(releases []release, a about) []release {
	var kept []release
	built := false
	for _, r := range releases {
		if r.version == a.version {
			built = true
		}
		if r.version != "" {
			kept = append(kept, r)
		}
	}
	if built {
		return kept
	}
	unreleased := release{version: a.version, date: a.date}
	for _, r := range releases {
		if r.version == "" {
			unreleased.changes = r.changes
		}
	}
	if len(unreleased.changes) == 0 {
		unreleased.changes = []string{"No change that a user would notice."}
	}
	return append([]release{unreleased}, kept...)
}

func parseChangelog(text string) ([]release, error) {
	var releases []release
	for number, line := range strings.Split(text, "\n") {
		if m := releaseHeading.FindStringSubmatch(line); m != nil {
			r := release{}
			if m[1] != "Unreleased" {
				date, err := time.Parse(time.DateOnly, m[2])
				if err != nil {
					return nil, fmt.Errorf("line %d: %s has no date", number+1, m[1])
				}
				r.version, r.date = m[1], date
			}
			releases = append(releases, r)
			continue
		}
		if len(releases) == 0 {
			continue
		}
		last := &releases[len(releases)-1]
		switch n := len(last.changes); {
		case kindHeading.MatchString(line):
			last.changes = append(last.changes, "[ "+kindHeading.FindStringSubmatch(line)[1]+" ]")
		case item.MatchString(line):
			last.changes = append(last.changes, item.FindStringSubmatch(line)[1])
		case continued.MatchString(line) && n > 0:
			last.changes[n-1] += " " + strings.TrimSpace(line)
		}
	}
	if len(releases) == 0 {
		return nil, fmt.Errorf("no section as in ## [1.2.3] - 2026-01-31")
	}
	return releases, nil
}

func (r release) write(w io.Writer, name string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s) stable; urgency=medium\n", name, r.version)
	for _, change := range r.changes {
		b.WriteString("\n")
		if strings.HasPrefix(change, "[ ") {
			fmt.Fprintf(&b, "  %s\n", change)
			continue
		}
		for i, line := range wrap(change, 76) {
			b.WriteString([]string{"  * ", "    "}[min(i, 1)] + line + "\n")
		}
	}
	fmt.Fprintf(&b, "\n -- %s  %s\n\n", maintainer, r.date.Format(time.RFC1123Z))
	_, err := io.WriteString(w, b.String())
	return err
}

// wrap breaks a text into lines of at most width characters, words permitting.
func wrap(text string, width int) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		if n := len(lines); n > 0 && len(lines[n-1])+1+len(word) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
