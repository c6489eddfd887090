package settings

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/config/describe/describetest"
)

// TestReference compares the reference and the file in the package with what the program says of itself. With -update
// they are written anew.
func TestReference(t *testing.T) {
	describetest.Files(t, *update, map[string]string{
		"../../../docs/reference/agent.md": Reference(),
		"../../../packaging/agent.toml":    Template(),
	})
}

func TestReferenceIsWhole(t *testing.T) {
	describetest.Whole(t, book(), map[string]string{"secrets": "NAME", "registry": "HOST"})
}

// The file in the package says nothing as it is, and what it says is right when it is uncommented.
func TestTemplate(t *testing.T) {
	s, faults := loadAll(t, map[string]string{"agent.toml": Template(), "1.toml": minimal})
	if diff := cmp.Diff(mustLoad(t, minimal), s); diff != "" || faults != "" {
		t.Errorf("%s\n%s", faults, diff)
	}

	// Those with a default.
	commented := regexp.MustCompile(`(?m)^#([a-z_]+ = .*|\[.*)$`)
	var defaultsOnly strings.Builder
	example := false
	for line := range strings.Lines(Template()) {
		switch {
		case strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "# named above"):
			example = example || strings.Contains(line, " Default:")
			defaultsOnly.WriteString(line)
			continue
		case commented.MatchString(line) && !example && !strings.HasPrefix(line, "#["):
			line = strings.TrimPrefix(line, "#")
		}
		example = false
		defaultsOnly.WriteString(line)
	}
	s, faults = loadAll(t, map[string]string{"agent.toml": defaultsOnly.String(), "1.toml": minimal})
	if diff := cmp.Diff(mustLoad(t, minimal), s); diff != "" || faults != "" {
		t.Errorf("with all defaults uncommented:\n%s\n%s", faults, diff)
	}
	if n := strings.Count(defaultsOnly.String(), "\n#"); n == 0 || strings.Count(Template(), " = ")-strings.Count(Template(), "\n#") > 0 {
		t.Errorf("%d lines are commented out", n)
	}

	// And the examples; the profile is of a machine that has it.
	all := strings.Replace(commented.ReplaceAllString(Template(), "$1"), `seccomp = "/etc/bluegreen/seccomp.json"`, "", 1)
	if _, faults := load(t, all); faults != "" {
		t.Errorf("with everything uncommented:\n%s", faults)
	}
}
