package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestManSource(t *testing.T) {
	const text = "# Configuration\n\n<!-- Written by a test -->\n\nSee [the app](#app).\n\n## The app\n\n" +
		"| key | default | is |\n|---|---|---|\n| `app` | required | its name |\n| `lease` | `\"30s\"` | how long \\| not |\n\n" +
		"| command | does |\n|---|---|\n| [`plan`](#plan) | says what |\n"
	const want = "# BLUEGREEN.TOML \"5\" \"2026-11-21\" \"bluegreen 1.2.3\" \"File Formats\"\n\n" +
		"## NAME\n\nbluegreen.toml - settings\n\n## DESCRIPTION\n\nSee the app.\n\n## The app\n\n" +
		"`app`\n: its name (required)\n\n`lease`\n: how long | not (default: `\"30s\"`)\n\n\n`plan`\n: says what\n\n"
	if diff := cmp.Diff(want, manSource(text, "bluegreen.toml.5", "settings", packaged)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
