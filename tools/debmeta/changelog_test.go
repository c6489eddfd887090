package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const kept = `# Changelog

The format is that of Keep a Changelog.

## [Unreleased]

### Added

- Something new that takes so many words to say that no line of a changelog of Debian's could hold
  all of them.

## [1.2.3] - 2026-10-01

### Fixed

- A fault.

## [1.2.2] - 2026-09-01

- A thing.

[1.2.3]: https://example.com/1.2.3
`

const released = `bluegreen (1.2.3) stable; urgency=medium

  [ Fixed ]

  * A fault.

 -- bluegreen maintainers <maintainers@bluegreen.example>  Thu, 01 Oct 2026 00:00:00 +0000

bluegreen (1.2.2) stable; urgency=medium

  * A thing.

 -- bluegreen maintainers <maintainers@bluegreen.example>  Tue, 01 Sep 2026 00:00:00 +0000

`

const between = `bluegreen (1.2.3+7.g61fe829) stable; urgency=medium

  [ Added ]

  * Something new that takes so many words to say that no line of a changelog of
    Debian's could hold all of them.

 -- bluegreen maintainers <maintainers@bluegreen.example>  Sat, 21 Nov 2026 10:55:00 +0000

`

func TestChangelog(t *testing.T) {
	file := filepath.Join(t.TempDir(), "CHANGELOG.md")
	if err := os.WriteFile(file, []byte(kept), 0o644); err != nil {
		t.Fatal(err)
	}
	date := time.Date(2026, 11, 21, 10, 55, 0, 0, time.UTC)
	for version, want := range map[string]string{
		"1.2.3":            released,
		"1.2.3+7.g61fe829": between + released,
	} {
		var got strings.Builder
		if err := writeChangelog(&got, about{name: "bluegreen", version: version, date: date}, []string{file}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.String()); diff != "" {
			t.Errorf("changelog of %s (-want +got):\n%s", version, diff)
		}
	}
}

func TestChangelogFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":              "no section",
		"## [1.2.3]\n":  "line 1: 1.2.3 has no date",
		"# Changelog\n": "no section",
	} {
		if _, err := parseChangelog(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}
