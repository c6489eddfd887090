package settings

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReference compares the reference and the file in the package with what the program says of itself. With -update
// they are written anew.
func TestReference(t *testing.T) {
	for file, want := range map[string]string{
		"../../../docs/reference/agent.md": Reference(),
		"../../../packaging/agent.toml":    Template(),
	} {
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
			t.Errorf("%s is behind the program (go test ./internal/agent/settings -run Reference -update; -program +file):\n%s", file, diff)
		}
	}
}

// Every key is described, once, and nothing else is.
func TestReferenceIsWhole(t *testing.T) {
	var got []string
	for _, section := range Sections() {
		for _, k := range section.Keys {
			got = append(got, k.Path)
			if k.Text == "" || strings.HasSuffix(k.Text, ".") {
				t.Errorf("%s: %q is no description", k.Path, k.Text)
			}
			if _, fixed := defaults()[k.Path]; !fixed && k.Default == "" {
				t.Errorf("%s has no default to be shown", k.Path)
			}
			if k.Default != "" && k.Example == "" {
				t.Errorf("%s has no example", k.Path)
			}
		}
	}
	want := paths("", reflect.TypeFor[Settings]())
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-program +described):\n%s", diff)
	}
}

// paths are the keys of a table and those below it.
func paths(table string, kind reflect.Type) (all []string) {
	if table != "" {
		table += "."
	}
	for i := range kind.NumField() {
		tag, field := kind.Field(i).Tag.Get("toml"), kind.Field(i).Type
		_, own := reflect.New(field).Interface().(interface{ Set(any) error })
		switch {
		case tag == "":
		case tag == "secrets":
			all = append(all, paths("secrets.NAME", field.Elem())...)
		case tag == "registry":
			all = append(all, paths("registry.HOST", field.Elem())...)
		case field.Kind() == reflect.Slice && field.Elem() == reflect.TypeFor[Mount]():
			all = append(all, paths(table+tag, field.Elem())...)
		case field.Kind() == reflect.Struct && !own:
			all = append(all, paths(table+tag, field)...)
		default:
			all = append(all, table+tag)
		}
	}
	return all
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
