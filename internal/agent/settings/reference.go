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

const referenceHead = `# Configuration of the agent

<!-- Written by a test from the program itself: go test ./internal/agent/settings -run Reference -update -->

` + "`bluegreen-agent` reads `/etc/bluegreen/agent.toml`, then the files `/etc/bluegreen/agent.d/*.toml` in the order of their names, and\n" +
	"then the tags of the instance. A later file replaces single keys and whole lists, and merges tables. User data writes one of\n" +
	"these files by cloud-config, so that one AMI serves both colours and any version of the image.\n\n" +
	"It is strict: an unknown key is a fault, and all faults come in one message, each with its file. `bluegreen-agent check` says\n" +
	"what is wrong, and what is less hardened than it would be without. Time spans are written as `\"90s\"` or `\"5m\"`, sizes as\n" +
	"`\"512MiB\"` or `\"1.5GiB\"`.\n"

// Template is the file in the package: every key, commented out, with its default or an example.
func Template() string {
	var b strings.Builder
	b.WriteString("# Configuration of bluegreen-agent. A line that is commented out shows the default, or an example where the default is\n" +
		"# named above it. Files in /etc/bluegreen/agent.d/ go over this one. See agent.toml(5); `bluegreen-agent check` finds mistakes.\n")
	standard := defaults()
	table := ""
	for _, section := range Sections() {
		b.WriteString("\n" + wrap(strings.ReplaceAll(section.Text, "`", ""), "## "))
		if section.Name != table {
			b.WriteString(section.header())
		}
		table = section.Name
		for _, k := range section.Keys {
			_, name := splitLast(k.Path)
			value, note := k.Example, " Default: "+strings.ReplaceAll(k.Default, "`", "")+"."
			if text, ok := standard[k.Path]; ok && k.Default == "" {
				value, note = text, ""
			}
			text := strings.ReplaceAll(upper(k.Text), "`", "") + "."
			fmt.Fprintf(&b, "\n%s#%s = %s\n", wrap(text+note, "# "), name, value)
		}
	}
	return b.String()
}

// header is the line that begins the table. It is commented out where a table without its required keys is a fault.
func (s Section) header() string {
	switch s.Name {
	case "":
		return ""
	case "container.mounts":
		return "#[[container.mounts]]\n"
	case "secrets.NAME":
		return "#[secrets.DB_PASSWORD]\n"
	case `registry."HOST"`:
		return "#[registry.\"registry.example.com\"]\n"
	}
	return "[" + s.Name + "]\n"
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

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

func splitLast(path string) (table, key string) {
	i := strings.LastIndexByte(path, '.')
	return path[:max(i, 0)], path[i+1:]
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
		if tag == "" {
			continue
		}
		path := config.Join(table, tag)
		switch value := field.Interface().(type) {
		case time.Duration:
			into[path] = strconv.Quote(span(value))
		case config.Size:
			into[path] = strconv.Quote(value.String())
		case []string:
			into[path] = quoteList(value)
		case string:
			into[path] = strconv.Quote(value)
		case bool, int, float64:
			into[path] = fmt.Sprint(value)
		case Image:
			into[path] = `""`
		default:
			if field.Kind() == reflect.Struct {
				collect(path, field, into)
			}
		}
	}
}

// span is a time span without the units that are zero.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = text[:len(text)-2]
	}
	if strings.HasSuffix(text, "h0m") {
		text = text[:len(text)-2]
	}
	return text
}
