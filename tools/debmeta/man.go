package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
)

var (
	editors = regexp.MustCompile(`(?s)<!--.*?-->\n*`)     // for those who edit the file
	link    = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`) // a terminal cannot follow it
	title   = regexp.MustCompile(`(?m)\A# .*\n+`)         // replaced by a page's own
	cell    = regexp.MustCompile(`\s*((?:[^|\\]|\\.)*?)\s*\|`)
	ruler   = regexp.MustCompile(`^\|[-|: ]+\|$`)
)

// writeMan turns a document in Markdown into a page for man(1). Its arguments are the page's name, as in switcher.1, one line on
// what that is, and the document.
func writeMan(w io.Writer, a about, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("man: want NAME.SECTION SUMMARY FILE, got %q", args)
	}
	text, err := os.ReadFile(args[2])
	if err != nil {
		return fmt.Errorf("man: %w", err)
	}
	_, err = w.Write(md2man.Render([]byte(manSource(string(text), args[0], args[1], a))))
	return err
}

func manSource(text, page, summary string, a about) string {
	text = link.ReplaceAllString(editors.ReplaceAllString(text, ""), "$1")
	text = title.ReplaceAllString(text, "")
	section := strings.TrimPrefix(filepath.Ext(page), ".")
	name := strings.TrimSuffix(page, "."+section)
	manual := map[string]string{"1": "User Commands", "5": "File Formats", "8": "System Administration"}[section]
	head := fmt.Sprintf("# %s %q %q %q %q\n\n## NAME\n\n%s - %s\n\n", strings.ToUpper(name), section,
		a.date.Format("2006-01-02"), "bluegreen "+a.version, manual, name, summary)
	if !strings.HasPrefix(text, "## ") {
		head += "## DESCRIPTION\n\n"
	}
	return head + lists(text)
}

// lists turns tables, which are wider than terminals, into lists of terms. Of three columns the middle one is a default.
func lists(text string) string {
	lines := strings.Split(text, "\n")
	var out []string
	for i, line := range lines {
		if i+1 < len(lines) && ruler.MatchString(lines[i+1]) || ruler.MatchString(line) {
			continue
		}
		row := cells(line)
		if len(row) < 2 {
			out = append(out, line)
			continue
		}
		what := row[len(row)-1]
		if len(row) == 3 && row[1] != "" {
			what += " (" + defaulted(row[1]) + ")"
		}
		out = append(out, row[0], ": "+what, "")
	}
	return strings.Join(out, "\n")
}

// cells are the texts of a table's row; none if the line is no such row.
func cells(line string) []string {
	inner, ok := strings.CutPrefix(line, "|")
	if !ok {
		return nil
	}
	var texts []string
	for _, m := range cell.FindAllStringSubmatch(inner, -1) {
		texts = append(texts, strings.ReplaceAll(m[1], `\|`, "|"))
	}
	return texts
}

func defaulted(value string) string {
	if strings.HasPrefix(value, "required") {
		return value
	}
	return "default: " + value
}
