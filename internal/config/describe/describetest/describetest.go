// Package describetest has the tests that every description of a configuration has to pass.
package describetest

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/config"
	"bluegreen/internal/config/describe"
)

// Files compares files with what they should say, by path. With update they are written anew.
func Files(t *testing.T, update bool, files map[string]string) {
	t.Helper()
	for file, want := range files {
		if update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is behind the program (go test -run Reference -update; -program +file):\n%s", file, diff)
		}
	}
}

// Whole fails unless every key of the settings is described, once, and nothing else is. names are what stands for the user's
// names in paths, by the table that has them.
func Whole(t *testing.T, book describe.Book, names map[string]string) {
	t.Helper()
	standard := book.Defaults()
	var got []string
	for _, section := range book.Sections {
		for _, k := range section.Keys {
			got = append(got, k.Path)
			if k.Text == "" || strings.HasSuffix(k.Text, ".") {
				t.Errorf("%s: %q is no description", k.Path, k.Text)
			}
			if _, fixed := standard[k.Path]; !fixed && k.Default == "" {
				t.Errorf("%s has no default to be shown", k.Path)
			}
			if k.Default != "" && k.Example == "" {
				t.Errorf("%s has no example", k.Path)
			}
		}
	}
	want := paths("", reflect.TypeOf(book.Standard), names)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-program +described):\n%s", diff)
	}
}

// paths are the keys of a table and of those below it.
func paths(table string, kind reflect.Type, names map[string]string) (all []string) {
	for i := range kind.NumField() {
		tag, field := kind.Field(i).Tag.Get("toml"), kind.Field(i).Type
		if tag == "" {
			continue
		}
		path := config.Join(table, tag)
		below := field // the table that this is, if it is one
		switch name, named := names[path]; {
		case named:
			path, below = config.Join(path, name), field.Elem()
		case field.Kind() == reflect.Slice:
			below = field.Elem()
		}
		if _, whole := reflect.New(below).Interface().(config.Setter); below.Kind() == reflect.Struct && !whole {
			all = append(all, paths(path, below, names)...)
			continue
		}
		all = append(all, path)
	}
	return all
}
