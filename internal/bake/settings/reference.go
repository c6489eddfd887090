package settings

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"bluegreen/internal/config"
)

// Reference is the description of all keys, as Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	standard := defaults()
	heading := ""
	for _, section := range Sections() {
		if title := section.title(); title != heading {
			fmt.Fprintf(&b, "\n## %s\n", title)
			heading = title
		}
		fmt.Fprintf(&b, "\n%s\n\n| key | default | is |\n|---|---|---|\n", section.Text)
		for _, k := range section.Keys {
			value := k.Default
			if value == "" {
				value = "`" + standard[k.Path] + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Path, value, k.Text)
		}
	}
	return b.String()
}

func (s Section) title() string {
	if s.Name == "" {
		return "The app"
	}
	name, _, _ := strings.Cut(s.Name, ".")
	return name
}

const referenceHead = `# Configuration of amibake

<!-- Written by a test from the program itself: go test ./internal/bake/settings -run Reference -update -->

` + "`amibake` reads one file: `amibake.toml` in the current folder, unless `--config` or `AMIBAKE_CONFIG` names another one. Each app\n" +
	"has its own. It is strict: an unknown key is a fault, and all faults come in one message. Paths of files in it are relative to\n" +
	"the folder that it is in. Time spans are written as `\"90s\"` or `\"5m\"`, sizes as\n" +
	"`\"16GiB\"`. There is no place for secrets: credentials are those of the environment, or of the role of the instance that amibake\n" +
	"runs on.\n"

// Template is the file in the package: every key, commented out, with its default or an example.
func Template() string {
	var b strings.Builder
	b.WriteString("# Configuration of amibake. A line that is commented out shows the default, or an example where the default is named above\n" +
		"# it. Set app, image, build.subnet and what goes with them; `amibake plan` finds mistakes, and says what a bake would do.\n")
	standard := defaults()
	table := ""
	for _, section := range Sections() {
		b.WriteString("\n" + wrap(strings.ReplaceAll(section.Text, "`", ""), "## "))
		if section.Name != table {
			b.WriteString(section.header())
		}
		table = section.Name
		for _, k := range section.Keys {
			value, note := k.Example, " Default: "+strings.ReplaceAll(k.Default, "`", "")+"."
			if text, ok := standard[k.Path]; ok && k.Default == "" {
				value, note = text, ""
			}
			text := strings.ReplaceAll(strings.ToUpper(k.Text[:1])+k.Text[1:], "`", "") + "."
			fmt.Fprintf(&b, "\n%s#%s = %s\n", wrap(text+note, "# "), k.Path[strings.LastIndexByte(k.Path, '.')+1:], value)
		}
	}
	return b.String()
}

// header is the line that begins the table. It is commented out where a table without its required keys is a fault.
func (s Section) header() string {
	switch s.Name {
	case "":
		return ""
	case "build.files":
		return "#[[build.files]]\n"
	case "base.filter":
		return "#[base.filter]\n"
	}
	return "[" + s.Name + "]\n"
}

// wrap breaks a text into lines that begin with prefix.
func wrap(text, prefix string) string {
	var b strings.Builder
	line := prefix
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) > 110 {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = prefix
		}
		line += word + " "
	}
	return b.String() + strings.TrimRight(line, " ") + "\n"
}

// defaults are those of Default as TOML, by path.
func defaults() map[string]string {
	all := map[string]string{}
	collect("", reflect.ValueOf(Default()), all)
	return all
}

func collect(table string, v reflect.Value, into map[string]string) {
	for i := range v.NumField() {
		tag, field := v.Type().Field(i).Tag.Get("toml"), v.Field(i)
		path := config.Join(table, tag)
		switch value := field.Interface().(type) {
		case time.Duration:
			into[path] = strconv.Quote(span(value))
		case Age:
			into[path] = strconv.Quote(value.String())
		case []int:
			into[path] = strings.ReplaceAll(fmt.Sprint(value), " ", ", ")
		case string:
			into[path] = strconv.Quote(value)
		case bool, int:
			into[path] = fmt.Sprint(value)
		default:
			if field.Kind() == reflect.Struct {
				collect(path, field, into)
			}
		}
	}
}
