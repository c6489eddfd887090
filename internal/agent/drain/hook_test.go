package drain

import (
	"strings"
	"testing"

	"bluegreen/internal/aws/lifecycle"
)

func TestOurs(t *testing.T) {
	hooks := func(names ...string) (all []lifecycle.Hook) {
		for _, name := range names {
			transition := lifecycle.Terminating
			if rest, ok := strings.CutPrefix(name, "launch:"); ok {
				name, transition = rest, lifecycle.Launching
			}
			all = append(all, lifecycle.Hook{Name: name, Transition: transition})
		}
		return all
	}
	for _, c := range []struct {
		name       string
		hooks      []lifecycle.Hook
		configured string
		want       string
		problem    string
	}{
		{"none", nil, "", "", ""},
		{"only launch hooks", hooks("launch:bluegreen", "launch:up"), "", "", ""},
		{"the only one", hooks("launch:up", "down"), "", "down", ""},
		{"by its name", hooks("logs", "bluegreen-down", "audit"), "", "bluegreen-down", ""},
		{"one that is configured", hooks("logs", "bluegreen-down", "audit"), "audit", "audit", ""},
		{"one that is configured and not there", hooks("logs"), "down", "", `the configured hook "down" is not one of`},
		{"one that is configured and none there", nil, "down", "", "which has no hooks"},
		{"one that is configured and is a launch hook", hooks("launch:down", "logs"), "down", "", `the configured hook "down" is not one of`},
		{"two of others", hooks("logs", "audit"), "", "", "has the hooks logs, audit: name ours"},
		{"two by their names", hooks("bluegreen-a", "bluegreen-b"), "", "", "has the hooks bluegreen-a, bluegreen-b: name ours"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, problem := ours(c.hooks, lifecycle.Terminating, c.configured)
			if got.Name != c.want || (problem == "") != (c.problem == "") || !strings.Contains(problem, c.problem) {
				t.Errorf("got %q because %q, want %q because %q", got.Name, problem, c.want, c.problem)
			}
		})
	}
}
