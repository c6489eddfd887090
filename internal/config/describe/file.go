package describe

import (
	"fmt"
	"strings"
)

// width is where lines of the file are broken.
const width = 110

// File is the configuration that a package installs: every key, commented out, with its default or an example.
func (b Book) File() string {
	var file strings.Builder
	file.WriteString(b.FileHead)
	standard := b.Defaults()
	table := ""
	for _, section := range b.Sections {
		file.WriteString("\n" + wrap(plain(section.Text), "## "))
		if section.Name != table {
			file.WriteString(b.header(section.Name))
		}
		table = section.Name
		for _, k := range section.Keys {
			value, note := k.Example, " Default: "+plain(k.Default)+"."
			if text, ok := standard[k.Path]; ok && k.Default == "" {
				value, note = text, ""
			}
			text := plain(strings.ToUpper(k.Text[:1])+k.Text[1:]) + "." + note
			fmt.Fprintf(&file, "\n%s#%s = %s\n", wrap(text, "# "), k.Path[strings.LastIndexByte(k.Path, '.')+1:], value)
		}
	}
	return file.String()
}

func (b Book) header(table string) string {
	if line, ok := b.Headers[table]; ok || table == "" {
		return line
	}
	return "[" + table + "]\n"
}

// plain is Markdown without its marks for code.
func plain(text string) string { return strings.ReplaceAll(text, "`", "") }

// wrap breaks a text into lines that begin with prefix.
func wrap(text, prefix string) string {
	var b strings.Builder
	line := prefix
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) > width {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = prefix
		}
		line += word + " "
	}
	return b.String() + strings.TrimRight(line, " ") + "\n"
}
