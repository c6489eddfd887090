package describe

import (
	"fmt"
	"strings"
)

// Reference is the description of all keys, as Markdown.
func (b Book) Reference() string {
	var text strings.Builder
	text.WriteString(b.ReferenceHead)
	standard := b.Defaults()
	heading := ""
	for _, section := range b.Sections {
		if title := section.title(); title != heading {
			fmt.Fprintf(&text, "\n## %s\n", title)
			heading = title
		}
		fmt.Fprintf(&text, "\n%s\n\n| key | default | is |\n|---|---|---|\n", section.Text)
		for _, k := range section.Keys {
			value := k.Default
			if value == "" {
				value = "`" + standard[k.Path] + "`"
			}
			fmt.Fprintf(&text, "| `%s` | %s | %s |\n", k.Path, value, k.Text)
		}
	}
	return text.String()
}

// title is the table at the top that a section belongs to.
func (s Section) title() string {
	if s.Name == "" {
		return "The app"
	}
	name, _, _ := strings.Cut(s.Name, ".")
	return name
}
