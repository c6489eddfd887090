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
		"../../../docs/reference/amibake.md": Reference(),
		"../../../packaging/amibake.toml":    Template(),
	})
}

func TestReferenceIsWhole(t *testing.T) { describetest.Whole(t, book(), nil) }

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
		for path, value := range book().Defaults() {
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
