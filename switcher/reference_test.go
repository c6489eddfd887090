package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/cli"
	"bluegreen/internal/cli/clitest"
	"bluegreen/internal/config/describe/describetest"
)

const referenceDir = "../docs/reference"

// TestReferenceCommands compares the reference of commands with what the commands say of themselves. With -update it is
// written anew.
func TestReferenceCommands(t *testing.T) {
	page := clitest.Reference{
		Title: "Commands", Package: "./switcher", ExitCodes: exitCodes,
		Root: newRoot(&env{Streams: cli.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}}),
	}
	describetest.Files(t, *update, map[string]string{filepath.Join(referenceDir, "commands.md"): page.Markdown()})
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
