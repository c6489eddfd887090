package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// licence is under which terms a component may be passed on.
type licence struct {
	id      string   // SPDX
	holders []string // "2013-2023 The Cobra Authors"
	text    string   // in full, unless every Debian system has it
	notice  string   // what the Apache licence wants passed on (section 4d)
}

// kind is a licence that can be told by its words. The first that fits counts.
type kind struct {
	id     string
	debian string // its name in machine-readable copyright files
	words  *regexp.Regexp
	common string // where Debian keeps its text
}

var kinds = []kind{
	{"Apache-2.0", "Apache-2.0", words("Apache License Version 2.0"), "/usr/share/common-licenses/Apache-2.0"},
	{"MPL-2.0", "MPL-2.0", words("Mozilla Public License,? version 2.0"), "/usr/share/common-licenses/MPL-2.0"},
	{"BSD-3-Clause", "BSD-3-Clause", words("Redistributions of source code .* nor the names? of"), ""},
	{"BSD-2-Clause", "BSD-2-Clause", words("Redistributions of source code .* Redistributions in binary form"), ""},
	{"MIT", "Expat", words("Permission is hereby granted, free of charge, to any person obtaining a copy"), ""},
	{"Zlib", "Zlib", words("Permission is granted to anyone to use this software for any purpose, including commercial applications"), ""},
	{"ISC", "ISC", words("Permission to use, copy, modify, and(/or)? distribute this software for any purpose with or without fee"), ""},
}

var (
	licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([-.].*)?$`)
	noticeFile  = regexp.MustCompile(`(?i)^notice([-.].*)?$`)
	// The Apache licence's own example, which is in square or curly brackets, names nobody.
	// Nor does a paragraph (c).
	holder = regexp.MustCompile(`(?m)^[\s/#*]*(?:(?:Copyright|COPYRIGHT)(?: *\([cC]\)| *©)?,? +[0-9A-Z]|(?:\([cC]\)|©) *[0-9])[^\[{\n]*$`)
	rights = regexp.MustCompile(`(?i)[.,]?\s*all rights reserved$`)
	before = regexp.MustCompile(`(?i)^[\s/#*]*(copyright)?( *\(c\)| *©)?,? *`)
)

func words(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?is)` + strings.ReplaceAll(pattern, " ", `[\s,]+`))
}

// licence reads the licence of a component from its source. What cannot be told is an error: a package whose terms are unknown
// must not be built.
func (c component) licence() (licence, error) {
	text, err := readMatching(c.dir, licenceFile)
	if err != nil {
		return licence{}, fmt.Errorf("licence of %s: %w", c.path, err)
	}
	notice, err := readMatching(c.dir, noticeFile)
	if err != nil {
		return licence{}, fmt.Errorf("notice of %s: %w", c.path, err)
	}
	for _, k := range kinds {
		if !k.words.MatchString(text) {
			continue
		}
		found := licence{id: k.id, holders: holders(text + "\n" + notice), notice: notice}
		if k.common == "" {
			found.text = text
		}
		if len(found.holders) == 0 {
			found.holders = []string{"the authors of each module"}
		}
		return found, nil
	}
	return licence{}, fmt.Errorf("licence of %s: cannot tell which one it is, see %s", c.path, c.dir)
}

func holders(text string) []string {
	var names []string
	for _, line := range holder.FindAllString(text, -1) {
		name := strings.TrimSuffix(strings.TrimSpace(before.ReplaceAllString(line, "")), ".")
		name = rights.ReplaceAllString(name, "")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// readMatching is the text of all files of a directory whose names match, in their order; empty if there is none.
func readMatching(dir string, name *regexp.Regexp) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var all []string
	for _, entry := range entries {
		if entry.IsDir() || !name.MatchString(entry.Name()) || strings.HasSuffix(entry.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return "", err
		}
		all = append(all, strings.TrimSpace(string(text)))
	}
	return strings.Join(all, "\n\n"), nil
}
