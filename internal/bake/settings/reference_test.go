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
		"../../../docs/reference/amibake.md": Reference(),
		"../../../packaging/amibake.toml":    Template(),
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
			t.Errorf("%s is behind the program (go test ./internal/bake/settings -run Reference -update; -program +file):\n%s", file, diff)
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
		if field.Kind() == reflect.Slice {
			field = field.Elem()
		}
		if field.Kind() == reflect.Struct {
			all = append(all, paths(table+tag, field)...)
			continue
		}
		all = append(all, table+tag)
	}
	return all
}

var commented = regexp.MustCompile(`(?m)^#([a-z_]+ = .*|\[.*)$`)

// The file in the package changes nothing as it is.
func TestTemplateSaysNothing(t *testing.T) {
	dir := material(t)
	plain := mustLoad(t, dir, minimal)
	top, tables, _ := strings.Cut(Template(), "\n## The AMI")
	own := strings.Replace("\n## The AMI"+tables, "\n[build]\n", "\n[build]\nsubnet = \"subnet-0123456789abcdef0\"\n", 1)
	own = strings.Replace(own, "\n[staging]\n", "\n[staging]\nbucket = \"shop-amibake\"\n", 1)
	head := strings.Split(minimal, "[")[0]
	if diff := cmp.Diff(plain, mustLoad(t, dir, top+head+own)); diff != "" {
		t.Error(diff)
	}
}

// And what it says is right: each line is the default, or an example that is no fault.
func TestTemplateIsRight(t *testing.T) {
	dir := material(t)
	text := commented.ReplaceAllString(Template(), "$1")
	for _, one := range []string{"ami = \"", "[base.filter]", "owner = ", "name = \"debian", "architecture = "} { // just one way to name the base
		text = regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(one)+`.*$`).ReplaceAllString(text, "")
	}
	got, faults := load(t, dir, text)
	if faults != "" {
		t.Fatalf("with everything uncommented:\n%s", faults)
	}
	example := regexp.MustCompile(`(?m)( Default: |^# [^\n]*Default:)`)
	for block := range strings.SplitSeq(Template(), "\n\n") {
		key := regexp.MustCompile(`(?m)^#([a-z_]+) = (.*)$`).FindStringSubmatch(block)
		if key == nil || example.MatchString(block) {
			continue
		}
		found := false
		for path, value := range defaults() {
			found = found || strings.HasSuffix("."+path, "."+key[1]) && value == key[2]
		}
		if !found {
			t.Errorf("%s = %s is no default", key[1], key[2])
		}
	}
	standard := Default()
	if diff := cmp.Diff(standard.Prune, got.Prune); diff != "" {
		t.Errorf("[prune] is all defaults:\n%s", diff)
	}
}
