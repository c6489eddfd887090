package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

const copyrightHeader = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: bluegreen
Comment: The programs are linked statically. Each paragraph that names Go modules is on modules
 that are linked into them.

Files: *
Copyright: 2026 the bluegreen authors
License: Apache-2.0
`

// writeCopyright writes a machine-readable copyright file (DEP-5) for the programs of a package and all that is linked into them.
func writeCopyright(w io.Writer, _ about, args []string) error {
	programs, err := readPrograms(args)
	if err != nil {
		return fmt.Errorf("copyright: %w", err)
	}
	paragraphs, common, err := licences(parts(programs))
	if err != nil {
		return fmt.Errorf("copyright: %w", err)
	}
	var b strings.Builder
	b.WriteString(copyrightHeader)
	for _, p := range paragraphs {
		p.write(&b)
	}
	for _, k := range kinds {
		if slices.Contains(common, k.id) {
			fmt.Fprintf(&b, "\nLicense: %s\n On Debian systems the full text is in %s.\n", k.debian, k.common)
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// paragraph is a set of modules with the same terms and owners.
type paragraph struct {
	modules []string
	licence licence
}

// licences groups modules by their terms, and says which texts every Debian system has: always ours.
func licences(modules []component) (grouped []paragraph, common []string, err error) {
	common = []string{"Apache-2.0"}
	for _, m := range modules {
		l, err := m.licence()
		if err != nil {
			return nil, nil, err
		}
		if l.text == "" && !slices.Contains(common, l.id) {
			common = append(common, l.id)
		}
		i := slices.IndexFunc(grouped, func(p paragraph) bool { return p.licence.same(l) })
		if i < 0 {
			i = len(grouped)
			grouped = append(grouped, paragraph{licence: l})
		}
		grouped[i].modules = append(grouped[i].modules, m.path)
	}
	return grouped, common, nil
}

func (l licence) same(other licence) bool {
	return l.id == other.id && l.text == other.text && l.notice == other.notice && slices.Equal(l.holders, other.holders)
}

func (p paragraph) write(b *strings.Builder) {
	b.WriteString("\nFiles:")
	for _, m := range p.modules {
		fmt.Fprintf(b, "\n %s/*", m)
	}
	fmt.Fprintf(b, "\nCopyright: %s\n", strings.Join(p.licence.holders, "\n "))
	if p.licence.notice != "" {
		fmt.Fprintf(b, "Comment:\n%s", folded(p.licence.notice))
	}
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.id == p.licence.id })
	fmt.Fprintf(b, "License: %s\n", kinds[i].debian)
	if p.licence.text != "" {
		b.WriteString(folded(p.licence.text))
	}
}

// folded is a text as the continuation of a field: indented, with a dot in its empty lines.
func folded(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n\f")
		if strings.TrimSpace(line) == "" {
			line = "."
		}
		b.WriteString(" " + line + "\n")
	}
	return b.String()
}
